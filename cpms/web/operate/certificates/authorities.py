"""Our certificate authorities: what they are, what they issued, and whose others are trusted."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from cpms.control import access as control_access
from cpms.control.models import Authority, CertificateName
from cpms.control.pki import authorities, registry, revocation
from cpms.control.pki.authorities import Unavailable
from cpms.control.pki.x509 import Unreadable
from cpms.web.operate.certificates import outlook
from cpms.web.operate.certificates.views import as_file
from inventory import access
from inventory.audit import record_deed
from inventory.models import Organisation
from monitoring.views.asked import number, person, refused

NAME = "certificates"
PAGE_SIZE = 50


class TrustForm(forms.Form):
    """Another's authority, and its key where it is to sign here."""

    certificate = forms.CharField(
        label=gettext_lazy("Certificate (PEM), those above it below it"),
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "kw-code"}),
    )
    key = forms.CharField(
        label=gettext_lazy("Its private key (PEM, without a passphrase)"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(
            attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off", "class": "kw-code"}
        ),
        help_text=gettext_lazy(
            "Only if it is to sign chargers' requests instead of our own. Kept sealed."
        ),
    )


class NameForm(forms.Form):
    """An organisation's name on its chargers' certificates."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), widget=forms.HiddenInput)
    name = forms.CharField(
        label=gettext_lazy("Name on certificates"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("What the chargers have as CpoName or OrganizationName."),
    )


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the authorities, what ends soon, and all that was issued."""
    return _shown(request)


def _shown(request: HttpRequest, **more: Any) -> HttpResponse:
    user, now = person(request), timezone.now()
    issued = control_access.certificates(user).select_related("charger", "authority")
    if request.GET.get("ending"):
        ending = issued.filter(revoked_at=None, not_after__gt=now, not_after__lt=now + outlook.SOON)
        issued = ending.order_by("not_after")
    page = Paginator(issued, PAGE_SIZE).get_page(number(request.GET.get("page"), 1))
    rows = Authority.objects.exclude(kind=Authority.Kind.CROSS).order_by("kind", "-created_at")
    context = {
        "authorities": [outlook.of_authority(row, now) for row in rows[:100]],
        "page": page,
        "lines": [outlook.of_issued(row, None, now) for row in page.object_list],
        "ending": bool(request.GET.get("ending")),
        "is_staff": user.is_superuser,
        "trust_form": TrustForm(),
        "names": _names(request),
        "now": now,
        **more,
    }
    return render(request, "web/operate/certificates/authorities.html", context)


def _names(request: HttpRequest) -> list[tuple[Organisation, str, NameForm]]:
    """Return the organisations whose name on certificates the user may change."""
    found = access.organisations_where(person(request), "administer")[:50]
    return [
        (one, registry.cpo_name(one.pk), NameForm(initial={"organisation": one.pk}))
        for one in found
    ]


@login_required
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make our authorities now, where they aren't there yet."""
    _only_staff(request)
    try:
        authorities.ensure(timezone.now())
    except Unavailable as problem:
        messages.error(request, str(problem))
    return redirect(NAME)


@login_required
@require_POST
def trust(request: HttpRequest) -> HttpResponse:
    """Trust another's authority; with its key it signs from now on."""
    _only_staff(request)
    form = TrustForm(request.POST)
    if not form.is_valid():
        return _shown(request, trust_form=form)
    said = form.cleaned_data
    try:
        row = authorities.add_external(said["certificate"], said["key"], timezone.now())
    except Unreadable as problem:
        form.add_error(None, str(problem))
        return _shown(request, trust_form=form)
    record_deed(person(request), row, {"deed": "trusted", "authority": row.name})
    messages.success(request, _("“%s” is trusted now.") % row.name)
    return redirect(NAME)


@login_required
@require_POST
def retire(request: HttpRequest, key: int) -> HttpResponse:
    """Trust another's authority no more."""
    _only_staff(request)
    row = get_object_or_404(Authority, pk=key, kind=Authority.Kind.EXTERNAL)
    authorities.retire(row, timezone.now())
    record_deed(person(request), row, {"deed": "retired", "authority": row.name})
    return redirect(NAME)


@login_required
@require_POST
def rename(request: HttpRequest) -> HttpResponse:
    """Change an organisation's name on certificates; empty: its own name again."""
    form = NameForm(request.POST)
    able = access.organisations_where(person(request), "administer")
    form.fields["organisation"].queryset = able  # type: ignore[attr-defined]
    if not form.is_valid():
        raise Http404
    organisation, name = form.cleaned_data["organisation"], form.cleaned_data["name"].strip()
    if name:
        CertificateName.objects.update_or_create(organisation=organisation, defaults={"name": name})
    else:
        CertificateName.objects.filter(organisation=organisation).delete()
    record_deed(person(request), organisation, {"name_on_certificates": name})
    return redirect(NAME)


@login_required
@require_GET
def download(request: HttpRequest, key: int) -> HttpResponse:
    """Give an authority's certificate as PEM: it is no secret."""
    row = get_object_or_404(Authority, pk=key)
    return as_file(row.certificate, f"authority-{row.pk}.pem")


@login_required
@require_GET
def revocations(request: HttpRequest, key: int) -> HttpResponse:
    """Give the list of what an authority revoked."""
    try:
        made = revocation.crl(key, timezone.now())
    except Unavailable:
        made = None
    if made is None:
        raise Http404
    return HttpResponse(made, content_type="application/pkix-crl")


def _only_staff(request: HttpRequest) -> None:
    if not person(request).is_superuser:
        raise PermissionDenied from refused(
            request, "superuser", _("Only staff of this installation changes its authorities.")
        )
