"""Keeps and reads the days of whole sites: a trend of a large fleet reads few rows.

A site's days are its ports' (chargers') added up, in the same columns. They are read only
while just those chargers stand at the site that were added up, and all of them are in scope;
for other sites, and from `SiteDaysState.before` on, the daily rows themselves are read:

* whoever writes or deletes daily rows calls `cut` in the same transaction, which moves
  `before` back to the first day that changed (`running.cut` does);
* `extend` adds up again from there; where other chargers stand, from the first day.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from monitoring.kpis import columns, firsts, scope
from monitoring.kpis.scope import Scope
from monitoring.kpis.totals import HOURS, RTT_BOUNDS

#: Charger-days that one transaction adds up.
CHUNK = 40_000
#: What a site's days begin with, where none are added up yet.
BEGINNING = date(2000, 1, 1)

CUT = """
UPDATE monitoring_sitedaysstate SET before = %(day)s
 WHERE before > %(day)s AND chargers && %(chargers)s::int8[]
"""
#: (site, its chargers, first day to add up, day before which to stop).
BEHIND = """
SELECT x.site_id, x.chargers,
       CASE WHEN n.chargers = x.chargers THEN n.before ELSE %(beginning)s END, x.before
  FROM (SELECT c.site_id, array_agg(c.id ORDER BY c.id) AS chargers,
               min(r.settled_before) AS before
          FROM inventory_charger c
          LEFT JOIN monitoring_rollupstate r ON r.charger_id = c.id
         WHERE {which}
         GROUP BY 1) x
  LEFT JOIN monitoring_sitedaysstate n ON n.site_id = x.site_id
 WHERE x.before IS NOT NULL AND (n.chargers = x.chargers AND n.before >= x.before) IS NOT TRUE
 ORDER BY 3, 4, 1
"""
OF_CHARGERS = """c.site_id IN (SELECT site_id FROM inventory_charger
                               WHERE id = ANY (%(among)s::int8[]))"""
DELETE = "DELETE FROM {table} WHERE site_id = ANY (%(sites)s) AND day >= %(first)s"
ADD = """
INSERT INTO {table} (site_id, day, {names})
SELECT m.site, d.day, {values}
  FROM unnest(%(chargers)s::int8[], %(places)s::int8[]) AS m (charger, site)
  JOIN {daily} d ON d.charger_id = m.charger AND d.day >= %(first)s AND d.day < %(before)s
 GROUP BY 1, 2
 ORDER BY 2, 1
"""
REACHED = """
INSERT INTO monitoring_sitedaysstate (site_id, before, chargers)
VALUES (%(site)s, %(before)s, %(chargers)s)
    ON CONFLICT (site_id) DO UPDATE SET before = excluded.before, chargers = excluded.chargers
"""
#: (site, up to when its days can be read, its chargers in scope).
SITES = """
SELECT c.site_id,
       CASE WHEN n.chargers = array_agg(s.charger ORDER BY c.id) THEN n.before END,
       array_agg(s.charger) FILTER (WHERE s.charger IS NOT NULL)
  FROM inventory_charger c
  LEFT JOIN scope s ON s.charger = c.id
  LEFT JOIN monitoring_sitedaysstate n ON n.site_id = c.site_id
 WHERE c.site_id IN (SELECT i.site_id FROM scope s JOIN inventory_charger i ON i.id = s.charger)
 GROUP BY c.site_id, n.site_id
"""
_OF_SITES = """
SELECT {key} AS key, {values} FROM {table} d
 WHERE d.site_id = ANY (%s) AND d.day BETWEEN %s AND %s
"""
_OF_OTHERS = """
SELECT {key} AS key, {values} FROM {daily} d
 WHERE d.charger_id = ANY (%s) AND d.day BETWEEN %s AND %s
"""
_REST = """
SELECT {key} AS key, {values}
  FROM scope s
  JOIN {daily} d ON d.charger_id = s.charger AND d.day BETWEEN %s AND %s
"""


@dataclass(frozen=True, slots=True)
class Split:
    """How a scope's days are read: those of `sites` before `before` from the sites' days."""

    sites: list[int]
    #: Chargers of the scope that stand elsewhere.
    others: list[int]
    before: date


#: All days of all chargers are read from the daily rows.
BY_CHARGER = Split([], [], date.min)


def cut(chargers: Iterable[int], day: date) -> None:
    """Let nobody use the sites' days that the chargers are in from `day` on."""
    _execute(CUT, {"chargers": list(chargers), "day": day})


def extend(among: Sequence[int] | None = None) -> None:
    """Add up the settled days that aren't yet, and those of sites where others stand now.

    `among` are chargers (keys) whose sites are looked at; None: all. Idempotent.
    """
    for sites in list(_chunks(_behind(among))):
        _extend_some(sites)


