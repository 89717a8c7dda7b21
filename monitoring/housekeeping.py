"""What keeps the record whole with nobody watching: leases, zombies, partitions, retention.

Every function takes `now` (aware UTC), is idempotent and safe to run twice at once.
"""

from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction

from monitoring import partitions, recorder
from monitoring.models import ConnectionAttempt, QuarantinedFact

log = structlog.get_logger(__name__)

#: Days for which partitions are made ahead.
AHEAD = 3
#: How long a session may stay open on a port that is available again, or taken by another.
ZOMBIE_AFTER = timedelta(minutes=10)
#: Reports that repeat a status keep their boundary this long, for events that come late.
BOUNDARIES_KEPT = timedelta(days=7)

CLOSE_DEAD = """
WITH dead AS (
    SELECT g.id FROM monitoring_gateway g WHERE g.lease_until < %(now)s
), closed AS (
    UPDATE monitoring_connectionspan s
       SET closed = GREATEST(s.opened, LEAST(st.last_seen, %(now)s)), noticed = %(now)s,
           close_reason = 'gateway_died'
      FROM monitoring_chargerstate st
     WHERE s.closed IS NULL AND s.gateway_id IN (SELECT id FROM dead)
       AND st.charger_id = s.charger_id
    RETURNING s.token, s.closed
), marked AS (
    UPDATE monitoring_gateway g SET ended_at = g.lease_until
     WHERE g.ended_at IS NULL AND g.id IN (SELECT id FROM dead)
)
UPDATE monitoring_chargerstate st
   SET online = false, since = GREATEST(st.since, c.closed), connection = NULL
  FROM closed c WHERE st.connection = c.token
"""

ABANDON = """
WITH zombies AS (
    SELECT s.id, LEAST(
               (SELECT min(n.started) FROM monitoring_session n
                 WHERE n.evse_id = s.evse_id AND n.started > s.started),
               CASE WHEN p.status = 'Available' THEN GREATEST(p.since, s.started) END
           ) AS over
      FROM monitoring_session s
      JOIN monitoring_portstate p ON p.evse_id = s.evse_id
     WHERE s.ended IS NULL
)
UPDATE monitoring_session s
   SET ended = GREATEST(z.over, s.started),
       flags = (s.flags - 'abandoned') || '["abandoned"]'::jsonb
  FROM zombies z
 WHERE s.id = z.id AND s.ended IS NULL AND z.over < %(before)s AND s.updated < %(before)s
RETURNING s.id, s.charger_id, s.evse_id, s.ended
"""
RELEASE_PORTS = """
UPDATE monitoring_portstate SET session_id = NULL, power = NULL WHERE session_id = ANY(%s)
"""
DIRTY = """
INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
SELECT DISTINCT c, (d AT TIME ZONE 'UTC')::date, %s::timestamptz
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS n (c, d)
ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
"""

#: An orphan stop is this session's only where nothing else fits: same charger and token (or
#: none said), later than the start, and a register not below its own.
RECONCILE = """
WITH fitting AS (
    SELECT e.id AS event_id, s.id AS session_id, e.at, (e.data->>'meterStop')::float8 AS stop,
           e.data->>'reason' AS reason, count(*) OVER (PARTITION BY e.id) AS sessions,
           count(*) OVER (PARTITION BY s.id) AS events, s.ended AS abandoned
      FROM monitoring_event e
      JOIN monitoring_session s ON s.charger_id = e.charger_id
     WHERE e.kind = 'orphan_stop' AND e.at > %(since)s AND NOT e.data ? 'session'
       AND s.started < e.at AND s.flags ? 'abandoned' AND s.meter_start IS NOT NULL
       AND (e.data->>'meterStop')::float8 >= s.meter_start
       AND COALESCE(e.data->>'idTag', s.id_token) = s.id_token
       AND NOT EXISTS (SELECT 1 FROM monitoring_session n
                        WHERE n.evse_id = s.evse_id AND n.started > s.started
                          AND n.started < e.at)
), mended AS (
    UPDATE monitoring_session s
       SET ended = f.at, meter_stop = f.stop, energy = f.stop - s.meter_start,
           stop_reason = COALESCE(f.reason, ''),
           flags = (s.flags - 'abandoned') || '["reconciled"]'::jsonb
      FROM fitting f WHERE s.id = f.session_id AND f.sessions = 1 AND f.events = 1
    RETURNING s.id, s.charger_id, ARRAY[s.ended, f.abandoned] AS changed
), marked AS (
    INSERT INTO monitoring_dirtyday (charger_id, day, marked_at)
    SELECT DISTINCT m.charger_id, (d AT TIME ZONE 'UTC')::date, %(now)s::timestamptz
      FROM mended m, unnest(m.changed) AS d
    ON CONFLICT (charger_id, day) DO UPDATE SET marked_at = excluded.marked_at
)
UPDATE monitoring_event e SET data = e.data || jsonb_build_object('session', f.session_id)
  FROM fitting f, mended m WHERE m.id = f.session_id AND e.id = f.event_id
"""

