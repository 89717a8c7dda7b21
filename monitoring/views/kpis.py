"""The KPI page: four figures with their formulas, of the fleet, a site or a charger."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from inventory import access
from inventory.models import Charger, Site
from monitoring.charger_page import subject
from monitoring.kpis.queries import (
    FORMULAS,
    LABELS,
    Days,
    Figure,
    Group,
    GroupBy,
    Metric,
    figures,
    whole_and_parts,
)
from monitoring.models import DailyKpi
from monitoring.views.asked import number, person

PAGE_SIZE = 100
#: Parameter -> its name, and the days it reaches back from today.
WINDOWS: dict[str, tuple[Promise, int]] = {
    "today": (_("Today"), 0),
    "7d": (_("7 days"), 6),
    "30d": (_("30 days"), 29),
}
ROWS: dict[str, GroupBy] = {"site": GroupBy.SITE, "charger": GroupBy.CHARGER}


@dataclass(frozen=True, slots=True)
class Scope:
    """What the figures are of, and what the rows of the table are."""

    chargers: QuerySet[Charger]
    rows: GroupBy
    site: Site | None = None
    charger: Charger | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    label: str
    url: str
    figures: list[Figure]


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the figures of the scope and, worst first, of what it is made of."""
    scope = _scope(person(request), request)
    chosen = request.GET.get("window", "")
    chosen = chosen if chosen in WINDOWS else "today"
    now = timezone.now()
    days = _days(scope, WINDOWS[chosen][1], now)
    whole, parts = whole_and_parts(scope.chargers, days, by=scope.rows, now=now)
    page = Paginator(sorted(parts, key=_worst_first), PAGE_SIZE).get_page(
        number(request.GET.get("page"), 1)
    )
    context = {
        "scope": scope,
        "days": days,
        "windows": [(key, label, key == chosen) for key, (label, _back) in WINDOWS.items()],
        "cards": _cards(whole, _before(scope, days, now)),
        "length": (days.last - days.first).days + 1,
        "metrics": [LABELS[metric] for metric in LABELS],
        "page": page,
        "rows": [_row(group, scope, chosen) for group in page.object_list],
        "until": _computed_until(scope, days),
    }
    return render(request, "monitoring/kpis.html", context)


def _scope(user: User, request: HttpRequest) -> Scope:
    chargers = access.chargers(user)
    if identity := request.GET.get("charger"):
        charger = subject.find(user, identity)
        if charger is None:
            raise Http404
        return Scope(chargers.filter(pk=charger.pk), GroupBy.PORT, charger.site, charger)
    if wanted := request.GET.get("site"):
        site = access.sites(user).filter(pk=number(wanted, 0)).first()
        if site is None:
            raise Http404
        return Scope(chargers.filter(site=site), GroupBy.CHARGER, site)
    return Scope(chargers, ROWS.get(request.GET.get("by", ""), GroupBy.SITE))


def _days(scope: Scope, back: int, now: datetime) -> Days:
    """Return the window: today is the day at most of the sites, and each counts its own."""
    zones = Counter(scope.chargers.order_by().values_list("site__timezone", flat=True))
    zone = zones.most_common(1)[0][0] if zones else "UTC"
    today = now.astimezone(ZoneInfo(zone)).date()
    return Days(today - timedelta(days=back), today)


def _computed_until(scope: Scope, days: Days) -> datetime | None:
    rows = DailyKpi.objects.filter(charger__in=scope.chargers, day=days.last)
    until: datetime | None = rows.aggregate(Max("until"))["until__max"]
    return until


def _worst_first(group: Group) -> tuple[float, float, str]:
    uptime, success = (
        value if (value := group.figures[metric].value) is not None else 2.0
        for metric in (Metric.UPTIME, Metric.SESSION_SUCCESS)
    )
    return uptime, success, group.label


def _before(scope: Scope, days: Days, now: datetime) -> Group:
    """Return the figures of as many days before the window, to compare with."""
    length = days.last - days.first + timedelta(days=1)
    earlier = Days(days.first - length, days.last - length)
    return figures(scope.chargers, earlier, now=now)[0]


def _cards(whole: Group, before: Group) -> list[dict[str, Any]]:
    return [
        {
            "figure": whole.figures[metric],
            "before": before.figures[metric],
            "label": LABELS[metric],
            "formula": FORMULAS[metric],
        }
        for metric in LABELS
    ]


def _row(group: Group, scope: Scope, window: str) -> Row:
    return Row(
        label=group.label,
        url=_url(group, scope, window),
        figures=[group.figures[metric] for metric in LABELS],
    )


def _url(group: Group, scope: Scope, window: str) -> str:
    if scope.charger:
        return reverse("charger", args=[scope.charger.identity])
    name, value = ("site", group.key) if scope.rows is GroupBy.SITE else ("charger", group.label)
    return f"{reverse('kpis')}?window={window}&{name}={value}"
