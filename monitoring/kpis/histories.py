"""Histories of many chargers at once: one query per table, grouped in Python.

Times come as seconds since the epoch (`date_part`: `extract` would make numerics of them),
in PostgreSQL's binary format, which halves the time of reading.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from psycopg import Cursor

from monitoring.facts import Status
from monitoring.kpis.history import (
    Authorization,
    ChargerHistory,
    Connection,
    Excluded,
    Pings,
    Planned,
    PortHistory,
    Reported,
    Session,
    SilentRun,
)
from monitoring.kpis.rules import rules_of

#: These don't say whether a vehicle is there: a history begins before them.
_DULL = [Status.FAULTED.value, Status.UNAVAILABLE.value, Status.UNKNOWN.value]

STATUSES = """
SELECT e.charger_id, e.id, date_part('epoch', s.started),
       date_part('epoch', COALESCE(s.ended, 'infinity')), s.status,
       CASE WHEN s.error_code IN ('', 'NoError') THEN s.vendor_error_code ELSE s.error_code END
  FROM inventory_evse e
  LEFT JOIN LATERAL (SELECT started FROM monitoring_statusspan
                      WHERE evse_id = e.id AND started < %(since)s AND status <> ALL (%(dull)s)
                      ORDER BY started DESC LIMIT 1) f ON true
  LEFT JOIN LATERAL (SELECT * FROM monitoring_statusspan
                      WHERE evse_id = e.id AND started < %(until)s
                        AND started >= COALESCE(f.started, '-infinity')) s ON true
 WHERE e.charger_id = ANY (%(ids)s)
"""
#: A connection that its dead gateway left open lasted until the last proof of life.
CONNECTIONS = """
SELECT s.charger_id, date_part('epoch', s.opened),
       date_part('epoch', CASE
           WHEN s.closed IS NOT NULL THEN s.closed
           WHEN g.ended_at IS NULL AND g.lease_until >= %(now)s THEN 'infinity'
           ELSE GREATEST(s.opened, st.last_seen) END),
       s.close_reason
  FROM unnest(%(ids)s::bigint[]) AS c (id)
  JOIN LATERAL ((SELECT * FROM monitoring_connectionspan
                  WHERE charger_id = c.id AND opened < %(since)s
                  ORDER BY opened DESC LIMIT 1)
                UNION ALL
                (SELECT * FROM monitoring_connectionspan
                  WHERE charger_id = c.id AND opened >= %(since)s AND opened < %(until)s)) s ON true
  LEFT JOIN monitoring_gateway g ON s.closed IS NULL AND g.id = s.gateway_id
  LEFT JOIN monitoring_chargerstate st ON s.closed IS NULL AND st.charger_id = s.charger_id
"""
SESSIONS = """
SELECT charger_id, evse_id, date_part('epoch', started),
       date_part('epoch', COALESCE(ended, 'infinity')), id, id_token, stop_token, energy,
       stop_reason, "authorization", flags ? 'abandoned', peak_power
  FROM monitoring_session
 WHERE charger_id = ANY (%(ids)s) AND evse_id IS NOT NULL AND started < %(until)s
   AND (ended IS NULL OR ended >= %(since)s)
"""
AUTHORIZATIONS = """
SELECT charger_id, date_part('epoch', at), text,
       CASE kind WHEN 'authorization' THEN code ELSE 'Accepted' END, evse_id,
       CASE kind WHEN 'remote_start' THEN code ELSE '' END
  FROM monitoring_event
 WHERE charger_id = ANY (%(ids)s) AND kind IN ('authorization', 'remote_start')
   AND at >= %(since)s AND at < %(until)s
"""
#: Those of a day count from the commissioning on, and it may be on that day.
PINGS = """
SELECT charger_id, date_part('epoch', first), round_trips, missed
  FROM monitoring_pingday
 WHERE charger_id = ANY (%(ids)s) AND first >= %(since)s - interval '1 day'
   AND first < %(until)s
"""
SILENT = """
SELECT e.charger_id, e.id, date_part('epoch', r.started),
       date_part('epoch', COALESCE(r.ended, 'infinity'))
  FROM inventory_evse e
  JOIN monitoring_silentrun r ON r.evse_id = e.id
 WHERE e.charger_id = ANY (%(ids)s) AND r.started < %(until)s
   AND (r.ended IS NULL OR r.ended > %(since)s)
"""
#: What is said of ports, their charger or the whole site (where that stands now).
DECISIONS = """
SELECT e.charger_id, e.id, {columns}
  FROM {table} x
  JOIN inventory_evse e ON e.charger_id = x.charger_id AND e.id = COALESCE(x.evse_id, e.id)
 WHERE x.charger_id = ANY (%(ids)s) AND {holds}
