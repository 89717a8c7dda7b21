"""Whose page it is: the charger that an address names, with what its header says of it."""

from django.contrib.auth.models import User

from inventory import access
from inventory.models import Charger
from monitoring import fleet


def find(user: User, identity: str) -> Charger | None:
    """Return the charger if the user may see it, whatever the case of the identity."""
    if "\0" in identity:
        return None
    same = access.with_identity(access.chargers(user), identity)
    return fleet.with_state(same).prefetch_related("evses__connectors").first()
