"""A charger's page: its tabs, and their live parts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inventory.models import Charger
from monitoring import charger_tabs, fleet
from monitoring.access import sightings
from monitoring.charger_page import bars, curves, happenings, marks, next_step, ports, subject
from monitoring.charger_page import facts as known
from monitoring.charger_page import link as links
from monitoring.charger_page.window import asked
from monitoring.views.asked import person

DAY = timedelta(hours=24)
#: Running sessions whose curves are drawn at once.
MOST_CURVES = 8

Context = dict[str, Any]


def opened(request: HttpRequest, identity: str, *more: str) -> tuple[User, Charger]:
    """Return who asks and the charger they ask for, with `more`; 404 if they may not see it."""
    user = person(request)
    charger = subject.find(user, identity, *more)
    if charger is None:
        raise Http404
    return user, charger


def frame(charger: Charger, tab: str, **more: Any) -> Context:
    """Return what the template of a tab needs beside its own; `tab` is its route's name."""
    return _common(charger) | {"tabs": charger_tabs.entries(charger.identity, tab), **more}


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show how it is now."""
    return _tab(request, identity, "charger", "now")


@login_required
@require_GET
def history(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what it did, over the time that the address says."""
    return _tab(request, identity, "charger-history", "history")


@login_required
@require_GET
def facts(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what is known of it."""
    return _tab(request, identity, "charger-facts", "facts")


def _tab(request: HttpRequest, identity: str, tab: str, name: str) -> HttpResponse:
    user, charger = opened(request, identity, *MORE.get(name, ()))
    context = frame(charger, tab, **PARTS[name](request, user, charger))
    return render(request, f"monitoring/charger_{name}.html", context)


@login_required
@require_GET
def part(request: HttpRequest, identity: str, name: str) -> HttpResponse:
    """Show one live part of a tab."""
    if name not in PARTS:
        raise Http404
    user, charger = opened(request, identity, *MORE.get(name, ()))
    context = _common(charger) | PARTS[name](request, user, charger)
    return render(request, f"monitoring/_{name}.html", context)


@login_required
@require_GET
def power(request: HttpRequest, identity: str) -> HttpResponse:
    """Answer with the power of the last 24 h per port, for the chart."""
    user, charger = opened(request, identity)
    now = timezone.now()
    return JsonResponse(curves.power(user, charger, now - DAY, now))


@login_required
@require_GET
def running(request: HttpRequest, identity: str) -> HttpResponse:
    """Answer with the curves of the sessions that run."""
    user, charger = opened(request, identity)
    shown = ports.running(user, charger)
    drawn = curves.of_sessions(user, charger, shown[:MOST_CURVES], timezone.now())
    return JsonResponse({"sessions": drawn})


def _common(charger: Charger) -> Context:
    row = fleet.rows([charger])[0]
    return {
        "charger": charger,
        "zone": charger.site.timezone,
        "row": row,
        "next": next_step.next_step(row),
        "state": fleet.live_state(charger),
    }


def _head(_request: HttpRequest, _user: User, _charger: Charger) -> Context:
    return {}


def _now(_request: HttpRequest, user: User, charger: Charger) -> Context:
    shown = ports.live_ports(user, charger)
    many = len(shown) > ports.MOST_CARDS
    return {
        "cards": [port for port in shown if not (many and port.quiet)],
        "quiet": [port for port in shown if many and port.quiet],
        "own_problem": ports.of_whole(charger),
        "charging": any(port.session for port in shown),
        "link": links.link(user, charger, timezone.now()),
    }


def _history(request: HttpRequest, user: User, charger: Charger) -> Context:
    now = timezone.now()
    window = asked(request.GET, charger.site.timezone, now)
    narrowed = happenings.wanted(request.GET)
    after = happenings.Place.decode(request.GET.get("after", ""))
    shown = marks.bouts(charger, window)
    return {
        "never": fleet.live_state(charger).since is None,
        "window": window,
        "names": window_names(),
        "earlier": window.moved(-0.5, now),
        "later": window.moved(0.5, now) if window.end < now else None,
        "wider": window.widened(now),
        "kept": _kept(narrowed),
        "window_fields": window.parameters,
        "bars": bars.bars(charger, window),
        "marks": marks.marks(charger, window),
        "bouts": shown,
        "sessions_number": sum(bout.count for bout in shown),
        "sessions_energy": sum(bout.energy for bout in shown),
        "listing": happenings.listing(charger, window, narrowed, after),
        "wanted": narrowed,
        "paged": after is not None,
        "groups": happenings.groups(),
        "port_choices": port_choices(charger),
    }


def window_names() -> list[tuple[str, str]]:
    """Return the named windows with what they are called."""
    return [("24h", _("24 h")), ("7d", _("7 d")), ("30d", _("30 d")), ("1y", _("1 y"))]


def port_choices(charger: Charger) -> list[tuple[int, str]]:
    """Return the ports to narrow a list to; none where there is only one."""
    numbers = [evse.number for evse in charger.evses.all()]
    choices = [(number, _("Port %(number)s") % {"number": number}) for number in numbers]
    return choices if len(numbers) > 1 else []


def _kept(narrowed: happenings.Wanted) -> str:
    """Return what the links of the bars keep of the list's parameters."""
    said = {"show": narrowed.group, "port": narrowed.port}
    given = {name: value for name, value in said.items() if value not in ("", None)}
    return f"&{urlencode(given)}" if given else ""


def _facts(_request: HttpRequest, user: User, charger: Charger) -> Context:
    return {
        "facts": known.facts(user, charger),
        "mismatches": sightings(user).filter(charger=charger).order_by("-last_seen")[:5],
    }


PARTS: dict[str, Callable[[HttpRequest, User, Charger], Context]] = {
    "head": _head,
    "now": _now,
    "history": _history,
    "facts": _facts,
}
#: Part -> what is fetched with the charger for it.
MORE = {"now": ("evses__connectors",), "facts": ("evses__connectors",)}
