"""A site's tariffs: what holds, what held and what will; a new one is added, none is changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cpms.control import access as control_access
from cpms.control import tariffs
from cpms.control.commands import Asker
from cpms.control.cost import Cost, Use, cost
from cpms.control.models import Command, Tariff
from cpms.web.operate.tariffs.forms import TariffForm
from inventory import access
from inventory.models import Site
from monitoring.views.asked import person, refused

#: The session that tariffs are compared by.
EXAMPLE_WH, EXAMPLE_LASTS, EXAMPLE_STAYS = 20_000.0, timedelta(minutes=40), timedelta(minutes=80)


@dataclass(frozen=True, slots=True)
class Line:
    """A tariff as the page shows it."""

    tariff: Tariff
    text: str
    example: Cost
    #: It holds now; or it doesn't hold yet.
    holds: bool
    to_come: bool


@login_required
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show a site's tariffs, and add one."""
    site = _theirs(request, key)
    able = access.may(request.user, "edit_inventory", site.organisation_id)
    form = TariffForm(site, request.POST or None, initial=_usual(site))
    if request.method == "POST":
        if not able:
            raise refused(request, "edit_inventory", _("You may not change tariffs."))
        if form.is_valid() and _added(request, form):
            messages.success(request, _("Added. Sessions that begin from then on cost by it."))
            return redirect("site-tariffs", site.pk)
    context = {
        "site": site, "zone": site.timezone, "lines": _lines(request, site), "form": form,
        "able": able,
    }  # fmt: skip
    return render(request, "web/operate/tariffs/show.html", context)


@login_required
@require_POST
def withdraw(request: HttpRequest, key: int, tariff: int) -> HttpResponse:
    """Take back a tariff that doesn't hold yet."""
    site = _theirs(request, key)
    found = get_object_or_404(control_access.tariffs(request.user).filter(site=site), pk=tariff)
    if not access.may(request.user, "edit_inventory", site.organisation_id):
        raise refused(request, "edit_inventory", _("You may not change tariffs."))
    asker = Asker.person(person(request), Command.Source.PAGE)
    if tariffs.withdraw(found, asker, timezone.now()):
        messages.success(request, _("Taken back."))
    else:
        messages.warning(request, _("It holds already, or did: add a new one instead."))
    return redirect("site-tariffs", site.pk)


def _theirs(request: HttpRequest, key: int) -> Site:
    return get_object_or_404(access.sites(request.user).select_related("organisation"), pk=key)


def _added(request: HttpRequest, form: TariffForm) -> bool:
    asker = Asker.person(person(request), Command.Source.PAGE)
    try:
        tariffs.add(form.instance, asker, timezone.now())
    except ValidationError as problem:
        form.add_error(None, problem)
        return False
    return True


def _usual(site: Site) -> dict[str, object]:
    """Return what holds, as a new tariff most likely changes little of it."""
    last = Tariff.objects.filter(site=site).order_by("-valid_from").first()
    if last is None:
        return {"currency": "EUR", "valid_from": None}
    kept = [name for name in TariffForm.Meta.fields if name != "valid_from"]
    return {name: _short(getattr(last, name)) for name in kept}


def _short(value: object) -> object:
    """Return a price without the zeros that only the column has."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _lines(request: HttpRequest, site: Site) -> list[Line]:
    now = timezone.now()
    rows = list(control_access.tariffs(request.user).filter(site=site).order_by("-valid_from"))
    current = next((row for row in rows if row.valid_from <= now), None)
    return [_line(row, now, holds=row is current) for row in rows]


def _line(row: Tariff, now: datetime, *, holds: bool) -> Line:
    known = tariffs.version(row)
    use = Use(now, now + EXAMPLE_STAYS, EXAMPLE_WH, now + EXAMPLE_LASTS)
    return Line(row, known.text, cost(known.prices, use), holds, row.valid_from > now)
