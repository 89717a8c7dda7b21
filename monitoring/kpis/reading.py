"""Statements that add up rolled-up rows: from sums where they reach, day by day elsewhere.

Every statement is read after `Scope`'s opening, which names the chargers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from monitoring.days import days
from monitoring.kpis import columns, site_days
from monitoring.kpis.running import SCALE
from monitoring.kpis.scope import Plan, Scope
from monitoring.kpis.windows import Days

#: The key of a row's month.
MONTH = "date_trunc('month', o.day::timestamp)::date"
_DAY = timedelta(days=1)
_SUMMED = """
SELECT {key} AS key, {values}
  FROM scope s
  JOIN {running} t ON t.charger_id = s.charger AND t.day = %s
  LEFT JOIN {running} f ON f.charger_id = t.charger_id AND f.day = %s {same}
 WHERE {which}
"""
_BY_DAY = """
SELECT {key} AS key, {values}
  FROM scope s
  JOIN {daily} d ON d.charger_id = s.charger AND d.day BETWEEN %s AND %s
 WHERE {which}
"""
_OF_LAGGARDS = """
SELECT {key} AS key, {values}
  FROM {daily} d
  JOIN scope s ON s.charger = d.charger_id
 WHERE d.charger_id = ANY (ARRAY(SELECT s.charger FROM scope s WHERE NOT {fresh}))
   AND d.day BETWEEN %s AND %s AND {which}
"""
_AT_EDGES = """
SELECT t.day, {sums}
  FROM scope s
  JOIN {running} t ON t.charger_id = s.charger AND t.day = ANY (%s)
 WHERE {which}
 GROUP BY 1
"""
_FRESH = (
    "EXISTS (SELECT FROM monitoring_runningstate n"
    " WHERE n.charger_id = s.charger AND n.before >= %s)"
)
_OF_ZONES = "s.zone = ANY (%s)"
_GROUPED = "SELECT key, {sums} FROM ({parts}) x GROUP BY 1"


@dataclass(frozen=True, slots=True)
class Table:
    """A daily table, that of its sums, and that of whole sites' days."""

    daily: str
    running: str
    sites: str
    #: What joins two sums of the same.
    same: str


PORTS = Table(
    "monitoring_dailykpi",
    "monitoring_runningkpi",
    "monitoring_sitekpi",
    "AND f.evse_id = t.evse_id",
)
LINKS = Table(
    "monitoring_dailyconnectivity",
    "monitoring_runningconnectivity",
    "monitoring_siteconnectivity",
    "",
)
#: A part of a statement, and its parameters.
Part = tuple[str, tuple[Any, ...]]


