"""Saving, changing and deleting views, and the fleet's page as a person wants it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpms.web.fleet_views import access, queries
from cpms.web.fleet_views.forms import ViewForm, normal, problems
from cpms.web.models import FleetPreferences, SavedView
from monitoring.fleet import columns
from monitoring.views import fleet
from monitoring.views.asked import person, refused

#: The parameters that say how the list is laid out.
LAYOUT = {"columns", "density"}


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the fleet; whoever comes without saying how goes to the view and layout they want."""
    if request.headers.get("HX-Request") or LAYOUT & set(request.GET):
        return fleet.show(request)
    user = person(request)
    wishes = FleetPreferences.objects.select_related("opening").filter(user=user).first()
    wished = _wished(request, user, wishes) if wishes else ""
    return redirect(wished) if wished else fleet.show(request)


def _wished(request: HttpRequest, user: User, wishes: FleetPreferences) -> str:
    """Return the address that the person wants instead; "" where this one is right."""
    there = reverse("fleet") if not request.GET else request.get_full_path()
    opening = wishes.opening
    if opening and not request.GET and access.views(user).filter(pk=opening.pk).exists():
        there = address(opening)
    layout = columns.layout(",".join(map(str, wishes.columns)), wishes.density)
    added = urlencode(queries.laid_out(layout))
    if added and not LAYOUT & set(QueryDict(there.partition("?")[2])):
        there += ("&" if "?" in there else "?") + added
    return there if there != request.get_full_path() else ""


def address(view: SavedView) -> str:
    """Return where the view is seen: its filters in words, and its key, to say which it is."""
    return f"{reverse('fleet')}?view={view.pk}" + (f"&{view.query}" if view.query else "")


@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Save what the fleet's page shows now under a name."""
    user = person(request)
    form = ViewForm(user, request.POST)
    view = _saved(form)
    if view is None:
        messages.error(request, problems(form))
        return redirect(_back(request))
    _open_with(user, view, wanted=form.cleaned_data["opening"])
    messages.success(request, _("Saved as “%(name)s”.") % {"name": view.name})
    return redirect(address(view))


@login_required
@require_POST
def edit(request: HttpRequest, view_id: int) -> HttpResponse:
    """Rename a view, share it or keep it to oneself, open with it."""
    user = person(request)
    view = _to_change(request, view_id)
    form = ViewForm(user, request.POST, instance=view)
    if _saved(form) is None:
        messages.error(request, problems(form))
        return redirect(address(SavedView.objects.get(pk=view.pk)))
    _open_with(user, view, wanted=form.cleaned_data["opening"])
    return redirect(address(view))


@login_required
@require_POST
def update(request: HttpRequest, view_id: int) -> HttpResponse:
    """Have a view keep what the fleet's page shows now."""
    view = _to_change(request, view_id)
    try:
        view.query = normal(request.POST.get("query", ""))
    except ValidationError as problem:
        messages.error(request, problem.message)
        return redirect(address(view))
    view.save(update_fields=["query"])
    messages.success(request, _("“%(name)s” is updated.") % {"name": view.name})
    return redirect(address(view))


@login_required
@require_POST
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Delete a view; what it showed is left as it is."""
    view = _to_change(request, view_id)
    name, query = view.name, view.query
    view.delete()
    messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return redirect(f"{reverse('fleet')}?{query}")


@login_required
@require_POST
def opening(request: HttpRequest, view_id: int) -> HttpResponse:
    """Open the fleet with a view that the person sees, or no longer."""
    user = person(request)
    view = get_object_or_404(access.views(user), pk=view_id)
    _open_with(user, view, wanted=request.POST.get("opening") == "on")
    return redirect(address(view))


@login_required
@require_POST
def layout(request: HttpRequest) -> HttpResponse:
    """Remember the person's columns and density for next time."""
    wished = columns.layout(request.POST.get("columns"), request.POST.get("density"))
    FleetPreferences.objects.update_or_create(
        user=person(request),
        defaults={"columns": list(wished.columns), "density": wished.density},
    )
    return HttpResponse(status=204)


def _saved(form: ViewForm) -> SavedView | None:
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            saved: SavedView = form.save()
            return saved
    except IntegrityError:  # Somebody else saved the same name in this moment.
        form.add_error("name", _("There is a view of this name already; choose another."))
        return None


def _to_change(request: HttpRequest, view_id: int) -> SavedView:
    user = person(request)
    view = get_object_or_404(access.views(user), pk=view_id)
    if not access.may_change(user, view):
        said = _("Only its owner and NOC leads change a shared view.")
        raise refused(request, "tidy_views", said)
    return view


def _open_with(user: User, view: SavedView, *, wanted: bool) -> None:
    if wanted:
        FleetPreferences.objects.update_or_create(user=user, defaults={"opening": view})
    else:
        FleetPreferences.objects.filter(user=user, opening=view).update(opening=None)


def _back(request: HttpRequest) -> str:
    query: Any = request.POST.get("query", "")
    try:
        return f"{reverse('fleet')}?{normal(query)}"
    except ValidationError:
        return reverse("fleet")
