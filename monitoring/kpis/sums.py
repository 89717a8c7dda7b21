"""Totals of any group of ports over any window, read from what is rolled up.

    sums(access.chargers(user), Days(first, last), by=GroupBy.SITE, now=now)

The queryset is the scope: nothing outside it is counted. `Days` reads roll-ups only, today
included up to its last refresh. `Instants` computes what its ends cut off of a day from the
spans themselves, which takes longer the more chargers there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from inventory.models import Charger
from monitoring.days import parts, zone_of
from monitoring.kpis import columns, firsts, site_days
from monitoring.kpis.groups import OF_CHARGERS, GroupBy, Key, labelled
from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window as Part
from monitoring.kpis.reading import LINKS, MONTH, PORTS, Table, by_day, by_month, grouped, largest
from monitoring.kpis.scope import Plan, Scope
from monitoring.kpis.survey import survey
from monitoring.kpis.terms import Terms
from monitoring.kpis.totals import LinkTotals, PortTotals
from monitoring.kpis.wanted import EVERYTHING, Wanted
from monitoring.kpis.windows import Days, Instants, Window

#: Chargers whose cut days are computed at once.
SURVEYED = 250

_LINK_KEYS = {GroupBy.DAY: "o.day", GroupBy.MONTH: MONTH}
_PORT_KEYS = {**_LINK_KEYS, GroupBy.PORT: "o.evse_id"}


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
    chargers: QuerySet[Charger],
    window: Window,
    *,
    by: GroupBy = GroupBy.FLEET,
    now: datetime,
    wanted: Wanted = EVERYTHING,
    plan: Plan | None = None,
) -> list[Sums]:
    """Return the totals of each group of `chargers` in `window`, in order of the label.

    Groups without any data are there as well, with totals of nothing; days and months only
    where something is known. Time after `now` is counted nowhere. What is not `wanted` may be
    left out: totals of nothing. `plan` is `plan_of` these chargers and days, if it is known.
    """
    scope, found = Scope.of(chargers, window, by), _Found()
    if by is GroupBy.DAY and isinstance(window, Days):
        _read_days(found, scope, window, wanted)
    else:
        plans = [plan] if plan else _plans(scope, window, by, now)
        _read(found, scope, plans, by, wanted)
    if isinstance(window, Instants):
        _add_cut_days(found, scope, window, by, now)
    keys = {*found.ports, *found.links}
    if by in OF_CHARGERS:
        keys |= scope.keys()
    return [
        Sums(key, label, found.ports[key], found.links[link])
        for key, label, link in labelled(chargers, by, keys)
    ]


def _plans(scope: Scope, window: Window, by: GroupBy, now: datetime) -> list[Plan]:
    """Return how the whole days are read; where days are told apart, one by one."""
    if by is not GroupBy.DAY:
        return scope.plans(window, now)
    return [replace(plan, summed=None, laggards=False) for plan in scope.plans(window, now)]


def _read_days(found: _Found, scope: Scope, window: Days, wanted: Wanted) -> None:
    """Read days one by one, from those of whole sites as far as they reach."""
    split = site_days.split(scope, window.first, window.last)
    for day, row in by_day(scope, PORTS, split, window, wanted.ports, wanted.port_peaks):
        _add(found.ports, day, columns.port_totals(row))
    for day, row in by_day(scope, LINKS, split, window, wanted.links, wanted.link_peaks):
        _add(found.links, day, columns.link_totals(row))


def _read(found: _Found, scope: Scope, plans: Sequence[Plan], by: GroupBy, wanted: Wanted) -> None:
    """Read the rows of whole days."""
    key = _PORT_KEYS.get(by, "s.key")
    for group, row in _rows(scope, PORTS, plans, key, wanted.ports, wanted.port_peaks):
        _add(found.ports, group, columns.port_totals(row))
    key = _LINK_KEYS.get(by, "s.key")
    for group, row in _rows(scope, LINKS, plans, key, wanted.links, wanted.link_peaks):
        _add(found.links, group, columns.link_totals(row))


def _add(found: dict[Key, Any], key: Key, totals: PortTotals | LinkTotals) -> None:
    if key in found:
        found[key].add(totals)
    else:
        found[key] = totals


def _rows(
    scope: Scope,
    table: Table,
    plans: Sequence[Plan],
    key: str,
    names: Sequence[str],
    peaks: Sequence[str],
) -> Iterator[tuple[Key, dict[str, Any]]]:
    if names and key == MONTH:
        yield from by_month(scope, table, plans, names)
    elif names:
        yield from grouped(scope, table, plans, key, names)
    if peaks:
        yield from largest(scope, table, plans, key, peaks)


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
