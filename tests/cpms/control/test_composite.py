"""What stacked profiles allow together: worked out by hand, and what must hold for any stack."""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from cpms.control.charging import words
from cpms.control.charging.composite import (
    MOST_CHANGES,
    Layer,
    Port,
    Running,
    Step,
    Supply,
    at,
    composite,
    condensed,
)
from cpms.control.charging.profile import Period, Profile, Schedule

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # A Monday.
DAY = timedelta(days=1)
PORT = Port(1)
SESSION = Running("t-1", NOON - timedelta(minutes=30))


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def layer(
    *limits: tuple[int, float],
    purpose: Any = "TxDefaultProfile",
    level: int = 0,
    kind: Any = "Absolute",
    start: datetime | None = NOON,
    unit: Any = "A",
    evse: int = 1,
    number: int = 1,
    **more: Any,
) -> Layer:
    """Return a profile with a limit from each second on."""
    schedule_only = {name: more.pop(name) for name in ("duration", "local_time") if name in more}
    phases = more.pop("phases", None)
    periods = [Period(start=at, limit=limit, phases=phases) for at, limit in limits]
    begun = None if kind == "Relative" else start
    schedule = Schedule(unit=unit, periods=periods, start=begun, **schedule_only)
    source = more.pop("source", "CSO")
    profile = Profile(
        purpose=purpose, kind=kind, schedules=[schedule], id=number, stack_level=level, **more
    )
    return Layer(evse, profile, source)


def told(steps: list[Step], unit: str = "A") -> list[tuple[float, float | None]]:
    """Return the hours after noon from which on a limit counts, and the limit."""
    return [
        (
            (step.start - NOON) / hours(1),
            step.amperes(Supply()) if unit == "A" else step.watts,
        )
        for step in steps
    ]


def test_without_profiles_nothing_limits() -> None:
    assert told(composite([], PORT, NOON, DAY)) == [(0, None)]


def test_the_highest_level_counts_while_it_says_something() -> None:
    stack = [
        layer((0, 32.0), level=0),
        layer((0, 16.0), level=2, start=NOON + hours(6), duration=4 * 3600, number=3),
    ]
    steps = composite(stack, PORT, NOON, DAY)
    assert told(steps) == [(0, 32.0), (6, 16.0), (10, 32.0)]
    assert words.sentence(steps[1], UTC) == (
        "From 18:00 to 22:00: 16 A, by default profile 3 at level 2; "
        "below it level 0 would allow 32 A."
    )


def test_a_higher_level_counts_even_where_it_allows_more() -> None:
    stack = [layer((0, 10.0), level=0), layer((0, 20.0), level=1, number=2)]
    assert told(composite(stack, PORT, NOON, DAY)) == [(0, 20.0)]


def test_of_the_purposes_the_least_counts() -> None:
    stack = [
        layer((0, 32.0), (3600, 6.0)),
        layer((0, 16.0), purpose="ChargingStationMaxProfile", evse=0, number=2),
        layer((0, 20.0), purpose="ChargingStationExternalConstraints", source="EMS", number=9),
    ]
    steps = composite(stack, PORT, NOON, DAY)
    assert told(steps) == [(0, 16.0), (1, 6.0)]
    assert "outside limit 9 at level 0 would allow 20 A" in words.sentence(steps[0], UTC)


def test_a_session_s_profile_stands_in_for_the_default_while_it_lasts() -> None:
    stack = [
        layer((0, 10.0)),
        layer((0, 25.0), purpose="TxProfile", duration=3600, number=2, transaction_id="t-1"),
    ]
    assert told(composite(stack, Port(1, SESSION), NOON, DAY)) == [(0, 25.0), (1, 10.0)]
    assert told(composite(stack, PORT, NOON, DAY)) == [(0, 10.0)]
    another = Running("t-2", NOON)
    assert told(composite(stack, Port(1, another), NOON, DAY)) == [(0, 10.0)]


def test_a_relative_profile_counts_from_the_session_s_start() -> None:
    stack = [layer((0, 32.0), (3600, 8.0), kind="Relative")]
    assert told(composite(stack, Port(1, SESSION), NOON, DAY)) == [(0, 32.0), (0.5, 8.0)]
    assert told(composite(stack, PORT, NOON, DAY)) == [(0, 32.0), (1, 8.0)]


