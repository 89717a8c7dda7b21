"""Geometry of a timeline bar: states over a window, as segments in per cent of its width."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


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
