"""The KPIs of any group of chargers over any window, read from the roll-ups.

    groups = figures(access.chargers(user), Days(first, last), by=GroupBy.SITE, now=now)
    groups[0].figures[Metric.UPTIME].value      # 0.9973, or None: no data

The queryset is the scope: nothing outside it is counted. `Days` reads roll-ups only, today
included up to its last refresh. `Instants` computes what its ends cut off of a day from the
spans themselves, which takes longer the more chargers there are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, IntegerField, Max, Q, QuerySet, Sum, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger, Evse
from monitoring.days import bounds, parts, zone_of
from monitoring.kpis import columns
from monitoring.kpis.figures import Figure, Metric, figure
from monitoring.kpis.measure import Measured
from monitoring.kpis.parts import Window as Part
from monitoring.kpis.survey import survey
from monitoring.kpis.terms import Terms
from monitoring.kpis.totals import LinkTotals, PortTotals
from monitoring.models import Attempt, DailyConnectivity, DailyKpi

__all__ = [
    "FORMULAS",
    "LABELS",
    "Days",
    "Figure",
    "Group",
    "GroupBy",
    "Instants",
    "Metric",
    "Sums",
    "Window",
    "failures",
    "figures",
    "sums",
    "whole_and_parts",
]  # fmt: skip

LABELS: Mapping[Metric, Promise] = {
    Metric.UPTIME: _("Uptime"),
    Metric.ONLINE_RATE: _("Online rate"),
    Metric.SESSION_SUCCESS: _("Session success"),
    Metric.RECONNECTS: _("Reconnects"),
}
#: What a page prints beside a figure (raw lens: nothing is excluded).
FORMULAS: Mapping[Metric, Promise] = {
    Metric.UPTIME: _(
        "1 - outage / measured time, over ports. Outage is time offline, Faulted or Unavailable; "
        "measured is commissioned time without the time of which nothing is known."
    ),
    Metric.ONLINE_RATE: _("Connected time / commissioned time, over chargers."),
    Metric.SESSION_SUCCESS: _(
        "Successful attempts / attempts that ended in the window. Successful: at least 0.1 kWh "
        "delivered and a regular end. Attempts with a refused token are left out."
    ),
    Metric.RECONNECTS: _(
        "Connections opened, but a charger's first ever, per charger and day since that first "
        "one. Reconnects after a restart of our own are counted apart."
    ),
}
LABEL_OF_ALL = _("Fleet")


class GroupBy(StrEnum):
    """What a row of the result stands for; the name in the API."""

    FLEET = "fleet"
    ORGANISATION = "organisation"
    SITE = "site"
    CHARGER = "charger"
    PORT = "port"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Days:
    """The days from `first` to `last`, both included, each in its site's own time zone."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Instants:
    """The half-open window [start, end) of aware times."""

    start: datetime
    end: datetime


Window = Days | Instants


@dataclass(slots=True)
class Group:
    """The figures of one fleet, organisation, site, charger, port or day.

    `key` is the id of what it stands for (the day for days, None for the fleet). A port's
    online rate and reconnects are its charger's.
    """

    key: int | date | None
    label: str
    figures: Mapping[Metric, Figure]


@dataclass(frozen=True, slots=True)
class Sums:
    """What the figures of one group are made of; `key` and `label` as of `Group`."""

    key: int | date | None
    label: str
    ports: PortTotals
    links: LinkTotals


def sums(
    chargers: QuerySet[Charger], window: Window, *, by: GroupBy = GroupBy.FLEET, now: datetime
) -> list[Sums]:
    """Return the totals of each group of `chargers` in `window`, in order of the label.

    Groups without any data are there as well. Nothing after `now` is counted.
    """
    found = _sums(chargers, window, by, now)
    return [
        Sums(key, label, found.ports[key], found.links[link])
        for key, label, link in _groups(chargers, by, found)
    ]


