"""The set-based statements that write a plan, in the order that keeps every constraint true."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from monitoring import facts as f
from monitoring.encoding import dumps
from monitoring.memory import MOST_PORTS, PortMemory
from monitoring.models.meters import COLUMNS
from monitoring.plan import Plan
from monitoring.port_status import show
from monitoring.spans import Change, Span, absorbs, place

Connection = AsyncConnection[Any]

#: Variables kept per charger; a report that goes beyond is cut.
MOST_VARIABLES = 20_000

REPLACE_CONNECTIONS = """
UPDATE monitoring_connectionspan s
   SET closed = GREATEST(s.opened, LEAST(n.at, COALESCE(st.last_seen, n.at))),
       noticed = n.at,
       close_reason = CASE WHEN g.lease_until < n.at THEN 'gateway_died' ELSE 'replaced' END
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS n (charger_id, at)
  LEFT JOIN monitoring_chargerstate st ON st.charger_id = n.charger_id,
       monitoring_gateway g
 WHERE s.charger_id = n.charger_id AND s.closed IS NULL AND g.id = s.gateway_id
"""
OPEN_CONNECTIONS = """
INSERT INTO monitoring_connectionspan
       (charger_id, token, gateway_id, opened, close_reason, peer, ocpp_version,
        security_profile, missed_pings)
SELECT n.charger_id, n.token, %s, n.at, '', n.peer, n.version, n.profile, 0
  FROM unnest(%s::bigint[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::int[])
       AS n (charger_id, token, at, peer, version, profile)
"""
ONLINE = """
INSERT INTO monitoring_chargerstate AS s
       (charger_id, online, since, connection, last_seen, boot_reason, status, error_code)
SELECT n.charger_id, true, n.at, n.token, n.at, '', '', ''
  FROM unnest(%s::bigint[], %s::uuid[], %s::timestamptz[]) AS n (charger_id, token, at)
ON CONFLICT (charger_id) DO UPDATE
   SET online = true, connection = excluded.connection, last_seen = excluded.last_seen,
       since = CASE WHEN s.online THEN s.since ELSE excluded.since END, deaf_since = NULL
"""
SPEAKS = """
UPDATE inventory_charger c SET ocpp_version = n.version, updated_at = now()
  FROM unnest(%s::bigint[], %s::text[]) AS n (charger_id, version)
 WHERE c.id = n.charger_id AND c.ocpp_version <> n.version
"""
CLOSE_CONNECTIONS = """
UPDATE monitoring_connectionspan s
   SET closed = COALESCE(s.closed, GREATEST(s.opened, n.at)),
       noticed = COALESCE(s.noticed, n.noticed),
       close_reason = CASE WHEN s.closed IS NULL THEN n.reason ELSE s.close_reason END,
       close_code = n.code, rtt_p50 = n.p50, rtt_p95 = n.p95, missed_pings = n.missed
  FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::int[],
              %s::float8[], %s::float8[], %s::int[])
       AS n (token, at, noticed, reason, code, p50, p95, missed)
 WHERE s.token = n.token
"""
OFFLINE = """
UPDATE monitoring_chargerstate s
   SET online = false, since = GREATEST(s.since, n.at), connection = NULL, last_seen = n.at
  FROM unnest(%s::uuid[], %s::timestamptz[]) AS n (token, at)
 WHERE s.connection = n.token
"""
#: A model that nobody has entered; only for a charger of none, so that no charger makes many.
MODELS = """
INSERT INTO inventory_chargermodel (vendor, name, quirks, notes, updated_at)
SELECT DISTINCT ON (lower(n.vendor), lower(n.model)) n.vendor, n.model, '{}'::jsonb, '', now()
  FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (charger_id, vendor, model)
  JOIN inventory_charger c ON c.id = n.charger_id AND c.model_id IS NULL
