"""When a charger's time counts, and in which days."""

from dataclasses import dataclass
from datetime import datetime
from math import inf

from inventory.models import Charger, Lifecycle
from monitoring.kpis.parts import Window

#: In these stages of its life a charger's time doesn't count.
UNCOUNTED = (Lifecycle.PLANNED, Lifecycle.PENDING)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a charger's days depend on beside its history."""

    timezone: str
    counts_from: datetime | None
    counts_to: datetime | None

    @classmethod
    def of(cls, charger: Charger) -> "Terms":
        """Return the terms of a charger: planned and pending ones don't count."""
        counts = charger.lifecycle not in UNCOUNTED
        return cls(
            charger.site.timezone,
            charger.commissioned_at if counts else None,
            charger.decommissioned_at,
        )

    @property
    def commissioned(self) -> Window:
        """The commissioned time as instants; empty if there is none."""
        if self.counts_from is None:
            return Window(inf, inf)
        until = self.counts_to.timestamp() if self.counts_to else inf
        return Window(self.counts_from.timestamp(), until)
