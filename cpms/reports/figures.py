"""The KPIs of any group of chargers over any window: what pages, API and reports read.

groups = figures(access.chargers(user), Days(first, last), by=GroupBy.SITE,
                 metrics=["uptime", "mttr"], lens="nevi", now=now)
groups[0].figures["uptime"].value      # 0.9973, or None: no data
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from inventory.models import Charger
from monitoring.kpis.figures import RAW, Figure, Metric, figure
from monitoring.kpis.queries import GroupBy, Sums, Window, sums


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
    return [
        Group(each.key, each.label, {name: _figure(name, each, lens) for name in wanted})
        for each in sums(chargers, window, by=by, now=now)
    ]


def _figure(name: str, of: Sums, lens: str) -> Figure:
    return figure(Metric(name), of.ports, of.links, lens)
