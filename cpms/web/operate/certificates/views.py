"""A charger's certificates: what it shows us, what it trusts, and its security profile."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from cpms.control import access as control_access
from cpms.control.commands import Asker, Refused
from cpms.control.models import Certificate, Command
from cpms.control.operations import BadRequest, Operation
from cpms.control.pki import registry
from cpms.ocpp.commands import typed
from cpms.web.operate.certificates import assistant, outlook
from cpms.web.operate.views import may_command, section
from inventory.models import Charger
from monitoring.views.asked import refused
from monitoring.views.charger import opened

NAME = "charger-certificates"
#: Of each list; the newest.
MOST = 30
INTERFACES = ("Wired0", "Wired1", "Wireless0", "Wireless1")


class NetworkForm(forms.Form):
    """A way to us, for a charger of OCPP 2.x."""

    slot = forms.IntegerField(
        label=gettext_lazy("Slot"), min_value=0, max_value=1000,
        help_text=gettext_lazy(
            "One that isn't in use now, so that the present way stays. Where none is suggested the "
            "charger hasn't told: read OCPPCommCtrlr.NetworkConfigurationPriority first."
        ),
    )  # fmt: skip
    url = forms.CharField(label=gettext_lazy("Our address, without the identity"), max_length=512)
    interface = forms.ChoiceField(
        label=gettext_lazy("Interface"), choices=[(name, name) for name in INTERFACES]
    )


class PriorityForm(forms.Form):
    """Which way comes first."""

    slot = forms.IntegerField(label=gettext_lazy("First"), min_value=0, max_value=1000)
    others = forms.RegexField(
        r"^[0-9, ]*$",
        label=gettext_lazy("Then"),
        max_length=100,
        help_text=gettext_lazy(
            "The slots that it falls back to, e.g. 0,1: those that it uses now. Without one it is "
            "lost where the new way fails."
        ),
    )


@login_required
@require_GET
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Show certificates and the security profile."""
    _user, charger = opened(request, identity)
    return _shown(request, charger, timezone.now())


def _shown(request: HttpRequest, charger: Charger, now: datetime, **more: Any) -> HttpResponse:
    upgrade = assistant.of(charger, now)
    context = section(
        request, charger, NAME, upgrade=upgrade, **_lists(charger, now), **_forms(charger, upgrade)
    )
    return render(request, "web/operate/certificates/show.html", {**context, **more})


def _lists(charger: Charger, now: datetime) -> dict[str, Any]:
    in_force = registry.in_force(charger.pk, now)
    issued = charger.certificates.select_related("authority", "delivery")[:MOST]
    installed = charger.installed_certificates.all()
    return {
        "in_force": outlook.of_issued(in_force, in_force, now) if in_force else None,
        "issued": [outlook.of_issued(row, in_force, now) for row in issued],
        "installed": [outlook.of_installed(row, now) for row in installed],
        "listed_at": max((row.seen_at for row in installed), default=None),
        "requests": charger.signing_requests.filter(certificate=None)[:10],
        "reasons": Certificate.Revocation.choices,
    }


def _forms(charger: Charger, upgrade: assistant.Upgrade) -> dict[str, Any]:
    if upgrade.next not in ("profile", "priority") or charger.ocpp_version == "1.6":
        return {}
    known = assistant.reported_priority(charger)
    slot = _slot(charger) if upgrade.next == "priority" else assistant.free_slot(known)
    address = {"slot": slot, "url": settings.OCPP_PUBLIC_URL, "interface": INTERFACES[0]}
    return {
        "network_form": NetworkForm(initial=address),
        "priority_form": PriorityForm(initial={"slot": slot, "others": known}),
    }


def _slot(charger: Charger) -> int:
    """Return the slot that was set last."""
    last = Command.objects.filter(
        charger=charger, operation="set_network_profile", state=Command.State.ACCEPTED
    ).first()
    return int(last.request.get("slot", 1)) if last is not None else 1


@login_required
@require_POST
def upgrade(request: HttpRequest, identity: str, step: str) -> HttpResponse:
    """Do a step of the way to a higher profile that has no form of its own."""
    user, charger = opened(request, identity)
    _allow(request, charger)
    now = timezone.now()
    plan = assistant.of(charger, now)
    if plan.target is None or step not in ("profile", "priority") or plan.next != step:
        messages.error(request, _("This step isn't due. See where the charger stands now."))
        return redirect(NAME, charger.identity)
    try:
        operation, form = _operation(request, charger, plan.target, step)
        if operation is None:
            return _shown(request, charger, now, **form)
        command = typed.request(charger, operation, Asker.person(user, Command.Source.PAGE))
    except (BadRequest, Refused) as problem:
        messages.error(request, str(problem))
        return redirect(NAME, charger.identity)
    return redirect("charger-command", charger.identity, command.pk)


def _operation(
    request: HttpRequest, charger: Charger, target: int, step: str
) -> tuple[Operation | None, dict[str, Any]]:
    """Return what a step asks; None where its form, returned with it, makes no sense."""
    if charger.ocpp_version == "1.6":
        return assistant.profile_1_6(target), {}
    if step == "profile":
        form: forms.Form = NetworkForm(request.POST)
        if not form.is_valid():
            return None, {"network_form": form}
        return assistant.network(target, **form.cleaned_data), {}
    form = PriorityForm(request.POST)
    if not form.is_valid():
        return None, {"priority_form": form}
    return assistant.priority(**form.cleaned_data), {}


@login_required
@require_POST
def revoke(request: HttpRequest, identity: str, key: int) -> HttpResponse:
    """Revoke a certificate of the charger, for good."""
    user, charger = opened(request, identity)
    _allow(request, charger)
    row = get_object_or_404(control_access.certificates(user), pk=key, charger=charger)
    reason = request.POST.get("reason", "")
    if reason not in Certificate.Revocation.values:
        reason = Certificate.Revocation.UNSPECIFIED
    if revoked(user, row, reason):
        messages.success(request, _("The certificate is revoked: nobody gets in by it any more."))
    return redirect(NAME, charger.identity)


def revoked(user: User, row: Certificate, reason: str) -> bool:
    """Revoke a certificate in a person's name."""
    return registry.revoke_by(row, reason, user, timezone.now())


@login_required
@require_GET
def download(request: HttpRequest, identity: str, key: int) -> HttpResponse:
    """Give a certificate of the charger as PEM."""
    user, charger = opened(request, identity)
    row = get_object_or_404(control_access.certificates(user), pk=key, charger=charger)
    return as_file(row.certificate, f"{charger.identity}-{row.serial[:12]}.pem")


def as_file(pem: str, name: str) -> HttpResponse:
    """Return PEM as a file."""
    response = HttpResponse(pem, content_type="application/x-pem-file")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _allow(request: HttpRequest, charger: Charger) -> None:
    if not may_command(request, charger):
        raise refused(request, "command", _("You may not ask anything of chargers."))
