"""The Configuration section: what a charger is set to, and what it was before."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from cpms.control.commands import Asker, Refused
from cpms.control.models import Command, Report
from cpms.control.operations import BadRequest, Operation
from cpms.control.operations.configuration import ChangeSettings, ReadSettings
from cpms.ocpp.commands import typed
from cpms.web.operate.configuration import comparison, names, rows
from cpms.web.operate.views import may_command, section
from inventory import access
from inventory.models import Charger
from monitoring import fleet
from monitoring.charger_page.next_step import CLOCK_TOLERANCE
from monitoring.models import ReportedVariable, VariableChange
from monitoring.views.asked import number, refused
from monitoring.views.charger import opened

HERE = "charger-configuration"
#: Changes shown beside the settings, and of one setting.
LATEST, HISTORY = 8, 50
SHOWN = [
    ("editable", gettext_lazy("What can be changed")),
    ("changed", gettext_lazy("What has changed, the last first")),
    ("unknown", gettext_lazy("What it says it hasn't")),
]


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show settings, a page at a time."""
    _user, charger = opened(request, identity, "model")
    asked = {name: request.GET.get(name, "")[:100] for name in ("q", "group", "show")}
    found = rows.narrowed(rows.of(charger), **asked)
    page = Paginator(found, rows.PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    context = section(
        request, charger, HERE,
        asked=asked, page=page, settings=rows.understood(list(page.object_list)),
        groups=rows.groups(charger), shown=SHOWN, any_known=rows.of(charger).exists(),
        told_at=rows.last_told(charger), report=_report(charger), restart=_restart(charger),
        changes=_changes(charger), clock=_clock(charger), is_old=_is_old(charger),
        narrowed=any(asked.values()),
    )  # fmt: skip
    return render(request, "web/operate/configuration/show.html", context)


def _is_old(charger: Charger) -> bool:
    return charger.ocpp_version == "1.6"


def _report(charger: Charger) -> dict[str, Any] | None:
    """Return how the last report is coming along; None where there is none to speak of."""
    newest = Report.objects.filter(charger=charger, kind=Report.Kind.SETTINGS).order_by("-id")
    report = newest.first()
    if report is None:
        return None
    return {"row": report, "stalled": report.stalled(timezone.now())}


def _restart(charger: Charger) -> list[str]:
    """Return the names of settings that take effect with the next restart."""
    booted = fleet.live_state(charger).booted_at
    waiting = Command.objects.filter(
        charger=charger, operation=ChangeSettings.name, state=Command.State.ACCEPTED,
        result="RebootRequired",
    ).order_by("-answered_at")[:LATEST]  # fmt: skip
    settings = {
        name
        for command in waiting
        if command.answered_at and (booted is None or command.answered_at > booted)
        for name in _in_force_later(command)
    }
    return sorted(settings)


def _in_force_later(command: Command) -> Iterator[str]:
    """Yield the names of the settings of a change for which the charger wants a restart."""
    response, settings = command.response or {}, command.request.get("settings", ())
    answers = response.get("parts") or response.get("setVariableResult") or [{}] * len(settings)
    for setting, answer in zip(settings, answers, strict=False):
        if (answer.get("status") or answer.get("attributeStatus")) not in {"Accepted", "Rejected"}:
            yield names.written(setting)


def _changes(charger: Charger) -> list[dict[str, Any]]:
    newest = VariableChange.objects.filter(charger=charger).order_by("-at", "-id")[:LATEST]
    return [{"row": row, "name": names.written(rows.fields(row))} for row in newest]


def _clock(charger: Charger) -> dict[str, Any]:
    offset = fleet.live_state(charger).clock_offset
    return {
        "offset": offset,
        "wrong": offset is not None and abs(offset) > CLOCK_TOLERANCE,
        "limit": CLOCK_TOLERANCE // 1000,
    }


@login_required
@require_POST
def read(request: HttpRequest, identity: str) -> HttpResponse:
    """Have all settings read, or the one that is named."""
    user, charger = opened(request, identity)
    name = request.POST.get("name", "")[:300]
    wanted = [names.read(name, keys=_is_old(charger))] if name else None
    operation = {"settings": wanted} if wanted else {}
    return _asked(request, user, charger, ReadSettings, operation)


@login_required
@require_POST
def change(request: HttpRequest, identity: str) -> HttpResponse:
    """Change one setting where it stands."""
    user, charger = opened(request, identity)
    row = rows.find(charger, request.POST.get("name", "")[:300])
    if row is None:
        messages.error(request, _("No such setting of it is known any more: read all of them."))
        return redirect(HERE, charger.identity)
    setting = {**rows.fields(row), "value": request.POST.get("value", "")[:2500].strip()}
    return _asked(request, user, charger, ChangeSettings, {"settings": [setting]})


def _asked(
    request: HttpRequest,
    user: User,
    charger: Charger,
    kind: type[Operation],
    fields: dict[str, Any],
) -> HttpResponse:
    if not may_command(request, charger):
        raise refused(request, "command", _("You may not ask anything of chargers."))
    asker = Asker.person(user, Command.Source.PAGE)
    try:
        command = typed.request(charger, kind.read(fields), asker)
    except (BadRequest, Refused) as problem:
        messages.error(request, str(problem))
        return redirect(HERE, charger.identity)
    return redirect("charger-command", charger.identity, command.pk)


@login_required
@require_GET
def setting(request: HttpRequest, identity: str) -> HttpResponse:
    """Show one setting: what it means, what it was, and how others are set."""
    user, charger = opened(request, identity, "model")
    row = rows.find(charger, request.GET.get("name", "")[:300])
    if row is None:
        raise Http404
    context = section(
        request, charger, HERE,
        setting=rows.setting(row), history=_history(row), others=_others(user, charger, row),
        is_old=_is_old(charger),
    )  # fmt: skip
    return render(request, "web/operate/configuration/setting.html", context)


def _history(row: ReportedVariable) -> list[VariableChange]:
    same = {name: getattr(row, name) for name in comparison.KEY}
    found = VariableChange.objects.filter(charger=row.charger_id, **same)
    return list(found.order_by("-at", "-id")[:HISTORY])


def _others(user: User, charger: Charger, row: ReportedVariable) -> list[tuple[str, int]]:
    """Return how chargers of the same model are set: values and of how many."""
    if charger.model_id is None:
        return []
    seen = list(
        access.chargers(user)
        .filter(model=charger.model_id)
        .order_by("-state__last_seen")
        .values_list("pk", flat=True)[: comparison.MOST_CHARGERS]
    )
    same = {name: getattr(row, name) for name in comparison.KEY}
    values = ReportedVariable.objects.filter(charger__in=seen, unknown=False, **same)
    counted: dict[str, int] = {}
    for value in values.values_list("value", flat=True):
        counted[value] = counted.get(value, 0) + 1
    if sum(counted.values()) < 2:  # It is the only one.
        return []
    return sorted(counted.items(), key=lambda one: -one[1])[:10]


@login_required
@require_GET
def compare(request: HttpRequest, identity: str) -> HttpResponse:
    """Compare how a charger is set with another one, or with most of its model."""
    user, charger = opened(request, identity, "model")
    wanted = request.GET.get("with", "").strip()[:48]
    other = access.with_identity(access.chargers(user), wanted).first() if wanted else None
    found = None
    if other is not None:
        found = comparison.with_charger(charger, other)
    elif not wanted:
        found = comparison.with_model(user, charger)
    context = section(request, charger, HERE, wanted=wanted, other=other, found=found)
    return render(request, "web/operate/configuration/compare.html", context)
