"""Reservations and messages on displays, as chargers answer and report them in any order."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from cpms.control import commands, displays, reservations
from cpms.control.commands import SYSTEM, Refused
from cpms.control.displays import Message
from cpms.control.models import Command, DisplayMessage, Reservation
from cpms.control.operations import BadRequest, Operation
from cpms.control.operations.charging import Start
from cpms.control.operations.customers import AskCustomer
from cpms.control.operations.display import GetDisplays
from cpms.control.operations.reservations import Reserve
from cpms.control.reservations import Wanted
from inventory.models import Charger
from tests.api import Tenant, add_charger

State = Reservation.State


@pytest.fixture
def charger(db: None) -> Charger:
    return Tenant.make("Nord").charger


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def wanted(now: datetime, **fields: object) -> Wanted:
    plain = Wanted(7, 1, "", "04A1", "ISO14443", "", now + timedelta(hours=1))
    return replace(plain, **fields)  # type: ignore[arg-type]


def state(number: int = 7) -> str:
    return Reservation.objects.filter(number=number).latest("asked_at").state


def test_a_port_is_never_reserved_twice(charger: Charger, now: datetime):
    reservations.begin(charger.pk, wanted(now), now)
    with pytest.raises(BadRequest, match="reserved meanwhile"):
        reservations.begin(charger.pk, wanted(now, number=8), now)
    asked = Reserve(id_token="04A1", until=now + timedelta(minutes=5), evse=1)
    with pytest.raises(Refused, match="Port 1 is reserved already"):
        commands.request(charger, asked, SYSTEM)
    assert Reservation.objects.count() == 1


def test_as_many_are_reserved_as_there_are_ports(charger: Charger, now: datetime):
    for number in (1, 2):
        reservations.begin(charger.pk, wanted(now, number=number, evse=None), now)
    asked = Reserve(id_token="04A1", until=now + timedelta(minutes=5))
    with pytest.raises(Refused, match="Every port is reserved"):
        commands.request(charger, asked, SYSTEM)


@pytest.mark.parametrize("ahead", [timedelta(seconds=-1), timedelta(days=8)])
def test_a_reservation_needs_a_time_to_come(charger: Charger, now: datetime, ahead: timedelta):
    with pytest.raises(Refused):
        commands.request(charger, Reserve(id_token="04A1", until=now + ahead), SYSTEM)


def test_one_whose_time_is_over_is_not_sent(charger: Charger, now: datetime):
    with pytest.raises(BadRequest, match="over before"):
        reservations.begin(charger.pk, wanted(now, until=now), now)


def test_a_reservation_of_the_same_number_is_replaced(charger: Charger, now: datetime):
    reservations.begin(charger.pk, wanted(now), now)
    reservations.begin(charger.pk, wanted(now, evse=2), now)
    assert Reservation.objects.get().evse == 2


def test_a_driver_s_pin_is_not_kept_with_a_reservation(charger: Charger, now: datetime):
    for _replaced in (False, True):
        pin = wanted(now, id_token="1234", token_type="KeyCode")
        reservations.begin(charger.pk, pin, now)
        assert Reservation.objects.get().id_token == "********"


def test_one_that_is_over_by_the_clock_holds_no_port(charger: Charger, now: datetime):
    reservations.begin(charger.pk, wanted(now), now)
    later = now + timedelta(hours=2)
    reservations.begin(charger.pk, wanted(later, number=8), later)
    assert (state(7), state(8)) == (State.EXPIRED, State.ASKED)


def test_one_that_was_used_after_we_held_it_for_over_was_used(charger: Charger, now: datetime):
    reservations.begin(charger.pk, wanted(now), now)
    assert reservations.end_over(now + timedelta(hours=2)) == 1
    reservations.used(charger.pk, 7, "1", now)
    assert state() == State.USED


def test_another_charger_s_word_touches_nothing(charger: Charger, now: datetime):
    other, _evses = add_charger(charger.site, "Other-1")
    reservations.begin(charger.pk, wanted(now), now)
    reservations.told(other.pk, 7, "Expired", now)
    reservations.used(other.pk, 7, "1", now)
    reservations.cancelled(other.pk, 7, "Accepted", now, accepted=True)
    assert state() == State.ASKED


def message(number: int, text: str = "Hello") -> Message:
    return Message(number, "InFront", "", None, None, "", [{"content": text}])


def shown(charger: Charger) -> set[int]:
    kept = DisplayMessage.objects.filter(charger=charger, state=DisplayMessage.State.SET)
    return set(kept.values_list("number", flat=True))


def asked(charger: Charger, **payload: object) -> Command:
    charger.ocpp_version = "2.0.1"
    command = commands.request(charger, GetDisplays(request_id=3), SYSTEM)
    Command.objects.filter(pk=command.pk).update(
        action="GetDisplayMessages", payload={"requestId": 3, **payload}, state="accepted"
    )
    return command


def test_what_a_whole_report_leaves_out_is_gone_in_whatever_order_it_comes(
    charger: Charger, now: datetime
):
    displays.reported(charger.pk, 1, [message(9)], now, last=True)
    command = asked(charger)
    displays.reported(charger.pk, 3, [message(2)], now, last=True)
    displays.reported(charger.pk, 3, [message(1), message(2)], now, last=False)
    assert shown(charger) == {1, 2}
    command.refresh_from_db()
    assert (command.verified, command.evidence) == (True, "display_report")


def test_a_report_of_some_takes_no_others_away(charger: Charger, now: datetime):
    displays.reported(charger.pk, 1, [message(9)], now, last=True)
    asked(charger, priority="InFront")
    displays.reported(charger.pk, 3, [message(2)], now, last=True)
    assert shown(charger) == {2, 9}


def test_a_charger_can_t_make_us_keep_messages_without_end(
    charger: Charger, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(displays, "MOST_KEPT", 3)
    displays.reported(charger.pk, 1, [message(n) for n in range(10)], now, last=True)
    assert shown(charger) == {0, 1, 2}
    displays.cleared(charger.pk, 0, "Accepted", now)
    displays.reported(charger.pk, 1, [message(8)], now, last=True)
    assert shown(charger) == {1, 2, 8}


@pytest.mark.parametrize(
    "operation",
    [
        Start(id_token="1234", token_type="KeyCode"),
        Reserve(id_token="1234", token_type="KeyCode", until=timezone.now() + timedelta(hours=1)),
        AskCustomer(id_token="1234", token_type="KeyCode"),
    ],
)
def test_a_driver_s_pin_is_sealed(charger: Charger, operation: Operation):
    charger.ocpp_version = "2.0.1"
    command = commands.request(charger, operation, SYSTEM)
    assert command.request["id_token"] == "********"
    command.refresh_from_db()
    sent = commands.operation_of(command.operation, command.request, bytes(command.sealed or b""))
    assert sent.fields()["id_token"] == "1234"
