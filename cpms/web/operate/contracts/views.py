"""Plug & Charge: OCSP responders, authorities of contracts, and the provider of contracts."""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpms.control.models import ContractAuthority, ContractPool, Responder
from cpms.control.outside import allowed, fetch
from cpms.web.operate.contracts.forms import AuthorityForm, ProviderForm, ResponderForm
from inventory import access
from inventory.audit import record_deed
from inventory.models import Organisation
from monitoring.views.asked import person, refused

#: Organisations that are offered.
MOST_OFFERED = 200
#: Seconds that somebody waits for a try.
PATIENCE = 5.0


@login_required
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Go to the user's organisation, or offer those that they administer."""
    found = list(_theirs(request).order_by("name")[:MOST_OFFERED])
    if not found:
        said = _("Only an organisation's administrators change whom it asks.")
        raise refused(request, "administer", said)
    if len(found) == 1:
        return redirect("contracts-of", found[0].pk)
    return render(request, "web/operate/contracts/choose.html", {"organisations": found})


def _theirs(request: HttpRequest) -> QuerySet[Organisation]:
    return access.organisations_where(person(request), "administer")


def _opened(request: HttpRequest, key: int) -> Organisation:
    """Return an organisation that the user administers; 404 for any other."""
    return get_object_or_404(_theirs(request), pk=key)


@login_required
@require_GET
def show(request: HttpRequest, key: int) -> HttpResponse:
    """Show what holds for an organisation."""
    return _shown(request, _opened(request, key))


def _shown(request: HttpRequest, organisation: Organisation, **forms: Form) -> HttpResponse:
    provider = ContractPool.objects.filter(organisation=organisation).first()
    context = {
        "organisation": organisation,
        "others": _theirs(request).exclude(pk=organisation.pk).exists(),
        "responders": Responder.objects.filter(organisation=organisation),
        "authorities": ContractAuthority.objects.filter(organisation=organisation),
        "provider": provider,
        "now": timezone.now(),
        "responder_form": ResponderForm(),
        "authority_form": AuthorityForm(),
        "provider_form": ProviderForm(initial={"url": provider.url if provider else ""}),
        **forms,
    }
    return render(request, "web/operate/contracts/show.html", context)


def _entered(request: HttpRequest, organisation: Organisation, row: Any, deed: str) -> HttpResponse:
    record_deed(person(request), organisation, {"deed": deed, "about": str(row)})
    return redirect("contracts-of", organisation.pk)


@login_required
@require_POST
def add_responder(request: HttpRequest, key: int) -> HttpResponse:
    """Let a responder be asked."""
    organisation, form = _opened(request, key), ResponderForm(request.POST)
    if form.is_valid():
        try:
            row = allowed.add_responder(key, form.cleaned_data["host"], str(request.user))
            return _entered(request, organisation, row, "responder allowed")
        except allowed.Unacceptable as problem:
            form.add_error("host", str(problem))
    return _shown(request, organisation, responder_form=form)


@login_required
@require_POST
def remove_responder(request: HttpRequest, key: int, row: int) -> HttpResponse:
    """Have a responder asked no more."""
    organisation = _opened(request, key)
    found = get_object_or_404(Responder, pk=row, organisation=organisation)
    found.delete()
    return _entered(request, organisation, found, "responder not allowed any more")


@login_required
@require_POST
def add_authority(request: HttpRequest, key: int) -> HttpResponse:
    """Have an authority's contracts count."""
    organisation, form = _opened(request, key), AuthorityForm(request.POST)
    if form.is_valid():
        pem, by = form.cleaned_data["certificate"], str(request.user)
        try:
            row = allowed.add_authority(key, pem, by, timezone.now())
            return _entered(request, organisation, row, "contracts count")
        except allowed.Unacceptable as problem:
            form.add_error("certificate", str(problem))
    return _shown(request, organisation, authority_form=form)


@login_required
@require_POST
def remove_authority(request: HttpRequest, key: int, row: int) -> HttpResponse:
    """Have an authority's contracts count no more."""
    organisation = _opened(request, key)
    found = get_object_or_404(ContractAuthority, pk=row, organisation=organisation)
    found.delete()
    return _entered(request, organisation, found, "contracts don't count any more")


@login_required
@require_POST
def set_provider(request: HttpRequest, key: int) -> HttpResponse:
    """Say where contracts are got from; an empty token leaves the one there is."""
    organisation, form = _opened(request, key), ProviderForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            row = allowed.set_pool(key, said["url"], said["token"] or None, str(request.user))
            return _entered(request, organisation, row, "provider of contracts set")
        except allowed.Unacceptable as problem:
            form.add_error("url", str(problem))
    return _shown(request, organisation, provider_form=form)


@login_required
@require_POST
def remove_provider(request: HttpRequest, key: int) -> HttpResponse:
    """Get contracts from nobody."""
    organisation = _opened(request, key)
    found = get_object_or_404(ContractPool, organisation=organisation)
    found.delete()
    return _entered(request, organisation, found, "provider of contracts removed")


@login_required
@require_POST
def try_responder(request: HttpRequest, key: int, row: int) -> HttpResponse:
    """See whether a responder can be reached from here."""
    organisation = _opened(request, key)
    found = get_object_or_404(Responder, pk=row, organisation=organisation)
    return _tried(request, organisation, f"http://{found.host}/", "application/ocsp-request")


@login_required
@require_POST
def try_provider(request: HttpRequest, key: int) -> HttpResponse:
    """See whether the provider of contracts can be reached from here; it gets an empty request."""
    organisation = _opened(request, key)
    found = get_object_or_404(ContractPool, organisation=organisation)
    return _tried(request, organisation, found.url, "application/json")


def _tried(request: HttpRequest, organisation: Organisation, url: str, kind: str) -> HttpResponse:
    """Send nothing of anybody's and say what came of it; the answer is shown to nobody."""
    body = b"{}" if kind.endswith("json") else b""
    try:
        reply = async_to_sync(fetch.post)(url, body, {"Content-Type": kind}, patience=PATIENCE)
    except fetch.Unreachable as problem:
        said = _("%(url)s can't be reached: %(why)s") % {"url": url, "why": problem}
        messages.error(request, said)
        return redirect("contracts-of", organisation.pk)
    said = _(
        "%(url)s answers (HTTP status %(status)s to an empty request). Whether it answers what "
        "chargers ask shows with the first of them."
    ) % {"url": url, "status": reply.status}
    messages.success(request, said)
    return redirect("contracts-of", organisation.pk)
