"""The fleet: counts by state, and the chargers, worst first."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inventory import access
from inventory.models import Lifecycle
from monitoring import fleet
from monitoring.views.asked import number, person

#: More sites than this in a list help nobody: the search finds them.
MOST_SITES = 300
VERSIONS = ("1.6", "2.0.1", "2.1")


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the page, or only its live part when htmx asks for that."""
    wanted = fleet.filters(request.GET.dict())
    chargers = fleet.narrowed(access.chargers(person(request)), wanted)
    tiles = fleet.tiles(chargers)
    context = {
        "wanted": wanted,
        "tiles": tiles,
        "total": sum(tile.chargers for tile in tiles),
        "ports": sum(tile.ports for tile in tiles),
        "page": fleet.page(chargers, wanted, tiles, number(request.GET.get("page"), 1)),
    }
    if request.headers.get("HX-Target") == "fleet":
        return render(request, "monitoring/_fleet.html", context)
    return render(request, "monitoring/fleet.html", context | _choices(person(request)))


def _choices(user: User) -> dict[str, Any]:
    """Return what the filters offer: only what the user may see."""
    chargers = access.chargers(user).order_by()
    models = chargers.exclude(model=None).values_list("model", "model__vendor", "model__name")
    sites = list(access.sites(user).order_by("name").values_list("pk", "name")[: MOST_SITES + 1])
    return {
        "organisations": list(access.organisations(user).values_list("pk", "name")),
        "sites": sites if len(sites) <= MOST_SITES else [],
        "models": sorted(models.distinct(), key=lambda model: model[1:]),
        "versions": VERSIONS,
        "lifecycles": Lifecycle.choices,
    }
