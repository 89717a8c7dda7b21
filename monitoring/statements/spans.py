"""Status spans: those that are appended, and those that come late."""

from dataclasses import replace

from psycopg.rows import namedtuple_row

from monitoring.memory import PortMemory
from monitoring.plan import Plan
from monitoring.port_status import show
from monitoring.spans import Change, Span, absorbs, place
from monitoring.statements.records import Connection, columns, records

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


async def write(connection: Connection, plan: Plan) -> None:
    """End and add spans, place the late ones one by one, and keep the chargers' own status."""
    if plan.ended_spans:
        ends = records(("evse_id", "at"), plan.ended_spans.items())
        await connection.execute(END_SPANS, ends)
    if plan.spans:
        rows = [
            (evse_id, s.started, s.ended, s.status, s.error_code, s.vendor_error_code, s.info)
            for (evse_id, _started), s in plan.spans.items()
        ]
        await connection.execute(ADD_SPANS, records(SPAN, rows))
    for port, report in plan.late:
        await _late(connection, port, report)
    if plan.charger_status:
        status = [(c, s.status.value, s.error_code, s.at) for c, s in plan.charger_status.items()]
        await connection.execute(CHARGER_STATUS, columns(status))


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
        await connection.execute(ADD_SPANS, records(SPAN, [row]))
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