ON CONFLICT DO NOTHING
"""
BOOTED = """
UPDATE inventory_charger c
   SET model_id = COALESCE(c.model_id, m.id), firmware_version = n.firmware,
       serial_number = CASE WHEN c.serial_number = '' THEN n.serial ELSE c.serial_number END,
       updated_at = now()
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
       AS n (charger_id, vendor, model, serial, firmware)
  LEFT JOIN inventory_chargermodel m
    ON lower(m.vendor) = lower(n.vendor) AND lower(m.name) = lower(n.model)
 WHERE c.id = n.charger_id
   AND (c.model_id IS NULL OR c.firmware_version <> n.firmware
        OR (c.serial_number = '' AND n.serial <> ''))
"""
BOOT_STATES = """
UPDATE monitoring_chargerstate s SET booted_at = n.at, boot_reason = n.reason
  FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS n (charger_id, at, reason)
 WHERE s.charger_id = n.charger_id
"""
CHARGER_STATUS = """
UPDATE monitoring_chargerstate s
   SET status = n.status, error_code = n.error,
       status_since = CASE WHEN s.status = n.status THEN s.status_since ELSE n.at END,
       status_noticed = CASE WHEN s.status = n.status THEN s.status_noticed
                             ELSE clock_timestamp() END
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
       AS n (charger_id, status, error, at)
 WHERE s.charger_id = n.charger_id
"""
END_SPANS = """
UPDATE monitoring_statusspan s SET ended = n.at
  FROM json_to_recordset(%s::json) AS n (evse_id bigint, at timestamptz)
 WHERE s.evse_id = n.evse_id AND s.ended IS NULL
"""
ADD_SPANS = """
INSERT INTO monitoring_statusspan
       (evse_id, started, ended, status, error_code, vendor_error_code, info)
SELECT evse_id, started, ended, status, error, vendor, info
  FROM json_to_recordset(%s::json)
       AS n (evse_id bigint, started timestamptz, ended timestamptz, status text, error text,
             vendor text, info text)
"""
SPAN = ("evse_id", "started", "ended", "status", "error", "vendor", "info")
SPANS_AROUND = """
SELECT started, ended, status, error_code, vendor_error_code, info
  FROM monitoring_statusspan
 WHERE evse_id = %s AND (ended IS NULL OR ended > %s OR started = %s)
 ORDER BY started LIMIT 2
"""
SHORTEN_SPAN = "UPDATE monitoring_statusspan SET ended = %s WHERE evse_id = %s AND started = %s"
#: Deletes the spans of status Occupied that follow without a break.
ABSORB_SPANS = """
WITH gone AS (
    DELETE FROM monitoring_statusspan s
     WHERE s.evse_id = %(evse)s AND s.started >= %(after)s
       AND s.started < COALESCE((SELECT min(o.started) FROM monitoring_statusspan o
                                  WHERE o.evse_id = %(evse)s AND o.started >= %(after)s
                                    AND o.status <> 'Occupied'), 'infinity')
    RETURNING s.ended
)
SELECT COALESCE(bool_or(ended IS NULL), false), max(ended) FROM gone
"""
EXTEND_SPAN = "UPDATE monitoring_statusspan SET ended = %s WHERE evse_id = %s AND started = %s"
REWRITE_SPAN = """
UPDATE monitoring_statusspan
   SET status = %s, error_code = %s, vendor_error_code = %s, info = %s
 WHERE evse_id = %s AND started = %s
"""
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
SESSION_ROWS = """
json_to_recordset(%s::json)
    AS n (id bigint, charger_id bigint, transaction_id text, start_key text, evse int,
          connector int, id_token text, stop_token text, answer text, started timestamptz,
          ended timestamptz, received timestamptz, meter_start float8, meter_stop float8,
          energy float8, peak_power float8, soc float8, charging_state text, stop_reason text,
          seq_no int, at timestamptz, offline bool, remote_start_id bigint, flags jsonb)
