"""A charger's sessions: the list, one of them with its curve, and a download."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inventory.models import Charger
from inventory.rest import export
from monitoring import words
from monitoring.charger_page import curves, meter_gaps, sessions
from monitoring.models import Session
from monitoring.templatetags.monitoring import masked
from monitoring.views.asked import asks_for, number
from monitoring.views.charger import frame, opened, port_choices, window_names

COLUMNS = [
    *("charger", "port", "connector", "transaction", "token", "started", "ended", "energy_kwh"),
    *("mean_power_kw", "peak_power_kw", "soc_percent", "stop_reason", "flags"),
]


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show the sessions, or to htmx their live part alone."""
    user, charger = opened(request, identity)
    now = timezone.now()
    wanted = sessions.wanted(request.GET, charger.site.timezone, now)
    found = sessions.of_charger(user, charger, wanted)
    context = frame(
        charger,
        "charger-sessions",
        page=sessions.page(found, charger, number(request.GET.get("page"), 1)),
        wanted=wanted,
        port_choices=port_choices(charger),
        outcomes=sessions.OUTCOMES.items(),
        names=window_names(),
    )
    template = "_sessions" if asks_for(request, "sessions") else "charger_sessions"
    return render(request, f"monitoring/{template}.html", context)


@login_required
@require_GET
def one(request: HttpRequest, identity: str, key: int) -> HttpResponse:
    """Show a session, or to htmx its live part alone."""
    user, charger = opened(request, identity)
    session = sessions.find(user, charger, key)
    if session is None:
        raise Http404
    context = frame(
        charger,
        "charger-sessions",
        session=session,
        shown=sessions.rows(charger, [session])[0],
        story=sessions.story(user, charger, session, timezone.now()),
        gaps=meter_gaps.of_session(charger, session, timezone.now()),
    )
    template = "_session" if asks_for(request, "session") else "charger_session"
    return render(request, f"monitoring/{template}.html", context)


@login_required
@require_GET
def curve(request: HttpRequest, identity: str, key: int) -> HttpResponse:
    """Answer with the curve of a session, for its chart."""
    user, charger = opened(request, identity)
    session = sessions.find(user, charger, key)
    if session is None:
        raise Http404
    drawn = curves.of_sessions(user, charger, [session], timezone.now())
    return JsonResponse({"sessions": drawn})


@login_required
@require_GET
def csv(request: HttpRequest, identity: str) -> StreamingHttpResponse:
    """Send all sessions that are asked for, streamed; tokens are masked as on the page."""
    user, charger = opened(request, identity)
    wanted = sessions.wanted(request.GET, charger.site.timezone, timezone.now())
    found = sessions.of_charger(user, charger, wanted)
    rows = (_row(charger, row) for row in export.in_order(found, ("-started", "-pk")))
    return export.attachment(request, rows, COLUMNS, f"sessions-{charger.pk}")


def _row(charger: Charger, session: Session) -> Mapping[str, Any]:
    mean = sessions.Row(session, None, None).mean_power
    return {
        "charger": charger.identity,
        "port": session.evse.number if session.evse else None,
        "connector": session.connector,
        "transaction": session.transaction_id,
        "token": masked(session.id_token),
        "started": _time(session.started),
        "ended": _time(session.ended),
        "energy_kwh": _kilo(session.energy),
        "mean_power_kw": _kilo(mean),
        "peak_power_kw": _kilo(session.peak_power),
        "soc_percent": session.soc,
        "stop_reason": words.stop_reason(session.stop_reason),
        "flags": ", ".join(words.flag(flag) for flag in session.flags),
    }


def _time(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def _kilo(value: float | None) -> float | None:
    return None if value is None else round(value / 1000, 3)
