"""The worst ports, the spread of uptimes and the hours of the week, of days written by hand."""

from datetime import date

import pytest

from inventory.models import Charger, Evse
from monitoring.kpis.queries import Bucket, Days, distribution, heat_map, worst_ports
from tests.monitoring.kpis.daily import DAY, HOUR, NOON, charger, port, port_day

MARCH = Days(date(2026, 3, 1), date(2026, 3, 31))
EVERYONE = Charger.objects.all()


@pytest.fixture
def ports(db: None) -> list[Evse]:
    """Four ports: of days without loss, of an hour and of seven lost, and one without days."""
    one, two = charger("CP-1"), charger("CP-2", site="Harbour")
    made = [port(one), port(one, 2), port(two), port(two, 2)]
    for n, hours in enumerate((0, 1, 3)):
        for day in (2, 3):
            port_day(made[n], date(2026, 3, day), lost=hours * HOUR, outages=n)
    port_day(made[2], date(2026, 3, 9), lost=HOUR)
    return made


def test_the_worst_come_first_with_their_share_of_all_that_was_lost(ports: list[Evse]) -> None:
    first, second = worst_ports(EVERYONE, MARCH, now=NOON)
    assert (first.label, first.site, first.lost) == ("CP-2/1", "Harbour", 7 * HOUR)
    assert (first.outages, first.share, first.cumulative) == (4, 7 / 9, 7 / 9)
    assert (second.label, second.lost, second.share) == ("CP-1/2", 2 * HOUR, 2 / 9)
    assert second.cumulative == pytest.approx(1.0)
    assert (first.evse_id, first.charger_id) == (ports[2].pk, ports[2].charger_id)


def test_the_share_is_of_all_ports_also_of_those_that_are_not_listed(ports: list[Evse]) -> None:
    (only,) = worst_ports(EVERYONE, MARCH, now=NOON, limit=1)
    assert only.share == 7 / 9


def test_only_days_and_chargers_that_were_asked_for_are_ranked(ports: list[Evse]) -> None:
    (one,) = worst_ports(EVERYONE.filter(identity="CP-1"), MARCH, now=NOON)
    assert one.share == 1.0
    assert worst_ports(EVERYONE, Days(date(2026, 3, 4), date(2026, 3, 8)), now=NOON) == []
    assert worst_ports(EVERYONE.none(), MARCH, now=NOON) == []


def test_a_lens_ranks_without_what_it_excludes_and_only_its_own_ports(ports: list[Evse]) -> None:
    port_day(
        ports[0], date(2026, 3, 5), lost=HOUR, nevi_window=DAY, nevi_outage=2 * HOUR,
        nevi_excluded=0.5 * HOUR,
    )  # fmt: skip
    (one,) = worst_ports(EVERYONE, MARCH, lens="nevi", now=NOON)
    assert (one.label, one.lost) == ("CP-1/1", 1.5 * HOUR)
    assert worst_ports(EVERYONE, MARCH, lens="uk", now=NOON) == []
    nevi = distribution(EVERYONE, MARCH, lens="nevi", now=NOON)
    assert [bucket for bucket in nevi if bucket.ports] == [Bucket(0.9, 0.95, 1, 1.5 * HOUR)]


def test_ports_are_counted_by_class_of_uptime(ports: list[Evse]) -> None:
    port_day(ports[3], date(2026, 3, 2), up=0.0, no_data=DAY)
    buckets = distribution(EVERYONE, MARCH, now=NOON)
    assert [bucket for bucket in buckets if bucket.ports] == [
        Bucket(1.0, None, 1, 0.0),
        Bucket(0.95, 0.97, 1, 2 * HOUR),
        Bucket(0.9, 0.95, 1, 7 * HOUR),
        Bucket(None, None, 1, 0.0),
    ]
    assert len(buckets) == 10


def test_a_port_that_was_never_up_is_in_the_lowest_class(ports: list[Evse]) -> None:
    port_day(ports[3], date(2026, 3, 2), lost=DAY)
    assert Bucket(0.0, 0.75, 1, DAY) in distribution(EVERYONE, MARCH, now=NOON)


def test_the_heat_map_has_seconds_by_weekday_and_local_hour(ports: list[Evse]) -> None:
    night, noon = [0] * 24, [0] * 24
    night[3], noon[12] = 600, 60
    for day, n in ((6, 0), (13, 0), (13, 1)):
        port_day(ports[n], date(2026, 3, day), lost_hours=night, busy_hours=noon)
    port_day(ports[0], date(2026, 3, 8), busy_hours=noon)
    lost = heat_map(EVERYONE, MARCH, now=NOON)
    assert lost[4][3] == 1800
    assert sum(map(sum, lost)) == 1800
    busy = heat_map(EVERYONE, MARCH, what="busy", now=NOON)
    assert (busy[4][12], busy[6][12]) == (180, 60)
    assert [len(hours) for hours in busy] == [24] * 7