@dataclass(frozen=True, slots=True)
class _Due:
    site: int
    chargers: list[int]
    first: date
    before: date


def _behind(among: Sequence[int] | None) -> list[_Due]:
    which = "true" if among is None else OF_CHARGERS
    parameters = {"among": list(among or ()), "beginning": BEGINNING}
    return [_Due(*row) for row in _rows(BEHIND.format(which=which), parameters)]


def _chunks(due: Iterable[_Due]) -> Iterator[list[int]]:
    """Yield chargers whose sites one transaction adds up."""
    chunk: list[int] = []
    length = 0
    for each in due:
        if chunk and length >= CHUNK:
            yield chunk
            chunk, length = [], 0
        chunk += each.chargers
        length += len(each.chargers) * min((each.before - each.first).days, 400)
    if chunk:
        yield chunk


@transaction.atomic
def _extend_some(chargers: Sequence[int]) -> None:
    firsts.lock(chargers)
    spans: dict[tuple[date, date], list[_Due]] = {}
    for each in _behind(chargers):
        spans.setdefault((each.first, each.before), []).append(each)
    for (first, before), here in spans.items():
        span = {
            "sites": [each.site for each in here],
            "chargers": [charger for each in here for charger in each.chargers],
            "places": [each.site for each in here for _charger in each.chargers],
            "first": first,
            "before": before,
        }
        for statement in STATEMENTS:
            _execute(statement, span)
        reached: list[dict[str, Any]] = [
            {"site": each.site, "before": before, "chargers": each.chargers} for each in here
        ]
        with connection.cursor() as cursor:
            cursor.executemany(REACHED, reached)


def _places(name: str, count: int, kind: str) -> str:
    places = ", ".join(f"COALESCE(sum(d.{name}[{place + 1}]), 0)" for place in range(count))
    return f"CASE WHEN count(d.{name}) > 0 THEN ARRAY[{places}]::{kind}[] END"


def _add(table: str, daily: str, sums: Sequence[str], other: Mapping[str, str]) -> str:
    values = {**{name: f"sum(d.{name})" for name in sums}, **other}
    return ADD.format(
        table=table, daily=daily, names=", ".join(values), values=", ".join(values.values())
    )


STATEMENTS = (
    DELETE.format(table="monitoring_sitekpi"),
    DELETE.format(table="monitoring_siteconnectivity"),
    _add(
        "monitoring_sitekpi",
        "monitoring_dailykpi",
        columns.PORT_SUMS,
        {name: _places(name, HOURS, "int4") for name in columns.HOURLY}
        | {name: f"max(d.{name})" for name in columns.PORT_LARGEST},
    ),
    _add(
        "monitoring_siteconnectivity",
        "monitoring_dailyconnectivity",
        columns.LINK_SUMS,
        {name: _places(name, len(RTT_BOUNDS) + 1, "int8") for name in columns.COUNTED}
        | {name: f"max(d.{name})" for name in columns.LINK_LARGEST},
    ),
)


def split(of: Scope, first: date, last: date) -> Split:
    """Return how the days of the chargers are read."""
    if last - first < scope.WORTH_IT:
        return BY_CHARGER
    found = of.execute(SITES)
    known = [before for _site, before, _chargers in found if before is not None]
    newest = max(known, default=first)
    before = min([each for each in known if each >= newest - scope.ABOUT_AS_NEW], default=first)
    if before - first < scope.WORTH_IT:
        return BY_CHARGER
    sites: list[int] = []
    others: list[int] = []
    for site, reached, chargers in found:
        if reached is not None and reached >= before:
            sites.append(site)
        else:
            others += chargers
    return Split(sites, others, min(before, last + timedelta(days=1)))


def parts(
    of: Split, tables: tuple[str, str], key: str, values: str, span: tuple[date, date]
) -> tuple[str, tuple[Any, ...]]:
    """Return a statement that yields key and values of all rows `d` of the days, in parts.

    `tables` are that of sites and the daily one; it is read after the scope's opening.
    """
    first, last = span
    words = {"key": key, "values": values, "table": tables[0], "daily": tables[1]}
    statements: list[str] = []
    parameters: list[Any] = []
    for statement, keys in ((_OF_SITES, of.sites), (_OF_OTHERS, of.others)):
        if keys:
            statements.append(statement.format(**words))
            parameters += [keys, first, of.before - timedelta(days=1)]
    if of.before <= last:
        statements.append(_REST.format(**words))
        parameters += [max(of.before, first), last]
    return " UNION ALL ".join(statements), tuple(parameters)


def _rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _execute(statement: str, parameters: Mapping[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
