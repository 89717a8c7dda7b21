"""What should never be, and is: bounded, refused with a sentence, and no KPI beyond its range."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from inventory.models import Charger, Evse, Organisation, Role, Site
from monitoring.kpis import rollup
from monitoring.kpis.queries import Days
from monitoring.kpis.sums import Sums, sums
from monitoring.lenses.standards import uptime
from monitoring.models import ConnectionSpan, Gateway, Outage, Session, StatusSpan
from monitoring.models import SessionReconciliation as Verdict
from monitoring.outages import exclusions
from monitoring.outages.exclusions import ExclusionError, Wish
from monitoring.outages.scope import Scope
from monitoring.reconciliation import rows as reconciliation
from tests import network

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
#: 23 CFR's and Britain's and California's rules all at once.
LENSES = ["nevi", "uk", "california"]


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def port(db: None) -> Evse:
    """A port in Berlin under all lenses, connected and Available since 20 March."""
    owner = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(
        organisation=owner, name="Depot", timezone="Europe/Berlin", lenses=LENSES,
        opening_hours={"mon": [["06:00", "22:00"]], "sun": [["01:30", "03:30"]]},
    )  # fmt: skip
    charger = Charger.objects.create(site=site, identity="CP-1", commissioned_at=at(20))
    evse = Evse.objects.create(charger=charger, number=1)
    evse.connectors.create(type="IEC_62196_T2_COMBO", max_power=150_000)
    gateway = Gateway.objects.create(
        id=uuid.uuid4(), host="a", pid=1, started_at=at(20), lease_until=NOON + DAY
    )
    ConnectionSpan.objects.create(
        charger=charger, token=uuid.uuid4(), gateway=gateway, opened=at(20), peer="",
        ocpp_version="1.6", security_profile=1,
    )  # fmt: skip
    return evse


def says(evse: Evse, *changes: tuple[datetime, str]) -> None:
    """Report the statuses, each until the next."""
    ends = [moment for moment, _status in changes[1:]]
    StatusSpan.objects.bulk_create(
        StatusSpan(evse=evse, started=start, ended=end, status=status)
        for (start, status), end in zip(changes, [*ends, None], strict=True)
    )


def charge(evse: Evse, key: int, start: datetime, end: datetime, **said: object) -> None:
    Session.objects.create(
        id=key, charger=evse.charger, evse=evse, transaction_id=str(key), started=start,
        ended=end, received=start, updated=start, id_token=f"CARD-{key}", **said,
    )  # fmt: skip


def computed(now: datetime = NOON) -> Sums:
    """Run the jobs; return the fleet's totals since the 20th, none of them beyond its range."""
    rollup.settle(now)
    rollup.recompute_dirty(now)
    rollup.refresh(now)
    (found,) = sums(Charger.objects.all(), Days(at(19).date(), (now + DAY).date()), now=now)
    ports, links = found.ports, found.links
    for lens, seen in ports.lenses.items():
        value = uptime(lens, seen).value
        assert value is None or 0 <= value <= 1, lens
        assert 0 <= seen.excluded <= seen.outage <= seen.window + 1e-6, lens
    assert 0 <= ports.outage <= ports.measured + 1e-6
    assert 0 <= ports.successes <= ports.attempts
    assert 0 <= links.online <= links.commissioned
    assert 0 <= ports.use.charging <= ports.use.occupied <= ports.up + 1e-6
    assert ports.use.energy >= 0
    return found


def test_another_time_zone_of_a_site_moves_its_days_and_loses_nothing(port):
    says(port, (at(20), "Available"), (at(25, 22), "Faulted"), (at(26, 3), "Available"))
    before = computed()

    Site.objects.update(timezone="Pacific/Kiritimati")
    after = computed()

    assert after.ports.faulted == before.ports.faulted == 5 * 3600
    assert after.ports.measured == pytest.approx(before.ports.measured)
    assert after.ports.outages == before.ports.outages == 1
    assert Outage.objects.count() == 1


def test_a_time_zone_that_is_none_counts_as_utc(port):
    says(port, (at(20), "Available"))
    Site.objects.update(timezone="Mars/Olympus")

    assert computed().ports.measured == (NOON - at(20)).total_seconds()


def test_statuses_and_sessions_years_off_count_nowhere_beyond_their_time(port):
    long_ago, far = datetime(1971, 1, 1, tzinfo=UTC), datetime(2093, 1, 1, tzinfo=UTC)
    says(port, (long_ago, "Faulted"), (at(21), "Available"))
    charge(port, 1, long_ago, at(22), energy=5_000.0)
    charge(port, 2, at(23), far, energy=9e12)
    charge(port, 3, far, far + HOUR, energy=5_000.0)

    found = computed()

    assert found.ports.faulted == DAY.total_seconds()
    assert found.ports.use.sessions == 1


def test_sessions_of_negative_energy_take_nothing_away(port):
    says(port, (at(20), "Available"))
    charge(port, 1, at(21, 8), at(21, 9), energy=-7_000.0, meter_start=9_000, meter_stop=2_000)
    charge(port, 2, at(22, 8), at(22, 9), energy=8_000.0, meter_start=2_000, meter_stop=10_000)

    found = computed()
    reconciliation.work_through(NOON)

    assert (found.ports.use.energy, found.ports.use.sessions) == (8_000, 2)
    assert (found.ports.attempts, found.ports.successes) == (2, 1)
    billed = dict(Verdict.objects.values_list("session_id", "billable"))
    assert billed == {1: None, 2: 8_000}


def test_an_hour_of_flaps_each_second_is_counted_to_the_second_in_few_rows(port):
    """1,800 faults of a second each: half an hour of outage."""
    flaps = [
        (at(25, 10) + place * SECOND, "Faulted" if place % 2 == 0 else "Available")
        for place in range(3_600)
    ]
    says(port, (at(20), "Available"), *flaps)

    found = computed()

    assert found.ports.faulted == 1_800
    assert found.ports.outages == 1_800
    assert Outage.objects.count() <= 200


def test_an_exclusion_without_an_outage_is_refused_with_what_to_do(port):
    says(port, (at(20), "Available"), (at(25, 10), "Faulted"), (at(25, 12), "Available"))
    computed()
    lea = network.person("lea", Role.LEAD, Organisation.objects.get())
    for start, end in (
        (at(24), at(25)),  # no outage
        (at(25, 12), at(25, 10)),  # inverted
        (at(25, 10), at(25, 10)),  # empty
        (at(25, 10), NOON + DAY),  # not over yet
        (datetime(1971, 1, 1, tzinfo=UTC), at(26)),  # years long
    ):
        with pytest.raises(ExclusionError, match=r"\w+ .*\."):
            exclusions.propose(
                Wish(Scope.at(port), start, end, "vandalism", "Cable."), by=lea, now=NOON
            )

    assert computed().ports.lenses["nevi"].excluded >= 0
