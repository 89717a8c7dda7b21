"""A charger's page: its tabs, and their live parts."""

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
from monitoring import charger_tabs, fleet
from monitoring.access import sightings
from monitoring.charger_page import bars, curves, link, ports, sessions, subject
from monitoring.views.asked import person

DAY = timedelta(hours=24)


def opened(request: HttpRequest, identity: str) -> tuple[User, Charger]:
    """Return who asks and the charger they ask for; 404 if they may not see it."""
    user = person(request)
    charger = subject.find(user, identity)
    if charger is None:
        raise Http404
    return user, charger


def frame(charger: Charger, tab: str, **more: Any) -> dict[str, Any]:
    """Return what the template of a tab needs beside its own; `tab` is its route's name."""
    return _common(charger) | {"tabs": charger_tabs.entries(charger.identity, tab), **more}


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show how it is now."""
    user, charger = opened(request, identity)
    return render(
        request, "monitoring/charger_now.html", frame(charger, "charger", **_now(user, charger))
    )


@login_required
@require_GET
def history(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what it did."""
    user, charger = opened(request, identity)
    context = frame(charger, "charger-history", **_history(user, charger))
    return render(request, "monitoring/charger_history.html", context)


@login_required
@require_GET
def visits(request: HttpRequest, identity: str) -> HttpResponse:
    """Show its sessions."""
    user, charger = opened(request, identity)
    context = frame(charger, "charger-sessions", **_sessions(user, charger))
    return render(request, "monitoring/charger_sessions.html", context)


@login_required
@require_GET
def facts(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what is known of it."""
    user, charger = opened(request, identity)
    context = frame(charger, "charger-facts", **_facts(user, charger))
    return render(request, "monitoring/charger_facts.html", context)


@login_required
@require_GET
def part(request: HttpRequest, identity: str, name: str) -> HttpResponse:
    """Show one live part of a tab."""
    if name not in PARTS:
        raise Http404
    user, charger = opened(request, identity)
    context = _common(charger) | PARTS[name](user, charger)
    return render(request, f"monitoring/_{name}.html", context)


@login_required
@require_GET
def power(request: HttpRequest, identity: str) -> HttpResponse:
    """Answer with the power of the last 24 h per port, for the chart."""
    user, charger = opened(request, identity)
    now = timezone.now()
    return JsonResponse(curves.power(user, charger, now - DAY, now))


def _common(charger: Charger) -> dict[str, Any]:
    return {
        "charger": charger,
        "zone": charger.site.timezone,
        "row": fleet.rows([charger])[0],
        "state": fleet.live_state(charger),
    }


def _head(_user: User, _charger: Charger) -> dict[str, Any]:
    return {}


def _now(user: User, charger: Charger) -> dict[str, Any]:
    return {
        "live_ports": ports.live_ports(user, charger),
        "connection": link.last_connection(user, charger),
    }


def _history(user: User, charger: Charger) -> dict[str, Any]:
    now = timezone.now()
    return {"bars": bars.bars(user, charger, now - DAY, now)}


def _sessions(user: User, charger: Charger) -> dict[str, Any]:
    return {"sessions": sessions.recent_sessions(user, charger)}


def _facts(user: User, charger: Charger) -> dict[str, Any]:
    return {
        "connection": link.last_connection(user, charger),
        "mismatches": sightings(user).filter(charger=charger).order_by("-last_seen")[:5],
    }


PARTS: dict[str, Callable[[User, Charger], dict[str, Any]]] = {
    "head": _head,
    "now": _now,
    "history": _history,
    "sessions": _sessions,
    "facts": _facts,
}