def grouped(
    scope: Scope, table: Table, plans: Iterable[Plan], key: str, names: Sequence[str]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the sums of the columns by the key, an expression of `s` (scope) and `o` (row)."""
    for plan in plans:
        yield from _added(scope, [union(table, plan, key, names)], names)


def largest(
    scope: Scope, table: Table, plans: Iterable[Plan], key: str, names: Sequence[str]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the maxima of the columns by the key."""
    values = {name: f"max(d.{name})" for name in names}
    for plan in plans:
        everyone = replace(plan, laggards=False)
        statement, parameters = _by_day(table, everyone, key, values, (plan.first, plan.last))
        for found, *row in scope.execute(f"{statement} GROUP BY 1", parameters):
            yield found, dict(zip(names, row, strict=True))


def by_month(
    scope: Scope, table: Table, plans: Iterable[Plan], names: Sequence[str]
) -> Iterator[tuple[date, dict[str, Any]]]:
    """Yield the sums of the columns by month, its first day; a month may come several times."""
    for plan in plans:
        if plan.summed is not None:
            yield from _summed_months(scope, table, plan, names)
        if parts := _days(table, plan, MONTH, names):
            yield from _added(scope, parts, names)


def by_day(
    scope: Scope, table: Table, split: site_days.Split, window: Days,
    names: Sequence[str], peaks: Sequence[str],
) -> Iterator[tuple[date, dict[str, Any]]]:  # fmt: skip
    """Yield the sums and the maxima (`peaks`) of the columns by day; a day may come twice."""
    if names:
        values = {name: _daily(name) for name in names}
        yield from _added(scope, [of_site_days(table, split, window, "d.day", values)], names)
    if peaks:
        values = {name: f"d.{name}" for name in peaks}
        statement, parameters = of_site_days(table, split, window, "d.day", values)
        largest = ", ".join(f"max({name})" for name in peaks)
        read = f"SELECT key, {largest} FROM ({statement}) x GROUP BY 1"
        for day, *row in scope.execute(read, parameters):
            yield day, dict(zip(peaks, row, strict=True))


def of_site_days(
    table: Table, split: site_days.Split, window: Days, key: str, values: Mapping[str, str]
) -> Part:
    """Return rows of key and values, expressions of `d`, that add up to the window's sums."""
    tables, span = (table.sites, table.daily), (window.first, window.last)
    return site_days.parts(split, tables, key, _named(values), span)


def union(table: Table, plan: Plan, key: str, names: Sequence[str]) -> Part:
    """Return rows of key and columns that add up to what the plan's days have."""
    parts = _days(table, plan, key, names)
    if plan.summed is not None:
        parts.append(_summed(table, plan, key, names))
    return _together(parts)


def _together(parts: Sequence[Part]) -> Part:
    statements, parameters = zip(*parts, strict=True)
    return " UNION ALL ".join(statements), tuple(each for part in parameters for each in part)


def _days(table: Table, plan: Plan, key: str, names: Sequence[str]) -> list[Part]:
    """Return what is read day by day."""
    values = {name: _daily(name) for name in names}
    if plan.summed is None:
        return [_by_day(table, plan, key, values, (plan.first, plan.last))]
    parts = []
    if plan.summed <= plan.last:
        parts.append(_by_day(table, plan, key, values, (plan.summed, plan.last)))
    if plan.laggards:
        parts.append(_of_laggards(table, plan, key, values))
    return parts


def _added(
    scope: Scope, parts: Sequence[Part], names: Sequence[str]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    sums = ", ".join(f"sum({name}){'::int8' if _counted(name) else ''}" for name in names)
    statement, parameters = _together(parts)
    for found, *values in scope.execute(_GROUPED.format(sums=sums, parts=statement), parameters):
        yield found, dict(zip(names, values, strict=True))


def _summed_months(
    scope: Scope, table: Table, plan: Plan, names: Sequence[str]
) -> Iterator[tuple[date, dict[str, Any]]]:
    """Yield the differences between the sums at the months' ends."""
    assert plan.summed
    firsts = [day for day in days(plan.first + _DAY, plan.summed - _DAY) if day.day == 1]
    edges = [plan.first, *firsts, plan.summed]
    which, parameters = _which(plan)
    statement = _AT_EDGES.format(
        sums=", ".join(f"sum(t.{name})" for name in names), running=table.running, which=which
    )
    rows = scope.execute(statement, ([edge - _DAY for edge in edges], *parameters))
    at = {day + _DAY: values for day, *values in rows}
    for begin, end in pairwise(edges):
        pairs = zip(names, at.get(end, ()), at.get(begin) or [0] * len(names), strict=False)
        row = {name: _number(name, to - of) for name, to, of in pairs}
        if any(row.values()):
            yield begin.replace(day=1), row


def _number(name: str, difference: Any) -> float:
    return int(difference) if _counted(name) else float(difference) / SCALE


def _summed(table: Table, plan: Plan, key: str, names: Sequence[str]) -> Part:
    assert plan.summed
    which, parameters = _which(plan)
    values = _named({name: _difference(name) for name in names})
    statement = _SUMMED.format(
        key=key.replace("o.", "t."), values=values, running=table.running, same=table.same,
        which=which,
    )  # fmt: skip
    return statement, (plan.summed - _DAY, plan.first - _DAY, *parameters)


def _by_day(
    table: Table, plan: Plan, key: str, values: Mapping[str, str], span: tuple[Any, Any]
) -> Part:
    which, parameters = _which(plan)
    statement = _BY_DAY.format(
        key=key.replace("o.", "d."), values=_named(values), daily=table.daily, which=which
    )
    return statement, (*span, *parameters)


def _of_laggards(table: Table, plan: Plan, key: str, values: Mapping[str, str]) -> Part:
    statement = _OF_LAGGARDS.format(
        key=key.replace("o.", "d."), values=_named(values), daily=table.daily, fresh=_FRESH,
        which="true" if plan.zones is None else _OF_ZONES,
    )  # fmt: skip
    zones = () if plan.zones is None else (list(plan.zones),)
    return statement, (plan.summed, plan.first, plan.last, *zones)


def _which(plan: Plan) -> Part:
    """Return the condition on a charger whose sums reach far enough, or on any."""
    conditions: list[str] = ["true"]
    parameters: list[Any] = []
    if plan.laggards:
        conditions.append(_FRESH)
        parameters.append(plan.summed)
    if plan.zones is not None:
        conditions.append(_OF_ZONES)
        parameters.append(list(plan.zones))
    return " AND ".join(conditions), tuple(parameters)


def _named(values: Mapping[str, str]) -> str:
    return ", ".join(f"{value} AS {name}" for name, value in values.items())


def _counted(name: str) -> bool:
    return name in columns.COUNTS or name in columns.CLASSES


def _daily(name: str) -> str:
    if name in columns.CLASSES:
        return f"COALESCE(d.round_trips[{columns.CLASSES.index(name) + 1}], 0)"
    return f"COALESCE(d.{name}, 0)"


def _difference(name: str) -> str:
    difference = f"t.{name} - COALESCE(f.{name}, 0)"
    return difference if _counted(name) else f"({difference}) / {SCALE}::float8"
