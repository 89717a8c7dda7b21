"""What of the record ends some day: events, status and connection spans, runs of gateways.

Sessions, attempts, outages, KPI days with California's quarters of an hour, incidents with
their notifications and the audit log are what was charged, promised and proved: they stay, and
are never computed again from what is left (`monitoring.kpis.record`). Meter samples and frames
go by whole partitions (`monitoring.housekeeping.drop_expired`).
"""

from datetime import datetime, timedelta

import structlog
from django.db import connection

from monitoring.kpis import record

log = structlog.get_logger(__name__)

#: Rows deleted by one statement: each is a transaction of its own and holds nobody up.
PORTION = 10_000
#: Portions of a table in one run; what is left goes with the next night's.
MOST_PORTIONS = 500

WITHOUT_CONNECTIONS = """
NOT EXISTS (SELECT 1 FROM monitoring_connectionspan s WHERE s.gateway_id = monitoring_gateway.id)
"""
#: The last connection before stays: by it one who hasn't come back is known to be offline.
WITH_A_LATER_ONE = """
EXISTS (SELECT 1 FROM monitoring_connectionspan n
         WHERE n.charger_id = monitoring_connectionspan.charger_id
           AND n.opened > monitoring_connectionspan.opened AND n.opened < %(before)s)
"""
#: Table -> the index's order, and what makes a row old.
OLD = {
    "monitoring_event": ("at", "at < %(before)s"),
    "monitoring_statusspan": ("started", "started < %(before)s AND ended < %(before)s"),
    "monitoring_connectionspan": (
        "opened",
        f"opened < %(before)s AND closed < %(before)s AND {WITH_A_LATER_ONE}",
    ),
    "monitoring_pingday": ("first", "first < %(before)s"),
    "monitoring_gateway": ("started_at", f"ended_at < %(before)s AND {WITHOUT_CONNECTIONS}"),
}
DELETE = """
WITH old AS (
    SELECT id FROM {table} WHERE {old} ORDER BY {order} LIMIT %(portion)s
       FOR UPDATE SKIP LOCKED
)
DELETE FROM {table} t USING old WHERE t.id = old.id
"""


def forget(now: datetime, days: int) -> dict[str, int]:
    """Delete what ended more than `days` days before `now` (aware UTC); rows by table.

    Idempotent, and safe to run twice at once.
    """
    before = now - timedelta(days=days)
    record.move(before)
    gone = {table: _forget(table, before) for table in OLD}
    if any(gone.values()):
        log.info("history_forgotten", before=before.isoformat(), **gone)
    return gone


def _forget(table: str, before: datetime) -> int:
    order, old = OLD[table]
    statement = DELETE.format(table=table, old=old, order=order)
    gone = 0
    with connection.cursor() as cursor:
        for _portion in range(MOST_PORTIONS):
            cursor.execute(statement, {"before": before, "portion": PORTION})
            gone += cursor.rowcount
            if cursor.rowcount < PORTION:
                break
    return gone
