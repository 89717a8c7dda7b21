"""What happened on the way in, per identity or address: for the page that watches a charger come.

Noted after the charger has its answer, in memory; written in bulk, at once where it is quiet and
a few times a second at most. Bounded for strangers by address, per write and in rows; what
known chargers do is bounded by how many they are.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, ClassVar

from prometheus_client import Counter
from psycopg.types.json import Jsonb

from cpms.ocpp.notebook import Notebook
from cpms.ocpp.text import printable
from cpms.ocpp.throttle import Throttle, neighbourhood

#: Seconds from the first note to the write, and between writes.
SOON, SPACING = 0.1, 0.4
#: Rows noted for one write: of strangers, of everybody.
MOST_STRANGERS, MOST_PENDING = 50, 20_000
#: Rows of strangers that are kept; characters of anything that was said.
MOST_ROWS, LONGEST = 2_000, 200

FORGOTTEN = Counter("kilowatch_arrivals_forgotten_total", "Connection attempts beyond the bounds.")

#: Strangers' identities are joined as well: a request that wasn't for a WebSocket has not been
#: looked up yet.
WRITE = """
WITH said AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::int[],
                         %s::timestamptz[], %s::timestamptz[], %s::jsonb[])
        AS n (identity, address, outcome, peer, count, first_at, last_at, said)
), noted AS (
    INSERT INTO monitoring_connectionattempt AS a
           (identity, address, outcome, peer, count, first_at, last_at, said, charger_id)
    SELECT n.*, c.id FROM said n
      LEFT JOIN inventory_charger c ON lower(c.identity) = n.identity
    ON CONFLICT (identity, address, outcome) DO UPDATE
       SET count = a.count + excluded.count, last_at = excluded.last_at, peer = excluded.peer,
           charger_id = excluded.charger_id, said = excluded.said
    RETURNING charger_id
)
SELECT DISTINCT n.charger_id, c.site_id, s.organisation_id, c.identity
  FROM noted n
  LEFT JOIN inventory_charger c ON c.id = n.charger_id
  LEFT JOIN inventory_site s ON s.id = c.site_id
"""
TRIM = """
DELETE FROM monitoring_connectionattempt WHERE id IN (
    SELECT id FROM monitoring_connectionattempt WHERE charger_id IS NULL
     ORDER BY last_at DESC OFFSET %s)
"""
#: (charger, site, organisation, identity) of a charger; all None: strangers.
Told = tuple[Any, Any, Any, Any]


@dataclass(slots=True)
class _Pending:
    peer: str
    first: datetime
    last: datetime
    said: dict[str, Any]
    count: int = 1


@dataclass
class Arrivals(Notebook):
    """Collects attempts and writes them; tells `announce` whom they concern."""

    name: ClassVar[str] = "arrivals"

    announce: Callable[[Iterable[Told]], None]
    _pending: dict[tuple[str, str, str], _Pending] = field(default_factory=dict)
    _strangers: int = 0
    _noted: asyncio.Event = field(default_factory=asyncio.Event)
    _throttle: Throttle = field(default_factory=lambda: Throttle(rate=0.5, burst=15))

    def note(
        self, outcome: str, peer: str, identity: str = "", known: bool = False, **said: Any
    ) -> None:
        """Note what became of somebody at `peer` who called itself `identity`, just now.

        `known`: that is a charger of ours; strangers are bounded by their address.
        """
        now = datetime.now(UTC)
        name = printable(identity)[:100]
        key = (name.lower(), "" if name else neighbourhood(peer)[:64], outcome)
        pending = self._pending.get(key)
        if pending is None:
            if self._refuses(peer, known):
                FORGOTTEN.inc()
                return
            pending = self._pending[key] = _Pending(peer[:64], now, now, {}, 0)
            self._strangers += not known
        pending.count += 1
        pending.last, pending.peer = now, peer[:64]
        pending.said = _readable({"identity": name, **said})
        self._noted.set()

    def _refuses(self, peer: str, known: bool) -> bool:
        if known:
            return len(self._pending) >= MOST_PENDING
        return self._strangers >= MOST_STRANGERS or self._throttle.refuses(neighbourhood(peer))

    async def _run(self) -> None:
        while True:
            await self._noted.wait()
            await asyncio.sleep(SOON)
            with self._carrying_on():
                await self.flush()
            await asyncio.sleep(SPACING)

    async def flush(self) -> None:
        """Write what is noted, and trim strangers' rows to their bound.

        What can't be written is lost: it is news, and the next knock makes it again.
        """
        self._noted.clear()
        pending, self._pending = self._pending, {}
        strangers, self._strangers = self._strangers, 0
        if not pending:
            return
        connection = await self._connected()
        rows = [  # In order: two gateways that write the same rows mustn't wait for each other.
            (*key, p.peer, p.count, p.first, p.last, Jsonb(p.said))
            for key, p in sorted(pending.items(), key=itemgetter(0))
        ]
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor = await connection.execute(WRITE, columns)
        self.announce(await cursor.fetchall())
        if strangers:
            await connection.execute(TRIM, (MOST_ROWS,))


def _readable(said: dict[str, Any]) -> dict[str, Any]:
    return {
        name: printable(value)[:LONGEST] if isinstance(value, str) else value
        for name, value in said.items()
        if value not in ("", None)
    }