"""
SESSION = (
    "id", "charger_id", "transaction_id", "start_key", "evse", "connector", "id_token",
    "stop_token", "answer", "started", "ended", "received", "meter_start", "meter_stop",
    "energy", "peak_power", "soc", "charging_state", "stop_reason", "seq_no", "at", "offline",
    "remote_start_id", "flags",
)  # fmt: skip


def _delivered(start: str, stop: str, so_far: str) -> str:
    """Energy by the registers where both are known; a register running backwards gives none."""
    return (
        f"CASE WHEN {start} IS NOT NULL AND {stop} IS NOT NULL"
        f" THEN CASE WHEN {stop} >= {start} THEN {stop} - {start} END ELSE {so_far} END"
    )


def _flags(base: str, start: str, stop: str) -> str:
    backwards = f"CASE WHEN {stop} < {start} THEN '[\"meter_backwards\"]'::jsonb ELSE '[]' END"
    return (
        f"(SELECT COALESCE(jsonb_agg(DISTINCT x ORDER BY x), '[]')"
        f" FROM jsonb_array_elements({base} || {backwards}) AS t (x))"
    )


#: What a later message adds to a session's row `s` from the row `x`. Its no_start doesn't
#: count: the session was there, the memory of it wasn't.
MERGE = f"""
   SET evse_id = COALESCE(s.evse_id, x.evse_id),
       connector = COALESCE(s.connector, x.connector),
       id_token = COALESCE(NULLIF(s.id_token, ''), x.id_token, ''),
       stop_token = COALESCE(NULLIF(s.stop_token, ''), x.stop_token, ''),
       "authorization" = COALESCE(NULLIF(s."authorization", ''), x."authorization", ''),
       started = LEAST(s.started, x.started),
       ended = CASE WHEN s.flags ? 'abandoned' THEN COALESCE(x.ended, s.ended)
                    ELSE LEAST(s.ended, x.ended) END,
       meter_start = COALESCE(s.meter_start, x.meter_start),
       meter_stop = COALESCE(s.meter_stop, x.meter_stop),
       energy = {
    _delivered(
        "COALESCE(s.meter_start, x.meter_start)",
        "COALESCE(s.meter_stop, x.meter_stop)",
        "GREATEST(s.energy, x.energy)",
    )
},
       peak_power = GREATEST(s.peak_power, x.peak_power),
       soc = CASE WHEN x.updated >= s.updated THEN COALESCE(x.soc, s.soc)
                  ELSE COALESCE(s.soc, x.soc) END,
       charging_state = COALESCE(NULLIF(x.charging_state, ''), s.charging_state),
       stop_reason = COALESCE(NULLIF(s.stop_reason, ''), x.stop_reason, ''),
       seq_no = GREATEST(s.seq_no, x.seq_no),
       updated = GREATEST(s.updated, x.updated),
       offline = s.offline OR x.offline,
       remote_start_id = COALESCE(s.remote_start_id, x.remote_start_id),
       flags = {
    _flags(
        "(CASE WHEN x.ended IS NULL THEN s.flags ELSE s.flags - 'abandoned' END)"
        " || (x.flags - 'no_start')",
        "COALESCE(s.meter_start, x.meter_start)",
        "COALESCE(s.meter_stop, x.meter_stop)",
    )
}
"""
SESSIONS = f"""
INSERT INTO monitoring_session AS s
       (id, charger_id, evse_id, connector, transaction_id, start_key, id_token, stop_token,
        "authorization", started, ended, received, meter_start, meter_stop, energy, peak_power,
        soc, charging_state, stop_reason, seq_no, updated, offline, remote_start_id, flags)
