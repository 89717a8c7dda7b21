"""Who knocked and wasn't let in, or says it is another: bounded in rate and in rows."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, ClassVar

import psycopg
import structlog
from prometheus_client import Counter
from psycopg.types.json import Jsonb

from cpms.ocpp.notebook import Notebook
from cpms.ocpp.text import printable
from monitoring.encoding import dumps, loads

log = structlog.get_logger(__name__)

#: Seconds between writes, identities noted in one, and rows kept in all.
FLUSH_EVERY = 2.0
MOST_PENDING = 50
MOST_ROWS = 10_000
#: Seconds between looks at who is blocked; a nudge has it done at once.
LOOK_EVERY = 10.0

SIGHTINGS = Counter("kilowatch_sightings_total", "Refused or odd handshakes.", ["reason"])
FORGOTTEN = Counter("kilowatch_sightings_forgotten_total", "Sightings beyond the bounds.")

WRITE = """
INSERT INTO monitoring_sighting AS s
       (identity, reason, charger_id, peer, count, first_seen, last_seen, said, key_digest)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::int[],
                     %s::timestamptz[], %s::timestamptz[], %s::jsonb[], %s::bytea[])
ON CONFLICT (identity, reason) DO UPDATE
   SET count = s.count + excluded.count, last_seen = excluded.last_seen, peer = excluded.peer,
       charger_id = excluded.charger_id, said = s.said || excluded.said,
       key_digest = excluded.key_digest
"""
TRIM = """
DELETE FROM monitoring_sighting WHERE id IN (
    SELECT id FROM monitoring_sighting
     WHERE charger_id IS NULL AND blocked_at IS NULL AND linked_id IS NULL
     ORDER BY last_seen DESC OFFSET %s)
"""
#: Blocked addresses, and names of which nothing more is said.
ADDRESSES = "SELECT address FROM monitoring_blockedaddress"
NAMES = """
SELECT identity FROM monitoring_sighting
 WHERE charger_id IS NULL AND (blocked_at IS NOT NULL OR linked_id IS NOT NULL)
"""


@dataclass(slots=True)
class _Pending:
    charger_id: int | None
    peer: str
    at: datetime
    said: dict[str, Any]
    key_digest: bytes | None
    count: int = 1


@dataclass
class Sightings(Notebook):
    """Collects sightings and writes them every few seconds."""

    name: ClassVar[str] = "sightings"

    _pending: dict[tuple[str, str], _Pending] = field(default_factory=dict)
    _addresses: frozenset[str] = frozenset()
    _names: frozenset[str] = frozenset()
    _nudged: asyncio.Event = field(default_factory=asyncio.Event)

    def nudge(self) -> None:
        """Look now who is blocked."""
        self._nudged.set()

    def note(
        self,
        identity: str,
        reason: str,
        peer: str,
        at: datetime,
        said: dict[str, Any],
        charger_id: int | None = None,
        key_digest: bytes | None = None,
    ) -> None:
        """Note one; beyond the bound of names that nobody knows it is only counted.

        `key_digest` is of the key it gave, as `inventory.credentials` keeps them. From a blocked
        address nothing is noted of who isn't known.
        """
        SIGHTINGS.labels(reason).inc()
        if charger_id is None and peer in self._addresses:
            return
        key = (printable(identity)[:100], reason)
        pending = self._pending.get(key)
        if pending is not None:
            pending.count += 1
            pending.at, pending.peer, pending.key_digest = at, peer[:64], key_digest
        elif charger_id is None and len(self._pending) >= MOST_PENDING:
            FORGOTTEN.inc()
        else:
            said = {name: printable(str(value))[:200] for name, value in said.items() if value}
            self._pending[key] = _Pending(charger_id, peer[:64], at, said, key_digest)
            if key[0] not in self._names:
                log.warning("charger_sighted", identity=key[0], reason=reason, peer=peer)

    async def _run(self) -> None:
        looked = -LOOK_EVERY
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), FLUSH_EVERY)
            now = asyncio.get_running_loop().time()
            with self._carrying_on():
                if self._nudged.is_set() or now - looked > LOOK_EVERY:
                    self._nudged.clear()
                    await self.look()
                    looked = now
                await self.flush()

    async def look(self) -> None:
        """Learn who is blocked."""
        connection = await self._connected()
        addresses = await (await connection.execute(ADDRESSES)).fetchall()
        names = await (await connection.execute(NAMES)).fetchall()
        self._addresses = frozenset(row[0] for row in addresses)
        self._names = frozenset(row[0] for row in names)

    async def flush(self) -> None:
        """Write what is noted, and trim the table to its bound."""
        if not self._pending:
            return
        connection = await self._connected()
        pending, self._pending = self._pending, {}
        rows = [  # In order: two gateways that write the same rows mustn't wait for each other.
            (
                identity,
                reason,
                p.charger_id,
                p.peer,
                p.count,
                p.at,
                p.at,
                Jsonb(loads(dumps(p.said))),
                p.key_digest,
            )
            for (identity, reason), p in sorted(pending.items(), key=itemgetter(0))
        ]
        try:
            await connection.execute(WRITE, [list(c) for c in zip(*rows, strict=True)])
            await connection.execute(TRIM, (MOST_ROWS,))
        except (psycopg.OperationalError, OSError, asyncio.CancelledError):
            self._pending = {**pending, **self._pending}
            raise
