"""A connection's pings are counted by the half hour, and kept by the day of the site."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from cpms.ocpp.pings import SPAN, PingCounts
from inventory.models import Charger, Organisation, Site
from monitoring.facts import Pinged
from monitoring.kpis import rollup
from monitoring.models import DailyConnectivity, PingDay
from monitoring.statements.pings import PINGS, parameters

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_round_trips_are_counted_by_the_first_bound_that_they_keep_to() -> None:
    counts = PingCounts()
    for milliseconds in (1, 50, 51, 5_000, 5_001, 60_000):
        counts.answered(milliseconds / 1_000, at=SPAN)
    counts.missed(at=SPAN + 1)
    assert counts.take() == []
    (all_of_it,) = counts.take(all_of_it=True)
    assert (all_of_it.round_trips, all_of_it.missed) == ([2, 1, 0, 0, 0, 0, 1, 2], 1)
    assert counts.take(all_of_it=True) == []


moments = st.lists(st.floats(0, 20 * SPAN), min_size=1, max_size=60).map(sorted)


@given(moments)
def test_each_half_hour_is_taken_once_and_no_ping_is_lost(moments: list[float]) -> None:
    counts, taken = PingCounts(), []
    for moment in moments:
        counts.answered(0.1, moment)
        taken += counts.take()
    taken += counts.take(all_of_it=True)
    assert sum(sum(each.round_trips) for each in taken) == len(moments)
    for each in taken:
        assert each.first <= each.last < (each.first // SPAN + 1) * SPAN
    assert all(one.last <= other.first for one, other in pairwise(taken))


@pytest.fixture
def berlin(db: None) -> Charger:
    owner = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(organisation=owner, name="Depot", timezone="Europe/Berlin")
    return Charger.objects.create(
        site=site, identity="CP-1", commissioned_at=datetime(2026, 3, 1, 18, tzinfo=UTC)
    )


def store(charger: Charger, at: datetime, round_trips: list[int], missed: int = 0) -> None:
    told = Pinged(charger.pk, at, at, tuple(round_trips), missed)
    with connection.cursor() as cursor:
        cursor.execute(PINGS, parameters([told]))


def test_days_are_the_sites_and_add_up(berlin: Charger) -> None:
    store(berlin, datetime(2026, 3, 1, 22, 30, tzinfo=UTC), [1, 0, 0, 0, 0, 0, 0, 0], 1)
    store(berlin, datetime(2026, 3, 1, 23, tzinfo=UTC), [0, 2, 0, 0, 0, 0, 0, 3], 0)
    store(berlin, NOON, [0, 5, 0, 0, 0, 0, 0, 0], 2)
    found = PingDay.objects.order_by("day").values_list("day", "round_trips", "missed")
    assert list(found) == [
        (date(2026, 3, 1), [1, 0, 0, 0, 0, 0, 0, 0], 1),
        (date(2026, 3, 2), [0, 7, 0, 0, 0, 0, 0, 3], 2),
    ]
    assert PingDay.objects.get(day=date(2026, 3, 2)).first.hour == 23


def test_they_come_to_the_days_of_the_charger_also_to_its_first(berlin: Charger) -> None:
    store(berlin, datetime(2026, 3, 1, 9, tzinfo=UTC), [4, 0, 0, 0, 0, 0, 0, 0])  # commissioning
    store(berlin, datetime(2026, 3, 2, 9, tzinfo=UTC), [0, 0, 0, 0, 0, 0, 0, 9], 1)
    rollup.settle(NOON)
    rollup.refresh(NOON)
    days = DailyConnectivity.objects.order_by("day").values_list("round_trips", "missed_pings")
    assert list(days) == [([4, 0, 0, 0, 0, 0, 0, 0], 0), ([0, 0, 0, 0, 0, 0, 0, 9], 1)]
