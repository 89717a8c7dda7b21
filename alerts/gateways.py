"""Since when chargers have been able to reach us. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Lease(NamedTuple):
    """A gateway's life, as far as it is proved: [started, until]."""

    started: datetime
    until: datetime


def covered_since(leases: Iterable[Lease], now: datetime) -> datetime | None:
    """Return the start of the stretch up to `now` in which always some gateway lived.

    None: no gateway lives now. Gateways that hand over without a gap make one stretch, so a
    rolling deploy doesn't count as a restart.
    """
    since: datetime | None = None
    for lease in sorted(leases, key=lambda lease: lease.until, reverse=True):
        if lease.until < (since or now):
            break
        since = min(since or now, lease.started)
    return since
