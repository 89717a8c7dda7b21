"""The map: all sites on the outlines of the world, or on tiles of one's own server."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inventory import access
from monitoring import sites
from monitoring.effective import State
from monitoring.views.asked import person

#: More sites than this asked for by number are answered with all.
MOST_ASKED = 200


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the page; its script fetches the sites, and everything on it has a place in a list."""
    context = {
        "wanted": sites.filters(request.GET.dict()),
        "empty": sites.EMPTY,
        "states": list(State),
    }
    return render(request, "monitoring/map.html", context | ground() | choices(person(request)))


@login_required
@require_GET
def positions(request: HttpRequest) -> HttpResponse:
    """Answer with the sites for the map's script: all, or those in `site` (numbers and commas)."""
    user = person(request)
    seen = access.sites(user)
    if asked := _numbers(request.GET.get("site", "")):
        seen = seen.filter(pk__in=asked)
    found = sites.rows(seen.order_by("pk"), access.chargers(user))
    answer = JsonResponse(sites.compact(found), json_dumps_params={"separators": (",", ":")})
    answer["Cache-Control"] = "no-store"
    return answer


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) > MOST_ASKED:
        return []
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]


def ground() -> dict[str, str]:
    """Return what a map in a template lies on."""
    return {
        "tiles_url": settings.MAP_TILES_URL,
        "tiles_attribution": settings.MAP_TILES_ATTRIBUTION,
    }


def choices(user: User) -> dict[str, Any]:
    """Return what filters of sites offer: only what the user may see."""
    seen = access.sites(user).exclude(region="").order_by("region")
    return {
        "organisations": list(access.organisations(user).values_list("pk", "name")),
        "regions": list(seen.values_list("region", flat=True).distinct()),
    }