def figures(
    chargers: QuerySet[Charger], window: Window, *, by: GroupBy = GroupBy.FLEET, now: datetime
) -> list[Group]:
    """Return the four figures of each group of `chargers` in `window`, in order of the label.

    Groups without any data are there as well, with None for values. Time after `now` is in
    no denominator.
    """
    return _listed(_sums(chargers, window, by, now), chargers, by)


def whole_and_parts(
    chargers: QuerySet[Charger], window: Window, *, by: GroupBy, now: datetime
) -> tuple[Group, list[Group]]:
    """Return the figures of `chargers` together and those of each group, read once."""
    sums = _sums(chargers, window, by, now)
    ports, links = PortTotals(), LinkTotals()
    for port in sums.ports.values():
        ports.add(port)
    for link in sums.links.values():
        links.add(link)
    whole = Group(None, str(LABEL_OF_ALL), _figures(ports, links))
    return whole, _listed(sums, chargers, by)


def failures(chargers: QuerySet[Charger], window: Window) -> dict[str, int]:
    """Return how many attempts of `chargers` ended in `window`, by `Outcome`, most first."""
    attempts = Attempt.objects.filter(evse__charger__in=chargers)
    counts: Counter[str] = Counter()
    for name in _zones(chargers):
        start, end = _instants(window, zone_of(name))
        here = attempts.filter(evse__charger__site__timezone=name, ended__gte=start, ended__lt=end)
        by_outcome = here.order_by().values_list("outcome").annotate(Count("pk"))
        counts.update(dict(by_outcome))
    return dict(counts.most_common())


def _instants(window: Window, zone: ZoneInfo) -> tuple[datetime, datetime]:
    if isinstance(window, Instants):
        return window.start, window.end
    return bounds(window.first, zone)[0], bounds(window.last, zone)[1]


Key = int | date | None

_PATHS = {
    GroupBy.ORGANISATION: "charger__site__organisation",
    GroupBy.SITE: "charger__site",
    GroupBy.CHARGER: "charger",
    GroupBy.PORT: "evse",
    GroupBy.DAY: "day",
}


@dataclass(slots=True)
class _Sums:
    """Totals by the key of a port's group, and by that of a charger's."""

    ports: defaultdict[Key, PortTotals] = field(default_factory=lambda: defaultdict(PortTotals))
    links: defaultdict[Key, LinkTotals] = field(default_factory=lambda: defaultdict(LinkTotals))


def _sums(chargers: QuerySet[Charger], window: Window, by: GroupBy, now: datetime) -> _Sums:
    sums = _Sums()
    whole = _whole_days(chargers, window, now)
    _read_ports(sums, chargers, whole, by)
    _read_links(sums, chargers, whole, by)
    if isinstance(window, Instants):
        _add_cut_days(sums, chargers, window, by, now)
    return sums


def _listed(sums: _Sums, chargers: QuerySet[Charger], by: GroupBy) -> list[Group]:
    return [
        Group(key, label, _figures(sums.ports[key], sums.links[link]))
        for key, label, link in _groups(chargers, by, sums)
    ]


def _figures(ports: PortTotals, links: LinkTotals) -> dict[Metric, Figure]:
    return {metric: figure(metric, ports, links) for metric in LABELS}


def _whole_days(chargers: QuerySet[Charger], window: Window, now: datetime) -> Q:
    """Return which rolled-up days are in the window."""
    if isinstance(window, Days):
        return Q(day__range=(window.first, window.last))
    found = Q(pk__in=())
    for name in _zones(chargers):
        whole, _cut = parts(window.start, window.end, now, zone_of(name))
        found |= Q(charger__site__timezone=name, day__in=whole)
    return found


def _zones(chargers: QuerySet[Charger]) -> list[str]:
    return list(chargers.order_by().values_list("site__timezone", flat=True).distinct())


def _read_ports(sums: _Sums, chargers: QuerySet[Charger], days: Q, by: GroupBy) -> None:
    rows = DailyKpi.objects.filter(days, charger__in=chargers)
    names = columns.PORT_SUMS, columns.PORT_LARGEST
    for key, row in _summed(rows, _PATHS.get(by), *names):
        sums.ports[key].add(columns.port_totals(row))


