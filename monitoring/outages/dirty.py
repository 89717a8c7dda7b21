"""Marks the days whose KPIs a decision about the ledger changes: they are computed again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

MARK = """
INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
SELECT c.id, d.day::date, %(now)s
  FROM unnest(%(chargers)s::int8[]) AS c (id),
       generate_series((%(start)s AT TIME ZONE 'UTC')::date, (%(end)s AT TIME ZONE 'UTC')::date,
                       interval '1 day') AS d (day)
 ORDER BY 1, 2
ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
"""
#: The work of the same year that comes after: some rules let only so many hours a year count.
MARK_LATER_WORK = """
INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
SELECT DISTINCT c.id, d.day::date, %(now)s::timestamptz
  FROM (SELECT site_id, charger_id, started, ended FROM monitoring_exclusion
         WHERE state = 'approved' AND reason = 'scheduled_maintenance'
         UNION ALL
        SELECT site_id, charger_id, started, ended FROM monitoring_maintenancewindow) x
  JOIN inventory_charger c
    ON c.id = x.charger_id OR (x.charger_id IS NULL AND c.site_id = x.site_id)
 CROSS JOIN LATERAL generate_series(
           (x.started AT TIME ZONE 'UTC')::date,
           (LEAST(x.ended, %(now)s) AT TIME ZONE 'UTC')::date, interval '1 day') AS d (day)
 WHERE c.id = ANY (%(chargers)s) AND x.ended > %(start)s AND x.started < %(year_end)s
 ORDER BY 1, 2
ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
"""


def mark(chargers: Sequence[int], start: datetime, end: datetime, now: datetime) -> None:
    """Mark the UTC days of [start, end) that have begun at `now`, of the chargers (keys)."""
    _run(MARK, chargers=list(chargers), start=start, end=min(end, now), now=now)


def mark_work(chargers: Sequence[int], start: datetime, end: datetime, now: datetime) -> None:
    """Mark those days, and the later ones of the year on which planned work counts too."""
    mark(chargers, start, end, now)
    year_end = datetime(end.year + 1, 1, 1, tzinfo=UTC) + timedelta(days=1)
    _run(MARK_LATER_WORK, chargers=list(chargers), start=start, year_end=year_end, now=now)


def _run(statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
