"""Sessions: one statement merges whatever the messages of a batch say of them."""

from datetime import datetime
from typing import Any

from monitoring import facts as f
from monitoring.memory import MOST_PORTS
from monitoring.plan import Plan
from monitoring.statements.records import Connection, columns, records

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
KNOWN_STARTS = """
SELECT s.charger_id, s.start_key, s.transaction_id
  FROM monitoring_session s
  JOIN unnest(%s::bigint[], %s::text[]) AS n (charger_id, start_key)
    ON s.charger_id = n.charger_id AND s.start_key = n.start_key
"""


async def write(connection: Connection, plan: Plan) -> None:
    """Write the sessions, and learn from the database what the plan could only propose."""
    changed = updated = None
    if plan.sessions:
        rows = records(SESSION, map(_session_row, plan.sessions.values()))
        changed = await connection.execute(SESSIONS, rows)
    if plan.ticks:
        ticks = [(session_id, *tick) for session_id, tick in plan.ticks.items()]
        await connection.execute(TICKS, records(("id", "seq_no", "at"), ticks))
    if plan.updates:
        rows = records(SESSION, map(_session_row, plan.updates.values()))
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
        await connection.execute(UNFLAG, records(("id", "flags"), rows))


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


async def known_starts(
    connection: Connection, keys: list[tuple[int, str]]
) -> dict[tuple[int, str], str]:
    """Return the transaction ids of the starts (charger, start key) that are sessions already."""
    cursor = await connection.execute(KNOWN_STARTS, columns(keys))
    return {(charger, key): transaction for charger, key, transaction in await cursor.fetchall()}
