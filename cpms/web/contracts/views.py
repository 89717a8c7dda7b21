"""Contractors, their contracts, and what a site's uptime depends on."""

from collections import Counter
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cpms.web.contracts.forms import (
    LENSES,
    ContractForm,
    ContractorForm,
    ReckoningForm,
    organisations,
)
from inventory import access, contracts, opening_hours
from inventory.models import Charger, Contract, Contractor, ExclusionReason, Site
from monitoring.days import day_of, zone_of
from monitoring.kpis.rules import rules_of
from monitoring.lenses.standards import STANDARDS
from monitoring.lenses.which import of_site
from monitoring.views.asked import person, refused

#: Sites of a contract that its page names.
MOST_SITES = 200


def allowed(request: HttpRequest) -> User:
    """Return who asks, who may enter contractors somewhere; refuse anybody else."""
    user = person(request)
    if not organisations(user).exists():
        raise refused(request, "edit_inventory", _("Your role doesn't allow to change contracts."))
    return user


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the contractors and their contracts, those in force first."""
    user = person(request)
    today = timezone.localdate()
    firms = access.contractors(user).select_related("organisation").order_by("name", "pk")
    firms = firms.prefetch_related(Prefetch("contracts", _contracts(user)))
    able = set(organisations(user).values_list("pk", flat=True))
    context = {
        "firms": [(firm, firm.organisation_id in able, _sorted(firm, today)) for firm in firms],
        "able": bool(able),
        "shows_organisation": access.organisations(user).count() > 1,
    }
    return render(request, "web/contracts/index.html", context)


def _contracts(user: User) -> QuerySet[Contract]:
    """Return the contracts with the number of their sites that the user sees."""
    seen = Q(sites__in=access.sites(user).values("pk"))
    return access.contracts(user).annotate(here=Count("sites", filter=seen, distinct=True))


def _sorted(firm: Contractor, today: date) -> list[tuple[Contract, str]]:
    states = ("in force", "to come", "over")
    found = [(contract, state(contract, today)) for contract in firm.contracts.all()]
    return sorted(found, key=lambda each: (states.index(each[1]), each[0].starts))


def state(contract: Contract, today: date) -> str:
    """Return whether the contract is "in force", "to come" or "over"."""
    if contract.starts > today:
        return "to come"
    return "over" if contract.ends is not None and contract.ends < today else "in force"


@login_required
@require_http_methods(["GET", "POST"])
def new_contractor(request: HttpRequest) -> HttpResponse:
    """Add a contractor."""
    form = ContractorForm(allowed(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        firm = form.save()
        messages.success(request, _("Added %s. Now enter what was agreed.") % firm)
        return redirect("contract-new", firm.pk)
    return _form(request, "contractor_form", form, contractor=None)


@login_required
@require_http_methods(["GET", "POST"])
def edit_contractor(request: HttpRequest, key: int) -> HttpResponse:
    """Change a contractor."""
    user, firm = _their_contractor(request, key)
    form = ContractorForm(user, request.POST or None, instance=firm)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("contractors")
    return _form(request, "contractor_form", form, contractor=firm)


@login_required
@require_POST
def delete_contractor(request: HttpRequest, key: int) -> HttpResponse:
    """Delete a contractor without contracts."""
    _user, firm = _their_contractor(request, key)
    if firm.contracts.exists():
        messages.error(request, _("%s has contracts: these go first.") % firm)
    else:
        firm.delete()
        messages.success(request, _("Deleted."))
    return redirect("contractors")


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show a contract: what was agreed, and for which sites."""
    user, contract = _seen(request, key)
    sites = access.sites(user).filter(contracts=contract).order_by("name")
    context = {
        "contract": contract,
        "state": state(contract, timezone.localdate()),
        "able": _may(user, contract.contractor.organisation_id),
        "sites": sites[:MOST_SITES],
        "count": sites.count(),
        "week": _week(contract.hours),
        "reasons": [label for value, label in _reasons(contract)],
    }
    return render(request, "web/contracts/contract.html", context)


def _reasons(contract: Contract) -> list[tuple[str, Any]]:
    chosen = contract.excluded_reasons
    return [(value, label) for value, label in ExclusionReason.choices if value in chosen]


