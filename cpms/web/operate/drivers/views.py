"""What is kept for drivers on a charger: reservations, its display, what it told of customers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cpms.control import access
from cpms.control import customers as told
from cpms.control.commands import Refused
from cpms.control.models import DisplayMessage, Reservation
from cpms.web.operate.views import may_command, section
from monitoring.views.asked import number, refused
from monitoring.views.charger import opened

PAGE_SIZE = 25


@login_required
@require_GET
def reservations(request: HttpRequest, identity: str) -> HttpResponse:
    """Show who has which port reserved, and what became of earlier reservations."""
    user, charger = opened(request, identity)
    kept = access.reservations(user).filter(charger=charger).order_by("-asked_at", "-id")
    live = kept.filter(state__in=Reservation.LIVE, until__gt=timezone.now())
    over = kept.exclude(pk__in=live.values("pk")).select_related("session")
    page = Paginator(over, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    context = section(request, charger, "charger-reservations", live=list(live), page=page)
    return render(request, "web/operate/drivers/reservations.html", context)


@login_required
@require_GET
def display(request: HttpRequest, identity: str) -> HttpResponse:
    """Show what is on the charger's display, as far as we know."""
    user, charger = opened(request, identity)
    known = access.display_messages(user).filter(charger=charger)
    context = section(
        request, charger, "charger-display",
        shown=list(known.filter(state=DisplayMessage.State.SET)),
        others=list(known.exclude(state=DisplayMessage.State.SET).order_by("-changed_at")),
        old=charger.ocpp_version == "1.6",
    )  # fmt: skip
    return render(request, "web/operate/drivers/display.html", context)


@login_required
@require_GET
def customers(request: HttpRequest, identity: str) -> HttpResponse:
    """List what who asks has asked the charger of customers."""
    user, charger = opened(request, identity)
    own = access.customer_reports(user).filter(charger=charger, asked_by=user)
    context = section(
        request, charger, "charger-customers",
        reports=own.order_by("-asked_at", "-id")[:PAGE_SIZE], old=charger.ocpp_version == "1.6",
    )  # fmt: skip
    return render(request, "web/operate/drivers/customers.html", context)


@login_required
@never_cache
@require_POST
def reveal(request: HttpRequest, identity: str, key: int) -> HttpResponse:
    """Show a report to who asked for it, this once."""
    user, charger = opened(request, identity)
    own = access.customer_reports(user).filter(charger=charger, asked_by=user)
    report = get_object_or_404(own, pk=key)
    if not may_command(request, charger):
        raise refused(request, "command", _("You may not ask anything of chargers."))
    try:
        text = told.reveal(report, user, timezone.now())
    except Refused as problem:
        messages.warning(request, str(problem))
        return redirect("charger-customers", charger.identity)
    context = section(request, charger, "charger-customers", report=report, text=text)
    return render(request, "web/operate/drivers/customer.html", context)
