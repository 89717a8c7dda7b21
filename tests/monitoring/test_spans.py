"""Reports make the same spans in whatever order they arrive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitoring.facts import Status
from monitoring.spans import BROKEN, Span, absorbs, place

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OCCUPIED = Status.OCCUPIED
#: Reports at different minutes; a tie goes to the one that came last, so it depends on order.
PLAIN = [status for status in Status if status != OCCUPIED]
#: What a 2.x transaction says of its port.
REFINING = [OCCUPIED, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE, Status.FINISHING]


def reports(statuses: Sequence[Status]) -> st.SearchStrategy[list[Span]]:
    return st.lists(
        st.builds(
            report,
            st.integers(0, 60),
            st.sampled_from(statuses),
            st.sampled_from(["", "GroundFailure"]),
        ),
        unique_by=lambda span: span.started,
        max_size=12,
    )


def report(minute: int, status: Status, error: str = "", refines: bool = False) -> Span:
    return Span(NOON + timedelta(minutes=minute), None, status, error, refines=refines)


def apply(spans: list[Span], said: Span) -> list[Span]:
    """Change the spans as the writer changes its rows."""
    around = [
        s for s in spans if s.ended is None or s.ended > said.started or s.started == said.started
    ][:2]
    change = place(around, said)
    if change is None:
        return spans
    if change.rewrites:
        kept = [s for s in spans if s.started != change.span.started]
    else:
        kept = [
            replace(s, ended=change.span.started) if s.started == change.shortened else s
            for s in spans
        ]
    spans = sorted([*kept, change.span], key=lambda s: s.started)
    return absorbed(spans, change.span)


def absorbed(spans: list[Span], into: Span) -> list[Span]:
    place_of = next(n for n, s in enumerate(spans) if s.started == into.started)
    last = place_of + 1
    while last < len(spans) and absorbs(into, spans[last]):
        last += 1
    ended = spans[last - 1].ended
    return [*spans[:place_of], replace(into, ended=ended), *spans[last:]]


def spans_of(said: Sequence[Span]) -> list[Span]:
    spans: list[Span] = []
    for each in said:
        spans = apply(spans, each)
    return spans


@given(said=reports(PLAIN), data=st.data())
def test_any_order_of_reports_gives_the_spans_of_the_right_order_16(
    said: list[Span], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(said))
    assert spans_of(shuffled) == spans_of(sorted(said, key=lambda s: s.started))


@given(said=reports(list(Status)), data=st.data())
def test_spans_never_overlap_and_leave_no_gap_16(said: list[Span], data: st.DataObject) -> None:
    spans = spans_of(data.draw(st.permutations([*said, *said])))
    assert [s.ended for s in spans[:-1]] == [s.started for s in spans[1:]]
    assert all(one.started < other.started for one, other in pairwise(spans))
    if said:
        assert spans[-1].ended is None
        assert spans[0].started == min(s.started for s in said)


@given(said=reports(PLAIN))
def test_each_moment_has_the_status_that_was_reported_last_before_it_16(said: list[Span]) -> None:
    spans = spans_of(said)
    for moment in (NOON + timedelta(minutes=m, seconds=30) for m in range(60)):
        before = [s for s in said if s.started <= moment]
        last = max(before, key=lambda s: s.started, default=None)
        now = [s for s in spans if s.started <= moment and (s.ended is None or moment < s.ended)]
        assert [s.status for s in now] == ([last.status] if last else [])


@given(said=reports(PLAIN), data=st.data())
def test_a_report_that_comes_again_changes_nothing_14(
    said: list[Span], data: st.DataObject
) -> None:
    once = spans_of(said)
    for again in data.draw(st.permutations(said)):
        assert apply(once, again) == once


def test_occupied_adds_nothing_to_a_finer_status() -> None:
    spans = spans_of([report(0, Status.CHARGING), report(5, OCCUPIED), report(9, Status.AVAILABLE)])
    assert [s.status for s in spans] == [Status.CHARGING, Status.AVAILABLE]


def test_what_a_transaction_says_late_takes_the_occupied_after_it() -> None:
    refined = report(1, Status.CHARGING, refines=True)
    spans = spans_of([report(0, OCCUPIED), report(3, OCCUPIED), refined, report(9, Status.FAULTED)])
    assert [(s.started.minute, s.status) for s in spans] == [
        (0, OCCUPIED), (1, Status.CHARGING), (9, Status.FAULTED),
    ]  # fmt: skip


@given(said=reports(PLAIN), told=reports(REFINING), data=st.data())
def test_transactions_hide_no_fault_whatever_comes_first_16(
    said: list[Span], told: list[Span], data: st.DataObject
) -> None:
    """At each moment the port is broken if what a connector said last before it is that."""
    minutes = {span.started for span in said}
    finer = [replace(s, refines=True) for s in told if s.started not in minutes]
    spans = spans_of(data.draw(st.permutations([*said, *finer])))
    for moment in (NOON + timedelta(minutes=m, seconds=30) for m in range(60)):
        before = [s for s in said if s.started <= moment]
        last = max(before, key=lambda s: s.started, default=None)
        now = [s for s in spans if s.started <= moment and (s.ended is None or moment < s.ended)]
        broken = last is not None and last.status in BROKEN
        assert any(s.status in BROKEN for s in now) is broken


def test_a_transaction_says_nothing_of_a_broken_port() -> None:
    spans = [Span(NOON, None, Status.FAULTED)]
    assert place(spans, report(1, Status.CHARGING, refines=True)) is None
