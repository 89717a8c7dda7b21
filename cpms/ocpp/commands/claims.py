"""Taking commands from the database to send them: each once, many chargers in one statement."""

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row

from monitoring.database import connect

log = structlog.get_logger(__name__)

#: The oldest command that waits for each of these chargers becomes ours. A row that another
#: gateway is about to claim is left to it.
CLAIM = """
WITH next AS (
    SELECT w.id FROM unnest(%(chargers)s::bigint[]) AS a (charger_id)
     CROSS JOIN LATERAL (
        SELECT id FROM control_command
         WHERE charger_id = a.charger_id AND state = 'pending' AND expires_at > clock_timestamp()
         ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
     ) w
)
UPDATE control_command c
   SET state = 'sent', sent_at = clock_timestamp(), attempts = attempts + 1,
       gateway = %(gateway)s, message_id = gen_random_uuid()::text
  FROM next WHERE c.id = next.id
RETURNING c.id, c.charger_id, c.message_id, c.operation, c.request, c.action, c.payload, c.sealed
"""
#: Chargers for which something waits.
WAITING = """
SELECT DISTINCT charger_id FROM control_command
 WHERE state = 'pending' AND expires_at > clock_timestamp()
"""


class Claim(NamedTuple):
    """A command that is ours to send."""

    id: UUID
    charger_id: int
    message_id: str
    operation: str
    request: dict[str, Any]
    action: str
    payload: dict[str, Any] | None
    sealed: bytes | None


class Claims:
    """Claims for many chargers at once: whoever asks while a statement runs shares the next."""

    def __init__(self, dsn: str, gateway: UUID) -> None:
        """Claim for `gateway`."""
        self._dsn, self._gateway = dsn, gateway
        self._wanted: dict[int, asyncio.Future[Claim | None]] = {}
        self._claimer: asyncio.Task[None] | None = None
        self._connection: AsyncConnection[Any] | None = None

    async def next(self, charger_id: int) -> Claim | None:
        """Return the oldest command that waits for a charger, claimed; None where none does.

        One caller per charger at a time. Raises `psycopg.Error` or `OSError` while the database
        is away.
        """
        future: asyncio.Future[Claim | None] = asyncio.get_running_loop().create_future()
        self._wanted[charger_id] = future
        if self._claimer is None or self._claimer.done():
            self._claimer = asyncio.get_running_loop().create_task(self._claim())
        return await future

    async def _claim(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            try:
                rows = await self._rows(CLAIM, chargers=list(wanted), gateway=self._gateway)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
                for future in wanted.values():
                    if not future.done():
                        future.set_exception(error)
                continue
            claimed = {row.charger_id: Claim(*row) for row in rows}
            for charger_id, future in wanted.items():
                if not future.done():
                    future.set_result(claimed.get(charger_id))

    async def waiting(self) -> Iterable[int]:
        """Return the chargers for which something waits; raise as `next`."""
        return [row.charger_id for row in await self._rows(WAITING)]

    async def _rows(self, statement: str, **arguments: Any) -> list[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._dsn)
        async with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            await cursor.execute(statement, arguments)
            return await cursor.fetchall()

    async def close(self) -> None:
        """Close the connection."""
        if self._claimer is not None:
            self._claimer.cancel()
        if self._connection is not None:
            await self._connection.close()
