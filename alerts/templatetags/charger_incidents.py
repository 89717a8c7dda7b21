"""Who has it: the open incidents of the chargers in a list, for pages of the rooms below."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import Q

from alerts import wording
from alerts.models import Incident, Severity
from alerts.templatetags.alerts import SEVERITIES

register = template.Library()


@dataclass(slots=True)
class Held:
    """The worst open incident of a charger, and how many there are beside it."""

    worst: Incident
    others: int = 0


@register.simple_tag
def incidents_by_charger(rows: Iterable[Any]) -> dict[int, Held]:
    """Return, by charger, the worst open incident of it or of its site; one query.

    Who sees the chargers of these rows sees their site, and with it what is open there.
    """
    chargers = {row.charger.pk: row.charger.site_id for row in rows}
    theirs = Q(charger__in=chargers) | Q(charger=None, site__in=set(chargers.values()))
    found = Incident.objects.exclude(state=Incident.State.RESOLVED).filter(theirs)
    held: dict[int, Held] = {}
    for incident in found.select_related("acknowledged_by").order_by("severity", "since"):
        for key, site in chargers.items():
            if incident.charger_id == key or (not incident.charger_id and incident.site_id == site):
                _add(held, key, incident)
    return held


def _add(held: dict[int, Held], key: int, incident: Incident) -> None:
    if key in held:
        held[key].others += 1
    else:
        held[key] = Held(incident)


@register.inclusion_tag("alerts/_who_has_it.html")
def who_has_it(held: dict[int, Held], charger_id: int) -> dict[str, Any]:
    """Draw the charger's incident: severity, and who acknowledged it, or that nobody has."""
    mine = held.get(charger_id)
    if mine is None:
        return {}
    severity, person = Severity(mine.worst.severity), mine.worst.acknowledged_by
    tone, symbol = SEVERITIES[severity]
    return {
        "incident": mine.worst,
        "others": mine.others,
        "severity": severity.label,
        "tone": tone,
        "symbol": symbol,
        "headline": wording.headline(mine.worst),
        "person": wording.name(person) if person else "",
    }