SELECT n.id, n.charger_id, e.id, n.connector, n.transaction_id, n.start_key,
       COALESCE(n.id_token, ''), COALESCE(n.stop_token, ''), COALESCE(n.answer, ''),
       COALESCE(n.started, n.at), n.ended, n.received, n.meter_start, n.meter_stop,
       {_delivered("n.meter_start", "n.meter_stop", "n.energy")}, n.peak_power, n.soc,
       COALESCE(n.charging_state, ''), COALESCE(n.stop_reason, ''), n.seq_no, n.at, n.offline,
       n.remote_start_id, {_flags("n.flags", "n.meter_start", "n.meter_stop")}
  FROM {SESSION_ROWS}
  LEFT JOIN inventory_evse e ON e.charger_id = n.charger_id AND e.number = n.evse
ON CONFLICT (charger_id, transaction_id) DO UPDATE
{MERGE.replace("x.", "excluded.")}
RETURNING s.charger_id, s.transaction_id, s.id, s.ended
"""
UNFLAG = """
UPDATE monitoring_session s
   SET flags = s.flags - ARRAY(SELECT jsonb_array_elements_text(n.flags))
  FROM json_to_recordset(%s::json) AS n (id bigint, flags jsonb)
 WHERE s.id = n.id AND s.flags <> '[]'
"""
TICKS = """
UPDATE monitoring_session s
   SET seq_no = GREATEST(s.seq_no, n.seq_no), updated = GREATEST(s.updated, n.at)
  FROM json_to_recordset(%s::json) AS n (id bigint, seq_no int, at timestamptz)
 WHERE s.id = n.id
"""
SESSION_UPDATES = f"""
UPDATE monitoring_session s
{MERGE}
  FROM (SELECT n.charger_id, n.transaction_id, e.id AS evse_id, n.connector, n.id_token,
               n.stop_token, n.answer AS "authorization", n.started, n.ended, n.meter_start,
               n.meter_stop, n.energy, n.peak_power, n.soc, n.charging_state, n.stop_reason,
               n.seq_no, n.at AS updated, n.offline, n.remote_start_id, n.flags
          FROM {SESSION_ROWS}
          LEFT JOIN inventory_evse e ON e.charger_id = n.charger_id AND e.number = n.evse) AS x
 WHERE s.charger_id = x.charger_id AND s.transaction_id = x.transaction_id
RETURNING s.charger_id, s.transaction_id
"""
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
#: Beyond the quota only what is known already is kept up to date.
VARIABLES = """
WITH told AS (
    SELECT DISTINCT ON (c, component, ci, evse, connector, variable, instance, attribute) *
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::int[], %s::text[],
                  %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
           WITH ORDINALITY AS n (c, component, ci, evse, connector, variable, instance,
                                 attribute, value, mutability, at, nth)
     ORDER BY c, component, ci, evse, connector, variable, instance, attribute, at DESC, nth DESC
), kept AS (
    SELECT charger_id, count(*) AS variables FROM monitoring_reportedvariable
     WHERE charger_id IN (SELECT c FROM told) GROUP BY charger_id
)
INSERT INTO monitoring_reportedvariable AS v
       (charger_id, component, component_instance, evse, connector, variable, instance,
        attribute, value, mutability, reported_at)
SELECT c, component, ci, evse, connector, variable, instance, attribute, value, mutability, at
  FROM told LEFT JOIN kept ON kept.charger_id = c
 WHERE COALESCE(kept.variables, 0) < %s
    OR EXISTS (SELECT 1 FROM monitoring_reportedvariable r
                WHERE (r.charger_id, r.component, r.component_instance, r.evse, r.connector,
                       r.variable, r.instance, r.attribute)
                    = (c, told.component, ci, told.evse, told.connector, told.variable,
                       told.instance, told.attribute))
ON CONFLICT (charger_id, component, component_instance, evse, connector, variable, instance,
             attribute)
DO UPDATE SET value = excluded.value, mutability = excluded.mutability,
              reported_at = excluded.reported_at
        WHERE v.reported_at <= excluded.reported_at
