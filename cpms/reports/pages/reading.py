"""What a KPI page shows of its window: the whole, its parts, and how it went day by day.

Each is read once: all cards, lenses and columns are figures of the same sums.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from django.db.models import QuerySet

from alerts.repair import RepairMetric, RepairTotals, repair_figure, repairs
from inventory.models import Charger
from monitoring.kpis.figures import Figure, Metric, figure
from monitoring.kpis.groups import Key
from monitoring.kpis.queries import Days, GroupBy, Sums, sums
from monitoring.kpis.scope import Plan
from monitoring.kpis.totals import LinkTotals, PortTotals
from monitoring.kpis.wanted import Wanted, needed

_OF_REPAIR = frozenset(map(str, RepairMetric))


_NOTHING = RepairTotals()


@dataclass(slots=True)
class Part:
    """A group, and its figures by the metric's name, computed when they are asked for."""

    totals: Sums
    lens: str
    repaired: RepairTotals = _NOTHING

    @property
    def key(self) -> Key:
        """What it stands for."""
        return self.totals.key

    @property
    def label(self) -> str:
        """What it is called."""
        return self.totals.label

    def figure(self, name: str) -> Figure:
        """Return one of its figures."""
        if name in _OF_REPAIR:
            return repair_figure(RepairMetric(name), self.repaired)
        if name == Metric.UPTIME:
            return self.uptime(self.lens)
        return figure(Metric(name), self.totals.ports, self.totals.links)

    def uptime(self, lens: str) -> Figure:
        """Return its uptime through a lens."""
        return figure(Metric.UPTIME, self.totals.ports, self.totals.links, lens)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads figures of some metrics of the chargers, through a lens."""

    chargers: QuerySet[Charger]
    metrics: Sequence[str]
    lens: str
    now: datetime
    #: Lenses whose uptime is looked at as well.
    beside: Iterable[str] = ()

    def parts(self, days: Days, by: GroupBy, plan: Plan | None = None) -> list[Part]:
        """Return each group's figures in the days, in order of the label."""
        wanted = self._wanted()
        found = sums(self.chargers, days, by=by, now=self.now, wanted=wanted, plan=plan)
        if _OF_REPAIR.isdisjoint(self.metrics):
            return [Part(of, self.lens) for of in found]
        repaired = repairs(self.chargers, days, by=by, now=self.now)
        if by in (GroupBy.DAY, GroupBy.MONTH):
            found = _with_days(found, repaired)
        return [Part(of, self.lens, repaired.get(of.key, _NOTHING)) for of in found]

    def whole(self, days: Days) -> Part:
        """Return the figures of all the chargers together."""
        return self.parts(days, GroupBy.FLEET)[0]

    def sum_of(self, parts: Sequence[Part], by: GroupBy) -> Part | None:
        """Return the figures of the groups together, None where they don't add up.

        Ports share their charger's connectivity, and an incident may be of a whole site.
        """
        if by is GroupBy.PORT or not _OF_REPAIR.isdisjoint(self.metrics):
            return None
        return Part(_together(parts), self.lens)

    def sum_of_days(self, parts: Sequence[Part], days: Days) -> Part:
        """Return the figures of those of the days that are in the window, together."""
        inside = [
            part
            for part in parts
            if isinstance(part.key, date) and days.first <= part.key <= days.last
        ]
        return Part(_together(inside), self.lens, _repaired(inside))

    def _wanted(self) -> Wanted:
        """Return the columns of everything that is looked at."""
        found = [needed(self.metrics, lens) for lens in (self.lens, *self.beside)]
        return Wanted(
            *(
                tuple(dict.fromkeys(name for each in found for name in getattr(each, field.name)))
                for field in fields(Wanted)
            )
        )


def _together(parts: Iterable[Part]) -> Sums:
    ports, links = PortTotals(), LinkTotals()
    for part in parts:
        ports.add(part.totals.ports)
        links.add(part.totals.links)
    return Sums(None, "", ports, links)


def _repaired(parts: Iterable[Part]) -> RepairTotals:
    names = [field.name for field in fields(RepairTotals)]
    each = [part.repaired for part in parts]
    return RepairTotals(*(sum(getattr(one, name) for one in each) for name in names))


def _with_days(found: list[Sums], repaired: Mapping[Key, RepairTotals]) -> list[Sums]:
    """Return the days in order, also those on which only something was repaired."""
    known = {of.key for of in found}
    more = [
        Sums(day, f"{day}", PortTotals(), LinkTotals())
        for day in repaired
        if isinstance(day, date) and day not in known
    ]
    return sorted([*found, *more], key=lambda of: str(of.key))
