"""The KPIs of any group of chargers over any window, read from the roll-ups.

    groups = figures(access.chargers(user), Days(first, last), by=GroupBy.SITE, now=now)
    groups[0].figures[Metric.UPTIME].value      # 0.9973, or None: no data

The queryset is the scope: nothing outside it is counted. `Days` reads roll-ups only, today
included up to its last refresh. `Instants` computes what its ends cut off of a day from the
spans themselves, which takes longer the more chargers there are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger
from monitoring.days import zone_of
from monitoring.kpis.figures import Figure, Metric, figure
from monitoring.kpis.groups import GroupBy, Key
from monitoring.kpis.ranking import Bucket, Worst, distribution, heat_map, worst_ports
from monitoring.kpis.sums import Sums, sums
from monitoring.kpis.windows import Days, Instants, Window, instants
from monitoring.models import Attempt

__all__ = [
    "FORMULAS", "LABELS", "Bucket", "Days", "Figure", "Group", "GroupBy", "Instants", "Key",
    "Metric", "Sums", "Window", "Worst", "distribution", "failures", "figures", "heat_map",
    "sums", "whole_and_parts", "worst_ports",
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


@dataclass(slots=True)
class Group:
    """The figures of one fleet, organisation, site, charger, port, … or day.

    `key` as of `GroupBy`. A port's online rate and reconnects are its charger's.
    """

    key: Key
    label: str
    figures: Mapping[Metric, Figure]


def figures(
    chargers: QuerySet[Charger], window: Window, *, by: GroupBy = GroupBy.FLEET, now: datetime
) -> list[Group]:
    """Return the four figures of each group of `chargers` in `window`, in order of the label.

    Groups without any data are there as well, with None for values. Time after `now` is in
    no denominator.
    """
    return [_group(each) for each in sums(chargers, window, by=by, now=now)]


def whole_and_parts(
    chargers: QuerySet[Charger], window: Window, *, by: GroupBy, now: datetime
) -> tuple[Group, list[Group]]:
    """Return the figures of `chargers` together and those of each group."""
    (whole,) = figures(chargers, window, now=now)
    return whole, figures(chargers, window, by=by, now=now)


def failures(chargers: QuerySet[Charger], window: Window) -> dict[str, int]:
    """Return how many attempts of `chargers` ended in `window`, by `Outcome`, most first."""
    attempts = Attempt.objects.filter(evse__charger__in=chargers)
    counts: Counter[str] = Counter()
    zones = chargers.order_by().values_list("site__timezone", flat=True).distinct()
    for name in list(zones):
        start, end = instants(window, zone_of(name))
        here = attempts.filter(evse__charger__site__timezone=name, ended__gte=start, ended__lt=end)
        by_outcome = here.order_by().values_list("outcome").annotate(Count("pk"))
        counts.update(dict(by_outcome))
    return dict(counts.most_common())


def _group(each: Sums) -> Group:
    found = {metric: figure(metric, each.ports, each.links) for metric in LABELS}
    return Group(each.key, each.label, found)
