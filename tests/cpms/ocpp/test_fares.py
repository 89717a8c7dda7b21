"""What running sessions cost so far, remembered for the answers to their messages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cpms.control.cost import Prices
from cpms.control.tariffs import Version
from cpms.ocpp.fares import Fares
from cpms.ocpp.outcome import Remark
from cpms.ocpp.rulebook import Rulebook
from cpms.ocpp.station import Station
from cpms.ocpp.v201.cost import personal_message, price
from inventory.quirks import parse
from monitoring.facts import MetersSampled
from monitoring.models import Session
from monitoring.models.meters import COLUMNS
from tests.api import NOON, Tenant

PRICES = Prices("EUR", energy=Decimal("0.50"), minute=Decimal("0.10"), idle_minute=Decimal("0.20"))


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def station(fares: Fares | None = None, site: int = 1, charger: int = 1) -> Station:
    made = Station(
        charger, "CP-1", 1, site, "active", 0, None, parse({}), "Acme", "Two", "", True, True
    )
    version = Version(1, NOON - timedelta(days=1), PRICES, "0.50 EUR/kWh")
    made.rulebook = Rulebook({1: [version]})
    made.fares = fares or Fares()
    return made


def told(
    of: Station,
    kind: str,
    at: datetime,
    register: float | None = None,
    state: str = "",
    received: datetime | None = None,
) -> tuple[dict[str, Any], Remark | None]:
    info = {"transactionId": "T", **({"chargingState": state} if state else {})}
    values = [register if name == "energy" else None for name in COLUMNS]
    samples = (
        []
        if register is None
        else [MetersSampled(1, 1, at, at, tuple(values), "T", "Sample.Periodic")]
    )
    payload = {"eventType": kind, "transactionInfo": info}
    return price(of, payload, samples, at, received or at)


def running(of: Station, at: datetime, register: float, **more: Any) -> float:
    answer, remark = told(of, "Updated", at, register, **more)
    assert answer == {}
    assert remark is not None
    assert remark.action == "CostUpdated"
    assert remark.payload["transactionId"] == "T"
    return float(remark.payload["totalCost"])


def test_the_cost_grows_with_energy_and_time_and_ends_with_the_answer():
    charger = station()
    assert told(charger, "Started", minutes(0), 1000.0)[0] == {}
    # 2 kWh and 10 min: 1.00 + 1.00
    assert running(charger, minutes(10), 3000.0) == 2.0
    assert told(charger, "Ended", minutes(20), 5000.0) == ({"totalCost": 4.0}, None)
    assert told(charger, "Ended", minutes(20), 5000.0) == ({}, None)


def test_who_stays_plugged_in_pays_for_that_from_the_end_of_charging():
    charger = station()
    told(charger, "Started", minutes(0), 0.0, "Charging")
    told(charger, "Updated", minutes(10), 2000.0, "SuspendedEV")
    # 1.00 + 10 min + 5 idle min
    assert running(charger, minutes(15), 2000.0) == 3.0
    told(charger, "Updated", minutes(16), 2000.0, "Charging")
    assert running(charger, minutes(20), 2000.0) == 3.0


def test_who_has_only_plugged_in_has_not_ended_charging():
    charger = station()
    told(charger, "Started", minutes(0), 0.0, "EVConnected")
    told(charger, "Updated", minutes(5), 0.0, "Charging")
    # 1.00 + 10 min
    assert running(charger, minutes(10), 2000.0) == 2.0
    never = station()
    told(never, "Started", minutes(0), 0.0, "EVConnected")
    assert told(never, "Ended", minutes(10), 0.0, "Idle")[0] == {"totalCost": 1.0}


def test_running_costs_are_told_at_a_bounded_rate():
    charger = station()
    told(charger, "Started", minutes(0), 0.0)
    heard = [told(charger, "Updated", minutes(1 + n / 60), 100.0 * n)[1] for n in range(60)]
    assert 5 <= sum(remark is not None for remark in heard) <= 12


def test_what_is_told_late_is_no_running_cost():
    charger = station()
    told(charger, "Started", minutes(0), 0.0, received=minutes(60))
    assert told(charger, "Updated", minutes(1), 100.0, received=minutes(60)) == ({}, None)
    ended = told(charger, "Ended", minutes(20), 2000.0, received=minutes(61))
    assert ended[0] == {"totalCost": 3.0}


def test_where_no_tariff_holds_nothing_is_said():
    charger = station(site=2)
    told(charger, "Started", minutes(0), 0.0)
    assert told(charger, "Ended", minutes(20), 2000.0) == ({}, None)
    assert personal_message(charger, NOON) == {}
    assert personal_message(station(), NOON)["personalMessage"]["content"] == "0.50 EUR/kWh"


def test_a_session_that_began_before_the_tariff_costs_nothing_by_it():
    charger = station()
    told(charger, "Started", NOON - timedelta(days=2), 0.0, received=NOON)
    assert told(charger, "Ended", minutes(1), 2000.0) == ({}, None)


@pytest.mark.django_db
def test_a_new_gateway_recalls_what_runs():
    nord = Tenant.make("Nord")
    Session.objects.create(
        id=1, charger=nord.charger, evse=nord.evses[0], transaction_id="T", started=NOON,
        received=NOON, updated=NOON, meter_start=1000.0, energy=1000.0,
    )  # fmt: skip
    fares = Fares()
    charger = station(fares, charger=nord.charger.pk)
    # A message came before the recall was done.
    told(charger, "Updated", minutes(10), 3000.0)
    fares.recall(nord.charger.pk)
    ended, _remark = told(charger, "Ended", minutes(20), 5000.0)
    assert ended == {"totalCost": 4.0}


def test_times_are_what_tariffs_are_found_by():
    book = Rulebook({1: [Version(2, minutes(10), PRICES, "new"), Version(1, NOON, PRICES, "old")]})
    assert book.tariff(1, minutes(5)).text == "old"
    assert book.tariff(1, minutes(10)).text == "new"
    assert book.tariff(1, datetime(2020, 1, 1, tzinfo=UTC)) is None
