"""What a port's stored outages become when a stretch of time is computed anew. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from math import inf

from monitoring.kpis.parts import Window
from monitoring.outages.entries import Entry, Leg, joined_legs, leg


def spliced(stored: Sequence[Entry], made: Sequence[Entry], hull: Window) -> list[Entry]:
    """Return the outages that are, given those `stored` and those `made` of all of `hull`.

    Both are in order of time; `made` are cut at the hull's ends. What is stored outside the
    hull stays, and what touches at its ends is one outage. Only the last one can be open: one
    that was left open before the hull ended where it was known up to.
    """
    before = [
        cut(entry, -inf, hull.start)._replace(open=False)
        for entry in stored
        if entry.start < hull.start
    ]
    after = [cut(entry, hull.end, inf) for entry in stored if entry.end > hull.end]
    whole = list(_joined([*before, *made, *after]))
    return [*(entry._replace(open=False) for entry in whole[:-1]), *whole[-1:]]


def cut(entry: Entry, start: float, end: float) -> Entry:
    """Return the part of the entry in [start, end), which isn't empty.

    Exact where a leg is of one kind or isn't cut; else a share by length.
    """
    if start <= entry.start and entry.end < end:
        return entry
    inside = [one for one in entry.legs if one.start < end and one.end > start]
    legs = tuple(_cut_leg(one, start, end) for one in inside)
    is_open = entry.open and end == inf
    return Entry(legs[0].start, legs[-1].end, is_open, legs, _share(entry, legs))


def _cut_leg(one: Leg, start: float, end: float) -> Leg:
    first, last = max(one.start, start), min(one.end, end)
    if (first, last) == (one.start, one.end):
        return one
    if one.pure:
        return leg(first, last, one.kind)
    share = (last - first) / (one.end - one.start)
    return Leg(first, last, one.kind, tuple(seconds * share for seconds in one.seconds))


def _share(entry: Entry, legs: Sequence[Leg]) -> int:
    length = legs[-1].end - legs[0].start
    return max(round(entry.stretches * length / (entry.end - entry.start)), 1)


def _joined(entries: Iterable[Entry]) -> Iterator[Entry]:
    last: Entry | None = None
    for entry in entries:
        if last is not None and last.end == entry.start:
            last = Entry(
                last.start,
                entry.end,
                entry.open,
                tuple(joined_legs([*last.legs, *entry.legs])),
                last.stretches + entry.stretches - 1,
            )
            continue
        if last is not None:
            yield last
        last = entry
    if last is not None:
        yield last


def continued(stored: Sequence[Entry], found: Sequence[Entry]) -> dict[int, int]:
    """Return by the place of a `found` outage the place of the one that it continues.

    That is the one with which it shares the most time, the first of several; each is continued
    once at most.
    """
    shared = sorted(_overlaps(stored, found))
    taken: set[int] = set()
    result: dict[int, int] = {}
    for _less, old, new in shared:
        if old not in taken and new not in result:
            result[new] = old
            taken.add(old)
    return result


def _overlaps(stored: Sequence[Entry], found: Sequence[Entry]) -> Iterator[tuple[float, int, int]]:
    """Yield minus the seconds that two share, and their places."""
    old = new = 0
    while old < len(stored) and new < len(found):
        one, other = stored[old], found[new]
        seconds = min(one.end, other.end) - max(one.start, other.start)
        if seconds > 0:
            yield -seconds, old, new
        if one.end <= other.end:
            old += 1
        else:
            new += 1
