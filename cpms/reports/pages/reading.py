"""What a KPI page shows of its window: the whole, its parts, and how it went day by day.

Each is read once: all cards, lenses and columns are figures of the same sums.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from cpms.reports import figures as reports
from inventory.models import Charger
from monitoring.kpis.figures import RAW, Figure, Metric, figure
from monitoring.kpis.queries import Days, GroupBy, Sums, sums
from monitoring.kpis.totals import LinkTotals, PortTotals

_MONITORING = frozenset(map(str, Metric))


@dataclass(frozen=True, slots=True)
class Part:
    """A group, and its figures by the metric's name, computed when they are asked for."""

    key: object
    label: str
    figure: Callable[[str], Figure]
    #: What the figures are made of; None for those that incidents tell.
    totals: Sums | None = None

    def uptime(self, lens: str) -> Figure | None:
        """Return its uptime through a lens; None if no totals are known."""
        if self.totals is None:
            return None
        return figure(Metric.UPTIME, self.totals.ports, self.totals.links, lens)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads figures of some metrics of the chargers, through a lens."""

    chargers: QuerySet[Charger]
    metrics: Sequence[str]
    lens: str
    now: datetime

    def parts(self, days: Days, by: GroupBy) -> list[Part]:
        """Return each group's figures in the days, in order of the label."""
        if not _MONITORING.issuperset(self.metrics):
            return self._of_both_rooms(days, by)
        return [self._part(of) for of in sums(self.chargers, days, by=by, now=self.now)]

    def whole(self, days: Days) -> Part:
        """Return the figures of all the chargers together."""
        return self.parts(days, GroupBy.FLEET)[0]

    def sum_of(self, parts: Sequence[Part], by: GroupBy) -> Part | None:
        """Return the figures of the groups together, None where they don't add up.

        Ports share their charger's connectivity, and what incidents tell isn't kept as totals.
        """
        totals = [part.totals for part in parts if part.totals is not None]
        if by is GroupBy.PORT or len(totals) < len(parts):
            return None
        return self._part(_together(totals))

    def sum_of_days(self, parts: Sequence[Part], days: Days) -> Part | None:
        """Return the figures of those of the days that are in the window, as `sum_of`."""
        inside = [
            part
            for part in parts
            if isinstance(part.key, date) and days.first <= part.key <= days.last
        ]
        return self.sum_of(inside, GroupBy.DAY)

    def _part(self, of: Sums) -> Part:
        def read(name: str) -> Figure:
            lens = self.lens if name == Metric.UPTIME else RAW
            return figure(Metric(name), of.ports, of.links, lens)

        return Part(of.key, of.label, read, of)

    def _of_both_rooms(self, days: Days, by: GroupBy) -> list[Part]:
        groups = reports.figures(
            self.chargers, days, by=by, metrics=self.metrics, lens=self.lens, now=self.now
        )
        return [Part(group.key, group.label, group.figures.__getitem__) for group in groups]


def _together(totals: Sequence[Sums]) -> Sums:
    ports, links = PortTotals(), LinkTotals()
    for each in totals:
        ports.add(each.ports)
        links.add(each.links)
    return Sums(None, "", ports, links)