def test_a_daily_profile_comes_back_each_day() -> None:
    evening = datetime(2026, 2, 1, 18, tzinfo=UTC)
    stack = [layer((0, 8.0), kind="Recurring", recurrency="Daily", start=evening, duration=7200)]
    steps = composite(stack, PORT, NOON, 2 * DAY)
    assert told(steps) == [(0, None), (6, 8.0), (8, None), (30, 8.0), (32, None)]


def test_a_daily_profile_without_a_duration_fills_the_day() -> None:
    night = datetime(2026, 2, 1, 22, tzinfo=UTC)
    stack = [layer((0, 8.0), (8 * 3600, 32.0), kind="Recurring", recurrency="Daily", start=night)]
    assert told(composite(stack, PORT, NOON, DAY)) == [(0, 32.0), (10, 8.0), (18, 32.0)]


def test_a_weekly_profile_counts_on_its_day() -> None:
    sunday = datetime(2026, 2, 1, 0, tzinfo=UTC)
    stack = [layer((0, 6.0), kind="Recurring", recurrency="Weekly", start=sunday, duration=86_400)]
    steps = composite(stack, PORT, NOON, 7 * DAY)
    assert told(steps) == [(0, None), (5 * 24 + 12, 6.0), (6 * 24 + 12, None)]


def test_a_daily_profile_follows_utc_and_by_local_time_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    winter = datetime(2026, 1, 1, 18, tzinfo=berlin)
    summer = datetime(2026, 7, 1, 12, tzinfo=berlin)
    every_day: Any = {"kind": "Recurring", "recurrency": "Daily", "start": winter}
    port = Port(1, zone=berlin)
    by_utc = composite([layer((0, 8.0), duration=60, **every_day)], port, summer, DAY)
    assert by_utc[1].start.astimezone(berlin).hour == 19
    by_wall = layer((0, 8.0), duration=60, local_time=True, **every_day)
    assert composite([by_wall], port, summer, DAY)[1].start.astimezone(berlin).hour == 18


def test_a_profile_counts_while_it_is_valid() -> None:
    stack = [layer((0, 8.0), valid_from=NOON + hours(1), valid_to=NOON + hours(2))]
    assert told(composite(stack, PORT, NOON, DAY)) == [(0, None), (1, 8.0), (2, None)]


def test_watts_and_amperes_are_compared_by_voltage_and_phases() -> None:
    stack = [
        layer((0, 16.0), phases=1),
        layer((0, 11_000.0), unit="W", purpose="ChargingStationMaxProfile", evse=0, number=2),
    ]
    steps = composite(stack, PORT, NOON, DAY)
    assert told(steps, "W") == [(0, 3680.0)]
    three = composite([layer((0, 16.0)), stack[1]], PORT, NOON, DAY)
    assert told(three, "W") == [(0, 11_000.0)]


def test_a_port_s_own_default_counts_before_that_of_all_ports() -> None:
    stack = [layer((0, 10.0), evse=0), layer((0, 20.0), evse=1, number=2)]
    assert told(composite(stack, PORT, NOON, DAY)) == [(0, 20.0)]
    assert told(composite(stack, Port(2), NOON, DAY)) == [(0, 10.0)]


def test_the_charger_as_a_whole_is_limited_by_its_maximum_only() -> None:
    stack = [
        layer((0, 10.0), evse=0),
        layer((0, 63.0), purpose="ChargingStationMaxProfile", evse=0, number=2),
    ]
    assert told(composite(stack, Port(0), NOON, DAY)) == [(0, 63.0)]


def test_a_session_that_charges_first_leaves_the_others_aside() -> None:
    stack = [
        layer((0, 6.0)),
        layer((0, 30.0), purpose="PriorityCharging", number=2),
    ]
    first = Running("t-1", NOON, priority=True)
    assert told(composite(stack, Port(1, first), NOON, DAY)) == [(0, 30.0)]
    assert told(composite(stack, Port(1, SESSION), NOON, DAY)) == [(0, 6.0)]


def test_what_the_site_makes_comes_on_top_of_the_grid_s_limit() -> None:
    stack = [
        layer((0, 10.0), purpose="ChargingStationMaxProfile", evse=0),
        layer((0, 4.0), purpose="LocalGeneration", evse=0, number=2),
    ]
    step = at(stack, PORT, NOON)
    assert step.amperes(Supply()) == 14.0
    assert "local generation 2 at level 0 adds 4 A" in words.sentence(step, UTC)


