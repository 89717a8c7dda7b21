"""How the charger reaches us."""

from django.contrib.auth.models import User

from inventory.models import Charger
from monitoring.access import connections
from monitoring.models import ConnectionSpan


def last_connection(user: User, charger: Charger) -> ConnectionSpan | None:
    """Return the connection that lasts, or the last one."""
    return connections(user).filter(charger=charger).order_by("-opened").first()
