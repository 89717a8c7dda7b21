"""Keeps and reads sums since a port's first day: a year costs no more than a week.

What a port did in a window is its sum up to the window's last day minus that up to the day
before its first. Days that are settled are in the sums; the others, and settled ones that
changed since, are read day by day, so what is read is always right:

* whoever writes or deletes daily rows calls `cut` or `forget` in the same transaction, which
  moves a charger's `RunningState.before` back to the first day that changed;
* `extend` sums up again from there, and moves it forward to what is settled.

All of it happens while the chargers' sites are locked (`firsts.lock`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from monitoring.kpis import columns, firsts, site_days

#: Charger-days that one transaction sums up, and chargers.
CHUNK = 20_000
MOST_CHARGERS = 500
#: Columns of daily rows that are no counts are summed in millionths.
SCALE = 1_000_000

CUT = """
UPDATE monitoring_runningstate n SET before = c.day
  FROM unnest(%(chargers)s::int8[], %(days)s::date[]) AS c (id, day)
 WHERE n.charger_id = c.id AND n.before > c.day
"""
FORGET = """
WITH ports AS (DELETE FROM monitoring_runningkpi WHERE charger_id = ANY (%(chargers)s)),
     links AS (DELETE FROM monitoring_runningconnectivity WHERE charger_id = ANY (%(chargers)s))
DELETE FROM monitoring_runningstate WHERE charger_id = ANY (%(chargers)s)
"""
#: (charger, first day to sum up, day before which to stop); those never summed up begin with
#: their first daily row.
BEHIND = """
SELECT r.charger_id, COALESCE(n.before, d.day, r.settled_before), r.settled_before
  FROM monitoring_rollupstate r
  LEFT JOIN monitoring_runningstate n ON n.charger_id = r.charger_id
  LEFT JOIN LATERAL (SELECT day FROM monitoring_dailyconnectivity
                      WHERE charger_id = r.charger_id AND n.before IS NULL
                      ORDER BY day LIMIT 1) d ON true
 WHERE r.settled_before > COALESCE(n.before, '-infinity') {which}
 ORDER BY 2, 1
"""
EXTEND = """
INSERT INTO {running} AS old ({owners}, day, {names})
SELECT {of}, g.day, {sums}
  FROM unnest(%(chargers)s::int8[]) AS c (id)
  {join}
 CROSS JOIN (SELECT day::date FROM generate_series(%(first)s::date, %(last)s::date,
                                                   interval '1 day') AS day) AS g
  LEFT JOIN (SELECT * FROM {daily}
              WHERE charger_id = ANY (%(chargers)s) AND day BETWEEN %(first)s AND %(last)s) d
    ON d.{owner} = {own} AND d.day = g.day
  LEFT JOIN (SELECT * FROM {running}
              WHERE charger_id = ANY (%(chargers)s) AND day = %(first)s::date - 1) b
    ON b.{owner} = {own}
WINDOW w AS (PARTITION BY {own} ORDER BY g.day)
 ORDER BY g.day, c.id
    ON CONFLICT ({owners}, day) DO UPDATE SET {changes}
"""
REACHED = """
INSERT INTO monitoring_runningstate (charger_id, before)
SELECT unnest(%(chargers)s::int8[]), %(last)s::date + 1
    ON CONFLICT (charger_id) DO UPDATE SET before = excluded.before
"""


def _daily(name: str) -> str:
    """Return a column of a daily row `d` as the whole number that is summed up."""
    if name in columns.CLASSES:
        return f"d.round_trips[{columns.CLASSES.index(name) + 1}]::int8"
    if name in columns.COUNTS:
        return f"d.{name}::int8"
    return f"round(d.{name} * {SCALE})::int8"


def _extend(ports: bool) -> str:
    names = columns.PORT_SUMS if ports else (*columns.LINK_SUMS, *columns.CLASSES)
    sums = (
        f"(COALESCE(b.{name}, 0) + sum(COALESCE({_daily(name)}, 0)) OVER w)::int8" for name in names
    )
    return EXTEND.format(
        running="monitoring_runningkpi" if ports else "monitoring_runningconnectivity",
        daily="monitoring_dailykpi" if ports else "monitoring_dailyconnectivity",
        owners="charger_id, evse_id" if ports else "charger_id",
        owner="evse_id" if ports else "charger_id",
        of="c.id, e.id" if ports else "c.id",
        own="e.id" if ports else "c.id",
        join="JOIN inventory_evse e ON e.charger_id = c.id" if ports else "",
        names=", ".join(names),
        sums=", ".join(sums),
        changes=", ".join(f"{name} = excluded.{name}" for name in names),
    )


STATEMENTS = (_extend(ports=True), _extend(ports=False), REACHED)


def cut(written: Mapping[int, date]) -> None:
    """Let nobody use the sums of the chargers from the first day on of which a row was written.

    Nor the days of their sites.
    """
    if written:
        _execute(CUT, {"chargers": list(written), "days": list(written.values())})
        site_days.cut(written, min(written.values()))


def forget(chargers: Sequence[int]) -> None:
    """Delete the sums of the chargers: their days were deleted."""
    _execute(FORGET, {"chargers": list(chargers)})
    site_days.cut(chargers, site_days.BEGINNING)


def extend(among: Sequence[int] | None = None) -> int:
    """Sum up the settled days that aren't yet; return how many charger-days.

    Idempotent, safe to run twice at once, and healed by its next run. `among` are the
    chargers (keys) to look at; None: all. The days of whole sites are added up as well.
    """
    total = sum(_extend_some(chunk) for chunk in list(_chunks(_behind(among))))
    site_days.extend(among)
    return total


_Due = tuple[int, date, date]


def _behind(chargers: Sequence[int] | None = None) -> list[_Due]:
    which = "" if chargers is None else "AND r.charger_id = ANY (%(chargers)s)"
    with connection.cursor() as cursor:
        cursor.execute(BEHIND.format(which=which), {"chargers": list(chargers or ())})
        return list(cursor.fetchall())


def _chunks(due: Sequence[_Due]) -> Iterator[list[int]]:
    """Yield chargers of which one transaction sums up what is due."""
    chunk: list[int] = []
    length = 0
    for charger, first, before in due:
        if chunk and (length >= CHUNK or len(chunk) >= MOST_CHARGERS):
            yield chunk
            chunk, length = [], 0
        chunk.append(charger)
        length += (before - first).days
    if chunk:
        yield chunk


@transaction.atomic
def _extend_some(chargers: Sequence[int]) -> int:
    firsts.lock(chargers)
    spans: dict[tuple[date, date], list[int]] = {}
    for charger, first, before in _behind(chargers):
        spans.setdefault((first, before), []).append(charger)
    for (first, before), here in spans.items():
        span: dict[str, Any] = {
            "chargers": here,
            "first": first,
            "last": before - timedelta(days=1),
        }
        for statement in STATEMENTS:
            _execute(statement, span)
    return sum((before - first).days * len(here) for (first, before), here in spans.items())


def _execute(statement: str, parameters: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
