"""Which chargers somebody has taken in hand: the condition for lists of the rooms below."""

from django.db.models import Q

from alerts.models import Incident


def condition() -> Q:
    """Return the condition that an unresolved incident of a charger or its site is acknowledged.

    As two sets that the database makes once, however many chargers are asked about.
    """
    taken = Incident.objects.filter(state=Incident.State.ACKNOWLEDGED).order_by()
    chargers = taken.exclude(charger=None).values("charger")
    sites = taken.filter(charger=None).exclude(site=None).values("site")
    return Q(pk__in=chargers) | Q(site__in=sites)
