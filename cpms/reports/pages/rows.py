"""The evidence of a figure: the outages, attempts, sessions, connections or incidents it counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from alerts import access as alerts_access
from alerts.models import Incident
from cpms.reports.pages import asked as asking
from cpms.reports.pages import writing
from cpms.reports.pages.asked import Asked
from inventory.models import Charger
from monitoring import access, words
from monitoring.days import bounds
from monitoring.models import Attempt, ConnectionSpan, Outage, Session, StatusSpan
from monitoring.views.asked import number, person

PAGE_SIZE = 100
#: Pages that one can turn over; who wants more asks for fewer days, or the API.
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Where:
    """Where a row belongs: its port's or charger's name, its page, its site's time zone."""

    label: str
    url: str
    zone: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What rows there are of a kind, and what a line says of each."""

    label: str | Promise
    rows: Callable[[User], QuerySet[Any]]
    #: The time that the list goes by, latest first.
    order: str
    #: The column of its end where rows are spans; "": the rows are of the moment `order`.
    end: str
    charger: str
    #: The column of its port, "" without one.
    evse: str
    related: Sequence[str]
    where: Callable[[Any], Where]
    #: (start, end) of a row.
    span: Callable[[Any], tuple[datetime, datetime | None]]
    #: Beyond port, start and end.
    columns: Sequence[tuple[str | Promise, Callable[[Any], str]]]


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page shows it."""

    where: Where
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


def _lost(outage: Outage) -> str:
    return writing.time(outage.offline + outage.faulted + outage.unavailable + outage.silent)


def _cause(outage: Outage) -> str:
    cause = outage.get_found_cause_display() if outage.found_cause else outage.get_cause_display()
    return " · ".join(part for part in (str(cause), outage.error_code) if part)


def _state(incident: Incident) -> str:
    said = (
        incident.get_resolution_display() if incident.resolution else incident.get_state_display()
    )
    return str(said)


def _of_port(row: Any) -> Where:
    charger: Charger = row.evse.charger
    return _where(row, charger, f"{charger.identity}/{row.evse.number}")


def _of_session(session: Session) -> Where:
    port = f"/{session.evse.number}" if session.evse else ""
    return _where(session, session.charger, f"{session.charger.identity}{port}")


def _of_charger(row: Any) -> Where:
    return _where(row, row.charger, row.charger.identity)


def _of_outage(outage: Outage) -> Where:
    where = _of_port(outage)
    return replace(where, url=reverse("outage", args=[outage.pk]))


def _of_incident(incident: Incident) -> Where:
    zone = incident.site.timezone if incident.site else "UTC"
    return Where(incident.subject, reverse("incident", args=[incident.pk]), zone)


def _where(row: Any, charger: Charger, label: str) -> Where:
    """Return the page of the row's session; where it has none, its charger's history."""
    session = row.pk if isinstance(row, Session) else getattr(row, "session_id", None)
    url = reverse("charger-history", args=[charger.identity])
    if session:
        url = reverse("charger-session", args=[charger.identity, session])
    return Where(label, url, charger.site.timezone)


_PORT, _SESSION = ("evse__charger__site",), ("charger__site", "evse")
KINDS: Mapping[str, Kind] = {
    "outages": Kind(
        _("Outages"), access.outages, "started", "ended", "charger", "evse", _PORT, _of_outage,
        lambda row: (row.started, row.ended),
        [
            (_("Kind"), lambda row: str(row.get_kind_display())),
            (_("Cause"), _cause),
            (_("Lost time"), _lost),
        ],
    ),
    "attempts": Kind(
        _("Attempts to charge"), access.attempts, "ended", "", "evse__charger", "evse", _PORT,
        _of_port, lambda row: (row.started, row.ended),
        [(_("Outcome"), _outcome), (_("Energy"), _energy)],
    ),
    "sessions": Kind(
        _("Sessions"), access.sessions, "ended", "", "charger", "evse", _SESSION, _of_session,
        lambda row: (row.started, row.ended),
        [
            (_("Energy"), _energy),
            (_("Peak power"), _peak),
            (_("Why it ended"), lambda row: words.stop_reason(row.stop_reason)),
        ],
    ),
    "connections": Kind(
        _("Connections"), access.connections, "opened", "closed", "charger", "",
        ("charger__site",), _of_charger, lambda row: (row.opened, row.closed),
        [
            (_("Why it ended"), lambda row: words.closing(row.close_reason)),
            (_("Round trip, 95th percentile"), _round_trip),
            (_("Missed pings"), lambda row: str(row.missed_pings)),
        ],
    ),
    "status-spans": Kind(
        _("Statuses of ports"), access.status_spans, "started", "ended", "evse__charger", "evse",
        _PORT, _of_port, lambda row: (row.started, row.ended), [(_("Status"), _status)],
    ),
    "incidents": Kind(
        _("Incidents"), alerts_access.incidents, "opened_at", "resolved_at", "charger", "evse",
        ("site",), _of_incident, lambda row: (row.opened_at, row.resolved_at),
        [
            (_("What"), lambda row: str(row.get_detector_display())),
            (_("Severity"), lambda row: str(row.get_severity_display())),
            (_("How it ended"), _state),
        ],
    ),
}  # fmt: skip


@login_required
@require_GET
def show(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the rows of a kind in the scope and window of the address, latest first."""
    if kind not in KINDS:
        raise Http404
    user, evse = person(request), number(request.GET.get("evse"), 0)
    asked = asking.read(user, request.GET, timezone.now())
    page = min(asked.page, MOST_PAGES)
    first = (page - 1) * PAGE_SIZE
    found = list(_rows(KINDS[kind], asked, user, evse)[first : first + PAGE_SIZE + 1])
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


def _rows(kind: Kind, asked: Asked, user: User, evse: int) -> QuerySet[Any]:
    start, end = _instants(asked)
    inside = Q(**{f"{kind.order}__lt": end})
    if kind.end:
        inside &= Q(**{f"{kind.end}__gt": start}) | Q(**{kind.end: None})
    else:
        inside &= Q(**{f"{kind.order}__gte": start})
    here = Q(**{f"{kind.charger}__in": asked.scope.chargers})
    if kind is KINDS["incidents"] and not asked.scope.traits:
        here |= _of_sites(asked)
    rows = kind.rows(user).filter(inside, here)
    if evse and kind.evse:
        rows = rows.filter(**{kind.evse: evse})
    return rows.select_related(*kind.related).order_by(f"-{kind.order}", "-pk")


def _of_sites(asked: Asked) -> Q:
    """Return the incidents of a whole site, where the scope is of whole sites."""
    if asked.scope.charger is not None:
        return Q(pk__in=())
    return Q(charger=None, site__in=asked.scope.chargers.values("site"))


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
    start, end = kind.span(row)
    return Line(
        where=kind.where(row),
        start=start,
        end=end,
        lasted=(end - start).total_seconds() if end else None,
        cells=[(label, said(row)) for label, said in kind.columns],
    )
