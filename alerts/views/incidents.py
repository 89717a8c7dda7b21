"""The incident list and an incident's page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alerts import access, board, case, clock, incidents, wording
from alerts.models import Incident
from alerts.views.guard import require
from inventory import access as inventory_access
from monitoring.views.asked import asks_for, number, person

#: More sites than this in a list help nobody.
MOST_SITES = 300
LONGEST_NOTE = 2_000


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the list, or only its live part when htmx asks for that."""
    user = person(request)
    wanted = board.filters(request.GET.dict())
    found = board.narrowed(access.incidents(user), wanted)
    context: dict[str, Any] = {
        "wanted": wanted,
        "counts": board.counts(found),
        "page": board.page(found, wanted, number(request.GET.get("page"), 1)),
    }
    if asks_for(request, "incidents"):
        return render(request, "alerts/_incidents.html", context)
    sites = inventory_access.sites(user).order_by("name").values_list("pk", "name")
    choices = list(sites[: MOST_SITES + 1])
    context["sites"] = choices if len(choices) <= MOST_SITES else []
    return render(request, "alerts/incidents.html", context)


@login_required
@require_GET
def show(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Show an incident, or only one live part of its page."""
    user = person(request)
    incident = _theirs(user, incident_id)
    target = request.headers.get("HX-Target", "")
    if target in PARTS:
        template, gather = PARTS[target]
        return render(request, template, {"incident": incident, **gather(user, incident)})
    context: dict[str, Any] = {"incident": incident}
    for _template, gather in PARTS.values():
        context |= gather(user, incident)
    return render(request, "alerts/incident.html", context)


def _theirs(user: User, incident_id: int) -> Incident:
    incident = case.find(user, incident_id)
    if incident is None:
        raise Http404
    return incident


def _story(_user: User, incident: Incident) -> dict[str, Any]:
    steps = case.plan(incident)
    return {
        "steps": steps,
        "next_due": case.next_due(steps),
        "entries": case.timeline(incident),
        "told": case.told(incident),
        "evidence": wording.evidence(incident),
        "zone": incident.site.timezone if incident.site else "UTC",
    }


def _actions(user: User, incident: Incident) -> dict[str, Any]:
    return {
        "may_acknowledge": access.may(user, "acknowledge", incident.organisation_id),
        "may_resolve": access.may(user, "resolve", incident.organisation_id),
    }


#: Live part of the page -> its template, and what it shows.
PARTS: dict[str, tuple[str, Callable[[User, Incident], dict[str, Any]]]] = {
    "incident": ("alerts/_incident.html", _story),
    "incident-actions": ("alerts/_actions.html", _actions),
}


@login_required
@require_POST
def acknowledge(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Put the user's name on it."""
    return _act(request, incident_id, "acknowledge", incidents.acknowledge)


@login_required
@require_POST
def resolve(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Close it, if what is wrong has gone."""
    return _act(request, incident_id, "resolve", incidents.resolve)


@login_required
@require_POST
def note(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Add a note to its timeline."""
    return _act(request, incident_id, "acknowledge", incidents.note)


def _act(
    request: HttpRequest, incident_id: int, ability: str, action: Callable[..., Incident]
) -> HttpResponse:
    incident = _theirs(person(request), incident_id)
    user = require(request, ability, incident.organisation_id)
    text = request.POST.get("note", "").replace("\0", "")[:LONGEST_NOTE]
    try:
        incident = action(incident.pk, by=user, now=clock.now(), note=text)
    except incidents.IncidentError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _outcome(incident, user, noted=action is incidents.note))
    return redirect("incident", incident_id=incident.pk)


def _outcome(incident: Incident, user: User, *, noted: bool) -> str:
    if noted:
        return _("Noted.")
    if incident.state == Incident.State.RESOLVED:
        return _("Resolved.")
    if incident.acknowledged_by in (user, None):
        return _("You are on it: it is not escalated any further.")
    return _("%(name)s is on it already.") % {"name": wording.name(incident.acknowledged_by)}
