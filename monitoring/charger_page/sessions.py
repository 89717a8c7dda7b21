"""A charger's sessions, the latest first."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from inventory.models import Charger
from monitoring.access import sessions
from monitoring.models import Session

MOST_SESSIONS = 20


def recent_sessions(user: User, charger: Charger) -> QuerySet[Session]:
    """Return the charger's latest sessions with their ports."""
    latest = sessions(user).filter(charger=charger).select_related("evse")
    return latest.order_by("-started")[:MOST_SESSIONS]