MERGE_SPANS = """
WITH runs AS (
    SELECT id, evse_id, started, ended,
           count(*) FILTER (WHERE changed) OVER (PARTITION BY evse_id ORDER BY started) AS run
      FROM (SELECT id, evse_id, started, ended,
                   (status, error_code, vendor_error_code, info, refines, started)
                   IS DISTINCT FROM
                   lag((status, error_code, vendor_error_code, info, refines, ended))
                       OVER (PARTITION BY evse_id ORDER BY started) AS changed
              FROM monitoring_statusspan WHERE ended < %(before)s) AS s
), merged AS (
    SELECT min(id) FILTER (WHERE first = started) AS id, array_agg(id) AS ids,
           max(ended) AS ended
      FROM (SELECT *, min(started) OVER (PARTITION BY evse_id, run) AS first FROM runs) AS r
     GROUP BY evse_id, run HAVING count(*) > 1
), gone AS (
    DELETE FROM monitoring_statusspan s USING merged m
     WHERE s.id = ANY(m.ids) AND s.id <> m.id RETURNING s.id
)
SELECT m.id, m.ended FROM merged m
"""


def database_time() -> datetime:
    """Return the database's time, by which leases run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def close_dead_gateways(now: datetime) -> None:
    """Close the connections of gateways whose lease ran out, at the last proof of life."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSE_DEAD, {"now": now})


def abandon_zombies(now: datetime) -> int:
    """Close sessions that never stopped, flagged, once their port says they are over.

    Over is when the port became Available or the next session on it started. Returns how
    many were closed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ABANDON, {"before": now - ZOMBIE_AFTER})
        closed = cursor.fetchall()
        if closed:
            ids, chargers, _evses, ended = (list(column) for column in zip(*closed, strict=True))
            cursor.execute(RELEASE_PORTS, [ids])
            cursor.execute(DIRTY, [now, chargers, ended])
            log.warning("sessions_abandoned", count=len(ids), sessions=ids[:20])
        cursor.execute(RECONCILE, {"since": now - timedelta(days=14), "now": now})
    return len(closed)


def make_partitions(now: datetime) -> None:
    """Make the partitions of yesterday to `AHEAD` days from now."""
    with connection.cursor() as cursor:
        for table in partitions.TABLES:
            for days in range(-1, AHEAD + 1):
                cursor.execute(partitions.create(table, (now + timedelta(days=days)).date()))


def drop_expired(now: datetime, meter_days: int, frame_days: int) -> list[str]:
    """Drop the partitions beyond their retention; return their names."""
    kept = {"monitoring_metersample": meter_days, "monitoring_framesegment": frame_days}
    dropped: list[str] = []
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor, include_views=True)
        for table, days in kept.items():
            first_kept = (now - timedelta(days=days)).date()
            for name in partitions.expired(names, table, first_kept):
                cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
                dropped.append(name)
    if dropped:
        log.info("partitions_dropped", names=dropped)
    return dropped


def forget_quarantined(now: datetime, days: int) -> int:
    """Delete what was quarantined over `days` days ago, as frames are: it holds some."""
    return QuarantinedFact.objects.filter(received__lt=now - timedelta(days=days)).delete()[0]


def forget_attempts(now: datetime, days: int) -> int:
    """Delete what nobody has tried for `days` days: how chargers came in, or didn't."""
    old = ConnectionAttempt.objects.filter(last_at__lt=now - timedelta(days=days))
    return old.delete()[0]


def merge_repeated_spans(now: datetime) -> int:
    """Merge old neighbouring spans that say the same; return how many runs were merged."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MERGE_SPANS, {"before": now - BOUNDARIES_KEPT})
        merged = cursor.fetchall()
        cursor.executemany(
            "UPDATE monitoring_statusspan SET ended = %s WHERE id = %s",
            [(ended, span_id) for span_id, ended in merged],
        )
    return len(merged)


def compact_frames(now: datetime) -> int:
    """Merge the flight recorder's segments of closed hours of the last two days."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return recorder.compact(hour - timedelta(days=2), hour)
