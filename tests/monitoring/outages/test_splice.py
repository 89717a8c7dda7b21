"""The ledger ends the same whatever was computed when."""

import time
import tracemalloc
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.kpis.history import ChargerHistory, Connection, PortHistory, Reported
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.outages.entries import MOST_LEGS, MOST_ROWS, Entry, entries, leg
from monitoring.outages.kinds import Kind
from monitoring.outages.splice import continued, cut, spliced
from monitoring.outages.stretches import Part, Stretch
from tests.monitoring.histories import LENGTH, MINUTE, histories, minutes

ALWAYS = Window(-inf, inf)
END = LENGTH * MINUTE
DAYS = [Window(*pair) for pair in pairwise(range(0, int(END) + 1, 7200))]


def entry(start, end, kind=Kind.OFFLINE, *, is_open=False, stretches=1):
    return Entry(start, end, is_open, (leg(start, end, kind),), stretches)


def outage(*edges, kind=Kind.FAULTED):
    return Stretch(edges[0], edges[-1], tuple(Part(*pair, kind) for pair in pairwise(edges)))


def assert_same(left, right):
    assert [e[:3] for e in left] == [e[:3] for e in right]
    assert [(e.kind, e.stretches) for e in left] == [(e.kind, e.stretches) for e in right]
    for one, other in zip(left, right, strict=True):
        assert one.seconds == pytest.approx(other.seconds)


spans = st.tuples(st.integers(0, len(DAYS) - 1), st.integers(1, 3))


@settings(max_examples=40)
@given(histories(), st.lists(spans, max_size=8), minutes, st.randoms())
def test_splices_in_any_order_end_in_what_one_computation_makes(history, again, now, rng):
    whole = measured(history, DAYS, ALWAYS, now).outages
    jobs = [*again, *((place, 1) for place in range(len(DAYS)))]
    rng.shuffle(jobs)
    for key in history.ports:
        stored: list[Entry] = []
        for first, count in jobs:
            days = [day for day in DAYS[first : first + count] if day.start < now]
            if days:
                part = measured(history, days, ALWAYS, now).outages[key]
                hull = Window(days[0].start, days[-1].end)
                stored = spliced(stored, entries(part, days, now), hull)
        assert_same(stored, entries(whole.get(key, ()), DAYS, now))


@settings(max_examples=40)
@given(histories(), minutes, minutes, minutes)
def test_what_is_cut_out_and_computed_again_is_as_it_was(history, now, start, end):
    start, end = sorted((start, end))
    whole = measured(history, DAYS, ALWAYS, now).outages
    hull = Window(start, min(end, now))
    if hull.start < hull.end:
        part = measured(history, [hull], ALWAYS, now).outages
        for key, outages in whole.items():
            before = entries(outages, DAYS, now)
            assert_same(spliced(before, entries(part[key], [hull], now), hull), before)


def test_what_touches_the_hull_is_one_outage_and_what_lies_apart_stays():
    stored = [entry(0, 10), entry(20, 30), entry(60, 70), entry(80, 90)]
    made = [entry(30, 35, Kind.FAULTED), entry(55, 60)]
    assert [e[:2] for e in spliced(stored, made, Window(30, 60))] == [
        (0, 10), (20, 35), (55, 70), (80, 90),
    ]  # fmt: skip
    assert spliced(stored, made, Window(30, 60))[1].seconds == (10, 5, 0, 0)


def test_only_the_last_can_be_open_one_left_open_ends_where_it_was_known_up_to():
    left_open = [entry(0, 10, is_open=True)]
    assert spliced(left_open, [], Window(20, 30)) == [entry(0, 10)]
    again = spliced(left_open, [entry(20, 30, is_open=True)], Window(20, 30))
    assert again == [entry(0, 10), entry(20, 30, is_open=True)]
    healed = spliced(again, [entry(10, 20)], Window(10, 20))
    assert healed == [entry(0, 30, is_open=True)]


def test_an_open_outage_stays_open_while_its_past_is_computed_again():
    stored = [entry(0, 100, is_open=True)]
    assert spliced(stored, [entry(15, 20)], Window(10, 20)) == [
        entry(0, 10), entry(15, 100, is_open=True),
    ]  # fmt: skip


def test_an_outage_whose_past_was_up_time_is_no_outage_any_more():
    assert spliced([entry(5, 15)], [], Window(0, 20)) == []


def test_an_outage_that_grew_or_changed_goes_on_and_of_two_the_larger():
    old = [entry(0, 10), entry(20, 30), entry(40, 50)]
    new = [entry(1, 12), entry(18, 48), entry(60, 61)]
    assert continued(old, new) == {0: 0, 1: 1}


def test_more_outages_a_day_than_are_told_are_taken_together_where_they_lie_closest():
    day = Window(0, 86_400)
    short = [outage(t, t + 0.5) for t in range(100, 1_100)]
    outages = [outage(0, 50), *short, outage(5_000, 6_000), outage(80_000, 86_400)]
    found = entries(outages, [day], None)
    assert len(found) <= MOST_ROWS + 2
    assert sum(e.stretches for e in found) == len(outages)
    assert sum(e.seconds[1] for e in found) == pytest.approx(50 + 500 + 1_000 + 6_400)
    assert entry(5_000, 6_000, Kind.FAULTED) in found
    assert all(a.end < b.start for a, b in pairwise(found))


def test_a_hundred_thousand_flaps_a_day_take_bounded_time_and_memory():
    flaps = [
        Reported(t * 0.36, t * 0.36 + 0.36, "Faulted" if t % 2 else "Available")
        for t in range(240_000)
    ]
    history = ChargerHistory({1: PortHistory(flaps)}, [Connection(-10.0, inf)])
    day = [Window(0, 86_400)]
    began = time.process_time()
    outages = measured(history, day, ALWAYS, 86_400).outages[1]
    tracemalloc.start()
    found = entries(outages, day, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(outages) > 100_000
    assert len(found) <= MOST_ROWS + 2
    assert sum(e.seconds[1] for e in found) == pytest.approx(43_200)
    assert peak < 150e6
    assert time.process_time() - began < 60


def test_an_outage_of_many_parts_keeps_its_seconds_by_day():
    kinds = [Kind.OFFLINE, Kind.FAULTED]
    parts = tuple(Part(t, t + 100, kinds[t // 100 % 2]) for t in range(80_000, 100_000, 100))
    days = [Window(0, 86_400), Window(86_400, 172_800)]
    (whole,) = entries([Stretch(80_000, 100_000, parts)], days, None)
    assert len(whole.legs) == 2 < MOST_LEGS
    assert whole.seconds == (10_000, 10_000, 0, 0)
    first = cut(whole, -inf, 86_400)
    assert first.seconds == (3_200, 3_200, 0, 0)
    assert first.kind is Kind.OFFLINE
