"""The KPI page: are we above target, where do we lose, is it getting better."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.pages import asked as asking
from cpms.reports.pages import lenses, losses, panels, table, windows
from cpms.reports.pages.asked import Asked
from cpms.reports.pages.lenses import LENSES, Target
from cpms.reports.pages.reading import Part, Reader
from cpms.reports.pages.scope import LABELS, MANY
from cpms.reports.pages.views import VIEWS
from monitoring.kpis.figures import Better
from monitoring.kpis.queries import Days, GroupBy, distribution, heat_map, worst_ports
from monitoring.kpis.scope import Plan, plan_of
from monitoring.views.asked import person


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the figures of the scope and, worst first, of what it is made of."""
    now = timezone.now()
    asked = asking.read(person(request), request.GET, now)
    content = {} if asked.empty else _content(asked, now)
    return render(
        request, "reports/kpis.html", _frame(asked) | (content or {"empty": _nothing(asked)})
    )


def _frame(asked: Asked) -> dict[str, Any]:
    """Return what the page has around its figures, also where there are none."""
    named = [
        (label, asked.url(window=name, **{"from": None, "to": None}), name == asked.window)
        for name, label in windows.NAMES.items()
    ]
    tabs = [
        {
            "label": view.label,
            "icon": view.icon,
            "url": asked.url(view=None if name == next(iter(VIEWS)) else name),
            "current": view is asked.view,
        }
        for name, view in VIEWS.items()
    ]
    return {
        "asked": asked,
        "path": _path(asked),
        "traits": [
            (LABELS[step.name], step.label, asked.url(**{step.name: None}))
            for step in asked.scope.traits
        ],
        "tabs": tabs,
        "tabs_label": _("Kinds of figures"),
        "windows": named,
        "kept": [
            (name, value)
            for name, value in asked.parameters.items()
            if name not in {"window", "from", "to"}
        ],
    }


def _path(asked: Asked) -> list[tuple[str, str, bool]]:
    """Return the way down to the scope: label, address, and whether one is there."""
    everything = dict.fromkeys(asked.scope.parameters)
    path = [(str(_("Fleet")), asked.url(**everything), not asked.scope.path)]
    above: dict[str, str | None] = {}
    for step in asked.scope.path:
        kept = {**(above if step.name == "region" else {}), step.name: step.value}
        path.append((step.label, asked.url(**{**everything, **kept}), step is asked.scope.path[-1]))
        above = kept
    return path


def _content(asked: Asked, now: datetime) -> dict[str, Any]:
    """Return the figures; {} where there is no charger to have any."""
    reader = Reader(asked.scope.chargers, asked.view.table, asked.lens, now, asked.view.lenses)
    plan = plan_of(asked.scope.chargers, asked.days, now)
    parts = reader.parts(asked.days, asked.by, plan)
    if not parts:
        return {}
    course = _course(reader, asked)
    whole = _whole(reader, asked, course, parts)
    targets = lenses.targets(asked.scope.chargers, asked.days.last, contract=_agreed(whole))
    page = table.page(parts, asked)
    now_in_it = asked.days.last >= (now - timedelta(days=1)).date()
    return {
        "cards": panels.cards(whole, course.before, course.points, asked),
        "trend": panels.trend(course.points, course.shown, targets[asked.lens], asked),
        "page": page,
        "rows": table.rows(list(page.object_list), asked),
        "columns": [
            (CATALOGUE[name], CATALOGUE[name].better is not Better.HIGHER)
            for name in asked.view.table
        ],
        "no_data_label": _("No data"),
        "by_label": LABELS[asked.by.value],
        "by_title": MANY[asked.by.value],
        "groupings": [
            (by.value, MANY[by.value], by is asked.by, asked.url(by=by.value))
            for by in asked.offered
        ],
        "until": asked.computed_until if now_in_it else None,
        "live": now_in_it,
        "export": reverse("kpis-export") + asked.url(by=asked.by.value),
        **_panels(asked, whole, targets, now, plan),
    }


@dataclass(frozen=True, slots=True)
class _Course:
    """How it went: the trend's points, and the time before the window."""

    shown: windows.Trend
    points: list[Part]
    before: Part


def _course(reader: Reader, asked: Asked) -> _Course:
    """Read the trend and the time before; of days both at once."""
    shown, before = windows.trend(asked.days), windows.before(asked.days)
    if shown.monthly:
        months = reader.parts(shown.days, GroupBy.MONTH)
        return _Course(shown, months, reader.whole(before))
    first = min(shown.days.first, before.first)
    days = reader.parts(Days(first, shown.days.last), GroupBy.DAY)
    whole = reader.sum_of_days(days, before)
    points = [part for part in days if part.key in shown]
    return _Course(shown, points, whole)


def _whole(reader: Reader, asked: Asked, course: _Course, parts: list[Part]) -> Part:
    """Return the figures of the window, added up from what is read already if that can be."""
    if not course.shown.monthly:
        return reader.sum_of_days(course.points, asked.days)
    return reader.sum_of(parts, asked.by) or reader.whole(asked.days)


def _panels(
    asked: Asked, whole: Part, targets: Mapping[str, Target], now: datetime, plan: Plan
) -> dict[str, Any]:
    """Return what only this tab shows."""
    scope, days, name = asked.scope.chargers, asked.days, asked.view.name
    made_of = [panels.made_of(metric, whole) for metric in asked.view.made_of]
    if name == "hours":
        found = {what: heat_map(scope, days, what=what, now=now) for what in losses.HEATS}
        maps = [losses.heat(what, seconds) for what, seconds in found.items()]
        return {"heat_maps": maps, "made_of": made_of}
    if name != "overview":
        return {"made_of": made_of}
    buckets = distribution(scope, days, lens=asked.lens, now=now, plan=plan)
    return {
        "made_of": made_of,
        "lenses": panels.lenses(whole, targets, asked),
        "lens": LENSES[asked.lens],
        "meeting": panels.meeting(buckets, targets[asked.lens]),
        "left_out": panels.left_out(whole, asked),
        "distribution": panels.spread(buckets, targets[asked.lens]),
        "worst": losses.losses(
            worst_ports(scope, days, lens=asked.lens, now=now, plan=plan), asked
        ),
    }


def _agreed(whole: Part) -> bool:
    """Tell whether any port is under a contract: else nothing was agreed about any."""
    return whole.uptime("contract").value is not None


def _nothing(asked: Asked) -> dict[str, str]:
    """Say why there are no figures, and what to do about it."""
    if asked.scope.path or asked.scope.traits:
        return {
            "title": _("No chargers here"),
            "text": _("No charger that you may see matches all of this: take a filter away."),
            "url": "?",
            "action": _("Show the whole fleet"),
        }
    return {
        "title": _("Nothing to count yet"),
        "text": _("KPIs count commissioned chargers from the moment they first connect."),
        "url": reverse("fleet"),
        "action": _("Go to the fleet"),
    }