"""
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


async def write(connection: Connection, plan: Plan, gateway_id: Any) -> None:
    """Execute the plan inside the caller's transaction and pipeline.

    In a pipeline nothing waits but for results that are asked for: here only those of
    sessions. What `copy` writes comes after the pipeline's end.
    """
    for connections in _rounds(plan.connections):
        await _connections(connection, connections, gateway_id)
    if plan.boots:
        await _boots(connection, list(plan.boots.values()))
    await _spans(connection, plan)
    await _sessions(connection, plan)
    if plan.ports:
        await connection.execute(PORTS, _records(PORT, map(_port_row, plan.ports.values())))
    if plan.events:
        await connection.execute(EVENTS, _records(EVENT, plan.events))
    await _rest(connection, plan)


def _rounds(
    changes: Sequence[f.Connected | f.Disconnected],
) -> Iterator[list[f.Connected | f.Disconnected]]:
    """Split so that no charger occurs twice in a round and the order stays."""
    batch: list[f.Connected | f.Disconnected] = []
    seen: set[int] = set()
    for change in changes:
        if change.charger_id in seen:
            yield batch
            batch, seen = [], set()
        seen.add(change.charger_id)
        batch.append(change)
    if batch:
        yield batch


async def _connections(
    connection: Connection, changes: list[f.Connected | f.Disconnected], gateway_id: Any
) -> None:
    opened = [c for c in changes if isinstance(c, f.Connected)]
    closed = [c for c in changes if isinstance(c, f.Disconnected)]
    if opened:
        rows = [
            (c.charger_id, c.token, c.at, c.peer, c.ocpp_version, c.security_profile)
            for c in opened
        ]
        ids, tokens, times, _peers, versions, _profiles = columns = _columns(rows)
        await connection.execute(REPLACE_CONNECTIONS, (ids, times))
        await connection.execute(OPEN_CONNECTIONS, (gateway_id, *columns))
        await connection.execute(ONLINE, (ids, tokens, times))
        await connection.execute(SPEAKS, (ids, versions))
    if closed:
        ends = _columns(
            [
                (
                    *(c.token, c.at, c.noticed, c.reason.value, c.code),
                    *(c.rtt_p50, c.rtt_p95, c.missed_pings),
                )
                for c in closed
            ]
        )
        await connection.execute(CLOSE_CONNECTIONS, ends)
        await connection.execute(OFFLINE, ends[:2])


async def _boots(connection: Connection, boots: list[f.Booted]) -> None:
    named = [b for b in boots if b.vendor and b.model]
    if named:
        await connection.execute(
            MODELS, _columns([(b.charger_id, b.vendor, b.model) for b in named])
        )
    said = [(b.charger_id, b.vendor, b.model, b.serial_number, b.firmware_version) for b in boots]
    await connection.execute(BOOTED, _columns(said))
    await connection.execute(BOOT_STATES, _columns([(b.charger_id, b.at, b.reason) for b in boots]))


async def _spans(connection: Connection, plan: Plan) -> None:
    if plan.ended_spans:
        ends = _records(("evse_id", "at"), plan.ended_spans.items())
        await connection.execute(END_SPANS, ends)
    if plan.spans:
        rows = [
            (evse_id, s.started, s.ended, s.status, s.error_code, s.vendor_error_code, s.info)
            for (evse_id, _started), s in plan.spans.items()
        ]
        await connection.execute(ADD_SPANS, _records(SPAN, rows))
    for port, report in plan.late:
        await _late(connection, port, report)
    if plan.charger_status:
        status = [(c, s.status.value, s.error_code, s.at) for c, s in plan.charger_status.items()]
        await connection.execute(CHARGER_STATUS, _columns(status))


async def _late(connection: Connection, port: PortMemory, report: Span) -> None:
    key = (port.evse_id, report.started, report.started)
    async with connection.cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(SPANS_AROUND, key)
        around = [Span(*row) for row in await cursor.fetchall()]
    change = place(around, report)
    if change is not None:
        await _apply(connection, port, change)
        if change.span.ended is not None and absorbs(change):
            await _absorb(connection, port, change.span)


async def _apply(connection: Connection, port: PortMemory, change: Change) -> None:
    span = change.span
    content = (span.status, span.error_code, span.vendor_error_code, span.info)
    if change.rewrites:
        await connection.execute(REWRITE_SPAN, (*content, port.evse_id, span.started))
    else:
        if change.shortened is not None:
            shorter = (span.started, port.evse_id, change.shortened)
            await connection.execute(SHORTEN_SPAN, shorter)
        row = (port.evse_id, span.started, span.ended, *content)
        await connection.execute(ADD_SPANS, _records(SPAN, [row]))
    if span.ended is None:
        port.open_span = span
        show(port, span)
    else:
        _move_since(port, span)


def _move_since(port: PortMemory, late: Span) -> None:
    """Let a span that came late, and is over, move when the port's current status began."""
    if port.since is None or late.ended is None:
        return
    same = (late.status, late.error_code) == (port.status, port.error_code)
    if same and late.ended == port.since:
        port.since = late.started
    elif late.status != port.status and port.since < late.ended:
        port.since = late.ended


