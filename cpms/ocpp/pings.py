"""What a connection's pings found, counted by the half hour: pure, and cheap for each ping.

Half hours, because the days of sites begin at one; where they begin at a quarter, what was
counted across midnight goes to the day it began in.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime

from monitoring.kpis.totals import RTT_BOUNDS

#: Seconds that one count covers at most.
SPAN = 1_800


@dataclass(slots=True)
class Counted:
    """Pings between two moments (seconds since the epoch): answered by round trip, and missed."""

    first: float
    last: float
    round_trips: list[int] = field(default_factory=lambda: [0] * (len(RTT_BOUNDS) + 1))
    missed: int = 0

    def moments(self) -> tuple[datetime, datetime]:
        """Return the first and the last moment, UTC."""
        return datetime.fromtimestamp(self.first, UTC), datetime.fromtimestamp(self.last, UTC)


class PingCounts:
    """Counts pings; what is complete waits to be taken."""

    def __init__(self) -> None:
        self._running: Counted | None = None
        self._complete: list[Counted] = []

    def answered(self, seconds: float, at: float) -> None:
        """Count a round trip that ended at `at` (seconds since the epoch)."""
        self._at(at).round_trips[bisect_left(RTT_BOUNDS, seconds * 1_000)] += 1

    def missed(self, at: float) -> None:
        """Count a ping that was given up at `at` (seconds since the epoch)."""
        self._at(at).missed += 1

    def take(self, *, all_of_it: bool = False) -> list[Counted]:
        """Return what is complete, or all there is; it is forgotten here."""
        if all_of_it and self._running is not None:
            self._complete.append(self._running)
            self._running = None
        taken, self._complete = self._complete, []
        return taken

    def _at(self, at: float) -> Counted:
        running = self._running
        if running is not None and at // SPAN != running.first // SPAN:
            self._complete.append(running)
            running = None
        if running is None:
            running = self._running = Counted(at, at)
        running.last = max(running.last, at)
        return running
