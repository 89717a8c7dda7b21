"""Who knocked without being known, and known chargers that say they are others."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inventory import access
from monitoring.access import sightings
from monitoring.models import Sighting
from monitoring.nearest import MOST_KNOWN, Nearest
from monitoring.views.asked import number, person

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Knock:
    """A sighting and which known identities it may have meant."""

    sighting: Sighting
    nearest: list[str]


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """List sightings, the latest first."""
    user = person(request)
    latest = sightings(user).select_related("charger").order_by("-last_seen")
    page = Paginator(latest, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    known = access.chargers(user).order_by().values_list("identity", flat=True)[:MOST_KNOWN]
    near = Nearest(known)
    knocks = [Knock(sighting, _near(near, sighting)) for sighting in page.object_list]
    return render(request, "monitoring/sightings.html", {"page": page, "knocks": knocks})


def _near(near: Nearest, sighting: Sighting) -> list[str]:
    return [] if sighting.charger else near.of(sighting.identity)
