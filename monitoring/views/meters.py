"""Sessions whose meters contradict each other: the list, and a download."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inventory.rest import export
from monitoring.models import SessionReconciliation
from monitoring.models.reconciliation import CAUSES, VERDICTS
from monitoring.reconciliation import queries
from monitoring.views.asked import number, person

PAGE_SIZE = 50
COLUMNS = [
    *("charger", "port", "site", "transaction", "started", "ended", "by_registers_kwh"),
    *("by_samples_kwh", "by_power_kwh", "reported_kwh", "difference_kwh", "share", "cause"),
    *("verdict", "basis", "billable_kwh"),
]


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the sessions that are asked for, the worst first."""
    wanted = queries.wanted(request.GET)
    found = queries.found(person(request), wanted, timezone.now())
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(number(request.GET.get("page"), 1)),
        "wanted": wanted,
        "verdicts": VERDICTS,
        "causes": [cause for cause in CAUSES if cause[0]],
        "windows": [(name, label) for name, (label, _length) in queries.WINDOWS.items()],
    }
    return render(request, "monitoring/meters.html", context)


@login_required
@require_GET
def csv(request: HttpRequest) -> StreamingHttpResponse:
    """Send all of them, the latest first, streamed."""
    found = queries.found(person(request), queries.wanted(request.GET), timezone.now())
    rows = (_row(row) for row in export.in_order(found, ("-ended", "-pk")))
    return export.attachment(request, rows, COLUMNS, "meters")


def _row(row: SessionReconciliation) -> Mapping[str, Any]:
    session = row.session
    return {
        "charger": row.charger.identity,
        "port": session.evse.number if session.evse else None,
        "site": row.charger.site.name,
        "transaction": session.transaction_id,
        "started": session.started.astimezone(UTC).isoformat(timespec="seconds"),
        "ended": row.ended.astimezone(UTC).isoformat(timespec="seconds"),
        "by_registers_kwh": _kilo(row.by_registers),
        "by_samples_kwh": _kilo(row.by_samples),
        "by_power_kwh": _kilo(row.by_power),
        "reported_kwh": _kilo(row.reported),
        "difference_kwh": _kilo(row.difference),
        "share": None if row.share is None else round(row.share, 4),
        "cause": row.cause,
        "verdict": row.verdict,
        "basis": row.basis,
        "billable_kwh": _kilo(row.billable),
    }


def _kilo(value: float | None) -> float | None:
    return None if value is None else round(value / 1000, 3)
