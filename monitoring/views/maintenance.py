"""Pages of planned work: what is under way, what comes, what was; and the form to plan some."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory import access as inventory_access
from inventory.audit import record_refusal
from monitoring import access
from monitoring.models import MaintenanceWindow
from monitoring.outages import maintenance as deeds
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.maintenance import Plan
from monitoring.outages.scope import Scope
from monitoring.views import places
from monitoring.views.asked import number, person
from monitoring.views.exclusions import choose

PAGE_SIZE = 50
#: Of what is under way and what comes, at most so many are shown.
MOST = 200
RELATED = ("site", "charger", "evse__charger", "planned_by", "cancelled_by")


class PlanForm(forms.Form):
    """Where, when and what is done."""

    place = forms.ChoiceField(label=gettext_lazy("What"))
    start = places.LocalTime(label=gettext_lazy("From"))
    end = places.LocalTime(label=gettext_lazy("To"), fold=1)
    note = forms.CharField(
        label=gettext_lazy("What is done"),
        max_length=deeds.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = places.around(scope)  # type: ignore[attr-defined]
        for name in ("start", "end"):
            self.fields[name].in_zone(scope.site.timezone)  # type: ignore[attr-defined]

    def plan(self, user: User) -> Plan:
        """Return what is planned; raises LedgerError."""
        said = self.cleaned_data
        scope = places.scope_of(user, said["place"])
        if scope is None:
            raise LedgerError(_("Choose where."))
        return Plan(scope, said["start"], said["end"], said["note"])


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List planned work: what is under way, what comes, what was."""
    user, now = person(request), timezone.now()
    windows = access.maintenance_windows(user).select_related(*RELATED)
    over = Q(ended__lte=now) | Q(cancelled_at__isnull=False)
    living = windows.exclude(over)
    pages = Paginator(windows.filter(over).order_by("-started", "-pk"), PAGE_SIZE)
    page = pages.get_page(number(request.GET.get("page"), 1))
    groups = [
        ("now", _("Under way"), _rows(user, _first(living.filter(started__lte=now)))),
        ("next", _("Coming"), _rows(user, _first(living.filter(started__gt=now)))),
        ("past", _("Past and cancelled"), _rows(user, page.object_list)),
    ]
    able = inventory_access.organisations_where(user, "plan_maintenance")
    context = {"groups": groups, "page": page, "may_plan": able.exists(), "now": now}
    return render(request, "monitoring/maintenance.html", context)


def _first(windows: QuerySet[MaintenanceWindow]) -> QuerySet[MaintenanceWindow]:
    return windows.order_by("started", "pk")[:MOST]


def _rows(user: User, windows: Iterable[MaintenanceWindow]) -> list[dict[str, Any]]:
    able = _organisations(user)
    return [
        {
            "window": window,
            "scope": Scope.of(window),
            "may_plan": window.organisation_id in able,
        }
        for window in windows
    ]


def _organisations(user: User) -> set[int]:
    able = inventory_access.organisations_where(user, "plan_maintenance")
    return set(able.values_list("pk", flat=True))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Show the form to plan work, or plan it."""
    user = person(request)
    scope = places.scope_of(user, request.GET.get("place", ""))
    if scope is None:
        able = inventory_access.organisations_where(user, "plan_maintenance")
        return choose(request, user, able, "maintenance-new", _("Plan work"))
    if not inventory_access.may(user, "plan_maintenance", scope.site.organisation_id):
        raise PermissionDenied(_("Your role doesn't allow to plan work."))
    return _form(request, scope, None, partial(_planned, user))


def _planned(user: User, plan: Plan, now: datetime) -> tuple[MaintenanceWindow, str]:
    return deeds.plan(plan, by=user, now=now), _("Planned.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shift(request: HttpRequest, key: int) -> HttpResponse:
    """Show the form to plan it anew before it begins, or do that."""
    user = person(request)
    window = _theirs(user, key)
    return _form(request, Scope.of(window), window, partial(_shifted, user, window))


def _shifted(
    user: User, window: MaintenanceWindow, plan: Plan, now: datetime
) -> tuple[MaintenanceWindow, str]:
    return deeds.shift(window, plan, by=user, now=now), _("Planned anew.")


def _form(
    request: HttpRequest,
    scope: Scope,
    window: MaintenanceWindow | None,
    deed: Callable[[Plan, datetime], tuple[MaintenanceWindow, str]],
) -> HttpResponse:
    if request.method != "POST":
        return _drawn(request, PlanForm(scope, initial=_initial(scope, window)), scope, window)
    form = PlanForm(scope, request.POST)
    if not form.is_valid():
        return _drawn(request, form, scope, window)
    try:
        _done, said = deed(form.plan(person(request)), timezone.now())
    except NotAllowedError as problem:
        raise _refused(request, problem) from problem
    except LedgerError as problem:
        form.add_error(None, str(problem))
        return _drawn(request, form, scope, window)
    messages.success(request, said)
    return redirect("maintenance")


def _drawn(
    request: HttpRequest, form: PlanForm, scope: Scope, window: MaintenanceWindow | None
) -> HttpResponse:
    zone = scope.site.timezone
    context = {"form": form, "scope": scope, "window": window, "zone": zone}
    return render(request, "monitoring/maintenance_form.html", context)


def _initial(scope: Scope, window: MaintenanceWindow | None) -> dict[str, Any]:
    said: dict[str, Any] = {"place": places.written(scope)}
    if window is not None:
        said |= {"start": window.started, "end": window.ended, "note": window.note}
    return said


@login_required
@require_POST
def cancel(request: HttpRequest, key: int) -> HttpResponse:
    """Cancel planned work, or end it now."""
    user, now = person(request), timezone.now()
    window = _theirs(user, key)
    try:
        held = deeds.cancel(window, by=user, now=now)
    except NotAllowedError as problem:
        raise _refused(request, problem) from problem
    except LedgerError as problem:
        messages.error(request, str(problem))
    else:
        begun = held.started < now
        messages.success(request, _("Ended now.") if begun else _("Cancelled."))
    return redirect("maintenance")


def _theirs(user: User, key: int) -> MaintenanceWindow:
    return get_object_or_404(access.maintenance_windows(user).select_related(*RELATED), pk=key)


def _refused(request: HttpRequest, problem: NotAllowedError) -> PermissionDenied:
    record_refusal(person(request), f"POST {request.path}", str(problem))
    return PermissionDenied(str(problem))
