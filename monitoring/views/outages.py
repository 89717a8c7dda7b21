"""The outage ledger's pages: which outages, what they cost, why, and what is taken out."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from inventory import access as inventory_access
from inventory.audit import record_refusal
from inventory.rest import export
from monitoring import access
from monitoring.kpis.figures import LENS_LABELS
from monitoring.models import Outage, OutageChange
from monitoring.models.outages import CAUSES, KINDS
from monitoring.outages import board, findings
from monitoring.outages.chargex import CODES
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.exclusions import LONGEST
from monitoring.outages.people import named
from monitoring.outages.queries import lines
from monitoring.outages.scope import Scope, touching
from monitoring.views import places
from monitoring.views.asked import asks_for, number, person

PAGE_SIZE = 50
MOST_CHANGES = 200
WINDOWS = [
    ("24h", gettext_lazy("24 hours")),
    ("7d", gettext_lazy("7 days")),
    ("30d", gettext_lazy("30 days")),
    ("1y", gettext_lazy("1 year")),
]
COLUMNS = [
    *("outage", "organisation", "site", "charger", "port", "started", "ended", "seconds"),
    *("kind", "cause", "found_cause", "found_note", "error_code", "chargex", "offline_seconds"),
    *("faulted_seconds", "unavailable_seconds", "silent_seconds", "stretches"),
]
#: Before and after an outage that its evidence is shown.
AROUND = timedelta(minutes=5)
RELATED = ("charger__site__organisation", "evse__charger", "found_by")


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the ledger, or only its live part when htmx asks for that."""
    user, now = person(request), timezone.now()
    wanted = board.asked(request.GET.dict(), "UTC", now)
    found = board.narrowed(user, wanted)
    ordered = found.select_related(*RELATED).order_by(*board.ORDERS[wanted.sort])
    totals = board.summed(found)
    page = _pages(ordered, totals.outages).get_page(number(request.GET.get("page"), 1))
    shown = list(page.object_list)
    context: dict[str, Any] = {
        "wanted": wanted,
        "totals": totals,
        "page": page,
        "rows": _rows(user, shown),
        "parameters": request.GET.urlencode(),
    }
    if asks_for(request, "outages"):
        return render(request, "monitoring/_outages.html", context)
    context |= {
        "sites": board.sites(user, places.MOST_SITES),
        "scope": board.named_scope(user, wanted),
        "kinds": KINDS,
        "causes": CAUSES,
        "codes": [(number, f"CX{number:03} {code.name}") for number, code in CODES.items()],
        "windows": WINDOWS,
    }
    return render(request, "monitoring/outages.html", context)


def _pages(found: Any, count: int) -> "Paginator[Outage]":
    pages: Paginator[Outage] = Paginator(found, PAGE_SIZE)
    pages.count = count  # Counted with the totals already.
    return pages


def _rows(user: User, shown: list[Outage]) -> list[dict[str, Any]]:
    excluded = board.exclusions_of(user, shown)
    names = dict(CAUSES)
    return [
        {
            "outage": outage,
            "why": names[getattr(outage, "why")],  # noqa: B009 annotated
            "code": CODES.get(outage.chargex or 0),
            "exclusions": excluded[outage.pk],
        }
        for outage in shown
    ]


@login_required
@require_GET
def csv(request: HttpRequest) -> StreamingHttpResponse:
    """Send all outages that are asked for, streamed, newest first."""
    wanted = board.asked(request.GET.dict(), "UTC", timezone.now())
    found = board.narrowed(person(request), wanted).select_related(*RELATED)
    lines = (_line(outage) for outage in export.in_order(found, ("-started", "-pk")))
    return export.attachment(request, lines, COLUMNS, "outages")


def _line(outage: Outage) -> Mapping[str, Any]:
    site = outage.charger.site
    return {
        "outage": outage.pk,
        "organisation": site.organisation.name,
        "site": site.name,
        "charger": outage.charger.identity,
        "port": outage.evse.number,
        "started": _time(outage.started),
        "ended": _time(outage.ended),
        "seconds": round(getattr(outage, "lost"), 3),  # noqa: B009 annotated
        "kind": outage.kind,
        "cause": outage.cause,
        "found_cause": outage.found_cause,
        "found_note": outage.found_note,
        "error_code": outage.error_code,
        "chargex": f"CX{outage.chargex:03}" if outage.chargex else "",
        "offline_seconds": round(outage.offline, 3),
        "faulted_seconds": round(outage.faulted, 3),
        "unavailable_seconds": round(outage.unavailable, 3),
        "silent_seconds": round(outage.silent, 3),
        "stretches": outage.stretches,
    }


