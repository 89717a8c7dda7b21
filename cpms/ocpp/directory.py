"""The gateway's read-only memory of chargers, refreshed on a timer and a nudge."""

import asyncio
import contextlib
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row

from cpms.ocpp.station import Station
from cpms.ocpp.token_watch import TokenWatch
from cpms.ocpp.tokens import Tokens
from inventory import quirks
from monitoring.database import connect

log = structlog.get_logger(__name__)

#: Seconds between looks for changed rows.
REFRESH_EVERY = 2.0
#: Seconds the database has for a look-up; then what is remembered has to do.
PATIENCE = 5.0

_STATIONS = """
SELECT c.id, c.identity, c.site_id, s.organisation_id, c.lifecycle, c.security_profile,
       c.password_digest, c.next_password_digest, c.serial_number, s.timezone,
       o.accept_unknown_tokens, m.vendor, m.name AS model, m.quirks, st.booted_at, g.id AS held_by,
       (SELECT max(u.profile) FROM control_securityupgrade u
         WHERE u.charger_id = c.id AND u.shown_at IS NULL AND u.until > now()) AS coming_profile
  FROM inventory_charger c
  JOIN inventory_site s ON s.id = c.site_id
  JOIN inventory_organisation o ON o.id = s.organisation_id
  LEFT JOIN inventory_chargermodel m ON m.id = c.model_id
  LEFT JOIN monitoring_chargerstate st ON st.charger_id = c.id
  LEFT JOIN monitoring_connectionspan h ON h.token = st.connection AND h.closed IS NULL
  LEFT JOIN monitoring_gateway g ON g.id = h.gateway_id AND g.lease_until > clock_timestamp()
"""
BY_IDENTITY = _STATIONS + " WHERE lower(c.identity) = ANY(%s)"
BY_ID = _STATIONS + " WHERE c.id = ANY(%s)"


class DirectoryAway(Exception):
    """The database didn't answer, and nothing is remembered of this charger."""


