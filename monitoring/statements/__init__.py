"""The set-based statements that write a plan, in the order that keeps every constraint true."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from monitoring.memory import PortMemory
from monitoring.models.meters import COLUMNS
from monitoring.plan import Plan
from monitoring.statements import connections, pings, sessions, spans, variables
from monitoring.statements.records import Connection, columns, records
from monitoring.statements.sessions import known_starts

__all__ = ["copy", "known_starts", "write"]

PORTS = """
UPDATE monitoring_portstate p
   SET noticed = CASE WHEN p.status = n.status THEN p.noticed ELSE clock_timestamp() END,
       status = n.status, since = n.since, error_code = n.error, vendor_error_code = n.vendor,
       info = n.info, connectors = n.connectors, session_id = n.session_id, power = n.power,
       energy = n.energy, soc = n.soc, metered_at = n.metered_at
  FROM json_to_recordset(%s::json)
       AS n (evse_id bigint, status text, since timestamptz, error text, vendor text, info text,
             connectors jsonb, session_id bigint, power float8, energy float8, soc float8,
             metered_at timestamptz)
 WHERE p.evse_id = n.evse_id
"""
PORT = (
    "evse_id", "status", "since", "error", "vendor", "info", "connectors", "session_id", "power",
    "energy", "soc", "metered_at",
)  # fmt: skip
SAMPLES = (
    "COPY monitoring_metersample (charger_id, evse_id, session_id, at, received, offset_ms, "
    f"context, {', '.join(COLUMNS)}, extra) FROM STDIN (FORMAT BINARY)"
)
SAMPLE_TYPES = [
    "int8", "int8", "int8", "timestamptz", "timestamptz", "int4", "int2", "float8", "float8",
    *["float4"] * (len(COLUMNS) - 2), "jsonb",
]  # fmt: skip
EVENTS = """
INSERT INTO monitoring_event
       (charger_id, evse_id, kind, at, received, offset_ms, severity, code, text, data)
SELECT charger_id, evse_id, kind, at, received, offset_ms, severity, code, text, data
  FROM json_to_recordset(%s::json)
       AS n (charger_id bigint, evse_id bigint, kind text, at timestamptz, received timestamptz,
             offset_ms int, severity int, code text, text text, data jsonb)
"""
EVENT = (
    "charger_id", "evse_id", "kind", "at", "received", "offset_ms", "severity", "code", "text",
    "data",
)  # fmt: skip
DEAF = """
UPDATE monitoring_chargerstate s SET deaf_since = n.since
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS n (charger_id, since)
 WHERE s.charger_id = n.charger_id
"""
DIRTY = """
INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
SELECT c, day, now() FROM unnest(%s::bigint[], %s::date[]) AS n (c, day)
ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
"""


async def write(
    connection: Connection, plan: Plan, gateway_id: Any, seen: Sequence[connections.Seen]
) -> None:
    """Execute the plan, and keep who was `seen`, inside the caller's transaction and pipeline.

    In a pipeline nothing waits but for results that are asked for: here only those of
    sessions. What `copy` writes comes after the pipeline's end.

    Chargers come before their ports: a port's trigger locks the charger's effective state, and
    housekeeping that closes a dead gateway's connections takes the charger first as well.
    """
    await connections.write(connection, plan, gateway_id)
    if seen:
        await connections.seen(connection, seen)
    if plan.deaf:
        await connection.execute(DEAF, columns(plan.deaf.items()))
    await spans.write(connection, plan)
    await sessions.write(connection, plan)
    if plan.ports:
        await connection.execute(PORTS, records(PORT, map(_port_row, plan.ports.values())))
    if plan.events:
        await connection.execute(EVENTS, records(EVENT, plan.events))
    await _rest(connection, plan)


def _port_row(p: PortMemory) -> tuple[Any, ...]:
    return (
        p.evse_id, p.status, p.since, p.error_code, p.vendor_error_code, p.info,
        p.connectors, p.session_id, p.power, p.energy, p.soc, p.metered_at,
    )  # fmt: skip


async def copy(connection: Connection, plan: Plan) -> None:
    """Write the meter samples, which no pipeline can take."""
    if not plan.samples:
        return
    async with connection.cursor() as cursor, cursor.copy(SAMPLES) as copy:
        copy.set_types(SAMPLE_TYPES)
        for row in plan.samples:
            await copy.write_row(row if row[-1] is None else (*row[:-1], Jsonb(row[-1])))


async def _rest(connection: Connection, plan: Plan) -> None:
    if plan.variables:
        rows = [
            variables.row(v.charger_id, told, v.at, v.source)
            for v in plan.variables
            for told in v.variables
        ]
        if rows:
            await connection.execute(variables.VARIABLES, variables.parameters(rows))
    if plan.pings:
        await connection.execute(pings.PINGS, pings.parameters(plan.pings))
    if plan.dirty:
        await connection.execute(DIRTY, columns(sorted(plan.dirty)))
