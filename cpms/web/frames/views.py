"""The flight recorder's tab of a charger's page, and its downloads."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from cpms.ocpp.inspection import words_for_pages
from cpms.ocpp.recordings import Subject, recording
from cpms.web import zones
from cpms.web.frames import asked
from cpms.web.frames.asked import KINDS, WAYS, WINDOWS, Asked
from cpms.web.frames.page import Page, Reading, Row, read
from inventory.models import Charger
from monitoring import frame_lines
from monitoring.exchanges import Exchange
from monitoring.frame_pages import DOWNLOAD_EFFORT
from monitoring.views.charger import frame, opened

#: The most that is played again at once.
LONGEST_REPLAY = timedelta(hours=24)


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show the tab, or only its list when the page itself asks for that."""
    _user, charger = opened(request, identity)
    now = timezone.now()
    wanted = _asked(request, charger, now)
    page = read(Reading(charger.pk, wanted, now))
    context = {"asked": wanted, "page": page, "linked": request.GET.get("frame", "")[:20]}
    if request.headers.get("HX-Target") == "frames":
        names = {"charger": charger, "zone": charger.site.timezone}
        return render(request, "web/frames/_list.html", context | names | _kept(wanted, now))
    context |= _choices(page) | _kept(wanted, now)
    return render(request, "web/frames/tab.html", frame(charger, "charger-frames", **context))


@login_required
@require_GET
def export(request: HttpRequest, identity: str) -> StreamingHttpResponse:
    """Send the window and filter asked for as JSON lines."""
    _user, charger = opened(request, identity)
    now = timezone.now()
    wanted = _asked(request, charger, now)
    reading = Reading(charger.pk, wanted, now, effort=DOWNLOAD_EFFORT)
    name = f"{charger.identity}-{wanted.start:%Y%m%dT%H%M%SZ}.frames.jsonl"
    text = frame_lines.written(_lines(reading))
    return frame_lines.download(request, text, name, reading.effort.give_up)


@login_required
@require_GET
def replay(request: HttpRequest, identity: str) -> StreamingHttpResponse:
    """Send the window, the last day of it where it is longer, for the simulator to play."""
    _user, charger = opened(request, identity)
    wanted = _asked(request, charger, timezone.now())
    start = max(wanted.start, wanted.end - LONGEST_REPLAY)
    name = f"{charger.identity}-{start:%Y%m%dT%H%M%SZ}.jsonl"
    return frame_lines.download(request, recording(_subject(charger), start, wanted.end), name)


def _lines(reading: Reading) -> Iterator[frame_lines.Line]:
    """Yield what is exported: as over the API, and what was put right or refused, in words."""

    def problems(exchange: Exchange) -> frame_lines.Line:
        return {"problems": [finding.words for finding in reading.inspected(exchange)]}

    yield from frame_lines.lines(reading.whole(), problems)
    if (reached := reading.effort.reached) is not None:
        yield frame_lines.unfinished(reached, frame_lines.go_on_from(reached))


def _asked(request: HttpRequest, charger: Charger, now: datetime) -> Asked:
    return asked.asked(request.GET.dict(), zones.shown(charger.site.timezone), now)


def _choices(page: Page) -> dict[str, Any]:
    """Return what the filters offer: of actions those on the page."""
    actions = {row.exchange.action for row in page.rows if isinstance(row, Row)}
    return {
        "windows": [(name, label) for name, (_length, label) in WINDOWS.items()],
        "ways": WAYS.items(),
        "kinds": KINDS.items(),
        "actions": sorted(action for action in actions if action),
        "finding_words": words_for_pages(),
    }


def _kept(wanted: Asked, now: datetime) -> dict[str, Any]:
    """Return how long frames are kept, where the window reaches back further."""
    days = settings.FRAME_RETENTION_DAYS
    beyond = wanted.start < now - timedelta(days=days, hours=-1)
    return {"kept_days": days if beyond else None}


def _subject(charger: Charger) -> Subject:
    model = charger.model
    return Subject(
        charger.pk,
        charger.identity,
        charger.ocpp_version,
        model.vendor if model else "",
        model.name if model else "",
        charger.serial_number,
        charger.firmware_version,
    )
