"""Two limits over time held against each other: whether one ever allows more than the other.

Pure. Times are aware; amounts are watts.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cpms.control.charging.composite import Step, Supply
from cpms.control.charging.profile import Schedule

#: Rounding to tenths, voltages that aren't nominal: what counts as the same.
SHARE, WATTS = 0.02, 50.0
#: Clocks differ, and seconds are rounded: so brief a difference is none.
BRIEF = timedelta(minutes=1)


class Span(NamedTuple):
    """From `start` until `end` at most `watts`; None: no limit."""

    start: datetime
    end: datetime
    watts: float | None


def spans(schedule: Schedule, begun: datetime, end: datetime, supply: Supply) -> list[Span]:
    """Return what a schedule allows from `begun` until it is over, `end` at most."""
    if schedule.duration is not None:
        end = min(end, begun + timedelta(seconds=schedule.duration))
    starts = [begun + timedelta(seconds=period.start) for period in schedule.periods]
    limits = [supply.watts(p.limit, schedule.unit, p.phases) for p in schedule.periods]
    ends = [*starts[1:], end]
    whole = zip(starts, ends, limits, strict=True)
    return [Span(start, min(until, end), watts) for start, until, watts in whole if start < end]


def of_steps(steps: Iterable[Step]) -> list[Span]:
    """Return a composite as spans."""
    return [Span(step.start, step.end, step.watts) for step in steps]


def exceeded(theirs: Sequence[Span], ours: Sequence[Span]) -> datetime | None:
    """Return when `theirs` first allows more than `ours`; None: never, where both say something."""
    for start, allowed, limit in _overlaps(theirs, ours):
        if limit is None:
            continue
        if allowed is None or allowed > limit * (1 + SHARE) + WATTS:
            return start
    return None


def undercut(theirs: Sequence[Span], ours: Sequence[Span]) -> datetime | None:
    """Return when `theirs` first allows less than `ours`."""
    for start, allowed, limit in _overlaps(theirs, ours):
        if allowed is None:
            continue
        if limit is None or allowed * (1 + SHARE) + WATTS < limit:
            return start
    return None


def _overlaps(
    theirs: Sequence[Span], ours: Sequence[Span]
) -> Iterator[tuple[datetime, float | None, float | None]]:
    """Yield what both say wherever neither changes, in order, without what is too brief to tell."""
    if not theirs:
        return
    brief = min(BRIEF, (theirs[-1].end - theirs[0].start) / 4)
    for one in theirs:
        for other in ours:
            start, end = max(one.start, other.start), min(one.end, other.end)
            if end - start > brief:
                yield start, one.watts, other.watts
