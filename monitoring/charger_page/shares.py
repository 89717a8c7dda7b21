"""Shares of states per bucket of time: what a bar shows when more happened than it has pixels.

Pure: seconds per bucket in, stretches to draw out. Instants are seconds since the epoch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from monitoring.facts import Status
from monitoring.kpis.timeline import OFFLINE, UNKNOWN

#: Trouble, worst first: it is drawn over the rest of its bucket, as high as its share.
TROUBLE = (OFFLINE, Status.FAULTED.value, Status.UNAVAILABLE.value)
#: Shares are drawn in so many steps, so that equal neighbours become one stretch.
STEPS = 8


class Cell(NamedTuple):
    """Seconds of one status in one bucket."""

    bucket: int
    status: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` buckets of `width` seconds from `start`; nothing is known before `seen`."""

    start: float
    width: float
    count: int
    seen: float

    def known(self, bucket: int) -> float:
        """Return how much of a bucket is after the charger was first seen, seconds."""
        begin = self.start + bucket * self.width
        return min(max(begin + self.width - max(begin, self.seen), 0.0), self.width)


class Share(NamedTuple):
    """A stretch [start, end) in a state that took `share` (0 to 1] of it."""

    start: float
    end: float
    state: str
    share: float


Seconds = dict[str, float]


def connection(grid: Grid, online: Iterable[Cell], name: str) -> list[Seconds]:
    """Return per bucket for how long the charger was connected (`name`) and `OFFLINE`."""
    up = _seconds(grid, online)
    return [_link(grid.known(bucket), sum(up[bucket].values()), name) for bucket in _all(grid)]


def _link(known: float, up: float, name: str) -> Seconds:
    connected = min(up, known)
    return _without_nothing({name: connected, OFFLINE: known - connected})


def port(
    grid: Grid, statuses: Iterable[Cell], link: Sequence[Mapping[str, float]]
) -> list[Seconds]:
    """Return per bucket the effective seconds of a port.

    Within a bucket the time offline is taken from all statuses alike: which of them it was
    is lost in the bucket, and too fine to be drawn.
    """
    reported = _seconds(grid, statuses)
    return [
        _effective(grid.known(bucket), reported[bucket], link[bucket].get(OFFLINE, 0.0))
        for bucket in _all(grid)
    ]


def _effective(known: float, reported: Seconds, offline: float) -> Seconds:
    said = sum(reported.values())
    whole = {**reported, UNKNOWN: reported.get(UNKNOWN, 0.0) + max(known - said, 0.0)}
    share = max(known - offline, 0.0) / max(said, known) if known else 0.0
    online = {status: seconds * share for status, seconds in whole.items()}
    return _without_nothing({**online, OFFLINE: offline})


def _seconds(grid: Grid, cells: Iterable[Cell]) -> list[Seconds]:
    found: list[Seconds] = [{} for _ in _all(grid)]
    for bucket, status, seconds in cells:
        found[bucket][status] = found[bucket].get(status, 0.0) + seconds
    return found


def _without_nothing(seconds: Seconds) -> Seconds:
    return {status: length for status, length in seconds.items() if length > 1e-6}


def _all(grid: Grid) -> range:
    return range(grid.count)


def totals(buckets: Iterable[Mapping[str, float]]) -> Seconds:
    """Return the seconds of each status over all buckets."""
    found: Seconds = {}
    for bucket in buckets:
        for status, seconds in bucket.items():
            found[status] = found.get(status, 0.0) + seconds
    return found


def drawn(grid: Grid, buckets: Sequence[Mapping[str, float]]) -> list[Share]:
    """Return what is drawn: first what each bucket mostly was, then the trouble over it."""
    base = _merged(grid, [_mostly(bucket) for bucket in buckets])
    over = (_merged(grid, [_trouble(bucket, name) for bucket in buckets]) for name in TROUBLE)
    return [*base, *(share for layer in over for share in layer)]


def _mostly(bucket: Mapping[str, float]) -> tuple[str, float] | None:
    """Return the longest state, trouble only where there is nothing else."""
    calm = {status: length for status, length in bucket.items() if status not in TROUBLE}
    best = max(calm or bucket, key=(calm or bucket).__getitem__, default=None)
    return None if best is None else (best, 1.0)


def _trouble(bucket: Mapping[str, float], name: str) -> tuple[str, float] | None:
    """Return the trouble in steps of its share where it is the worst of a mixed bucket."""
    worst = next((status for status in TROUBLE if status in bucket), None)
    if worst != name or set(bucket) <= {name}:
        return None
    share = bucket[name] / sum(bucket.values())
    return name, ceil(share * STEPS) / STEPS


def _merged(grid: Grid, marks: Sequence[tuple[str, float] | None]) -> Iterator[Share]:
    first = 0
    for bucket in range(1, grid.count + 1):
        if bucket < grid.count and marks[bucket] == marks[first]:
            continue
        if (mark := marks[first]) is not None:
            start = max(grid.start + first * grid.width, grid.seen)
            yield Share(start, grid.start + bucket * grid.width, *mark)
        first = bucket
