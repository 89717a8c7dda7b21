"""How the charger reaches us: the connection that lasts or the last one, and how often it broke."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from inventory.models import Charger
from monitoring.access import connections
from monitoring.models import ConnectionSpan

#: Reconnects of a day are counted up to here: more is said as "more than".
MOST_RECONNECTS = 999
#: So many reconnects a day are no longer usual; KPIS.md: reconnect frequency.
USUAL_RECONNECTS = 3


@dataclass(frozen=True, slots=True)
class Link:
    """The latest connection, the one before it, and the reconnects since local midnight."""

    latest: ConnectionSpan
    before: ConnectionSpan | None
    reconnects: int

    @property
    def ended(self) -> ConnectionSpan | None:
        """Return the last connection that ended."""
        return self.latest if self.latest.closed else self.before

    @property
    def more(self) -> bool:
        """Tell whether there were more reconnects than are counted."""
        return self.reconnects > MOST_RECONNECTS

    @property
    def unusual(self) -> bool:
        """Tell whether it reconnects too often."""
        return self.reconnects > USUAL_RECONNECTS


def link(user: User, charger: Charger, now: datetime) -> Link | None:
    """Return how the charger reaches us; None if it never did. Two queries."""
    own = connections(user).filter(charger=charger)
    latest = list(own.select_related("gateway").order_by("-opened")[:2])
    if not latest:
        return None
    midnight = now.astimezone(ZoneInfo(charger.site.timezone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    opened = own.filter(opened__gte=midnight).order_by("-opened")[: MOST_RECONNECTS + 2].count()
    first_ever = len(latest) == 1 and latest[0].opened >= midnight
    before = latest[1] if len(latest) > 1 else None
    return Link(latest[0], before, opened - (1 if first_ever else 0))
