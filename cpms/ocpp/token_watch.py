"""Keeps the gateway's tokens as the database has them: all once, then what changes, at once.

The database says by NOTIFY that tokens changed, and since when; whoever missed that looks for
changes every few seconds all the same. Deleted tokens leave a row that says so.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog

from cpms.control.authorization import Known
from cpms.ocpp.tokens import Run, Tokens
from monitoring.database import connect

log = structlog.get_logger(__name__)

#: As the triggers of `control_token` notify; the payload is when the change began, Unix time.
CHANNEL = "kilowatch_tokens"
#: Seconds between looks that nobody asked for, and between loads of everything.
LOOK_EVERY = 2.0
RELOAD_EVERY = 1800.0
#: Looks reach back beyond the last one by so much: who changed something may commit late.
OVERLAP = timedelta(seconds=5)
#: Tokens read at once: other work of the gateway goes on between two parts.
AT_ONCE = 2_000

_TOKENS = """
SELECT t.id, t.organisation_id, upper(t.id_token) AS key, t.status, t.expires_at, t."group",
       t.master_pass, t.one_at_a_time, t.language,
       CASE WHEN t.limited THEN
           ARRAY(SELECT site_id FROM control_token_sites WHERE token_id = t.id) END AS sites,
       CASE WHEN t.limited THEN
           ARRAY(SELECT charger_id FROM control_token_chargers WHERE token_id = t.id) END
           AS chargers
  FROM control_token t
"""
PART = _TOKENS + " WHERE t.id > %s ORDER BY t.id LIMIT %s"
CHANGED = _TOKENS + " WHERE t.updated_at >= %s AND t.id > %s ORDER BY t.id LIMIT %s"
GONE = "SELECT organisation_id, key FROM control_gonetoken WHERE gone_at >= %s"
CLOCK = "SELECT clock_timestamp() AS at"
EXCLUSIVE = "SELECT EXISTS (SELECT FROM control_token WHERE one_at_a_time) AS any"
#: Zombies don't keep a driver from charging: what wasn't heard of for a day isn't going on.
RUNNING = """
SELECT t.organisation_id, upper(t.id_token) AS key, s.charger_id, s.transaction_id, s.start_key
  FROM control_token t
  JOIN monitoring_session s ON upper(s.id_token) = upper(t.id_token)
  JOIN inventory_charger c ON c.id = s.charger_id
  JOIN inventory_site p ON p.id = c.site_id AND p.organisation_id = t.organisation_id
 WHERE t.one_at_a_time AND s.ended IS NULL AND s.updated > now() - interval '1 day'
"""

Query = Callable[..., Awaitable[list[Any]]]


class TokenWatch:
    """Fills `tokens` by `query`, and keeps them fresh."""

    def __init__(self, dsn: str, tokens: Tokens, query: Query) -> None:
        """Read by `query`; hear of changes on a connection of its own."""
        self._dsn, self._tokens, self._query = dsn, tokens, query
        self._woken = asyncio.Event()
        #: When everything was read last, by the loop's clock.
        self._loaded: float | None = None
        #: Up to when changes are known, by the database's clock.
        self._looked = datetime.max.replace(tzinfo=UTC)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load all tokens, if the database is there, and begin to watch."""
        with contextlib.suppress(psycopg.Error, OSError):
            await self._reload()
        for work in (self._listen(), self._watch()):
            self._tasks.append(asyncio.get_running_loop().create_task(work, name="tokens"))

    async def stop(self) -> None:
        """End watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def nudge(self) -> None:
        """Look for changes now."""
        self._woken.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    async for notice in connection.notifies():
                        self._hear(notice.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("token_nudges_away", error=str(error).strip())
                await asyncio.sleep(1.0)

    def _hear(self, payload: str) -> None:
        with contextlib.suppress(ValueError, OverflowError):
            began = datetime.fromtimestamp(float(payload), UTC) - timedelta(milliseconds=1)
            self._looked = min(self._looked, began + OVERLAP)
        self._woken.set()

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY)
            self._woken.clear()
            try:
                now = asyncio.get_running_loop().time()
                if self._loaded is None or now - self._loaded > RELOAD_EVERY:
                    await self._reload()
                await self._look()
            except (psycopg.Error, OSError) as error:
                log.warning("tokens_away", error=str(error).strip())

    async def _reload(self) -> None:
        """Read all tokens, in parts."""
        ((began,),) = await self._query(CLOCK)
        fresh, last = Tokens(), 0
        while part := await self._query(PART, last, AT_ONCE):
            _keep(fresh, part)
            last = part[-1].id
        self._tokens.take_over(fresh)
        self._looked, self._loaded = began, asyncio.get_running_loop().time()

    async def _look(self) -> None:
        """Take over what changed since the last look, and who charges."""
        ((now,),) = await self._query(CLOCK)
        since, self._looked = self._looked, now
        try:
            await self._take_over_since(since - OVERLAP)
        except BaseException:
            self._looked = min(self._looked, since)
            raise
        await self._see_who_charges(now)

    async def _take_over_since(self, since: datetime) -> None:
        for gone in await self._query(GONE, since):
            self._tokens.drop(gone.organisation_id, gone.key)
        last = 0
        while part := await self._query(CHANGED, since, last, AT_ONCE):
            _keep(self._tokens, part)
            last = part[-1].id

    async def _see_who_charges(self, now: datetime) -> None:
        ((exclusive,),) = await self._query(EXCLUSIVE)
        rows = await self._query(RUNNING) if exclusive else ()
        self._tokens.runs(
            (
                ((r.organisation_id, r.key), Run(r.charger_id, r.transaction_id, r.start_key or ""))
                for r in rows
            ),
            now,
        )


def _keep(tokens: Tokens, rows: list[Any]) -> None:
    for row in rows:
        known = Known(
            row.status,
            row.expires_at,
            row.group,
            row.master_pass,
            row.one_at_a_time,
            row.language,
            None if row.sites is None else frozenset(row.sites),
            frozenset(row.chargers or ()),
        )
        tokens.keep(row.organisation_id, row.key, known)
