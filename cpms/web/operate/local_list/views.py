"""The section “Local list” of the Operate tab."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpms.control import list_contents, offline_rules
from cpms.control.commands import Asker, Refused
from cpms.control.list_contents import Difference, Entry
from cpms.control.models import Command, LocalList
from cpms.control.operations import BadRequest
from cpms.control.operations.local_lists import AskLocalListVersion, SendLocalList
from cpms.ocpp.commands import typed
from cpms.web.operate.local_list.forms import OfflineForm, RuleForm
from cpms.web.operate.views import may_command, section
from inventory.audit import record_deed
from inventory.models import Charger
from monitoring.views.asked import refused
from monitoring.views.charger import opened

SECTION = "charger-local-list"
#: Tokens of a list that are shown; the others are counted.
MOST_SHOWN = 200
LATEST = 5
ABOUT_LISTS = (SendLocalList.name, AskLocalListVersion.name)


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what the charger has, what would change, and how it decides without us."""
    _user, charger = opened(request, identity)
    return render(request, "web/operate/local_list/show.html", _context(request, charger))


@login_required
@require_POST
def set_rule(request: HttpRequest, identity: str) -> HttpResponse:
    """Say which tokens belong on the list, and whether it is kept up to date by itself."""
    user, charger = _allowed(request, identity)
    form = RuleForm(request.POST, instance=list_contents.of(charger))
    if not form.is_valid():
        context = _context(request, charger, rule=form)
        return render(request, "web/operate/local_list/show.html", context, status=400)
    if form.has_changed():
        kept = form.save()
        about = {"kept": kept.kept, "limit": kept.limit, "groups": kept.groups}
        record_deed(user, charger, {"deed": "local list rule", **about})
    messages.success(request, _("Saved. The list itself changes with the next update."))
    return redirect(SECTION, charger.identity)


@login_required
@require_POST
def set_offline(request: HttpRequest, identity: str) -> HttpResponse:
    """Have the charger told its rules for when it can't reach us, or have it tell them."""
    user, charger = _allowed(request, identity)
    version = charger.ocpp_version or "1.6"
    form = OfflineForm(offline_rules.told(charger), request.POST)
    asker = Asker.person(user, Command.Source.PAGE)
    try:
        if "read" in request.POST:
            command = typed.request(charger, offline_rules.read(version), asker)
        elif form.is_valid():
            asked = offline_rules.change(version, form.changed())
            command = typed.request(charger, asked, asker)
        else:
            raise BadRequest(_("Something that was typed in can't be right."))
    except (BadRequest, Refused) as problem:
        form.full_clean()
        form.add_error(None, str(problem))
        context = _context(request, charger, offline=form)
        return render(request, "web/operate/local_list/show.html", context, status=400)
    return redirect("charger-command", charger.identity, command.pk)


def _allowed(request: HttpRequest, identity: str) -> tuple[User, Charger]:
    user, charger = opened(request, identity)
    if not may_command(request, charger):
        raise refused(request, "command", _("Your role doesn't allow this."))
    return user, charger


def _context(
    request: HttpRequest,
    charger: Charger,
    *,
    rule: RuleForm | None = None,
    offline: OfflineForm | None = None,
) -> dict[str, Any]:
    kept = LocalList.objects.filter(charger=charger).first() or LocalList(charger=charger)
    now = timezone.now()
    wanted = list_contents.wanted(kept, charger, now)
    too_many, too_long = list_contents.left_over(kept, charger, now)
    found = list_contents.difference(list_contents.held(kept), wanted.entries)
    recent = Command.objects.filter(charger=charger, operation__in=ABOUT_LISTS)
    return section(
        request, charger, SECTION,
        kept=kept, wanted=wanted, too_many=too_many, too_long=too_long,
        difference=found, lines=_lines(kept, found),
        shown=MOST_SHOWN, rule=rule or RuleForm(instance=kept),
        offline=offline or OfflineForm(offline_rules.told(charger)),
        commands=list(recent.select_related("requested_by")[:LATEST]),
    )  # fmt: skip


def _lines(kept: LocalList, found: Difference) -> list[tuple[Entry, str]]:
    """Return the entries, first those that would change, each with how."""
    lines = [(entry, "added") for entry in found.added]
    lines += [(entry, "changed") for entry in found.changed]
    lines += [(entry, "removed") for entry in found.removed]
    concerned = {entry.id_token.upper() for entry, _how in lines}
    there = list_contents.held(kept)
    lines += [(entry, "") for key, entry in there.items() if key not in concerned]
    return lines[:MOST_SHOWN]
