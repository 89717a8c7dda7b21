"""What is open at a site, for the pages of rooms below that show sites."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.db.models import Count

from alerts import board
from alerts.access import incidents
from inventory.models import Site

register = template.Library()

#: Incidents shown of a site; the list has the others.
MOST = 8
MOST_BRIEF = 3


@register.inclusion_tag("alerts/_site_incidents.html", takes_context=True)
def site_incidents(context: template.Context, site: Site, brief: bool = False) -> dict[str, Any]:
    """Draw the unresolved incidents of a site: what, for how long, who has it, what comes next.

    `brief` leaves out all but the headline and who has it. Two queries.
    """
    wanted = board.Filters(site=site.pk)
    seen = board.narrowed(incidents(context["request"].user), wanted)
    page = board.page(seen, wanted, 1)
    most = MOST_BRIEF if brief else MOST
    return {"page": page, "shown": page.object_list[:most], "site": site, "brief": brief}


@register.simple_tag(takes_context=True)
def incidents_by_site(context: template.Context, sites: Iterable[Any]) -> dict[int, int]:
    """Return how many unresolved incidents each of the sites (anything with a `pk`) has."""
    keys = [site.pk for site in sites]
    seen = incidents(context["request"].user).filter(resolved_at=None, site__in=keys)
    return dict(seen.order_by().values_list("site").annotate(Count("pk")))


@register.filter
def of(counts: Mapping[int, int], key: int) -> int:
    """Return the count of a site in what `incidents_by_site` gave."""
    return counts.get(key, 0)