async def _absorb(connection: Connection, port: PortMemory, span: Span) -> None:
    """Have `span` last over the Occupied that follows it."""
    following = {"evse": port.evse_id, "after": span.ended}
    cursor = await connection.execute(ABSORB_SPANS, following)
    row = await cursor.fetchone()
    is_open, ended = row or (False, None)
    if not is_open and ended is None:
        return
    last = None if is_open else ended
    await connection.execute(EXTEND_SPAN, (last, port.evse_id, span.started))
    if is_open:
        port.open_span = replace(span, ended=None)
        show(port, port.open_span)


async def _sessions(connection: Connection, plan: Plan) -> None:
    changed = updated = None
    if plan.sessions:
        rows = _records(SESSION, map(_session_row, plan.sessions.values()))
        changed = await connection.execute(SESSIONS, rows)
    if plan.ticks:
        ticks = [(session_id, *tick) for session_id, tick in plan.ticks.items()]
        await connection.execute(TICKS, _records(("id", "seq_no", "at"), ticks))
    if plan.updates:
        rows = _records(SESSION, map(_session_row, plan.updates.values()))
        updated = await connection.execute(SESSION_UPDATES, rows)
    if changed is not None:
        _settle(plan, await changed.fetchall())
        await _unflag(connection, plan)
    if updated is not None:
        _keep_orphans(plan, set(await updated.fetchall()))


def _keep_orphans(plan: Plan, known: set[tuple[int, str]]) -> None:
    for key, fact in plan.updates.items():
        if key not in known and fact.ended is not None:
            plan.events.append(_orphan(fact))


async def _unflag(connection: Connection, plan: Plan) -> None:
    """Take away the flags that a later message has answered."""
    rows = [
        (s.new_id, [flag[1:] for flag in s.flags if flag.startswith("-")])
        for s in plan.sessions.values()
        if any(flag.startswith("-") for flag in s.flags)
    ]
    if rows:
        await connection.execute(UNFLAG, _records(("id", "flags"), rows))


def _settle(plan: Plan, rows: list[tuple[int, str, int, datetime | None]]) -> None:
    """Learn of sessions that were there already: their own key, and whether they are over."""
    _rename(plan, {(charger, transaction): i for charger, transaction, i, _ended in rows})
    for charger_id, transaction, _id, ended in rows:
        charger = plan.memory.chargers[charger_id]
        session = charger.sessions.get(transaction)
        if ended is None or session is None or session.ended_at is not None:
            continue
        session.ended_at = ended
        port = charger.ports.get(session.evse or 0)
        if port is not None and port.session_id == session.id:
            port.session_id, port.power = None, None
            plan.ports[port.evse_id] = port