class Directory:
    """Finds chargers by identity; keeps those that are connected fresh."""

    def __init__(self, dsn: str) -> None:
        """Read from the database at `dsn`."""
        self._dsn = dsn
        self._connection: AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()
        self._wanted: dict[str, asyncio.Future[Station | None]] = {}
        self._finder: asyncio.Task[None] | None = None
        self._refresher: asyncio.Task[None] | None = None
        self._nudged = asyncio.Event()
        self.tokens = Tokens()
        self._watch = TokenWatch(dsn, self.tokens, self._query)
        #: Chargers that are connected, by id.
        self.connected: dict[int, Station] = {}
        #: Lower-case identity -> the last station found, for when the database is away.
        self._last: dict[str, Station] = {}

    async def start(self) -> None:
        """Load the tokens and begin to refresh."""
        await self._watch.start()
        self._refresher = asyncio.get_running_loop().create_task(self._refresh(), name="directory")

    async def stop(self) -> None:
        """Stop refreshing."""
        if self._refresher is not None:
            self._refresher.cancel()
        await self._watch.stop()
        await self._disconnect()

    def nudge(self) -> None:
        """Look for changes now."""
        self._nudged.set()
        self._watch.nudge()

    async def find(self, identity: str) -> Station | None:
        """Return the charger, whatever the identity's case; None where there is none.

        Look-ups that come while one runs share the next query. Raises `DirectoryAway`.
        """
        key = identity.lower()
        future = self._wanted.get(key)
        if future is None:
            future = self._wanted[key] = asyncio.get_running_loop().create_future()
        if self._finder is None or self._finder.done():
            self._finder = asyncio.get_running_loop().create_task(self._find())
        return await asyncio.shield(future)

    async def _find(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            try:
                found = await self._query(BY_IDENTITY, list(wanted))
            except (psycopg.Error, OSError) as error:
                log.warning("directory_away", error=str(error).strip())
                self._answer_from_memory(wanted)
                continue
            except Exception:  # whatever it is, nobody at the door waits for ever
                log.exception("directory_failed")
                self._answer_from_memory(wanted)
                continue
            rows = {row.identity.lower(): row for row in found}
            for key, future in wanted.items():
                self._answer(future, key, rows.get(key))

    def _answer(self, future: asyncio.Future[Station | None], key: str, row: Any) -> None:
        if future.done():
            return
        station = self._readable(row) if row is not None else None
        if row is not None and station is None:
            future.set_exception(DirectoryAway())
            return
        if station is not None:
            self._last[key] = station
        else:
            self._last.pop(key, None)  # Deleted: nobody is to enter by what is remembered.
        future.set_result(station)

    def _answer_from_memory(self, wanted: dict[str, asyncio.Future[Station | None]]) -> None:
        for key, future in wanted.items():
            if future.done():
                continue
            if key in self._last:
                future.set_result(self._last[key])
            else:
                future.set_exception(DirectoryAway())

    async def _query(self, statement: str, *arguments: Any) -> list[Any]:
        async with self._lock:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._rows(statement, arguments)
            except TimeoutError:
                await self._disconnect()
                raise

    async def _rows(self, statement: str, arguments: tuple[Any, ...]) -> list[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._dsn)
        async with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            await cursor.execute(statement, arguments)
            return await cursor.fetchall()

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    def _readable(self, row: Any) -> Station | None:
        """Return the charger; None, logged, for one whose row makes no sense: a quirk or time
        zone that this version doesn't know keeps that charger out, and nobody else.
        """
        try:
            return self._station(row)
        except (ValueError, LookupError) as error:
            log.error("charger_unreadable", charger=row.identity, error=str(error))  # noqa: TRY400
            return None

    def _station(self, row: Any) -> Station:
        station = Station(
            row.id,
            row.identity,
            row.organisation_id,
            row.site_id,
            row.lifecycle,
            row.security_profile,
            row.password_digest,
            quirks.parse(row.quirks or {}),
            row.vendor or "",
            row.model or "",
            row.serial_number,
            row.accept_unknown_tokens,
            row.booted_at is not None,
            ZoneInfo(row.timezone),
            row.next_password_digest,
            row.held_by,
            self.tokens,
        )
        station.clock.zone = station.zone
        station.coming_profile = row.coming_profile
        return station

    async def _refresh(self) -> None:
        last_look = asyncio.get_running_loop().time()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), REFRESH_EVERY)
            self._nudged.clear()
            try:
                now = asyncio.get_running_loop().time()
                await self._refresh_stations(OVERLAP + now - last_look)
                last_look = now
            except (psycopg.Error, OSError) as error:
                log.warning("directory_away", error=str(error).strip())

    async def _refresh_stations(self, seconds: float) -> None:
        """Take over what changed in the last `seconds`."""
        if not self.connected:
            return
        for row in await self._query(CHANGED, list(self.connected), seconds):
            self._update(row)
        accepting = {row.id for row in await self._query(ACCEPTING)}
        for station in self.connected.values():
            station.accept_unknown_tokens = station.organisation_id in accepting

    def _update(self, row: Any) -> None:
        known, fresh = self.connected.get(row.id), self._readable(row)
        if known is None or fresh is None:
            return
        for name in INVENTORY:
            setattr(known, name, getattr(fresh, name))
        known.clock.zone = fresh.zone


#: Seconds before the last look in which rows that changed are taken again: every change is
#: seen several times, none is missed by a transaction that commits late.
OVERLAP = 60.0
CHANGED = (
    BY_ID
    + " AND GREATEST(c.updated_at, s.updated_at, m.updated_at)"
    + " > now() - make_interval(secs => %s)"
)
#: Organisations are few, and say nothing of when they changed.
ACCEPTING = "SELECT id FROM inventory_organisation WHERE accept_unknown_tokens"
INVENTORY = (
    "identity", "organisation_id", "site_id", "lifecycle", "security_profile", "password_digest",
    "next_password_digest", "quirks", "vendor", "model", "serial_number", "accept_unknown_tokens",
    "zone", "coming_profile",
)  # fmt: skip
