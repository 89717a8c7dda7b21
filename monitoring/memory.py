"""What a gateway remembers of the chargers it holds, so that the writer needn't ask.

Loaded when a charger connects, changed as facts are planned, thrown away and loaded again
whenever a batch fails. The database's constraints stay the judge.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row

from monitoring.facts import Status
from monitoring.sequences import Sequence as Heard
from monitoring.spans import Span

#: More EVSEs than any charger has; a higher number is not taken for a port.
MOST_PORTS = 64
#: Sessions remembered per charger: ended ones for what comes after the end, and in all.
ENDED_SESSIONS, MOST_SESSIONS = 20, 100
#: Seconds after which a charger is loaded again: people and tasks change rows as well.
FRESH_FOR = 600.0


@dataclass(slots=True)
class PortMemory:
    """A port as the database has it, and as the batch in the making will leave it."""

    evse_id: int
    number: int
    status: str = Status.UNKNOWN
    since: datetime | None = None
    error_code: str = ""
    vendor_error_code: str = ""
    info: str = ""
    connectors: dict[str, str] = field(default_factory=dict)
    session_id: int | None = None
    power: float | None = None
    energy: float | None = None
    soc: float | None = None
    metered_at: datetime | None = None
    #: The span that is open, by its start.
    open_span: Span | None = None
    #: When its row was last written for a meter's sake.
    written: datetime | None = None
    #: Hashes of the last meter samples, to know a repetition.
    samples: tuple[int, ...] = ()
    #: When each connector last reported its status, as far as it is remembered.
    reported: dict[int, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class SessionMemory:
    """A session that messages may still speak of. Energies in Wh, power in W."""

    id: int
    evse: int | None
    meter_start: float | None = None
    energy: float | None = None
    peak_power: float | None = None
    soc: float | None = None
    #: When that was measured.
    soc_at: datetime | None = None
    ended_at: datetime | None = None
    #: When the last sample that counted energy was taken.
    metered_at: datetime | None = None
    #: When its progress was last written to its row.
    written: datetime | None = None
    #: The numbers of its messages (2.x).
    heard: Heard = field(default_factory=Heard)
    #: Its charging state, as far as it is remembered, and the number of the message that said so.
    state: str = ""
    state_from: int = 0
    connector: int | None = None
    #: The newest that it said of its port (2.x).
    told: tuple[datetime, Status] | None = None


@dataclass(slots=True)
class ChargerMemory:
    """One charger's ports by number and sessions by transaction id."""

    charger_id: int
    #: time.monotonic() when it was loaded.
    loaded: float
    ports: dict[int, PortMemory] = field(default_factory=dict)
    sessions: dict[str, SessionMemory] = field(default_factory=dict)

    def remember(self, transaction_id: str, session: SessionMemory) -> None:
        """Keep `session`; forget the oldest ended ones, and the oldest, beyond the limits."""
        self.sessions[transaction_id] = session
        if len(self.sessions) <= ENDED_SESSIONS:
            return
        ended = [key for key, known in self.sessions.items() if known.ended_at]
        for key in ended[: len(self.sessions) - ENDED_SESSIONS]:
            del self.sessions[key]
        for key in list(self.sessions)[:-MOST_SESSIONS]:
            del self.sessions[key]


