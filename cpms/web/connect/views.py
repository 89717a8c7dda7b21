"""The guide's pages: where, what, what to type, and watching it arrive."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from cpms.web.connect.forms import ChargerForm, SiteForm, organisations_for
from cpms.web.connect.identity import judge
from cpms.web.connect.typed import typed
from cpms.web.connect.watching import watch as watching
from inventory import access, credentials
from inventory.models import Charger, Lifecycle
from monitoring.views.asked import person, refused

#: Sites offered at once; more are searched.
MOST_SITES = 12
LONGEST_SEARCH = 100
#: Lifecycles in which a boot is accepted.
WORKING = frozenset({Lifecycle.COMMISSIONING, Lifecycle.ACTIVE})


@login_required
def where(request: HttpRequest) -> HttpResponse:
    """Choose a site, or make one; the first step."""
    user = _manager(request)
    may_found = user.is_superuser or organisations_for(user).exists()
    form = SiteForm(user, request.POST or None) if may_found else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            with transaction.atomic():
                site = form.save()
        except IntegrityError:  # two people, one name
            form.add_error(None, _("Somebody has just made one of this name."))
        else:
            return redirect("connect-what", site.pk)
    asked = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    found = _sites(user).filter(name__icontains=asked) if asked else _sites(user)
    sites = list(found.select_related("organisation").order_by("name")[: MOST_SITES + 1])
    context = {"form": form, "sites": sites[:MOST_SITES], "more": len(sites) > MOST_SITES}
    return render(request, "web/connect/where.html", {**context, "asked": asked})


@login_required
@never_cache
def what(request: HttpRequest, site_id: int) -> HttpResponse:
    """Name the charger; the answer shows its key, once."""
    user = _manager(request)
    site = _sites(user).select_related("organisation").filter(pk=site_id).first()
    if site is None:
        raise Http404
    form = ChargerForm(user, site, request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = credentials.generate()
        try:
            with transaction.atomic():
                charger = form.save_with_key(key)
        except IntegrityError:
            form.add_error("identity", _("This identity is taken."))
        else:
            return _shown(request, user, charger, key if charger.security_profile else "")
    return render(request, "web/connect/what.html", {"form": form, "site": site})


@login_required
@require_GET
def identity(request: HttpRequest) -> HttpResponse:
    """Say of an identity, while it is typed, whether it can be used."""
    user = _manager(request)
    verdict = judge(user, request.GET.get("identity", ""))
    return render(request, "web/connect/_identity.html", {"verdict": verdict})


@login_required
@require_safe
def watch(request: HttpRequest, identity: str) -> HttpResponse:
    """Watch a charger come in, or see why it doesn't."""
    user = person(request)
    return _shown(request, user, _theirs(user, identity))


@login_required
@require_safe
def steps(request: HttpRequest, identity: str) -> HttpResponse:
    """Show the live part of that page."""
    user = person(request)
    charger = _theirs(user, identity)
    return render(request, "web/connect/_steps.html", _progress(user, charger))


@login_required
@require_POST
@never_cache
def new_key(request: HttpRequest, identity: str) -> HttpResponse:
    """Make a new key, shown once; the charger needs it from its next connection on."""
    user, charger = person(request), _editable(request, identity)
    key = credentials.generate()
    charger.set_password(key)
    charger.save(update_fields=["password_digest", "password_set_at", "updated_at"])
    return _shown(request, user, charger, key)


@login_required
@require_POST
def activate(request: HttpRequest, identity: str) -> HttpResponse:
    """Put the charger into operation: its boot is accepted, and it counts from now on."""
    charger = _editable(request, identity)
    charger.lifecycle = Lifecycle.ACTIVE
    charger.save(update_fields=["lifecycle", "updated_at"])
    messages.success(request, _("%(identity)s is in operation.") % {"identity": charger.identity})
    return redirect("connect-watch", charger.identity)


def _shown(request: HttpRequest, user: User, charger: Charger, key: str = "") -> HttpResponse:
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    context: dict[str, Any] = {
        **_progress(user, charger),
        "typed": typed(charger, host, key),
        "playable": settings.DEBUG,
    }
    answer = render(request, "web/connect/watch.html", context)
    if key:
        answer["Cache-Control"] = "no-store"
    return answer


def _progress(user: User, charger: Charger) -> dict[str, Any]:
    return {
        "charger": charger,
        "zone": charger.site.timezone,
        "watched": watching(user, charger, timezone.now()),
        "may_edit": access.may(user, "edit_inventory", charger.site.organisation_id),
        "held": charger.lifecycle not in WORKING,
        "commissioning": charger.lifecycle == Lifecycle.COMMISSIONING,
    }


def _manager(request: HttpRequest) -> User:
    """Return who is signed in, if they may add chargers anywhere."""
    user = person(request)
    if not (user.is_superuser or _sites(user).exists() or organisations_for(user).exists()):
        raise refused(request, "edit_inventory")
    return user


def _sites(user: User) -> Any:
    """Return the sites on which the user may add chargers."""
    able = access.organisations_where(user, "edit_inventory")
    return access.sites(user).filter(organisation__in=able)


def _theirs(user: User, identity: str) -> Charger:
    if "\0" in identity:
        raise Http404
    found = access.with_identity(access.chargers(user), identity)
    charger = found.select_related("site__organisation", "model", "state").first()
    if charger is None:
        raise Http404
    return charger


def _editable(request: HttpRequest, identity: str) -> Charger:
    user = person(request)
    charger = _theirs(user, identity)
    if not access.may(user, "edit_inventory", charger.site.organisation_id):
        raise refused(request, "edit_inventory")
    return charger
