"""Totals of any group of ports over any window, read from what is rolled up.

    sums(access.chargers(user), Days(first, last), by=GroupBy.SITE, now=now)

The queryset is the scope: nothing outside it is counted. `Days` reads roll-ups only, today
included up to its last refresh. `Instants` computes what its ends cut off of a day from the
spans themselves, which takes longer the more chargers there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet

from inventory.models import Charger
from monitoring.days import parts, zone_of
from monitoring.kpis import columns, firsts
from monitoring.kpis.groups import OF_CHARGERS, GroupBy, Key, labelled
from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window as Part
from monitoring.kpis.scope import Scope
from monitoring.kpis.survey import survey
from monitoring.kpis.terms import Terms
from monitoring.kpis.totals import RTT_BOUNDS, LinkTotals, PortTotals
from monitoring.kpis.windows import Instants, Window

#: Chargers whose cut days are computed at once.
SURVEYED = 250

GROUPED = """
SELECT {key}, {sums}
  FROM scope s
  JOIN {table} d ON d.charger_id = s.charger
 WHERE {days}
 GROUP BY 1
"""
_MONTH = "date_trunc('month', d.day::timestamp)::date"
_LINK_KEYS = {GroupBy.DAY: "d.day", GroupBy.MONTH: _MONTH}
_PORT_KEYS = {**_LINK_KEYS, GroupBy.PORT: "d.evse_id"}


@dataclass(slots=True)
class Sums:
    """What the ports and the chargers of one group did in a window.

    A port's connectivity is its charger's.
    """

    key: Key
    label: str
    ports: PortTotals
    links: LinkTotals


@dataclass(slots=True)
class _Found:
    """Totals by the key of a port's group, and by that of a charger's."""

    ports: defaultdict[Key, PortTotals] = field(default_factory=lambda: defaultdict(PortTotals))
    links: defaultdict[Key, LinkTotals] = field(default_factory=lambda: defaultdict(LinkTotals))


def sums(
    chargers: QuerySet[Charger], window: Window, *, by: GroupBy = GroupBy.FLEET, now: datetime
) -> list[Sums]:
    """Return the totals of each group of `chargers` in `window`, in order of the label.

    Groups without any data are there as well, with totals of nothing; days and months only
    where something is known. Time after `now` is counted nowhere.
    """
    scope, found = Scope.of(chargers, window, by), _Found()
    _read(found, scope, window, by, now)
    if isinstance(window, Instants):
        _add_cut_days(found, scope, window, by, now)
    keys = {*found.ports, *found.links}
    if by in OF_CHARGERS:
        keys |= scope.keys()
    return [
        Sums(key, label, found.ports[key], found.links[link])
        for key, label, link in labelled(chargers, by, keys)
    ]


def _read(found: _Found, scope: Scope, window: Window, by: GroupBy, now: datetime) -> None:
    """Read the rows of whole days."""
    days, parameters = scope.days(window, now)
    added, largest = columns.PORT_SUMS, columns.PORT_LARGEST
    port_key, link_key = _PORT_KEYS.get(by, "s.key"), _LINK_KEYS.get(by, "s.key")
    wanted = {**_each("sum", added), **_each("max", largest)}
    statement = _statement(port_key, wanted, "monitoring_dailykpi", days)
    for key, *row in scope.execute(statement, parameters):
        found.ports[key].add(columns.port_totals(dict(zip(wanted, row, strict=True))))
    added, largest = columns.LINK_SUMS, columns.LINK_LARGEST
    wanted = {**_each("sum", added), **_each("max", largest), "round_trips": _ROUND_TRIPS}
    statement = _statement(link_key, wanted, "monitoring_dailyconnectivity", days)
    for key, *row in scope.execute(statement, parameters):
        found.links[key].add(columns.link_totals(dict(zip(wanted, row, strict=True))))


def _each(function: str, names: Iterable[str]) -> dict[str, str]:
    return {name: f"{function}(d.{name})" for name in names}


_CLASSES = (f"COALESCE(sum(d.round_trips[{n + 1}]), 0)" for n in range(len(RTT_BOUNDS) + 1))
_ROUND_TRIPS = f"ARRAY[{', '.join(_CLASSES)}]"


def _statement(key: str, wanted: Mapping[str, str], table: str, days: str) -> str:
    return GROUPED.format(key=key, sums=", ".join(wanted.values()), table=table, days=days)


def _add_cut_days(
    found: _Found, scope: Scope, window: Instants, by: GroupBy, now: datetime
) -> None:
    """Compute the days that begin or end outside the window, and add what lies inside."""
    for name in scope.zones():
        keys = scope.chargers(name)
        for day, start, end in parts(window.start, window.end, now, zone_of(name))[1]:
            part = Part(start.timestamp(), end.timestamp())
            for chunk in _chunks(list(keys)):
                here = Charger.objects.filter(pk__in=chunk).select_related("site")
                counts = {charger.pk: Terms.of(charger).commissioned for charger in here}
                surveyed = survey(counts, [part], now)
                firsts.leave_out(surveyed, [part])
                for charger, measured in surveyed.items():
                    link = _timed_key(by, day, keys[charger])
                    _add_measured(found, link, measured, by)


def _chunks(keys: list[int]) -> Iterable[list[int]]:
    return (keys[start : start + SURVEYED] for start in range(0, len(keys), SURVEYED))


def _timed_key(by: GroupBy, day: date, key: Key) -> Key:
    match by:
        case GroupBy.DAY:
            return day
        case GroupBy.MONTH:
            return day.replace(day=1)
    return key


def _add_measured(found: _Found, key: Key, measured: Measured, by: GroupBy) -> None:
    for links in measured.links.values():
        found.links[key].add(links)
    for port, windows in measured.ports.items():
        for totals in windows.values():
            found.ports[port if by is GroupBy.PORT else key].add(totals)
