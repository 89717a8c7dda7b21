"""A port's effective timeline: its status spans, overlaid by its charger's connection spans.

The result has no gap and no overlap. A port is `Offline` while its charger is; otherwise it
is what it last reported, across reconnects, or `Unknown` if it never did. Before the charger
was first seen at all it is `Unseen`: there is nothing to lose yet.

Instants are seconds since the epoch, windows half-open.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from monitoring.facts import Status
from monitoring.kpis.history import Connection, Planned, Reported, SilentRun

OFFLINE = "Offline"
UNSEEN = "Unseen"
#: Unavailable, as planned before.
PLANNED = "Planned"
#: It serves nobody and says nothing of it.
SILENT = "Silent"
UNKNOWN = Status.UNKNOWN.value
#: What a port says that serves drivers.
SEEMS_UP = frozenset(
    status.value
    for status in Status
    if status not in {Status.FAULTED, Status.UNAVAILABLE, Status.UNKNOWN}
)


class Piece(NamedTuple):
    """A stretch [start, end) in one state: a `Status` value or one of those above."""

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
    return _merged(covered(base, covers))


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
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


def refined(
    pieces: Iterable[Piece], planned: Sequence[Planned], silent: Sequence[SilentRun]
) -> Iterator[Piece]:
    """Yield the timeline with what people planned and what drivers found.

    `PLANNED` where it was Unavailable as planned, `SILENT` where it seemed to be up and served
    nobody. Both come in order of start; planned work may overlap.
    """
    work = union(Piece(window.start, window.end, PLANNED) for window in planned)
    runs = [Piece(run.start, run.end, SILENT) for run in silent]
    worked = _where(pieces, work, {Status.UNAVAILABLE.value})
    return _merged(_where(worked, runs, SEEMS_UP))


def union(pieces: Iterable[Piece]) -> list[Piece]:
    """Join pieces of one state, in order of start, that overlap or touch."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and piece.start <= joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, piece.end))
        else:
            joined.append(piece)
    return joined


def _where(
    pieces: Iterable[Piece], covers: Sequence[Piece], states: Container[str]
) -> Iterator[Piece]:
    """Yield the pieces, those in `states` with the covers laid over them."""
    if not covers:
        yield from pieces
        return
    at = 0
    for piece in pieces:
        while at < len(covers) and covers[at].end <= piece.start:
            at += 1
        if piece.state in states:
            yield from covered([piece], covers[at:])
        else:
            yield piece
