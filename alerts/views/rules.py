"""The alerting page: what is watched for, how, and who is told when."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from alerts import access, clock, escalation, policies
from alerts.detectors import DETECTORS, Detector
from alerts.forms import RuleForm, StepFormSet
from alerts.models import DetectorName, PolicyVersion, Rule
from alerts.rules import Settings, book
from alerts.views.guard import require
from inventory import access as inventory_access
from inventory.models import Organisation
from monitoring.views.asked import number, person

MOST_VERSIONS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A detector with the settings in force, and whose they are: own, common or built in."""

    detector: Detector
    label: str
    settings: Settings
    own: bool


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show rules and policy of one organisation, or those of all."""
    user = person(request)
    owner = _owner(request)
    version = policies.in_force(owner.pk if owner else None)
    context = {
        **_scope(user, owner),
        "lines": list(_lines(owner)),
        "steps": _steps(version),
        "version": version,
        "versions": _versions(owner),
    }
    return render(request, "alerts/alerting.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, detector: str) -> HttpResponse:
    """Write a detector's settings, or go back to those that hold for all."""
    owner = _owner(request)
    user = require(request, "edit_alerting", owner.pk if owner else None)
    line = next((line for line in _lines(owner) if line.detector.name == detector), None)
    if line is None:
        raise Http404
    form = RuleForm(request.POST or None, initial=RuleForm.of(line.settings))
    key: dict[str, Any] = {"organisation": owner, "detector": line.detector.name}
    if "reset" in request.POST:
        Rule.objects.filter(**key).delete()
    elif request.method == "POST" and form.is_valid():
        Rule.objects.update_or_create(**key, defaults=form.columns())
    else:
        context = {**_scope(user, owner), "form": form, "line": line}
        return render(request, "alerts/rule.html", context)
    messages.success(request, _("Saved. It holds from the next look on, within seconds."))
    return redirect(_address("alerting", owner))


@login_required
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest) -> HttpResponse:
    """Write a new version of the escalation policy."""
    owner = _owner(request)
    user = require(request, "edit_alerting", owner.pk if owner else None)
    steps = _steps(policies.in_force(owner.pk if owner else None))
    initial = [StepFormSet.form.of(step) for step in steps]
    formset = StepFormSet(request.POST or None, initial=initial)
    if request.method == "POST" and formset.is_valid() and _publish(request, user, owner, formset):
        messages.success(request, _("Saved. Incidents that are open keep the version they have."))
        return redirect(_address("alerting", owner))
    return render(request, "alerts/policy.html", {**_scope(user, owner), "formset": formset})


def _publish(request: HttpRequest, user: User, owner: Organisation | None, formset: Any) -> bool:
    steps = sorted(filter(None, (form.step for form in formset)), key=lambda step: step.after)
    try:
        escalation.parse(escalation.dump(steps))
    except escalation.BadSteps as problem:
        messages.error(request, str(problem))
        return False
    own = policies.policy_of(owner.pk if owner else None)
    policies.publish(own, steps, by=user, now=clock.now())
    return True


def _owner(request: HttpRequest) -> Organisation | None:
    """Return the organisation asked for, or None for what holds for all.

    Unasked it is the user's only or first one; superusers begin with what holds for all.
    """
    user = person(request)
    mine = inventory_access.organisations(user)
    asked = request.GET.get("organisation")
    if asked == "all":
        return None
    if asked is not None:
        owner = mine.filter(pk=number(asked, 0)).first()
        if owner is None:
            raise Http404
        return owner
    return None if user.is_superuser else mine.first()


def _scope(user: User, owner: Organisation | None) -> dict[str, Any]:
    return {
        "owner": owner,
        "scope": str(owner.pk) if owner else "all",
        "organisations": inventory_access.organisations(user),
        "may_edit": access.may(user, "edit_alerting", owner.pk if owner else None),
    }


def _address(name: str, owner: Organisation | None) -> str:
    return f"{reverse(name)}?{urlencode({'organisation': owner.pk if owner else 'all'})}"


def _lines(owner: Organisation | None) -> Iterator[Line]:
    """Yield the detectors that an organisation has a say in; the installation's own are for all."""
    written = set(Rule.objects.filter(organisation=owner).values_list("detector", flat=True))
    for detector in DETECTORS:
        if owner is None or detector.per_organisation:
            settings = book(detector.name, detector.settings).of(owner.pk if owner else None)
            label = str(DetectorName(detector.name).label)
            yield Line(detector, label, settings, detector.name in written)


def _steps(version: PolicyVersion | None) -> tuple[escalation.Step, ...]:
    return escalation.parse(version.steps) if version else escalation.STANDARD


def _versions(owner: Organisation | None) -> list[PolicyVersion]:
    rows = PolicyVersion.objects.filter(policy__organisation=owner).select_related("created_by")
    return list(rows.order_by("-number")[:MOST_VERSIONS])
