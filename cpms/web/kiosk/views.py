"""The wall itself: no user, no session, only what its link is for."""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from alerts import wording
from alerts.models import Severity
from cpms.web.context import is_simulated
from cpms.web.kiosk import links
from cpms.web.kiosk.boards import BOARDS, Scene, alarm
from cpms.web.kiosk.life import beats
from cpms.web.models import KioskLink

log = structlog.get_logger(__name__)

COOKIE = "kiosk"
#: Seconds; a browser keeps a cookie for 400 days at most, and it is renewed when the wall opens.
KEPT = 400 * 24 * 3600
#: What a wall's answers carry: nothing of them is stored, and its address goes nowhere.
PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
WEB = Path(__file__).resolve().parent.parent

View = Callable[..., HttpResponse]


@require_GET
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Take the link's token for a cookie that is sent to its wall alone, and go there."""
    address = _peer(request)
    if links.too_many_guesses(address):
        return _refused(request, 429)
    link = links.find(token)
    if link is None:
        links.note_guess(address)
        return _refused(request, 404)
    wall = reverse("kiosk-wall", args=[link.pk])
    response = HttpResponseRedirect(wall, headers=PRIVATE)
    _give_cookie(response, link, token)
    return response


def _give_cookie(response: HttpResponse, link: KioskLink, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=KEPT,
        path=reverse("kiosk-wall", args=[link.pk]),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",  # Strict isn't sent on the way here from a link in an e-mail.
    )


def _for_links(view: View) -> View:
    """Let the view see its link in its language, or answer that this wall is closed."""

    @require_GET
    @wraps(view)
    def guarded(request: HttpRequest, link_id: int, **more: Any) -> HttpResponse:
        token = request.COOKIES.get(COOKIE, "")
        try:
            link = links.find(token)
            if link is None or link.pk != link_id:
                return _closed(request, token)
            with translation.override(link.language):
                response = view(request, link, **more)
                links.note_use(link, timezone.now())
        except DatabaseError as problem:
            log.warning("kiosk_not_served", error=str(problem).strip())
            return _unable()
        return _private(response)

    return guarded


@_for_links
def wall(request: HttpRequest, link: KioskLink) -> HttpResponse:
    """Show the wall; its script asks for the boards, one after the other."""
    response = render(request, "web/kiosk/wall.html", _frame(link))
    _give_cookie(response, link, request.COOKIES[COOKIE])
    return response


def _frame(link: KioskLink) -> dict[str, Any]:
    boards = [board for board in link.boards if board in BOARDS]
    return {
        "link": link,
        "boards": [(board, KioskLink.Board(board).label) for board in boards],
        "now": timezone.now(),
        "version": _version(),
        "simulated": is_simulated(),
        "severities": [(severity.slug, severity) for severity in Severity],
    }


@_for_links
def board(request: HttpRequest, link: KioskLink, name: str) -> HttpResponse:
    """Show one board as it is now."""
    if name not in BOARDS or name not in link.boards:
        raise Http404
    scene = _scene(link)
    context = {"link": link, "now": timezone.now(), "board": name, "zone": link.timezone}
    if scene is not None:
        context |= BOARDS[name](scene)
    template = f"web/kiosk/_{name}.html" if scene else "web/kiosk/_nothing.html"
    return render(request, template, context)


@_for_links
def pulse(request: HttpRequest, link: KioskLink) -> HttpResponse:
    """Say every few seconds what the wall must know: who lives, and what is critical."""
    now = timezone.now()
    scene = _scene(link)
    return JsonResponse(
        {
            "now": now.isoformat(),
            "version": _version(),
            "beats": _beats(),
            **({} if scene is None else _alarm(scene, _instant(request.GET.get("since", "")))),
        }
    )


def _scene(link: KioskLink) -> Scene | None:
    onlooker = link.onlooker()
    return None if onlooker is None else Scene(link, onlooker, timezone.now())


def _instant(text: str) -> datetime | None:
    """Return the instant, not after now; None for none, or for what a wall never says."""
    try:
        instant = datetime.fromisoformat(text[:40]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(instant, timezone.now())


def _alarm(scene: Scene, since: datetime | None) -> dict[str, Any]:
    state = alarm(scene, since)
    return {
        "incidents": {severity.slug: number for severity, number in state.counts.items()},
        "unacknowledged": state.unacknowledged,
        "stamp": state.stamp,
        "critical": [
            {
                "key": key,
                "text": wording.headline(incident),
                "where": incident.site.name if incident.site else "",
            }
            for key, incident in state.critical
        ],
    }


def _beats() -> list[dict[str, Any]]:
    return [
        {
            "name": beat.name,
            "label": str(beat.label),
            "at": beat.at.isoformat() if beat.at else None,
            "alive": beat.alive,
        }
        for beat in beats(timezone.now())
    ]


def _closed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer for a wall whose link is revoked, or that never had one."""
    address = _peer(request)
    many = links.too_many_guesses(address)
    if token and not many:
        links.note_guess(address)
    return _refused(request, 429 if many else 410)


def _refused(request: HttpRequest, status: int) -> HttpResponse:
    context = {"throttled": status == 429}
    response = render(request, "web/kiosk/closed.html", context, status=status)
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    for name, value in PRIVATE.items():
        response[name] = value
    return response


def _unable() -> HttpResponse:
    """Answer while the database is away: who lives can be said without it."""
    answer = {"now": timezone.now().isoformat(), "version": _version(), "beats": _beats()}
    return JsonResponse(answer, status=503, headers=PRIVATE)


def _peer(request: HttpRequest) -> str:
    """Return the address that asks; a proxy's word is taken where settings trust the proxy."""
    host = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    return forwarded[:64] if forwarded and _is_proxy(host) else host


def _is_proxy(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in settings.TRUSTED_PROXIES)


@cache
def _version() -> str:
    """Return what differs with every change of the wall: one of another version loads itself."""
    files = [
        *sorted((WEB / "static" / "kilowatch").glob("kiosk.*")),
        WEB / "static" / "kilowatch" / "tokens.css",
        *sorted((WEB / "templates" / "web" / "kiosk").glob("*.html")),
    ]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
