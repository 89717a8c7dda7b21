"""Rolled-up days written by hand, and a small network to have them."""

from datetime import UTC, date, datetime
from typing import Any

from inventory.models import Charger, Evse, Organisation, Site
from monitoring.models import DailyConnectivity, DailyKpi

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
DAY = 86_400.0
HOUR = 3_600.0


def charger(identity: str, site: str = "Depot", owner: str = "Acme", **said: Any) -> Charger:
    """Store a charger; its organisation and site are made where they don't exist."""
    of, _made = Organisation.objects.get_or_create(name=owner, slug=owner.lower())
    place, _made = Site.objects.get_or_create(organisation=of, name=site)
    return Charger.objects.create(site=place, identity=identity, **said)


def port(of: Charger, number: int = 1) -> Evse:
    """Store a port."""
    return Evse.objects.create(charger=of, number=number)


def port_day(of: Evse, day: date, *, lost: float = 0.0, **said: Any) -> DailyKpi:
    """Store a port's day that it was up for, but for the seconds that it was faulted."""
    values = dict.fromkeys(("offline", "unavailable", "no_data"), 0.0)
    counts = dict.fromkeys(("attempts", "successes", "refused"), 0)
    row = {**values, **counts, "faulted": lost, "up": DAY - lost, "until": NOON, **said}
    return DailyKpi.objects.create(evse=of, charger=of.charger, day=day, **row)


def link_day(of: Charger, day: date, **said: Any) -> DailyConnectivity:
    """Store a charger's day online."""
    reasons = [
        field.name
        for field in DailyConnectivity._meta.concrete_fields
        if field.name.startswith("after_")
    ]
    row = {**dict.fromkeys(reasons, 0), "online": DAY, "offline": 0.0, "unseen": 0.0, "refusals": 0}
    return DailyConnectivity.objects.create(charger=of, day=day, **{**row, "until": NOON, **said})
