"""Chargers of a site that were lost together: one cause rather than many."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: A router or a breaker takes all with it, but a ping that fails is noticed only after a while.
WITHIN = timedelta(minutes=2)
#: Fewer than this say nothing.
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Loss:
    """How many of a site's chargers went offline within `WITHIN`, the first of them at `since`."""

    count: int
    since: datetime
    #: None of the others is online: the site as a whole is cut off.
    whole: bool


def lost_together(offline_since: Sequence[datetime], online: int) -> Loss | None:
    """Return the largest group that was lost together, None if that is no pattern.

    `offline_since` are the last proofs of life of the chargers that are offline now, `online` is
    how many aren't. A pattern is at least two, and at least half of all.
    """
    lost = sorted(offline_since)
    first, count = 0, 0
    for start, since in enumerate(lost):
        within = bisect_right(lost, since + WITHIN) - start
        if within > count:
            first, count = start, within
    if count < FEWEST or count * 2 < len(lost) + online:
        return None
    return Loss(count, lost[first], whole=count == len(lost) + online)
