"""Status spans: those that are appended, and those that come late."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import takewhile

from psycopg.rows import namedtuple_row

from monitoring.memory import PortMemory
from monitoring.plan import Plan
from monitoring.port_status import show
from monitoring.spans import Change, Span, absorbs, confirms, may_absorb, place
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
       (evse_id, started, ended, status, error_code, vendor_error_code, info, refines)
SELECT evse_id, started, ended, status, error, vendor, info, refines
  FROM json_to_recordset(%s::json)
       AS n (evse_id bigint, started timestamptz, ended timestamptz, status text, error text,
             vendor text, info text, refines boolean)
"""
SPAN = ("evse_id", "started", "ended", "status", "error", "vendor", "info", "refines")
SPANS_AROUND = """
SELECT started, ended, status, error_code, vendor_error_code, info, refines
  FROM monitoring_statusspan
 WHERE evse_id = %s AND (ended IS NULL OR ended > %s OR started = %s)
 ORDER BY started LIMIT 2
"""
SHORTEN_SPAN = "UPDATE monitoring_statusspan SET ended = %s WHERE evse_id = %s AND started = %s"
#: The spans from a time on, as many as are looked at together.
SPANS_AFTER = """
SELECT started, ended, status, error_code, vendor_error_code, info, refines
  FROM monitoring_statusspan
 WHERE evse_id = %s AND started >= %s
 ORDER BY started LIMIT %s
"""
LOOKED_AT = 100
DELETE_SPANS = "DELETE FROM monitoring_statusspan WHERE evse_id = %s AND started = ANY(%s)"
CONFIRM_SPANS = """
UPDATE monitoring_statusspan s SET refines = false
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS n (evse_id, started)
 WHERE s.evse_id = n.evse_id AND s.started = n.started
"""
EXTEND_SPAN = "UPDATE monitoring_statusspan SET ended = %s WHERE evse_id = %s AND started = %s"
REWRITE_SPAN = """
UPDATE monitoring_statusspan
   SET status = %s, error_code = %s, vendor_error_code = %s, info = %s,
       refines = refines AND %s
 WHERE evse_id = %s AND started = %s
"""


async def write(connection: Connection, plan: Plan) -> None:
    """End and add spans, place the late ones one by one, and keep the chargers' own status."""
    if plan.ended_spans:
        ends = records(("evse_id", "at"), plan.ended_spans.items())
        await connection.execute(END_SPANS, ends)
    if plan.spans:
        rows = [
            (evse_id, s.started, s.ended, *_content(s))
            for (evse_id, _started), s in plan.spans.items()
        ]
        await connection.execute(ADD_SPANS, records(SPAN, rows))
    if plan.confirmed:
        await connection.execute(CONFIRM_SPANS, columns(sorted(plan.confirmed)))
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
        if may_absorb(change.span):
            await _absorb(connection, port, change.span)
    elif around and confirms(report, around[0]):
        await connection.execute(CONFIRM_SPANS, ([port.evse_id], [around[0].started]))


async def _apply(connection: Connection, port: PortMemory, change: Change) -> None:
    span = change.span
    if change.rewrites:
        await connection.execute(REWRITE_SPAN, (*_content(span), port.evse_id, span.started))
    else:
        if change.shortened is not None:
            shorter = (span.started, port.evse_id, change.shortened)
            await connection.execute(SHORTEN_SPAN, shorter)
        row = (port.evse_id, span.started, span.ended, *_content(span))
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
    """Have `span` last over what follows it without a break and is part of it."""
    last = span.ended
    while last is not None:
        part = await _following(connection, port, last)
        gone = list(takewhile(partial(absorbs, span), part))
        if not gone:
            break
        last = gone[-1].ended
        await connection.execute(DELETE_SPANS, (port.evse_id, [s.started for s in gone]))
    if last == span.ended:
        return
    await connection.execute(EXTEND_SPAN, (last, port.evse_id, span.started))
    if last is None:
        port.open_span = replace(span, ended=None)
        show(port, port.open_span)


async def _following(connection: Connection, port: PortMemory, after: datetime) -> list[Span]:
    async with connection.cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(SPANS_AFTER, (port.evse_id, after, LOOKED_AT))
        return [Span(*row) for row in await cursor.fetchall()]


def _content(span: Span) -> tuple[str, str, str, str, bool]:
    return span.status, span.error_code, span.vendor_error_code, span.info, span.refines