def test_in_words_steps_are_one_where_only_what_does_not_count_changes() -> None:
    stack = [
        layer((0, 6.0)),
        layer((0, 32.0), (3600, 16.0), purpose="ChargingStationMaxProfile", evse=0, number=2),
    ]
    steps = composite(stack, PORT, NOON, DAY)
    assert len(steps) == 2
    (step,) = condensed(steps)
    assert words.sentence(step, UTC) == (
        "From 12:00 to Tue 12:00: 6 A, by default profile 1 at level 0."
    )


def test_a_step_past_midnight_says_the_day() -> None:
    steps = composite([layer((0, 10.0))], PORT, NOON, DAY + hours(12))
    assert words.sentence(steps[0], UTC).startswith("From 12:00 to Wed 00:00: 10 A")


def test_thousands_of_periods_end_early_and_cost_little() -> None:
    many = [(second, float(second % 30)) for second in range(0, 10_240, 10)]
    stack = [
        layer(*many, kind="Recurring", recurrency="Daily", level=level, number=level + 1,
              start=NOON - timedelta(days=400, seconds=level))
        for level in range(60)
    ]  # fmt: skip
    began = time.process_time()
    steps = composite(stack, PORT, NOON, 7 * DAY)
    assert len(steps) <= MOST_CHANGES + 1
    assert steps[0].start == NOON
    assert time.process_time() - began < 10


minutes = st.integers(-3000, 3000).map(lambda number: NOON + timedelta(minutes=number))
periods = st.lists(st.integers(1, 1000), max_size=4, unique=True).flatmap(
    lambda starts: st.tuples(
        *[
            st.tuples(st.just(60 * start), st.integers(0, 64).map(float))
            for start in [0, *sorted(starts)]
        ]
    )
)


@st.composite
def layers(draw: st.DrawFn, purpose: str) -> Layer:
    """Draw a profile of a purpose."""
    kind = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    if purpose == "ChargingStationMaxProfile" and kind == "Relative":
        kind = "Absolute"
    more: dict[str, Any] = {"recurrency": "Daily"} if kind == "Recurring" else {}
    if duration := draw(st.none() | st.integers(1, 4000)):
        more["duration"] = 60 * duration
    return layer(
        *draw(periods), purpose=purpose, kind=kind, start=draw(minutes),
        level=draw(st.integers(0, 3)), evse=0 if "Max" in purpose else draw(st.integers(0, 1)),
        unit=draw(st.sampled_from(["A", "W"])), **more,
    )  # fmt: skip


stacks = st.lists(layers("TxDefaultProfile"), max_size=4)
maxima = st.lists(layers("ChargingStationMaxProfile"), max_size=2)


@settings(max_examples=60, deadline=None)
@given(stacks, maxima)
def test_whatever_is_stacked_nothing_exceeds_the_maximum(
    stack: list[Layer], maximum: list[Layer]
) -> None:
    port = Port(1, SESSION)
    steps = composite([*stack, *maximum], port, NOON, DAY)
    assert (steps[0].start, steps[-1].end) == (NOON, NOON + DAY)
    assert all(one.end == other.start for one, other in pairwise(steps))
    for step in steps:
        most = at(maximum, port, step.start).watts
        default = at(stack, port, step.start).watts
        assert step.watts == min((w for w in (most, default) if w is not None), default=None)


@settings(max_examples=40, deadline=None)
@given(stacks, minutes)
def test_whatever_is_stacked_the_highest_level_that_says_something_counts(
    stack: list[Layer], moment: datetime
) -> None:
    port = Port(1, SESSION)
    alone = [(one, at([one], port, moment).watts) for one in stack]
    speaking = [one.profile.stack_level for one, watts in alone if watts is not None]
    step = at(stack, port, moment)
    assert (step.by is not None) == bool(speaking)
    if step.by is not None:
        assert step.by.layer.profile.stack_level == max(speaking)


@settings(max_examples=40, deadline=None)
@given(stacks, st.integers(0, 86_399))
def test_each_moment_of_the_composite_is_what_counts_then(stack: list[Layer], second: int) -> None:
    port, moment = Port(1, SESSION), NOON + timedelta(seconds=second)
    steps = composite(stack, port, NOON, DAY)
    (step,) = [step for step in steps if step.start <= moment < step.end]
    assert step.watts == at(stack, port, moment).watts
