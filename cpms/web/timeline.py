"""Geometry of a timeline bar: states over a window, as segments in per cent of its width,
and the marks of the clock or calendar under it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Piece(Protocol):
    """A stretch [start, end) in one state, with a note for whoever looks closer."""

    @property
    def state(self) -> str: ...
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def note(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece cut to the window, with its place in per cent of the bar."""

    state: str
    start: datetime
    end: datetime
    note: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Segments in order of time, how long each state lasted, longest first, and the rest."""

    segments: Sequence[Segment]
    totals: Sequence[tuple[str, timedelta]]
    nothing: timedelta


#: Narrower segments are widened to this per cent, so that a short fault can be seen.
THINNEST = 0.15


def bar(pieces: Iterable[Piece], start: datetime, end: datetime) -> Bar:
    """Return the bar of [start, end): pieces cut to the window; time in no piece stays empty."""
    segments = [
        _segment(piece, start, end)
        for piece in sorted(pieces, key=lambda piece: piece.start)
        if piece.start < end and piece.end > start
    ]
    totals = _totals(segments)
    covered = sum((lasted for _state, lasted in totals), timedelta())
    return Bar(segments, totals, end - start - covered)


def _segment(piece: Piece, start: datetime, end: datetime) -> Segment:
    first, last = max(piece.start, start), min(piece.end, end)
    window = end - start
    x, width = (first - start) / window * 100, (last - first) / window * 100
    return Segment(piece.state, first, last, piece.note, f"{x:.3f}", f"{max(width, THINNEST):.3f}")


def _totals(segments: Iterable[Segment]) -> list[tuple[str, timedelta]]:
    totals: dict[str, timedelta] = {}
    for segment in segments:
        totals[segment.state] = totals.get(segment.state, timedelta()) + segment.end - segment.start
    return sorted(totals.items(), key=lambda total: -total[1])


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: Windows up to this long -> the step between two marks. Longer ones have a mark per month.
STEPS = (
    (90 * MINUTE, 15 * MINUTE),
    (6 * HOUR, HOUR),
    (30 * HOUR, 3 * HOUR),
    (4 * DAY, 12 * HOUR),
    (12 * DAY, DAY),
    (45 * DAY, 5 * DAY),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark under a bar: where, in per cent, when, and what of it is worth writing."""

    x: float
    at: datetime
    #: A form of `cpms.web.times.shape`, or "clock" for hours and minutes.
    form: str


def marks(start: datetime, end: datetime, zone: ZoneInfo) -> list[Mark]:
    """Return the marks of [start, end) at round times of the zone's own clocks."""
    step = next((step for longest, step in STEPS if end - start <= longest), None)
    first = start.astimezone(zone).replace(tzinfo=None)
    walls = _months(first) if step is None else _rounds(first, step)
    form = "month" if step is None else "clock" if step < DAY else "short day"
    found: list[Mark] = []
    for wall in walls:
        at = wall.replace(tzinfo=zone)
        if at >= end:
            return found
        if at >= start and _exists(at):
            found.append(Mark((at - start) / (end - start) * 100, at, form))
    return found


def _exists(at: datetime) -> bool:
    """Tell whether the clock ever showed this: put forward, it leaves an hour out."""
    return at.astimezone(UTC).astimezone(at.tzinfo).hour == at.hour


def _rounds(first: datetime, step: timedelta) -> Iterator[datetime]:
    """Yield times on the wall clock, `step` apart, from the last round one before `first`."""
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    wall = midnight + (first - midnight) // step * step
    while True:
        yield wall
        wall += step


def _months(first: datetime) -> Iterator[datetime]:
    """Yield the beginnings of months on the wall clock, from the one that `first` is in."""
    month = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while True:
        yield month
        month = (month + 32 * DAY).replace(day=1)