def _read_links(sums: _Sums, chargers: QuerySet[Charger], days: Q, by: GroupBy) -> None:
    rows = DailyConnectivity.objects.filter(days, charger__in=chargers)
    path = "charger" if by is GroupBy.PORT else _PATHS.get(by)
    names = columns.LINK_SUMS, columns.LINK_LARGEST
    for key, row in _summed(rows, path, *names):
        sums.links[key].add(columns.link_totals(row))


def _summed(
    rows: QuerySet[Any], path: str | None, added: Iterable[str], largest: Iterable[str]
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield the sums of some columns and the largest of others by the group's key."""
    wanted: dict[str, Sum | Max] = {f"of_{name}": Sum(name) for name in added}
    wanted |= {f"of_{name}": Max(name) for name in largest}
    grouped = rows.order_by().annotate(key=F(path) if path else Value(None, IntegerField()))
    for row in grouped.values("key").annotate(**wanted):
        yield row.pop("key"), {name.removeprefix("of_"): value for name, value in row.items()}


def _add_cut_days(
    sums: _Sums, chargers: QuerySet[Charger], window: Instants, by: GroupBy, now: datetime
) -> None:
    """Compute the days that begin or end outside the window, and add what lies inside."""
    for name in _zones(chargers):
        here = chargers.filter(site__timezone=name).select_related("site")
        for day, start, end in parts(window.start, window.end, now, zone_of(name))[1]:
            keys = {charger.pk: _key_of(charger, by, day) for charger in here}
            counts = {charger.pk: Terms.of(charger).commissioned for charger in here}
            part = Part(start.timestamp(), end.timestamp())
            for charger, measured in survey(counts, [part], now).items():
                _add_measured(sums, keys[charger], measured, by)


def _key_of(charger: Charger, by: GroupBy, day: date) -> Key:
    """Return the key of the group that the connectivity of a charger's day belongs to."""
    match by:
        case GroupBy.FLEET:
            return None
        case GroupBy.ORGANISATION:
            return charger.site.organisation_id
        case GroupBy.SITE:
            return charger.site_id
        case GroupBy.CHARGER | GroupBy.PORT:
            return charger.pk
        case GroupBy.DAY:
            return day


def _add_measured(sums: _Sums, key: Key, measured: Measured, by: GroupBy) -> None:
    for links in measured.links.values():
        sums.links[key].add(links)
    for port, windows in measured.ports.items():
        for totals in windows.values():
            sums.ports[port if by is GroupBy.PORT else key].add(totals)


def _groups(
    chargers: QuerySet[Charger], by: GroupBy, sums: _Sums
) -> Iterator[tuple[Key, str, Key]]:
    """Yield key and label of each group, and the key of its connectivity."""
    if by is GroupBy.FLEET:
        yield None, str(LABEL_OF_ALL), None
    elif by is GroupBy.DAY:
        found = {*sums.ports, *sums.links}
        yield from ((day, str(day), day) for day in sorted(found, key=str))
    elif by is GroupBy.PORT:
        yield from _ports(chargers)
    else:
        path, name = _NAMES[by]
        names = chargers.order_by(name, path).values_list(path, name).distinct()
        yield from ((key, label, key) for key, label in names)


_NAMES = {
    GroupBy.ORGANISATION: ("site__organisation", "site__organisation__name"),
    GroupBy.SITE: ("site", "site__name"),
    GroupBy.CHARGER: ("pk", "identity"),
}


def _ports(chargers: QuerySet[Charger]) -> Iterator[tuple[Key, str, Key]]:
    ports = Evse.objects.filter(charger__in=chargers).order_by("charger__identity", "number")
    for key, charger, identity, number in ports.values_list(
        "pk", "charger", "charger__identity", "number"
    ):
        yield key, f"{identity}/{number}", charger