def _rename(plan: Plan, ids: dict[tuple[int, str], int]) -> None:
    """Where the session was there already under another key than we proposed, use its own."""
    renamed: dict[int | None, int] = {}
    for key, fact in plan.sessions.items():
        if fact.new_id != ids[key]:
            renamed[fact.new_id] = fact.new_id = ids[key]
            plan.memory.chargers[key[0]].sessions[key[1]].id = ids[key]
    if not renamed:
        return
    plan.samples = [(*row[:2], renamed.get(row[2], row[2]), *row[3:]) for row in plan.samples]
    for port in plan.ports.values():
        if port.session_id in renamed:
            port.session_id = renamed[port.session_id]


def _orphan(fact: f.SessionChanged) -> tuple[Any, ...]:
    """Return the event that keeps a stop of a transaction this charger doesn't have."""
    data = {
        "transactionId": fact.transaction_id,
        "meterStop": fact.meter_stop,
        "idTag": fact.stop_token,
        "reason": fact.stop_reason,
    }
    ended = fact.ended or fact.at
    return (
        fact.charger_id, None, "orphan_stop", ended, fact.received, 0, 4, fact.transaction_id, "",
        {key: value for key, value in data.items() if value is not None},
    )  # fmt: skip


def _possible(number: int | None) -> int | None:
    """Return the number of an EVSE or connector, None for one that no charger has."""
    return number if number is not None and 0 < number <= MOST_PORTS else None


def _session_row(s: f.SessionChanged) -> tuple[Any, ...]:
    return (
        s.new_id, s.charger_id, s.transaction_id, s.start_key, _possible(s.evse),
        _possible(s.connector), s.id_token,
        s.stop_token, s.authorization, s.started, s.ended, s.received, s.meter_start,
        s.meter_stop, s.energy, s.power, s.soc, s.charging_state, s.stop_reason, s.seq_no, s.at,
        s.offline, s.remote_start_id, [flag for flag in s.flags if not flag.startswith("-")],
    )  # fmt: skip


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
        rows = [(v.charger_id, *row, v.at) for v in plan.variables for row in v.variables]
        if rows:
            await connection.execute(VARIABLES, (*_columns(rows), MOST_VARIABLES))
    if plan.deaf:
        await connection.execute(DEAF, _columns(plan.deaf.items()))
    if plan.dirty:
        await connection.execute(DIRTY, _columns(sorted(plan.dirty)))


def _records(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> tuple[str]:
    """Return the rows as the one JSON parameter of `json_to_recordset`.

    Far cheaper for this process than an array per column; PostgreSQL does the parsing.
    """
    records = [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
    return (dumps(records).decode(),)


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


KNOWN_STARTS = """
SELECT s.charger_id, s.start_key, s.transaction_id
  FROM monitoring_session s
  JOIN unnest(%s::bigint[], %s::text[]) AS n (charger_id, start_key)
    ON s.charger_id = n.charger_id AND s.start_key = n.start_key
"""


async def known_starts(
    connection: Connection, keys: list[tuple[int, str]]
) -> dict[tuple[int, str], str]:
    """Return the transaction ids of the starts (charger, start key) that are sessions already."""
    cursor = await connection.execute(KNOWN_STARTS, _columns(keys))
    return {(charger, key): transaction for charger, key, transaction in await cursor.fetchall()}


SEEN = """
UPDATE monitoring_chargerstate s
   SET last_seen = GREATEST(s.last_seen, n.at), clock_offset = COALESCE(n.clock, s.clock_offset),
       rtt = COALESCE(n.rtt, s.rtt)
  FROM unnest(%s::uuid[], %s::timestamptz[], %s::int[], %s::float8[])
       AS n (token, at, clock, rtt)
 WHERE s.connection = n.token
"""


async def seen(
    connection: Connection, rows: list[tuple[Any, datetime, int | None, float | None]]
) -> None:
    """Keep the last proof of life per connection token, its clock offset and round trip (ms)."""
    await connection.execute(SEEN, _columns(rows))
