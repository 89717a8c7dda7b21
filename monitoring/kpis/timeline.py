"""A port's effective timeline: its status spans, overlaid by its charger's connection spans.

The result has no gap and no overlap. A port is `Offline` while its charger is; otherwise it
is what it last reported, across reconnects, or `Unknown` if it never did. Before the charger
was first seen at all it is `Unseen`: there is nothing to lose yet.

Instants are seconds since the epoch, windows half-open.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from monitoring.facts import Status
from monitoring.kpis.history import Connection, Reported

OFFLINE = "Offline"
UNSEEN = "Unseen"
UNKNOWN = Status.UNKNOWN.value


class Piece(NamedTuple):
    """A stretch [start, end) in one state: a `Status` value, `OFFLINE` or `UNSEEN`."""

    start: float
    end: float
    state: str


def effective(
    statuses: Iterable[Reported], connections: Sequence[Connection], start: float, end: float
) -> list[Piece]:
    """Return the effective timeline of a port in [start, end).

    Both inputs are in order of time and free of overlap. `statuses` begins with the last span
    that started before `start`, if there is one, and `connections` with the last connection
    opened before `start`: without one, the charger wasn't seen before.
    """
    return list(overlaid(gapless(statuses, start, end), absences(connections, start, end)))


def gapless(statuses: Iterable[Reported], start: float, end: float) -> Iterator[Piece]:
    """Cut the spans to [start, end) and fill what they leave out with `UNKNOWN`."""
    at = start
    for began, ended, state, _error in statuses:
        if ended <= at or began >= end:
            continue
        if began > at:
            yield Piece(at, began, UNKNOWN)
            at = began
        cut = min(ended, end)
        yield Piece(at, cut, state)
        at = cut
    if at < end:
        yield Piece(at, end, UNKNOWN)


def absences(connections: Sequence[Connection], start: float, end: float) -> list[Piece]:
    """Return when the charger wasn't connected in [start, end): `UNSEEN` or `OFFLINE`."""
    found: list[Piece] = []
    at, state = -inf, UNSEEN
    for opened, closed, _reason in connections:
        _absence(found, max(at, start), min(opened, end), state)
        at, state = closed, OFFLINE
    _absence(found, max(at, start), end, state)
    return found


def _absence(found: list[Piece], start: float, end: float, state: str) -> None:
    if start < end:
        found.append(Piece(start, end, state))


def overlaid(base: Iterable[Piece], covers: Sequence[Piece]) -> Iterator[Piece]:
    """Yield `base` with `covers` laid over it; equal neighbours become one piece.

    `base` has no gap, and `covers` lie within it.
    """
    pieces = covered(base, covers)
    last = next(pieces, None)
    for piece in pieces:
        if last is not None and piece.state == last.state:
            last = Piece(last.start, piece.end, last.state)
        elif last is not None:
            yield last
            last = piece
    if last is not None:
        yield last


def covered(base: Iterable[Piece], covers: Sequence[Piece]) -> Iterator[Piece]:
    """Yield `base` cut at the `covers`, with the state of the cover where there is one."""
    next_cover = 0
    for start, end, state in base:
        at = start
        while at < end:
            while next_cover < len(covers) and covers[next_cover].end <= at:
                next_cover += 1
            cover = covers[next_cover] if next_cover < len(covers) else Piece(inf, inf, state)
            if cover.start > at:
                yield Piece(at, min(cover.start, end), state)
            if cover.start < end:
                yield Piece(max(at, cover.start), min(cover.end, end), cover.state)
            at = min(cover.end, end)
