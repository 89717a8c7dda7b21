"""Stretches of time that rules speak of: joined, cut out and complemented. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from monitoring.kpis.timeline import Piece


class Stretch(NamedTuple):
    """Time [start, end), seconds since the epoch."""

    start: float
    end: float


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return what any of the stretches covers, in order and free of overlap."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1].end:
            joined[-1] = Stretch(joined[-1].start, max(joined[-1].end, end))
        elif start < end:
            joined.append(Stretch(start, end))
    return joined


def rest(stretches: Iterable[Stretch], whole: Stretch) -> list[Stretch]:
    """Return what of `whole` the stretches leave; they are in order and free of overlap."""
    left, at = [], whole.start
    for start, end in stretches:
        if at < min(start, whole.end):
            left.append(Stretch(at, min(start, whole.end)))
        at = max(at, end)
    if at < whole.end:
        left.append(Stretch(at, whole.end))
    return left


def cut(pieces: Iterable[Piece], stretches: Sequence[Stretch]) -> Iterator[tuple[Piece, bool]]:
    """Yield the pieces cut at the stretches, and of each part whether it lies in one.

    Both are in order and free of overlap.
    """
    place = 0
    for start, end, state in pieces:
        while place < len(stretches) and stretches[place].end <= start:
            place += 1
        at = start
        for first, last in stretches[place:]:
            if first >= end:
                break
            if first > at:
                yield Piece(at, first, state), False
            yield Piece(max(at, first), min(last, end), state), True
            at = min(last, end)
        if at < end:
            yield Piece(at, end, state), False