PORTS = """
SELECT e.charger_id, e.number, e.id AS evse_id,
       p.status, p.since, p.error_code, p.vendor_error_code, p.info, p.connectors,
       p.session_id, p.power, p.energy, p.soc, p.metered_at,
       s.started, s.status AS span_status, s.error_code AS span_error,
       s.vendor_error_code AS span_vendor_error, s.info AS span_info, s.refines AS span_refines
  FROM inventory_evse e
  JOIN monitoring_portstate p ON p.evse_id = e.id
  LEFT JOIN monitoring_statusspan s ON s.evse_id = e.id AND s.ended IS NULL
 WHERE e.charger_id = ANY(%s)
"""
MISSING_STATES = """
INSERT INTO monitoring_portstate
       (evse_id, status, error_code, vendor_error_code, info, connectors)
SELECT e.id, 'Unknown', '', '', '', '{}'
  FROM inventory_evse e
 WHERE e.charger_id = ANY(%s)
   AND NOT EXISTS (SELECT 1 FROM monitoring_portstate p WHERE p.evse_id = e.id)
ON CONFLICT DO NOTHING
"""
RUNNING = f"""
SELECT s.charger_id, s.transaction_id, s.id, e.number AS evse, s.meter_start, s.energy,
       s.peak_power, s.soc, s.seq_no, s.updated
  FROM unnest(%s::bigint[]) AS c (id)
 CROSS JOIN LATERAL (
     SELECT * FROM monitoring_session r WHERE r.charger_id = c.id AND r.ended IS NULL
      ORDER BY r.started DESC LIMIT {MOST_SESSIONS}
 ) AS s
  LEFT JOIN inventory_evse e ON e.id = s.evse_id
 ORDER BY s.started
"""
DISCOVER = """
WITH new AS (
    INSERT INTO inventory_evse (charger_id, number, evse_id, discovered, created_at)
    SELECT c, n, '', true, now() FROM unnest(%s::bigint[], %s::int[]) AS t (c, n)
    ON CONFLICT (charger_id, number) DO NOTHING
    RETURNING id
)
INSERT INTO inventory_connector (evse_id, number, type, discovered)
SELECT id, 1, 'UNKNOWN', true FROM new
"""


class Memory:
    """The chargers remembered, by id."""

    def __init__(self) -> None:
        """Remember nothing."""
        self.chargers: dict[int, ChargerMemory] = {}
        #: evse_id -> a port whose last meter reading is not in its row yet.
        self.unwritten: dict[int, PortMemory] = {}

    def forget(self, charger_ids: Iterable[int]) -> None:
        """Load these afresh when they are next needed."""
        for charger_id in charger_ids:
            known = self.chargers.pop(charger_id, None)
            for port in known.ports.values() if known else ():
                self.unwritten.pop(port.evse_id, None)

    async def ensure(self, connection: AsyncConnection[Any], charger_ids: set[int]) -> None:
        """Load those of the chargers that are not remembered, or were long ago."""
        stale = time.monotonic() - FRESH_FOR
        missing = [i for i in charger_ids if self._is_stale(self.chargers.get(i), stale)]
        if missing:
            await self._load(connection, missing)

    def _is_stale(self, known: ChargerMemory | None, stale: float) -> bool:
        if known is None or known.loaded >= stale:
            return known is None
        return not any(port.evse_id in self.unwritten for port in known.ports.values())

    async def discover(
        self, connection: AsyncConnection[Any], ports: Sequence[tuple[int, int]]
    ) -> None:
        """Add EVSEs (charger, number) that a charger reports and nobody entered."""
        ids, numbers = zip(*ports, strict=True)
        await connection.execute(DISCOVER, (list(ids), list(numbers)))
        await self._load(connection, sorted(set(ids)))

    async def _load(self, connection: AsyncConnection[Any], charger_ids: list[int]) -> None:
        now = time.monotonic()
        loaded = {i: ChargerMemory(i, now) for i in charger_ids}
        row: Any
        async with connection.cursor(row_factory=namedtuple_row) as cursor:
            await cursor.execute(MISSING_STATES, (charger_ids,))
            await cursor.execute(PORTS, (charger_ids,))
            async for row in cursor:
                loaded[row.charger_id].ports[row.number] = _port(row)
            await cursor.execute(RUNNING, (charger_ids,))
            async for row in cursor:
                session = SessionMemory(
                    row.id, row.evse, row.meter_start, row.energy, row.peak_power, row.soc
                )
                session.soc_at = row.updated if row.soc is not None else None
                if row.seq_no is not None:
                    session.heard = Heard(0, row.seq_no)
                    session.state_from = row.seq_no
                loaded[row.charger_id].sessions[row.transaction_id] = session
        self.forget(charger_ids)
        self.chargers.update(loaded)


def _port(row: Any) -> PortMemory:
    span = row.started and Span(
        row.started, None, row.span_status, row.span_error, row.span_vendor_error, row.span_info,
        row.span_refines,
    )  # fmt: skip
    return PortMemory(
        row.evse_id,
        row.number,
        row.status,
        row.since,
        row.error_code,
        row.vendor_error_code,
        row.info,
        row.connectors,
        row.session_id,
        row.power,
        row.energy,
        row.soc,
        row.metered_at,
        span,
    )
