"""The list of sites, a site's page with its live parts, and the plan of where chargers stand."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from inventory import access, plan
from inventory.models import Lifecycle, Site
from inventory.models.charger import PLAN_SIZE
from monitoring import site_day, site_page, sites, weather
from monitoring.effective import State
from monitoring.live import SHARED
from monitoring.views.asked import asks_for, number, person, refused
from monitoring.views.map import choices, ground


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the list, or only its live part when htmx asks for that.

    Like the fleet's, the live part depends on the address and on what the person may see, on
    nothing else: many pages share it.
    """
    user, wanted = person(request), sites.filters(request.GET.dict())
    found = sites.rows(sites.narrowed(access.sites(user), wanted), access.chargers(user))
    listed = sites.in_order(sites.in_state(found, wanted.state), wanted.sort)
    context = {
        "wanted": wanted,
        "tiles": sites.tiles(found),
        "total": len(found),
        "chargers": sum(row.chargers for row in found),
        "empty": sites.EMPTY,
        "page": Paginator(listed, sites.PAGE_SIZE).get_page(number(request.GET.get("page"), 1)),
    }
    if asks_for(request, "sites"):
        answer = render(request, "monitoring/_sites.html", context)
        answer[SHARED] = "1"
        return answer
    return render(request, "monitoring/sites.html", context | choices(user) | {"states": State})


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show the page; the day and the weather come by themselves."""
    user, site = _theirs(request, key)
    context = _context(site) | _now(user, site, request) | ground()
    return render(request, "monitoring/site.html", context)


@login_required
@require_GET
def card(request: HttpRequest, key: int) -> HttpResponse:
    """Show what a site's popup on the map says."""
    user, site = _theirs(request, key)
    row = sites.rows(access.sites(user).filter(pk=site.pk), access.chargers(user))[0]
    return render(request, "monitoring/_site_card.html", {"site": site, "row": row})


@login_required
@require_GET
def part(request: HttpRequest, key: int, name: str) -> HttpResponse:
    """Show one live part of the page."""
    if name not in PARTS:
        raise Http404
    user, site = _theirs(request, key)
    context = _context(site) | PARTS[name](user, site, request)
    return render(request, f"monitoring/_site_{name}.html", context)


def _theirs(request: HttpRequest, key: int) -> tuple[User, Site]:
    user = person(request)
    site = access.sites(user).select_related("organisation").filter(pk=key).first()
    if site is None:
        raise Http404
    return user, site


def _context(site: Site) -> dict[str, Any]:
    return {"site": site, "zone": site.timezone, "opening": site_page.opening(site, timezone.now())}


def _now(user: User, site: Site, _request: HttpRequest) -> dict[str, Any]:
    editable = access.may(user, "edit_inventory", site.organisation_id)
    return {"now": site_page.now(user, site), "may_edit": editable}


def _day(user: User, site: Site, _request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    visits = site_day.visits(user, site, now)
    return {"visits": visits, "troubles": site_day.troubles(user, site, now)}


def _weather(user: User, site: Site, request: HttpRequest) -> dict[str, Any]:
    page = number(request.GET.get("page"), 1)
    return {"weather": weather.weather(user, site, timezone.now(), page)}


PARTS: dict[str, Callable[[User, Site, HttpRequest], dict[str, Any]]] = {
    "now": _now,
    "day": _day,
    "weather": _weather,
}


@login_required
@require_http_methods(["GET", "POST"])
def arrange(request: HttpRequest, key: int) -> HttpResponse:
    """Let who may manage say where the chargers stand."""
    user, site = _theirs(request, key)
    if not access.may(user, "edit_inventory", site.organisation_id):
        raise refused(request, "edit_inventory")
    chargers = list(
        access.chargers(user)
        .filter(site=site)
        .exclude(lifecycle=Lifecycle.DECOMMISSIONED)
        .select_related("model")
        .order_by("identity")
    )
    spots = {charger.pk: plan.Spot(charger.bay, plan.place_of(charger)) for charger in chargers}
    problems: dict[int, str] = {}
    if request.method == "POST":
        spots = {pk: _spot(request, pk, kept) for pk, kept in spots.items()}
        try:
            moved = plan.arrange(site, chargers, spots)
        except plan.BadPlan as problem:
            problems = problem.problems
        except IntegrityError:
            messages.error(request, _("Somebody else has just changed the plan: look again."))
            return redirect("site-plan", key=site.pk)
        else:
            messages.success(request, _("Plan saved; %(moved)d changed.") % {"moved": moved})
            return redirect("site", key=site.pk)
    entries = [(charger, spots[charger.pk], problems.get(charger.pk, "")) for charger in chargers]
    context = {"site": site, "entries": entries, "problems": problems, "size": PLAN_SIZE}
    return render(request, "monitoring/site_plan.html", context, status=422 if problems else 200)


def _spot(request: HttpRequest, key: int, kept: plan.Spot) -> plan.Spot:
    """Read what was entered for a charger; what wasn't sent stays."""
    bay = request.POST.get(f"bay-{key}", kept.bay).replace("\0", "").strip()
    return plan.Spot(bay, request.POST.get(f"place-{key}", kept.place).replace("\0", ""))
