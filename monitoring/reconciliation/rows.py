"""Verdicts on ended sessions, stored: worked through as sessions end and late samples come.

Sets of sessions are read with a query per table and written with one; what is still to do is
in `SessionToReconcile`. Safe to run twice at once: both come to the same.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from psycopg import Cursor

from monitoring.models import SessionReconciliation, SessionToReconcile
from monitoring.reconciliation.judgement import Judgement, Metered, judge
from monitoring.reconciliation.samples import Point, sampled

log = structlog.get_logger(__name__)

#: Sessions judged at once, and in one run.
PORTION, MOST = 100, 20_000
#: Rows of the queue looked at for them: a session may be asked for many times.
LOOKED_AT = 2_000
#: Samples looked at of one session: a day's at one in 17 seconds. Of a chattier charger the first.
MOST_SAMPLES = 5_000
#: Samples are looked for so long around a session: they may be told a bit early or late.
AROUND = timedelta(minutes=5)

WAITING = """
SELECT session_id, array_agg(id)
  FROM (SELECT id, session_id FROM monitoring_sessiontoreconcile ORDER BY id LIMIT %(rows)s) w
 GROUP BY session_id ORDER BY min(id) LIMIT %(sessions)s
"""
#: The charger wasn't connected for a minute or more of the session.
SESSIONS = """
SELECT s.id, s.charger_id, s.ended, date_part('epoch', s.started), date_part('epoch', s.ended),
       s.meter_start, s.meter_stop, s.energy, s.flags,
       (SELECT max(c.max_power) FROM inventory_connector c WHERE c.evse_id = s.evse_id),
       s.offline OR EXISTS (
           SELECT 1 FROM monitoring_connectionspan x
            WHERE x.charger_id = s.charger_id AND x.closed > s.started
              AND x.closed < s.ended - interval '1 minute'
              AND NOT EXISTS (SELECT 1 FROM monitoring_connectionspan n
                               WHERE n.charger_id = s.charger_id AND n.opened >= x.closed
                                 AND n.opened < x.closed + interval '1 minute')),
       EXISTS (SELECT 1 FROM monitoring_session o
                WHERE o.evse_id = s.evse_id AND o.id <> s.id AND o.started < s.ended
                  AND o.started > s.started - interval '14 days'
                  AND COALESCE(o.ended, 'infinity') > s.started)
  FROM monitoring_session s
 WHERE s.id = ANY (%(ids)s) AND s.ended IS NOT NULL
"""
#: A sample without a session is one of the port's that ran; chargers send those by the clock.
SAMPLES = """
SELECT s.id, date_part('epoch', m.at), m.energy, m.power
  FROM monitoring_session s
  CROSS JOIN LATERAL (
       SELECT at, energy, power::float8 FROM monitoring_metersample
        WHERE charger_id = s.charger_id AND at >= s.started - %(around)s
          AND at <= s.ended + %(around)s AND (energy IS NOT NULL OR power IS NOT NULL)
          AND (session_id = s.id
               OR (session_id IS NULL AND evse_id = s.evse_id
                   AND at >= s.started AND at <= s.ended))
        ORDER BY at LIMIT %(most)s) m
 WHERE s.id = ANY (%(ids)s) AND s.ended IS NOT NULL
"""
FIELDS = (
    *("charger_id", "ended", "by_registers", "by_samples", "by_power", "reported", "difference"),
    *("share", "cause", "verdict", "basis", "billable", "samples", "checked_at"),
)


def work_through(now: datetime) -> int:
    """Judge what is waiting, at most `MOST` sessions; return how many were looked at."""
    seen = 0
    while seen < MOST:
        waiting = _waiting()
        if not waiting:
            break
        reconcile(list(waiting), now)
        done = [key for keys in waiting.values() for key in keys]
        SessionToReconcile.objects.filter(pk__in=done).delete()
        seen += len(waiting)
    return seen


def _waiting() -> dict[int, list[int]]:
    """Return the sessions whose turn it is, with the rows that ask for them."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"rows": LOOKED_AT, "sessions": PORTION})
        return dict(cursor.fetchall())


def reconcile(sessions: Sequence[int], now: datetime) -> None:
    """Judge those of the sessions (keys) that ended, and store the verdicts."""
    ids = sorted(sessions)
    with transaction.atomic():
        points = _points(ids)
        judged = (_judged(values, points.get(values[0], []), now) for values in _sessions(ids))
        rows = [row for row in judged if row is not None]
        rows = _without_those_that_knew_more(rows, now)
        SessionReconciliation.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["session"], update_fields=FIELDS
        )


def _without_those_that_knew_more(
    rows: Sequence[SessionReconciliation], now: datetime
) -> list[SessionReconciliation]:
    """Leave out those whose samples are gone by now: the verdict that knew them stays."""
    gone = now - timedelta(days=settings.METER_RETENTION_DAYS)
    old = [row.pk for row in rows if row.ended < gone]
    kept = SessionReconciliation.objects.filter(pk__in=old).values_list("pk", "samples")
    known = dict(kept) if old else {}
    return [row for row in rows if row.samples >= known.get(row.pk, 0)]


def _sessions(ids: Sequence[int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS, {"ids": list(ids)})
        return sorted(cursor.fetchall())


def _points(ids: Sequence[int]) -> dict[int, list[Point]]:
    """Return the samples of each session; read in binary, which halves the time."""
    found: dict[int, list[Point]] = {}
    asked = {"ids": ids, "around": AROUND, "most": MOST_SAMPLES}
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(SAMPLES, asked, binary=True)
        for session, at, register, power in cursor:
            found.setdefault(session, []).append(Point(at, register, power))
    return found


def _judged(
    values: tuple[Any, ...], points: list[Point], now: datetime
) -> SessionReconciliation | None:
    """Return the verdict; one that can't be judged is logged and holds up no other."""
    try:
        return _row(values, points, now)
    except Exception:
        log.exception("meters_not_judged", session=values[0])
        return None


def _row(values: tuple[Any, ...], points: list[Point], now: datetime) -> SessionReconciliation:
    key, charger, ended, start, end, meter_start, meter_stop, energy, flags, *rest = values
    limit, offline, shared = rest
    metered = Metered(
        start, end, meter_start, meter_stop, energy, sampled(points), limit,
        frozenset(flags), offline, shared,
    )  # fmt: skip
    row = SessionReconciliation(session_id=key, charger_id=charger, ended=ended.astimezone(UTC))
    row.samples, row.checked_at = len(points), now
    return _said(row, judge(metered))


def _said(row: SessionReconciliation, verdict: Judgement) -> SessionReconciliation:
    row.by_registers, row.by_samples = verdict.registers, verdict.samples
    row.by_power, row.reported = verdict.power, verdict.reported
    row.difference, row.share = verdict.difference, verdict.share
    row.cause, row.verdict, row.basis = verdict.cause, verdict.verdict, verdict.basis
    row.billable = verdict.billable
    return row
