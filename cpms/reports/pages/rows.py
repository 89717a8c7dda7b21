"""The evidence of a figure: the attempts, sessions, connections or statuses it was made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from cpms.reports.pages import asked as asking
from cpms.reports.pages import writing
from cpms.reports.pages.asked import Asked
from inventory.models import Charger
from monitoring import words
from monitoring.days import bounds
from monitoring.models import Attempt, ConnectionSpan, Session, StatusSpan
from monitoring.views.asked import number, person

PAGE_SIZE = 100
#: Pages that one can turn over; who wants more asks for fewer days, or the API.
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """What rows there are of a kind, and what a line says of each."""

    label: str | Promise
    #: The time that the list goes by, latest first.
    order: str
    #: The column of its end where rows are spans; "": the rows are of the moment `order`.
    end: str
    charger: str
    evse: str
    model: type[Model]
    #: Beyond port, start and end.
    columns: Sequence[tuple[str | Promise, Callable[[Any], str]]]
    #: (start, end) of a row.
    span: Callable[[Any], tuple[datetime, datetime | None]]


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page shows it."""

    label: str
    url: str
    zone: str
    start: datetime
    end: datetime | None
    lasted: float | None
    cells: list[tuple[str | Promise, str]]


def _outcome(attempt: Attempt) -> str:
    said = str(attempt.get_outcome_display())
    return f"{said} · {attempt.detail}" if attempt.detail else said


def _energy(row: Any) -> str:
    return "–" if row.energy is None else writing.energy(row.energy)


def _status(span: StatusSpan) -> str:
    error = words.error(span.error_code, span.vendor_error_code, span.info)
    return " · ".join(part for part in (str(span.get_status_display()), error) if part)


def _peak(session: Session) -> str:
    return "–" if session.peak_power is None else f"{session.peak_power / 1000:.1f} kW"


def _round_trip(span: ConnectionSpan) -> str:
    return "–" if span.rtt_p95 is None else f"{span.rtt_p95:.0f} ms"


KINDS: Mapping[str, Kind] = {
    "attempts": Kind(
        _("Attempts to charge"), "ended", "", "evse__charger", "evse", Attempt,
        [(_("Outcome"), _outcome), (_("Energy"), _energy)],
        lambda row: (row.started, row.ended),
    ),
    "sessions": Kind(
        _("Sessions"), "ended", "", "charger", "evse", Session,
        [
            (_("Energy"), _energy),
            (_("Peak power"), _peak),
            (_("Why it ended"), lambda row: words.stop_reason(row.stop_reason)),
        ],
        lambda row: (row.started, row.ended),
    ),
    "connections": Kind(
        _("Connections"), "opened", "closed", "charger", "", ConnectionSpan,
        [
            (_("Why it ended"), lambda row: words.closing(row.close_reason)),
            (_("Round trip, 95th percentile"), _round_trip),
            (_("Missed pings"), lambda row: str(row.missed_pings)),
        ],
        lambda row: (row.opened, row.closed),
    ),
    "status-spans": Kind(
        _("Statuses of ports"), "started", "ended", "evse__charger", "evse", StatusSpan,
        [(_("Status"), _status)],
        lambda row: (row.started, row.ended),
    ),
}  # fmt: skip


@login_required
@require_GET
def show(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the rows of a kind in the scope and window of the address, latest first."""
    if kind not in KINDS:
        raise Http404
    asked = asking.read(person(request), request.GET, timezone.now())
    page = min(asked.page, MOST_PAGES)
    first = (page - 1) * PAGE_SIZE
    found = list(_rows(KINDS[kind], asked, request)[first : first + PAGE_SIZE + 1])
    context = {
        "asked": asked,
        "kind": KINDS[kind],
        "lines": [_line(row, KINDS[kind]) for row in found[:PAGE_SIZE]],
        "page": page,
        "more": len(found) > PAGE_SIZE and page < MOST_PAGES,
        "ends": page == MOST_PAGES,
        "previous": page - 1,
        "next": page + 1,
        "back": reverse("kpis") + asked.url(),
    }
    return render(request, "reports/evidence.html", context)


def _rows(kind: Kind, asked: Asked, request: HttpRequest) -> QuerySet[Any]:
    start, end = _instants(asked)
    inside = Q(**{f"{kind.order}__lt": end})
    if kind.end:
        inside &= Q(**{f"{kind.end}__gt": start}) | Q(**{kind.end: None})
    else:
        inside &= Q(**{f"{kind.order}__gte": start})
    rows = kind.model._default_manager.filter(
        inside, **{f"{kind.charger}__in": asked.scope.chargers}
    )
    if (evse := number(request.GET.get("evse"), 0)) and kind.evse:
        rows = rows.filter(**{kind.evse: evse})
    port = (kind.evse,) if kind.evse else ()
    return rows.select_related(f"{kind.charger}__site", *port).order_by(f"-{kind.order}", "-pk")


def _instants(asked: Asked) -> tuple[datetime, datetime]:
    """Return the window (UTC) that holds the days in every zone of the sites."""
    if asked.scope.site is not None:
        names = [asked.scope.site.timezone]
    else:
        zones = asked.scope.chargers.order_by().values_list("site__timezone", flat=True)
        names = list(zones.distinct()) or ["UTC"]
    starts = [bounds(asked.days.first, ZoneInfo(name))[0] for name in names]
    return min(starts), max(bounds(asked.days.last, ZoneInfo(name))[1] for name in names)


def _line(row: Any, kind: Kind) -> Line:
    port = getattr(row, "evse", None)
    charger: Charger = row.evse.charger if kind.charger.startswith("evse") else row.charger
    start, end = kind.span(row)
    return Line(
        label=f"{charger.identity}/{port.number}" if port else charger.identity,
        url=_url(row, charger),
        zone=charger.site.timezone,
        start=start,
        end=end,
        lasted=(end - start).total_seconds() if end else None,
        cells=[(label, said(row)) for label, said in kind.columns],
    )


def _url(row: Any, charger: Charger) -> str:
    """Return the page of a row; where it has none, its charger's."""
    session = row.pk if isinstance(row, Session) else getattr(row, "session_id", None)
    if session:
        return reverse("charger-session", args=[charger.identity, session])
    return reverse("charger-history", args=[charger.identity])
