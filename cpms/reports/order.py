"""What a maker of a report works from: whose, which days, by which rules, known when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from cpms.reports.figures import Group, figures
from inventory.models import Charger, Organisation, Site
from monitoring.kpis.queries import Days, GroupBy


class CannotMake(Exception):
    """The report can't be made as it was asked for; the message is a sentence for its reader."""


@dataclass(frozen=True, slots=True)
class Order:
    """A report to be made of [first, end), whole days of each site's own time zone."""

    organisation: Organisation
    kind: str
    title: str
    first: date
    end: date
    lens: str
    language: str
    #: What is known at this moment is in it.
    now: datetime
    #: Every day up to this one is computed whole; None: none is.
    settled_day: date | None
    sites: tuple[int, ...] | None
    parameters: Mapping[str, Any]
    requested_by: str = ""
    number: int = 0
    version: int = 1
    #: Figures that were read for it: a fleet's year is read once, not by every page of it.
    read: dict[Any, list[Group]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def last(self) -> date:
        """The last day."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> Days:
        """The window as KPIs are asked for it."""
        return Days(self.first, self.last)

    def figures(self, days: Days, by: GroupBy, names: Sequence[str], lens: str = "") -> list[Group]:
        """Return the figures of the report's chargers, under its lens or another."""
        key = (days, by, tuple(names), lens or self.lens)
        if key not in self.read:
            self.read[key] = figures(
                self.chargers(), days, by=by, metrics=names, lens=key[3], now=self.now
            )
        return self.read[key]

    def where(self) -> QuerySet[Site]:
        """Return the sites that it is about."""
        owned = Site.objects.filter(organisation=self.organisation)
        return owned if self.sites is None else owned.filter(pk__in=self.sites)

    def chargers(self) -> QuerySet[Charger]:
        """Return the chargers that it is about."""
        return Charger.objects.filter(site__in=self.where())