def _week(stored: Any) -> list[tuple[str, str]]:
    """Return the hours as texts by day, Monday first; always: none."""
    hours = opening_hours.parse(stored)
    if not hours:
        return []
    return [
        (day, ", ".join("–".join(map(opening_hours.written, pair)) for pair in hours.get(day, [])))
        for day in opening_hours.DAYS
    ]


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, key: int) -> HttpResponse:
    """Add a contract of a contractor."""
    user, firm = _their_contractor(request, key)
    return _edited(request, user, Contract(contractor=firm))


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, key: int) -> HttpResponse:
    """Change a contract."""
    user, contract = _theirs(request, key)
    return _edited(request, user, contract)


def _edited(request: HttpRequest, user: User, contract: Contract) -> HttpResponse:
    form = ContractForm(user, request.POST or None, instance=contract)
    with transaction.atomic():
        saved = form.save() if request.method == "POST" and form.is_valid() else None
    if saved is None:
        return _form(request, "contract_form", form, contract=contract)
    messages.success(
        request, _("Saved. The uptimes of its sites are reckoned anew within minutes.")
    )
    return redirect("contract", saved.pk)


@login_required
@require_POST
def delete(request: HttpRequest, key: int) -> HttpResponse:
    """Delete a contract: its sites' uptimes under it go as well."""
    _user, contract = _theirs(request, key)
    contract.delete()
    messages.success(request, _("Deleted, and with it the uptimes under it."))
    return redirect("contractors")


@login_required
@require_http_methods(["GET", "POST"])
def reckoning(request: HttpRequest, key: int) -> HttpResponse:
    """Show what a site's uptime depends on; let who may manage change it."""
    user = person(request)
    site = access.sites(user).select_related("organisation").filter(pk=key).first()
    if site is None:
        raise Http404
    able = access.may(user, "edit_inventory", site.organisation_id)
    if request.method == "POST" and not able:
        raise refused(request, "edit_inventory")
    known = Site.objects.get(pk=site.pk)  # The form changes what it has, also where it refuses.
    form = ReckoningForm(request.POST or None, instance=known) if able else None
    if request.method == "POST" and form is not None and form.is_valid():
        form.save()
        messages.success(request, _("Saved. Its uptimes are reckoned anew within minutes."))
        return redirect("site", site.pk)
    context = {"site": site, "form": form, "week": _week(site.opening_hours)}
    context |= _lenses(user, site)
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "web/contracts/reckoning.html", context, status=status)


def _lenses(user: User, site: Site) -> dict[str, Any]:
    """Return the site's lenses with what they ask and how many ports are under them."""
    chargers = Charger.objects.filter(site=site).values_list("pk", flat=True)
    under = Counter(
        lens
        for rules in rules_of(list(chargers)).values()
        for lenses in rules.lenses.values()
        for lens in lenses
    )
    chosen = of_site(site.lenses, site.country, site.region)
    today = day_of(timezone.now(), zone_of(site.timezone))
    here = access.contracts(user).filter(sites=site).select_related("contractor")
    return {
        "lenses": [(label, STANDARDS[key], under[key]) for key, label in LENSES if key in chosen],
        "contract": contracts.in_force(here, today).first(),
    }


def _form(request: HttpRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(
        request, f"web/contracts/{template}.html", {"form": form, **context}, status=status
    )


def _may(user: User, organisation: int) -> bool:
    return organisations(user).filter(pk=organisation).exists()


def _their_contractor(request: HttpRequest, key: int) -> tuple[User, Contractor]:
    user = person(request)
    firm = access.contractors(user).filter(pk=key).first()
    if firm is None:
        raise Http404
    if not _may(user, firm.organisation_id):
        raise refused(request, "edit_inventory", _("Your role doesn't allow to change contracts."))
    return user, firm


def _seen(request: HttpRequest, key: int) -> tuple[User, Contract]:
    user = person(request)
    contract = access.contracts(user).select_related("contractor__organisation").filter(pk=key)
    found = contract.first()
    if found is None:
        raise Http404
    return user, found


def _theirs(request: HttpRequest, key: int) -> tuple[User, Contract]:
    user, contract = _seen(request, key)
    if not _may(user, contract.contractor.organisation_id):
        raise refused(request, "edit_inventory", _("Your role doesn't allow to change contracts."))
    return user, contract
