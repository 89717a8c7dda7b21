"""What is open about one charger, for the header of its page in the room below."""

from typing import Any

from django import template

from alerts import board
from alerts.access import incidents
from inventory.models import Charger

register = template.Library()

#: Incidents in the header; the rest is a link to the list.
MOST = 4


@register.inclusion_tag("alerts/_charger_incidents.html", takes_context=True)
def open_incidents(context: template.Context, charger: Charger) -> dict[str, Any]:
    """Draw the charger's unresolved incidents and its site's: what, since when, who has it.

    One query.
    """
    seen = incidents(context["request"].user).filter(resolved_at=None)
    own = seen.filter(charger=charger) | seen.filter(charger=None, site=charger.site_id)
    found = list(board.shown(own)[: MOST + 1])
    return {"incidents": found[:MOST], "more": len(found) > MOST, "charger": charger}