UNION ALL
SELECT c.id, e.id, {columns}
  FROM inventory_charger c
  JOIN {table} x ON x.site_id = c.site_id AND x.charger_id IS NULL
  JOIN inventory_evse e ON e.charger_id = c.id
 WHERE c.id = ANY (%(ids)s) AND {holds}
"""
EXCLUSIONS = DECISIONS.format(
    table="monitoring_exclusion",
    columns="date_part('epoch', x.started), date_part('epoch', x.ended), x.reason, x.id",
    holds="x.state = 'approved' AND x.started < %(until)s AND x.ended > %(year)s",
)
#: A window that was cancelled counts until then.
PLANNED = DECISIONS.format(
    table="monitoring_maintenancewindow",
    columns=(
        "date_part('epoch', x.started), date_part('epoch', LEAST(x.ended, x.cancelled_at)), x.id"
    ),
    holds="x.started < LEAST(%(until)s, x.cancelled_at) AND x.ended > %(year)s",
)


def histories(
    chargers: Sequence[int], since: datetime, until: datetime, now: datetime
) -> dict[int, ChargerHistory]:
    """Return the histories of the chargers (keys) in [since, until), by their keys.

    Spans that began before `since` and last into it are whole. What is open lasts for ever,
    but connections of a gateway whose lease ran out before `now`: they end at the last proof
    of life. What people decided comes whole and from the start of the year on (some rules count
    a year's hours), a day before in UTC: the site's own year may begin then.
    """
    found = {key: ChargerHistory() for key in chargers}
    window = {"ids": list(chargers), "since": since, "until": until, "now": now, "dull": _DULL}
    window["year"] = _start_of_year(since)
    _read_statuses(found, window)
    _read_connections(found, window)
    _read_sessions(found, window)
    _read_authorizations(found, window)
    for charger, *row in _rows(PINGS, window):
        found[charger].pings.append(Pings(*row))
    _read_silent(found, window)
    _read_decisions(found, window)
    for key, rules in rules_of(chargers).items():
        found[key].rules = rules
    return found


def decisions(
    chargers: Sequence[int], since: datetime, until: datetime
) -> dict[int, ChargerHistory]:
    """Return what people decided of the chargers (keys) in [since, until), and their rules.

    That is their histories without anything that happened.
    """
    found = {key: ChargerHistory(rules=rules) for key, rules in rules_of(chargers).items()}
    year = _start_of_year(since)
    _read_decisions(found, {"ids": list(chargers), "until": until, "year": year})
    return found


def _start_of_year(since: datetime) -> datetime:
    day = timedelta(days=1)
    return datetime((since - day).year, 1, 1, tzinfo=UTC) - day


def _read_statuses(found: dict[int, ChargerHistory], window: dict[str, Any]) -> None:
    for charger, port, start, end, state, error in _rows(STATUSES, window):
        history = _port(found, charger, port)
        if start is not None:
            history.statuses.append(Reported(start, end, state, error))
    for history in _ports(found):
        history.statuses.sort()


def _read_connections(found: dict[int, ChargerHistory], window: dict[str, Any]) -> None:
    for charger, *row in _rows(CONNECTIONS, window):
        found[charger].connections.append(Connection(*row))
    for history in found.values():
        history.connections.sort()


def _read_sessions(found: dict[int, ChargerHistory], window: dict[str, Any]) -> None:
    for charger, port, *row in _rows(SESSIONS, window):
        _port(found, charger, port).sessions.append(Session(*row))
    for history in _ports(found):
        history.sessions.sort(key=lambda session: session.start)


def _read_authorizations(found: dict[int, ChargerHistory], window: dict[str, Any]) -> None:
    for charger, *row in _rows(AUTHORIZATIONS, window):
        found[charger].authorizations.append(Authorization(*row))
    for history in found.values():
        history.authorizations.sort(key=lambda asked: asked[:3])


def _read_silent(found: dict[int, ChargerHistory], window: dict[str, Any]) -> None:
    for charger, port, *row in _rows(SILENT, window):
        _port(found, charger, port).silent.append(SilentRun(*row))
    for history in _ports(found):
        history.silent.sort()


def _read_decisions(found: dict[int, ChargerHistory], window: dict[str, Any]) -> None:
    for charger, port, *row in _rows(EXCLUSIONS, window):
        _port(found, charger, port).exclusions.append(Excluded(*row))
    for charger, port, *row in _rows(PLANNED, window):
        _port(found, charger, port).planned.append(Planned(*row))
    for history in _ports(found):
        history.exclusions.sort()
        history.planned.sort()


def _port(found: dict[int, ChargerHistory], charger: int, port: int) -> PortHistory:
    return found[charger].ports.setdefault(port, PortHistory())


def _ports(found: dict[int, ChargerHistory]) -> Iterator[PortHistory]:
    for history in found.values():
        yield from history.ports.values()


def _rows(query: str, window: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows; psycopg's own cursor reads in binary, Django's can't. Same transaction."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(query, window, binary=True)
        yield from cursor
