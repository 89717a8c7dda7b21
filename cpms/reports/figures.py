"""The KPIs of any group of chargers over any window: what pages, API and reports read.

wanted = ["uptime", "mttr"]
groups = figures(access.chargers(user), days, by=GroupBy.SITE, metrics=wanted, now=now)
groups[0].figures["uptime"].value      # 0.9973, or None: no data
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from alerts.repair import RepairMetric, RepairTotals, repair_figure, repairs
from inventory.models import Charger
from monitoring.kpis.figures import RAW, Figure, Metric, figure
from monitoring.kpis.queries import GroupBy, Sums, Window, sums
from monitoring.kpis.wanted import needed

#: Metrics that incidents tell.
OF_REPAIR = frozenset(map(str, RepairMetric))


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one group by the metric's name; `key` and `label` as of `GroupBy`."""

    key: int | str | date | None
    label: str
    figures: Mapping[str, Figure]


def figures(
    chargers: QuerySet[Charger],
    window: Window,
    *,
    by: GroupBy = GroupBy.FLEET,
    metrics: Iterable[str],
    lens: str = RAW,
    now: datetime,
) -> list[Group]:
    """Return the `metrics` (names of the catalogue) of each group of `chargers` in `window`.

    The queryset is the scope: nothing outside it is counted. Groups come in order of the
    label, also those without any data, with None for values. `lens` is whose uptime.
    """
    wanted = list(metrics)
    of_repair = OF_REPAIR.intersection(wanted)
    repaired = repairs(chargers, window, by=by, now=now) if of_repair else {}
    groups = sums(chargers, window, by=by, now=now, wanted=needed(wanted, lens))
    return [
        Group(
            each.key,
            each.label,
            {name: _figure(name, each, repaired.get(each.key), lens) for name in wanted},
        )
        for each in groups
    ]


def _figure(name: str, of: Sums, repaired: RepairTotals | None, lens: str) -> Figure:
    if name in OF_REPAIR:
        return repair_figure(RepairMetric(name), repaired or RepairTotals())
    return figure(Metric(name), of.ports, of.links, lens)
