"""Whose page it is: the charger that an address names, with what its header says of it."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery

from inventory import access
from inventory.models import Charger
from monitoring import fleet
from monitoring.models import ConnectionSpan


def find(user: User, identity: str, *more: str) -> Charger | None:
    """Return the charger if the user may see it, whatever the case of the identity.

    `more` is fetched with it, e.g. "evses__connectors".
    """
    if "\0" in identity:
        return None
    same = access.with_identity(access.chargers(user), identity)
    first = ConnectionSpan.objects.filter(charger=OuterRef("pk")).order_by("opened")
    found = fleet.with_state(same).annotate(first_seen=Subquery(first.values("opened")[:1]))
    charger: Charger | None = found.prefetch_related(*more).first()
    return charger


def first_seen(charger: Charger) -> datetime | None:
    """Return when a charger that `find` returned connected for the first time."""
    seen: datetime | None = getattr(charger, "first_seen", None)
    return seen