def _time(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show an outage: when, how long, why, the evidence, what is taken out, who found what."""
    user, now = person(request), timezone.now()
    outage = _theirs(user, key)
    excluded = board.exclusions_of(user, [outage])[outage.pk]
    organisation = outage.charger.site.organisation_id
    context = {
        "outage": outage,
        "zone": outage.charger.site.timezone,
        "lost": timedelta(seconds=outage.seconds),
        "parts": _parts(outage),
        "code": CODES.get(outage.chargex or 0),
        "why": dict(CAUSES)[outage.found_cause or outage.cause],
        "evidence": _evidence(outage),
        "exclusions": excluded,
        "lenses": _lenses(outage),
        "asks": _asks(outage, now),
        "events": list(_events(outage)),
        "causes": CAUSES,
        "may_find": inventory_access.may(user, "propose_exclusion", organisation),
    }
    return render(request, "monitoring/outage.html", context)


def _theirs(user: User, key: int) -> Outage:
    return get_object_or_404(access.outages(user).select_related(*RELATED), pk=key)


def _parts(outage: Outage) -> list[tuple[Any, timedelta]]:
    """Return the kinds that it is made of, and how long each."""
    found = [(label, getattr(outage, kind)) for kind, label in KINDS]
    return [(label, timedelta(seconds=seconds)) for label, seconds in found if seconds]


def _lenses(outage: Outage) -> list[tuple[Any, timedelta, timedelta]]:
    """Return what each lens makes of it: what it is called, the outage, of it excluded."""
    (line,) = lines([outage], outage.started, outage.ended or outage.until)
    return [
        (
            LENS_LABELS[name],
            timedelta(seconds=totals.outage),
            timedelta(seconds=totals.excluded),
        )
        for name, totals in line.lenses.items()
    ]


def _evidence(outage: Outage) -> list[tuple[str, str]]:
    """Return what proves it: where, and what it is called."""
    identity = outage.charger.identity
    end = outage.ended or outage.until
    whole = _window(outage.started - AROUND, end + AROUND)
    minute = _window(outage.started - AROUND, min(outage.started + AROUND, end + AROUND))
    return [
        (reverse("charger-history", args=[identity]) + whole, _("Timeline of the charger")),
        (reverse("charger-frames", args=[identity]) + minute, _("Frames around its beginning")),
        (reverse("charger-sessions", args=[identity]) + whole, _("Sessions meanwhile")),
    ]


def _window(start: datetime, end: datetime) -> str:
    return "?" + urlencode({"from": _stamp(start), "to": _stamp(end)})


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _asks(outage: Outage, now: datetime) -> list[tuple[str, str]]:
    """Return where to propose to take it out: the port, the charger, or the site at that time."""
    charger, site = Scope.at(outage.charger), Scope(outage.charger.site)
    scopes = [
        (Scope.at(outage.evse), _("This port")),
        (charger, _("All ports of %(charger)s") % {"charger": charger}),
        (site, _("All outages at %(site)s at that time") % {"site": site}),
    ]
    return [(_ask(scope, outage, now), label) for scope, label in scopes]


def _ask(scope: Scope, outage: Outage, now: datetime) -> str:
    """Return the form for a scope, over all its outages that touch this one."""
    end = outage.ended or now
    start = outage.started
    if scope.evse is None:
        near = list(touching(scope.outages(), start, end).values_list("started", "ended")[:1_000])
        start = max(min([start, *(begun for begun, _over in near)]), end - LONGEST)
        end = min(max([end, *(over or now for _begun, over in near)]), start + LONGEST)
    # Whole seconds around it: what lies beside the outage is nothing to take out.
    start, end = start.replace(microsecond=0), min(end + timedelta(seconds=1), now)
    asked = {"place": places.written(scope), "from": _stamp(start), "to": _stamp(end)}
    return reverse("exclusion-new") + "?" + urlencode(asked)


def _events(outage: Outage) -> Iterator[dict[str, Any]]:
    changes = OutageChange.objects.filter(outage_id=outage.pk, evse=outage.evse)
    for change in changes.select_related("actor").order_by("-at", "-pk")[:MOST_CHANGES]:
        yield {
            "at": change.at,
            "text": _said(change),
            "icon": "user" if change.actor else "refresh",
            "who": named(change.actor) if change.actor else _("Kilowatch, after late data"),
        }


#: Fields of an outage that its history names.
FIELDS = {
    "started": gettext_lazy("start"),
    "ended": gettext_lazy("end"),
    "kind": gettext_lazy("kind"),
    "cause": gettext_lazy("cause"),
    "chargex": gettext_lazy("ChargeX code"),
    "error_code": gettext_lazy("error code"),
    "found_cause": gettext_lazy("cause found"),
    "found_note": gettext_lazy("note"),
}


def _said(change: OutageChange) -> str:
    """Return what was changed, each from what to what."""
    words = {**dict(KINDS), **dict(CAUSES)}

    def value(one: Any) -> str:
        return str(words.get(one, one)) if one not in (None, "") else "–"

    told = [
        f"{label}: {value(pair[0])} → {value(pair[1])}"
        for name, label in FIELDS.items()
        if isinstance(pair := change.changes.get(name), list) and len(pair) == 2
    ]
    return "; ".join(told) or _("Made anew")


@login_required
@require_POST
def find(request: HttpRequest, key: int) -> HttpResponse:
    """Set the cause that somebody found."""
    user = person(request)
    outage = _theirs(user, key)
    try:
        findings.find(
            outage,
            cause=request.POST.get("cause", ""),
            note=request.POST.get("note", ""),
            by=user,
            now=timezone.now(),
        )
    except NotAllowedError as problem:
        record_refusal(user, f"POST {request.path}", str(problem))
        raise PermissionDenied(str(problem)) from problem
    except LedgerError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Noted."))
    still = access.outages(user).filter(pk=key).exists()
    return redirect("outage", key=key) if still else redirect("outages")
