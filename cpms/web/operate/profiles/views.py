"""Charging profiles: what limits a charger, who set it, whether it holds, what vehicles need."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from cpms.control import composites, profiles, vehicles
from cpms.control.charging import words
from cpms.control.charging.plan import Needs
from cpms.control.charging.profile import Schedule
from cpms.control.models import ChargingNeeds, ChargingProfile, CompositeAnswer, ExternalLimit
from cpms.web import zones
from cpms.web.operate.profiles import outlook
from cpms.web.operate.views import section
from inventory.models import Charger
from monitoring.views.charger import opened

SECTION = "charger-profiles"
#: Profiles that are over, shown.
MOST_GONE = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A profile as it is listed."""

    row: ChargingProfile
    says: str
    reported: str


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what limits the charger over the next day, and by which profiles."""
    _user, charger = opened(request, identity, "evses")
    now = timezone.now()
    zone = ZoneInfo(zones.shown(charger.site.timezone))
    held, others = profiles.in_force(charger, now), profiles.limits(charger)
    found = outlook.places(charger, _ports(charger), held, others, now)
    over = ChargingProfile.objects.filter(charger=charger, gone_at__isnull=False)
    context = section(
        request, charger, SECTION,
        places=[(place, place.sentences(zone)) for place in found],
        limited=any(place.is_limited for place in found),
        lines=[_line(row, zone) for row in held],
        gone=[_line(row, zone) for row in over.order_by("-gone_at")[:MOST_GONE]],
        others=[_limit(limit, zone) for limit in others],
        needs=[_needs(row, zone) for row in vehicles.given(charger.pk)],
        told=_told(charger, zone),
    )  # fmt: skip
    return render(request, "web/operate/profiles/show.html", context)


@login_required
@require_GET
def chart(request: HttpRequest, identity: str) -> HttpResponse:
    """Answer with the lines of the next day, for the chart."""
    _user, charger = opened(request, identity, "evses")
    now = timezone.now()
    held, others = profiles.in_force(charger, now), profiles.limits(charger)
    found = outlook.places(charger, _ports(charger), held, others, now)
    return JsonResponse({"places": [outlook.drawn(p, now) for p in found if p.is_limited]})


def _ports(charger: Charger) -> list[Any]:
    numbers = [evse.number for evse in charger.evses.all()]
    return composites.ports_of(charger, [0, *sorted(numbers)])


def _line(row: ChargingProfile, zone: tzinfo) -> Line:
    body = profiles.read(row.body)
    other = profiles.read(row.reported) if row.reported else None
    said = words.summary(body, zone) if body else ""
    return Line(row, said, words.summary(other, zone) if other else "")


def _limit(limit: ExternalLimit, zone: tzinfo) -> dict[str, Any]:
    schedules = [msgspec.convert(stored, Schedule) for stored in limit.schedules]
    return {
        "row": limit,
        "whose": words.SOURCES.get(limit.source, limit.source),
        "says": [words.schedule(schedule, zone) for schedule in schedules],
    }


def _needs(row: ChargingNeeds, zone: tzinfo) -> dict[str, Any]:
    needs = msgspec.convert(row.needs, Needs)
    leaves: datetime | None = needs.departure
    most = words.amount(needs.most, "W") if needs.most else ""
    return {
        "row": row,
        "energy": needs.energy,
        "departure": leaves.astimezone(zone) if leaves else None,
        "most": most,
    }


def _told(charger: Charger, zone: tzinfo) -> list[dict[str, Any]]:
    """Return what the charger itself says that it allows."""
    rows = CompositeAnswer.objects.filter(charger=charger).order_by("evse")[: outlook.MOST_PLACES]
    return [
        {"row": row, "says": words.schedule(msgspec.convert(row.schedule, Schedule), zone)}
        for row in rows
    ]
