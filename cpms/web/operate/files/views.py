"""The sections “Firmware” and “Logs” of the Operate tab."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from cpms.control import access as control_access
from cpms.control import firmware as kept_firmware
from cpms.control import serving
from cpms.control.models import StoredFile, Transfer
from cpms.web.operate.files import words
from cpms.web.operate.views import section
from inventory.models import Charger
from monitoring.views.asked import number
from monitoring.views.charger import opened

FIRMWARE, LOGS = "charger-firmware", "charger-logs"
Kind, State = Transfer.Kind, Transfer.State
UPDATES, SENDINGS = (Kind.FIRMWARE, Kind.PUBLISH), (Kind.DIAGNOSTICS, Kind.LOG)
#: Transfers on one page, and images that are offered.
PAGE_SIZE, MOST_IMAGES = 20, 50


@login_required
@require_GET
def firmware(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what it runs, what it could run, and how updates went."""
    user, charger = opened(request, identity)
    images = control_access.firmware(user).select_related("file").order_by("-added_at")
    context = _context(
        request, user, charger, FIRMWARE, UPDATES,
        images=kept_firmware.fitting(charger, images)[:MOST_IMAGES],
    )  # fmt: skip
    return render(request, "web/operate/files/firmware.html", context)


@login_required
@require_GET
def logs(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what it has sent, and what it is sending."""
    user, charger = opened(request, identity)
    context = _context(request, user, charger, LOGS, SENDINGS)
    return render(request, "web/operate/files/logs.html", context)


def _context(
    request: HttpRequest, user: User, charger: Charger, name: str, kinds: Sequence[str], **more: Any
) -> dict[str, Any]:
    pages = Paginator(_of_charger(user, charger, kinds), PAGE_SIZE)
    page = pages.get_page(number(request.GET.get("page"), 1))
    now = timezone.now()
    shown = [words.shown(transfer, now) for transfer in page.object_list]
    running = [one for one in shown if not one.transfer.is_over or _unsettled(one.transfer)]
    return section(
        request, charger, name, page=page, running=running,
        past=[one for one in shown if one not in running], **more,
    )  # fmt: skip


def _unsettled(transfer: Transfer) -> bool:
    """Tell whether it ended, and what it came to isn't known yet."""
    return transfer.state == State.DONE and transfer.command.verified is None


def _of_charger(user: User, charger: Charger, kinds: Sequence[str]) -> QuerySet[Transfer]:
    found = control_access.transfers(user).filter(charger=charger, kind__in=kinds)
    return found.select_related("command", "file", "image__file").order_by("-asked_at", "-id")


@login_required
@require_GET
def look(request: HttpRequest, identity: str, key: int) -> HttpResponse:
    """Show the beginning and the end of a file that is text."""
    user, charger = opened(request, identity)
    file = _file(user, charger, key)
    found = None
    if file.removed_at is None:
        try:
            found = serving.look(file)
        except FileNotFoundError as gone:
            raise Http404 from gone
    context = section(request, charger, LOGS, file=file, look=found)
    return render(request, "web/operate/files/look.html", context)


@login_required
@require_GET
def download(request: HttpRequest, identity: str, key: int) -> HttpResponseBase:
    """Download a file."""
    user, charger = opened(request, identity)
    return serving.attachment(request, _file(user, charger, key))


def _file(user: User, charger: Charger, key: int) -> StoredFile:
    return get_object_or_404(control_access.files(user).filter(charger=charger), pk=key)
