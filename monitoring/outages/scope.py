"""What an exclusion or planned work is for: a site, a charger or a port."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from inventory.models import Charger, Evse, Site
from monitoring.days import zone_of
from monitoring.models import Exclusion, MaintenanceWindow, Outage


@dataclass(frozen=True, slots=True)
class Scope:
    """A whole site, a charger of it (`evse` None: all its ports) or one port."""

    site: Site
    charger: Charger | None = None
    evse: Evse | None = None

    @classmethod
    def of(cls, row: Exclusion | MaintenanceWindow) -> "Scope":
        """Return the scope of a row."""
        return cls(row.site, row.charger, row.evse)

    @classmethod
    def at(cls, place: Site | Charger | Evse) -> "Scope":
        """Return the scope that is all of a place."""
        if isinstance(place, Evse):
            return cls(place.charger.site, place.charger, place)
        if isinstance(place, Charger):
            return cls(place.site, place)
        return cls(place)

    def __str__(self) -> str:
        if self.evse is not None and self.charger is not None:
            return f"{self.charger.identity}/{self.evse.number}"
        return str(self.charger or self.site)

    @property
    def chargers(self) -> list[int]:
        """The keys of the chargers that it concerns."""
        if self.charger is not None:
            return [self.charger.pk]
        return list(Charger.objects.filter(site=self.site).values_list("pk", flat=True))

    def outages(self) -> QuerySet[Outage]:
        """Return the outages of its ports."""
        if self.evse is not None:
            return Outage.objects.filter(evse=self.evse)
        if self.charger is not None:
            return Outage.objects.filter(charger=self.charger)
        return Outage.objects.filter(charger__site=self.site)

    def clock(self, at: datetime) -> str:
        """Return a time as people at the site write it."""
        return f"{at.astimezone(zone_of(self.site.timezone)):%Y-%m-%d %H:%M}"

    def stretch(self, start: datetime, end: datetime | None) -> str:
        """Return a stretch as people at the site write it."""
        first = self.clock(start)
        if end is None:
            return _("since %(start)s") % {"start": first}
        last = self.clock(end)
        return f"{first} – {last.removeprefix(first[:11])}"


def touching(outages: QuerySet[Outage], start: datetime, end: datetime) -> QuerySet[Outage]:
    """Return those that share a moment with [start, end)."""
    return outages.filter(Q(ended=None) | Q(ended__gt=start), started__lt=end)


def nearest(outages: QuerySet[Outage], start: datetime, end: datetime) -> Outage | None:
    """Return the outage that lies nearest to [start, end), which none touches."""
    before = outages.filter(ended__lte=start).order_by("-ended").first()
    after = outages.filter(started__gte=end).order_by("started").first()
    found: Sequence[Outage] = [outage for outage in (before, after) if outage is not None]

    def away(outage: Outage) -> timedelta:
        ended = outage.ended
        return start - ended if ended is not None and ended <= start else outage.started - end

    return min(found, key=away, default=None)
