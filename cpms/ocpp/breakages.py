"""Counts of how models break the schema without harm, written in bulk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from prometheus_client import Counter
from psycopg import AsyncConnection

from cpms.ocpp.schemas import Breakage
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean

BROKEN = Counter("kilowatch_soft_breakages_total", "Schema breaches let pass.", ["action", "kind"])
#: Different rows waiting to be written.
MOST = 2_000

Key = tuple[str, str, str, str]
Row = tuple[str, str, str, str, int, datetime]

WRITE = """
INSERT INTO monitoring_schemabreakage AS b (vendor, model, action, kind, count, last_seen)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                     %s::timestamptz[])
ON CONFLICT (vendor, model, action, kind) DO UPDATE
   SET count = b.count + excluded.count, last_seen = GREATEST(b.last_seen, excluded.last_seen)
"""


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
            kind = f"{breakage.kind} at {breakage.path}" if breakage.path else breakage.kind
            key = (station.vendor, station.model, action, clean(kind, 60))
            if key in self._counts or len(self._counts) < MOST:
                self._counts[key] = (self._counts.get(key, (0, at))[0] + 1, at)

    def take(self) -> list[Row]:
        """Return what is to be written, and begin anew."""
        counts, self._counts = self._counts, {}
        return [(*key, count, at) for key, (count, at) in counts.items()]

    def put_back(self, rows: Sequence[Row]) -> None:
        """Keep what couldn't be written."""
        for vendor, model, action, kind, count, at in rows:
            key = (vendor, model, action, kind)
            newer, last = self._counts.get(key, (0, at))
            self._counts[key] = (newer + count, max(at, last))

    async def write(self, connection: AsyncConnection[Any]) -> None:
        """Add the counts to the database's; where that fails they stay, and it raises."""
        rows = self.take()
        if not rows:
            return
        try:
            await connection.execute(WRITE, [list(column) for column in zip(*rows, strict=True)])
        except (psycopg.Error, OSError):
            self.put_back(rows)
            raise


BREAKAGES = Breakages()
