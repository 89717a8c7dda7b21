"""A charger's page, and its live parts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inventory.models import Charger
from monitoring import charger_page, fleet, recorder
from monitoring.access import sightings
from monitoring.views.asked import person

DAY = timedelta(hours=24)
#: How far back the flight recorder is searched for the page's first frames, and how many.
TAIL = timedelta(hours=24)
TAIL_FRAMES = 60
#: Characters of a frame that the page shows.
LONGEST_FRAME = 4_000


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show the page; the power chart and the frames come by themselves."""
    user, charger = _theirs(request, identity)
    context: dict[str, Any] = {"charger": charger, "zone": charger.site.timezone}
    for part in (_now, _history, _sessions, _facts):
        context |= part(user, charger)
    return render(request, "monitoring/charger.html", context)


@login_required
@require_GET
def part(request: HttpRequest, identity: str, name: str) -> HttpResponse:
    """Show one live part of the page."""
    if name not in PARTS:
        raise Http404
    user, charger = _theirs(request, identity)
    context = {"charger": charger, "zone": charger.site.timezone} | PARTS[name](user, charger)
    return render(request, f"monitoring/_{name}.html", context)


@login_required
@require_GET
def power(request: HttpRequest, identity: str) -> HttpResponse:
    """Answer with the power of the last 24 h per port, for the chart."""
    user, charger = _theirs(request, identity)
    now = timezone.now()
    return JsonResponse(charger_page.power(user, charger, now - DAY, now))


def _theirs(request: HttpRequest, identity: str) -> tuple[User, Charger]:
    user = person(request)
    charger = charger_page.find(user, identity)
    if charger is None:
        raise Http404
    return user, charger


def _now(user: User, charger: Charger) -> dict[str, Any]:
    return {"row": fleet.rows([charger])[0], "live_ports": charger_page.live_ports(user, charger)}


def _history(user: User, charger: Charger) -> dict[str, Any]:
    now = timezone.now()
    return {"bars": charger_page.bars(user, charger, now - DAY, now)}


def _sessions(user: User, charger: Charger) -> dict[str, Any]:
    return {"sessions": charger_page.recent_sessions(user, charger)}


def _facts(user: User, charger: Charger) -> dict[str, Any]:
    return {
        "state": fleet.live_state(charger),
        "connection": charger_page.last_connection(user, charger),
        "mismatches": sightings(user).filter(charger=charger).order_by("-last_seen")[:5],
    }


def _frames(_user: User, charger: Charger) -> dict[str, Any]:
    now = timezone.now()
    passed = recorder.read(charger.pk, now - TAIL, now + timedelta(minutes=1), TAIL_FRAMES)
    return {"frames": passed, "longest": LONGEST_FRAME}


PARTS: dict[str, Callable[[User, Charger], dict[str, Any]]] = {
    "now": _now,
    "history": _history,
    "sessions": _sessions,
    "facts": _facts,
    "frames": _frames,
}
