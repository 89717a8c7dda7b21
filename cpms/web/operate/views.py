"""The Operate tab: operations, their forms, and what became of what was asked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpms.control import access as control_access
from cpms.control import commands as control
from cpms.control import live
from cpms.control.commands import Asker, Refused
from cpms.control.models import Command
from cpms.control.operations import BadRequest
from cpms.ocpp.commands import typed
from cpms.web.operate import catalogue, sections, steps, target
from cpms.web.operate.forms import FORMS, Harm, OperationForm
from inventory import access
from inventory.models import Charger
from monitoring import fleet
from monitoring.views.asked import number, refused
from monitoring.views.charger import frame, opened

#: Commands under the operations, and on one page of their list.
LATEST, PAGE_SIZE = 4, 50
#: What a form needs of its charger beside what every tab has.
MORE = ("evses__connectors",)


def section(request: HttpRequest, charger: Charger, current: str, **more: Any) -> dict[str, Any]:
    """Return what a section's template needs; `current` is its route's name."""
    held = _abilities(request, charger)
    able, listed = "command" in held, sections.entries(charger.identity, current, held)
    return frame(charger, sections.TAB, sections=listed, able=able, now=timezone.now(), **more)


def may_command(request: HttpRequest, charger: Charger) -> bool:
    """Tell whether who asks may ask anything of the charger."""
    return "command" in _abilities(request, charger)


def _abilities(request: HttpRequest, charger: Charger) -> frozenset[str]:
    """Return what who asks may do where the charger is; asked of the database once a request."""
    known: dict[int, frozenset[str]] = vars(request).setdefault("abilities", {})
    owner = charger.site.organisation_id
    if owner not in known:
        known[owner] = access.abilities(request.user, owner)
    return known[owner]


@login_required
@require_GET
def operations(request: HttpRequest, identity: str) -> HttpResponse:
    """Offer what can be asked of a charger, and show what was."""
    user, charger = opened(request, identity, *MORE)
    about = target.of_charger(user, charger, timezone.now())
    context = section(
        request, charger, sections.TAB,
        groups=catalogue.groups(about), target=about, commands=_latest(user, charger),
    )  # fmt: skip
    return render(request, "web/operate/operations.html", context)


@login_required
@require_GET
def latest(request: HttpRequest, identity: str) -> HttpResponse:
    """Show the latest commands: a live part."""
    user, charger = opened(request, identity)
    context = section(request, charger, sections.TAB, commands=_latest(user, charger))
    return render(request, "web/operate/_latest.html", context)


def _latest(user: User, charger: Charger) -> list[Command]:
    return list(of_charger(user, charger)[:LATEST])


def of_charger(user: User, charger: Charger) -> QuerySet[Command]:
    """Return what was asked of a charger, newest first."""
    found = control_access.commands(user).filter(charger=charger).select_related("charger")
    return found.order_by("-requested_at", "-id")


@login_required
def ask(request: HttpRequest, identity: str, name: str) -> HttpResponse:
    """Ask an operation of a charger by its form; what hurts somebody is asked twice."""
    user, charger = opened(request, identity, *MORE)
    kind = FORMS.get(name)
    if kind is None:
        raise Http404
    if not may_command(request, charger):
        raise refused(request, "command", _("You may not ask anything of chargers."))
    about = target.of_charger(user, charger, timezone.now())
    why_not = kind.why_not(about)
    given = request.POST if request.method == "POST" else None
    form = kind(about, given, initial=_given(kind, request))
    harms: list[Harm] = []
    if request.method == "POST" and not why_not and form.is_valid():
        command, harms = _ask(user, charger, form, request.POST.getlist("confirmed"))
        if command is not None:
            return redirect("charger-command", charger.identity, command.pk)
    context = section(
        request, charger, sections.TAB, form=form, target=about, why_not=why_not, harms=harms,
        open_ones=_open_ones(user, charger),
    )  # fmt: skip
    return render(request, "web/operate/ask.html", context)


def _given(kind: type[OperationForm], request: HttpRequest) -> dict[str, str]:
    """Return what the address fills in: `?evse=2`."""
    names = [name for name in kind.base_fields if name in request.GET]
    return {name: request.GET[name][:300] for name in names}


def _ask(
    user: User, charger: Charger, form: OperationForm, confirmed: list[str]
) -> tuple[Command | None, list[Harm]]:
    """Ask, unless it hurts somebody that nobody has confirmed yet: then return whom."""
    operation = form.asked()
    if operation is None:
        return None, []
    harms = form.harms()
    if {harm.key for harm in harms} - set(confirmed):
        return None, harms
    asker = Asker.person(user, Command.Source.PAGE)
    reason = form.cleaned_data["reason"]
    try:
        made = typed.request(charger, operation, asker, reason=reason, lasts=form.waits())
    except (BadRequest, Refused) as problem:
        form.refuse(str(problem))
        return None, []
    live.announce([charger])
    return made, []


def _open_ones(user: User, charger: Charger) -> list[Command]:
    """Return what waits or is out already: somebody else may be at it."""
    unfinished = of_charger(user, charger).filter(
        state__in=[Command.State.PENDING, Command.State.SENT]
    )
    return list(unfinished[:LATEST])


@login_required
@require_GET
def commands(request: HttpRequest, identity: str) -> HttpResponse:
    """List what was asked of a charger, newest first."""
    user, charger = opened(request, identity)
    found = Paginator(of_charger(user, charger), PAGE_SIZE)
    page = found.get_page(number(request.GET.get("page"), 1))
    context = section(request, charger, "charger-commands", page=page, commands=page.object_list)
    return render(request, "web/operate/commands.html", context)


@login_required
@require_GET
def command(request: HttpRequest, identity: str, key: UUID) -> HttpResponse:
    """Show one command: who asked what and why, and what became of it."""
    return _command(request, identity, key, "web/operate/command.html")


@login_required
@require_GET
def progress(request: HttpRequest, identity: str, key: UUID) -> HttpResponse:
    """Show how far one command is: a live part."""
    return _command(request, identity, key, "web/operate/_command.html")


def _command(request: HttpRequest, identity: str, key: UUID, template: str) -> HttpResponse:
    user, charger = opened(request, identity)
    found = get_object_or_404(of_charger(user, charger).select_related("bulk"), pk=key)
    online = fleet.live_state(charger).online
    shown = steps.steps(found, timezone.now(), online=online)
    context = section(request, charger, sections.TAB, command=found, steps=shown, online=online)
    return render(request, template, context)


@login_required
@require_POST
def cancel(request: HttpRequest, identity: str, key: UUID) -> HttpResponse:
    """Take a command back that wasn't sent yet."""
    user, charger = opened(request, identity)
    found = get_object_or_404(of_charger(user, charger), pk=key)
    if not may_command(request, charger):
        raise refused(request, "command", _("You may not ask anything of chargers."))
    if control.cancel(found, Asker.person(user, Command.Source.PAGE)):
        live.announce([charger])
        messages.success(request, _("Taken back: it was not sent."))
    else:
        messages.warning(request, _("Too late: it was sent already, or is over."))
    return redirect("charger-command", charger.identity, found.pk)
