"""Where leads, managers and administrators hang walls, change them and take them down."""

from collections import Counter

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cpms.web.kiosk import links
from cpms.web.kiosk.forms import KioskForm
from cpms.web.models import KioskLink
from inventory import access
from monitoring.views.asked import person, refused


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the links the user may manage, those in use first."""
    user = person(request)
    rows = links.manageable(user).select_related("organisation", "site", "created_by")
    context = {
        "links": rows.prefetch_related("sites").order_by("revoked_at", "name", "pk"),
        "may_manage": links.may_manage(user),
    }
    return render(request, "web/kiosk/index.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Hang a wall; its link is on the answer, once."""
    user = _allowed(request)
    form = KioskForm(user, request.POST or None, initial=_usual(user))
    if request.method == "POST" and form.is_valid():
        token = links.new_token()
        form.instance.digest, form.instance.created_by = links.digest(token), user
        link = form.save()
        address = request.build_absolute_uri(reverse("kiosk-enter", args=[token]))
        return render(request, "web/kiosk/made.html", {"link": link, "address": address})
    return render(request, "web/kiosk/form.html", {"form": form, "link": None})


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, link_id: int) -> HttpResponse:
    """Change what a wall shows; walls that are open follow within seconds."""
    link, user = _theirs(request, link_id), person(request)
    form = KioskForm(user, request.POST or None, instance=link)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved. Walls that are open follow within seconds."))
        return redirect("kiosks")
    return render(request, "web/kiosk/form.html", {"form": form, "link": link})


@login_required
@require_POST
def revoke(request: HttpRequest, link_id: int) -> HttpResponse:
    """Take a wall down."""
    link = _theirs(request, link_id)
    links.revoke(link, timezone.now())
    messages.success(
        request, _("“%(name)s” is revoked: its walls go dark within seconds.") % {"name": link.name}
    )
    return redirect("kiosks")


def _theirs(request: HttpRequest, link_id: int) -> KioskLink:
    """Return the link, which is in use and the user's to manage; else it isn't there."""
    link = links.manageable(person(request)).filter(pk=link_id, revoked_at=None).first()
    if link is None:
        raise Http404
    return link


def _allowed(request: HttpRequest) -> User:
    user = person(request)
    if not links.may_manage(user):
        raise refused(request, "hang_walls")
    return user


def _usual(user: User) -> dict[str, object]:
    """Return what a new wall most likely is: of the user's organisation, in their language."""
    return {
        "organisation": access.organisations_where(user, "hang_walls").first(),
        "language": (get_language() or "en").partition("-")[0],
        "timezone": _zone(user),
    }


def _zone(user: User) -> str:
    """Return the zone that most of the user's sites are in."""
    zones = Counter(access.sites(user).order_by().values_list("timezone", flat=True))
    return zones.most_common(1)[0][0] if zones else "UTC"
