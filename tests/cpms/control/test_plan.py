"""What a vehicle is given, and whether what others say of it fits: by hand, and for any needs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpms.control.charging.compare import Span, exceeded, spans, undercut
from cpms.control.charging.composite import Supply
from cpms.control.charging.plan import Needs, horizon, plan, profile
from cpms.control.charging.profile import Period, Schedule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def ceiling(*limits: float | None, each: float = 1) -> list[Span]:
    """Return limits that hold for some hours each."""
    starts = [NOON + hours(each) * index for index in range(len(limits))]
    return [Span(s, s + hours(each), watts) for s, watts in zip(starts, limits, strict=True)]


def given_watts(needs: Needs, limits: list[Span]) -> list[float | None]:
    return [span.watts for span in plan(needs, limits, NOON).spans]


CAR = Needs("A", 3, most=11_040.0, least=4_140.0)


def test_a_vehicle_that_does_not_say_when_it_leaves_charges_as_fast_as_it_may() -> None:
    assert given_watts(CAR, ceiling(None, 7_000.0)) == [11_040.0, 7_000.0]
    assert plan(CAR, ceiling(None), NOON).reason == "fast"


def test_a_vehicle_with_time_charges_slowly_and_is_full_a_tenth_before() -> None:
    car = Needs("A", 3, 45_000.0, NOON + hours(10), 11_040.0, 4_140.0)
    made = plan(car, ceiling(*[None] * 10), NOON)
    assert [span.watts for span in made.spans] == [pytest.approx(5_000.0)]
    assert (made.reason, made.duration) == ("spread", hours(10))


def test_what_narrow_hours_can_not_give_the_wide_ones_do() -> None:
    car = Needs("W", None, 9_000.0, NOON + hours(2), 20_000.0)
    assert given_watts(car, ceiling(2_000.0, None)) == [2_000.0, pytest.approx(8_000.0)]


def test_where_the_time_is_short_it_gets_all_that_is_allowed() -> None:
    car = Needs("W", None, 90_000.0, NOON + hours(2), 20_000.0)
    made = plan(car, ceiling(2_000.0, None), NOON)
    assert [span.watts for span in made.spans] == [2_000.0, 20_000.0]
    assert made.reason == "short"


def test_nobody_is_given_less_than_makes_them_charge() -> None:
    car = Needs("A", 3, 1_000.0, NOON + hours(10), 11_040.0, 4_140.0)
    assert given_watts(car, ceiling(*[None] * 10)) == [4_140.0]


def test_a_vehicle_that_understands_few_periods_is_told_few_and_never_more() -> None:
    car = Needs("W", None, most=50_000.0, tuples=2)
    limits = ceiling(10_000.0, 12_000.0, 40_000.0)
    assert given_watts(car, limits) == [10_000.0, 40_000.0]


def test_the_plan_is_said_as_the_session_s_profile() -> None:
    made = plan(CAR, ceiling(None, 7_000.0), NOON)
    said = profile(made, CAR, "t-1", 7)
    assert not list(said.problems())
    (schedule,) = said.schedules
    assert (said.id, said.transaction_id, schedule.start) == (7, "t-1", NOON)
    assert schedule.periods == [
        Period(start=0, limit=16.0, phases=3),
        Period(start=3600, limit=10.1, phases=3),
    ]


def test_a_departure_that_is_past_is_none() -> None:
    assert horizon(Needs("A", departure=NOON - hours(1)), NOON) == hours(24)


def test_a_schedule_above_ours_is_found_and_where_it_begins() -> None:
    theirs = spans(
        Schedule(unit="A", periods=[Period(start=0, limit=10.0), Period(start=3600, limit=17.0)]),
        NOON, NOON + hours(2), Supply(),
    )  # fmt: skip
    ours = ceiling(11_040.0, 11_040.0)
    assert exceeded(theirs, ours) == NOON + hours(1)
    assert undercut(theirs, ours) == NOON
    assert exceeded(ours, ours) is None
    assert exceeded(ceiling(None), ceiling(None)) is None
    assert exceeded(ceiling(None), ceiling(5.0)) == NOON


def test_a_second_more_or_less_is_no_difference() -> None:
    ours = ceiling(5_000.0, 11_000.0)
    edge = NOON + hours(1) - timedelta(seconds=1)
    theirs = [Span(NOON, edge, 5_000.0), Span(edge, NOON + hours(2), 11_000.0)]
    assert exceeded(theirs, ours) is None
    assert undercut(theirs, ours) is None


limits = st.lists(st.none() | st.integers(0, 50_000).map(float), min_size=1, max_size=24)


@settings(max_examples=80, deadline=None)
@given(
    limits,
    st.none() | st.integers(1, 200_000).map(float),
    st.none() | st.integers(-2, 30),
    st.integers(0, 60_000).map(float),
    st.integers(1, 6),
)
def test_whatever_it_needs_it_is_given_no_more_than_is_allowed(
    allowed: list[float | None], energy: float | None, leaves: int | None, most: float, tuples: int
) -> None:
    departure = None if leaves is None else NOON + hours(leaves)
    needs = Needs("W", None, energy, departure, most, tuples=tuples)
    site = ceiling(*allowed)
    made = plan(needs, site, NOON)
    assert exceeded(made.spans, site) is None
    assert all((span.watts or 0.0) <= most for span in made.spans)
    assert len(made.spans) <= tuples
    assert (made.spans[0].start, made.spans[-1].end) == (NOON, site[-1].end)
    if made.reason == "spread" and energy and tuples >= len(allowed):
        assert made.energy >= energy
