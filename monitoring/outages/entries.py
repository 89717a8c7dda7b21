"""Entries of the ledger: outages as rows keep them, bounded however much a port flaps. Pure.

Instants are seconds since the epoch to the microsecond, as they are stored.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import groupby
from math import fsum
from typing import Any, NamedTuple

from monitoring.kpis.parts import Window
from monitoring.outages.kinds import Kind
from monitoring.outages.stretches import Part, Stretch

KINDS = tuple(Kind)
#: Rows of a port and day; outages that touch midnight come on top.
MOST_ROWS = 200
#: Legs of an outage and day that are told one by one.
MOST_LEGS = 8
MICROSECOND = 1e-6


class Leg(NamedTuple):
    """A stretch [start, end) of an outage: its first kind, and the seconds of each of `KINDS`."""

    start: float
    end: float
    kind: Kind
    seconds: tuple[float, ...]

    @property
    def pure(self) -> bool:
        """Whether it is of one kind from end to end: then it can be cut anywhere."""
        return abs(self.seconds[KINDS.index(self.kind)] - (self.end - self.start)) < MICROSECOND


class Entry(NamedTuple):
    """An outage [start, end), in legs that touch; or several, with up time between them.

    One that goes on (`open`) is known up to `end`.
    """

    start: float
    end: float
    open: bool
    legs: tuple[Leg, ...]
    #: How many outages it stands for.
    stretches: int = 1

    @property
    def kind(self) -> Kind:
        """The kind of its first part."""
        return self.legs[0].kind

    @property
    def seconds(self) -> tuple[float, ...]:
        """Seconds lost, of each of `KINDS`."""
        return tuple(
            fsum(column) for column in zip(*(leg.seconds for leg in self.legs), strict=True)
        )


def leg(start: float, end: float, kind: Kind) -> Leg:
    """Return a leg of one kind."""
    return Leg(start, end, kind, tuple(end - start if kind is one else 0.0 for one in KINDS))


def stored(
    start: float,
    end: float,
    is_open: bool,
    kind: str,
    seconds: Sequence[float],
    stretches: int,
    course: Sequence[Sequence[Any]],
) -> Entry:
    """Return the entry that a row stands for; `course` is what `course_of` made."""
    start, end = round(start, 6), round(end, 6)
    legs = tuple(_leg(*one) for one in course) or (Leg(start, end, Kind(kind), tuple(seconds)),)
    return Entry(start, end, is_open, legs, stretches)


def _leg(start: float, end: float, kind: str, seconds: Sequence[float] | None = None) -> Leg:
    if seconds is None:
        return leg(start, end, Kind(kind))
    return Leg(start, end, Kind(kind), tuple(seconds))


def course_of(entry: Entry) -> list[list[Any]]:
    """Return the legs as a row keeps them, where there are several."""
    return [_said(one) for one in entry.legs] if len(entry.legs) > 1 else []


def _said(one: Leg) -> list[Any]:
    head = [one.start, one.end, one.kind.value]
    return head if one.pure else [*head, list(one.seconds)]


def entries(
    outages: Sequence[Stretch], days: Sequence[Window], goes_on: float | None
) -> list[Entry]:
    """Return the entries of a port's outages in `days`; the one that ends at `goes_on` is open.

    Of a day with more than `MOST_ROWS` outages those with the least time between them are
    taken together. Outages that touch midnight stay alone: so every entry that stands for
    several lies in one day, and what a day has lost is exact.
    """
    found: list[Entry] = []
    last = 0
    cut = [_exact(outage) for outage in outages]
    for day, group in groupby(cut, lambda outage: _day_within(outage, days)):
        here = list(group)
        if day is not None and len(here) > MOST_ROWS:
            found += map(_together, _clusters(here, MOST_ROWS))
            continue
        for outage in here:
            while last < len(days) - 1 and days[last].end <= outage.start:
                last += 1
            legs = tuple(legs_of(outage.parts, days[last:]))
            found.append(Entry(outage.start, outage.end, outage.end == goes_on, legs))
    return found


def _exact(outage: Stretch) -> Stretch:
    parts = tuple(Part(round(p.start, 6), round(p.end, 6), p.kind) for p in outage.parts)
    return Stretch(parts[0].start, parts[-1].end, parts)


def _day_within(outage: Stretch, days: Sequence[Window]) -> int | None:
    """Return the place of the day that the outage lies in, without touching its ends."""
    low, high = 0, len(days)
    while low < high:
        middle = (low + high) // 2
        if days[middle].end <= outage.start:
            low = middle + 1
        else:
            high = middle
    inside = low < len(days) and days[low].start < outage.start and outage.end < days[low].end
    return low if inside else None


def _clusters(outages: Sequence[Stretch], most: int) -> Iterator[Sequence[Stretch]]:
    """Yield the outages in at most so many groups, parted where the longest times lie between."""
    places = range(1, len(outages))
    apart = nlargest(most - 1, places, key=lambda at: outages[at].start - outages[at - 1].end)
    at = 0
    for place in [*sorted(apart), len(outages)]:
        yield outages[at:place]
        at = place


def _together(outages: Sequence[Stretch]) -> Entry:
    parts = [part for outage in outages for part in outage.parts]
    whole = _mixed(parts, outages[0].start, outages[-1].end)
    return Entry(whole.start, whole.end, False, (whole,), len(outages))


def _mixed(parts: Sequence[Part], start: float, end: float) -> Leg:
    seconds = [fsum(p.end - p.start for p in parts if p.kind is kind) for kind in KINDS]
    return Leg(start, end, parts[0].kind, tuple(seconds))


def legs_of(parts: Sequence[Part], days: Sequence[Window]) -> Iterator[Leg]:
    """Yield the parts as legs, those of a day as one where there are too many."""
    return joined_legs(_daily_legs(parts, days))


def _daily_legs(parts: Sequence[Part], days: Sequence[Window]) -> Iterator[Leg]:
    at = 0
    for day in days:
        here = []
        while at < len(parts) and parts[at].start < day.end:
            start, end, kind = parts[at]
            if end > day.start:
                here.append(Part(max(start, day.start), min(end, day.end), kind))
            if end > day.end:
                break
            at += 1
        if len(here) > MOST_LEGS:
            yield _mixed(here, here[0].start, here[-1].end)
        else:
            yield from (leg(*part) for part in here)
        if at == len(parts):
            break


def joined_legs(legs: Iterable[Leg]) -> Iterator[Leg]:
    """Yield the legs, neighbours of one kind as one."""
    last: Leg | None = None
    for one in legs:
        if last is not None and last.kind is one.kind and last.pure and one.pure:
            last = leg(last.start, one.end, last.kind)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last
