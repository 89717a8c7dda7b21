"""What several messages say of one session is the same in any order, once or often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from monitoring.facts import SessionChanged
from monitoring.sessions import merge

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def told(number: int, **said: object) -> SessionChanged:
    """Return message `number` of a session; each says what only it can say."""
    at = NOON + timedelta(minutes=number)
    return replace(SessionChanged(1, "T", at, at, seq_no=number), **said)  # type: ignore[arg-type]


START = told(0, started=NOON, meter_start=100.0, id_token="TAG", evse=1, authorization="Accepted")
MIDDLE = [
    told(n, power=1000.0 * n, soc=10.0 + n, energy=50.0 * n, charging_state="Charging")
    for n in range(1, 5)
]
END = told(
    6, ended=NOON + timedelta(minutes=6), meter_stop=900.0, stop_reason="EVDisconnected",
    charging_state="Idle", flags=("odd",),
)  # fmt: skip
ALL = [START, *MIDDLE, END]


def what_it_says(fact: SessionChanged) -> SessionChanged:
    """Return the fact without when which part of it arrived."""
    return replace(fact, received=NOON)


@given(st.permutations([*ALL, *ALL]))
def test_any_order_and_any_repetition_gives_one_session_14(facts: list[SessionChanged]) -> None:
    merged = what_it_says(reduce(merge, facts))
    assert merged == what_it_says(reduce(merge, ALL))
    assert (merged.started, merged.ended) == (NOON, NOON + timedelta(minutes=6))
    assert (merged.meter_start, merged.meter_stop, merged.power) == (100.0, 900.0, 4000.0)
    assert (merged.soc, merged.charging_state, merged.flags) == (14.0, "Idle", ("odd",))


@given(st.permutations(ALL), st.integers(0, len(ALL)))
def test_it_does_not_matter_which_parts_are_merged_first(
    facts: list[SessionChanged], cut: int
) -> None:
    parts = [part for part in (facts[:cut], facts[cut:]) if part]
    merged = reduce(merge, [reduce(merge, part) for part in parts])
    assert what_it_says(merged) == what_it_says(reduce(merge, facts))


def test_a_stop_with_another_reason_later_changes_nothing_14() -> None:
    again = replace(END, at=END.at + timedelta(hours=1), received=END.received, stop_reason="Other")
    again = replace(again, ended=again.at)
    merged = merge(merge(START, END), again)
    assert (merged.ended, merged.stop_reason) == (END.ended, "EVDisconnected")


def test_the_start_that_came_at_last_takes_its_absence_away() -> None:
    late = replace(START, flags=("-no_start",))
    assert merge(told(3, flags=("no_start",)), late).flags == ("-no_start",)
