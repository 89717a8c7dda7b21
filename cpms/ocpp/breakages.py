"""Counts of how models break the schema without harm, written in bulk."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import Counter

from cpms.ocpp.schemas import Breakage
from cpms.ocpp.station import Station

BROKEN = Counter("kilowatch_soft_breakages_total", "Schema breaches let pass.", ["action", "kind"])
#: Different rows waiting to be written.
MOST = 2_000

Key = tuple[str, str, str, str]


class Breakages:
    """Collects counts per vendor, model, action and kind."""

    def __init__(self) -> None:
        """Start with none."""
        self._counts: dict[Key, tuple[int, datetime]] = {}

    def count(
        self, station: Station, action: str, breakages: Sequence[Breakage], at: datetime
    ) -> None:
        """Count one message's breakages."""
        for breakage in breakages:
            BROKEN.labels(action, breakage.kind).inc()
            kind = f"{breakage.kind} at {breakage.path}"[:60]
            key = (station.vendor, station.model, action, kind)
            if key in self._counts or len(self._counts) < MOST:
                self._counts[key] = (self._counts.get(key, (0, at))[0] + 1, at)

    def take(self) -> list[tuple[str, str, str, str, int, datetime]]:
        """Return what is to be written, and begin anew."""
        counts, self._counts = self._counts, {}
        return [(*key, count, at) for key, (count, at) in counts.items()]


BREAKAGES = Breakages()
