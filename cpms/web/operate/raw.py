"""The raw door: an OCPP message as it is, for those who know what they do."""

import json
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.commands import Asker, Refused
from cpms.control.models import Command
from cpms.control.operations import BadRequest
from cpms.ocpp.commands import raw
from cpms.web.operate.views import section
from inventory import access
from inventory.models import Charger
from monitoring.views.asked import refused
from monitoring.views.charger import opened


class RawForm(forms.Form):
    """An action, and its payload as JSON."""

    action = forms.CharField(label=_("Action"), max_length=50)
    payload = forms.CharField(
        label=_("Payload (JSON)"), max_length=60_000, required=False, widget=forms.Textarea
    )
    reason = forms.CharField(label=_("Why"), max_length=500, required=False)

    def clean_payload(self) -> dict[str, Any]:
        """Read the JSON; say where it is wrong."""
        text = self.cleaned_data["payload"].strip() or "{}"
        try:
            payload = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError) as problem:
            raise forms.ValidationError(gettext("This is no JSON: %s.") % problem) from None
        if not isinstance(payload, dict):
            raise forms.ValidationError(gettext("A payload is a JSON object: { … }."))
        return payload


def _no_number(text: str) -> None:
    raise ValueError(gettext("%s is no number") % text)


@login_required
def show(request: HttpRequest, identity: str) -> HttpResponse:
    """Ask it; what the version's schema doesn't allow is refused with the differences."""
    user, charger = opened(request, identity)
    if not access.may(user, "command_raw", charger.site.organisation_id):
        raise refused(request, "command_raw", gettext("Raw messages are for leads."))
    given = request.POST if request.method == "POST" else None
    form = RawForm(given, initial={"action": request.GET.get("action", "")[:50]})
    if request.method == "POST" and form.is_valid():
        command = _ask(charger, form, Asker.person(user, Command.Source.PAGE))
        if command is not None:
            return redirect("charger-command", charger.identity, command.pk)
    actions = raw.actions(charger.ocpp_version) if charger.ocpp_version else []
    context = section(request, charger, "charger-raw", form=form, actions=actions)
    return render(request, "web/operate/raw.html", context)


def _ask(charger: Charger, form: RawForm, asker: Asker) -> Command | None:
    asked = form.cleaned_data
    try:
        return raw.request(
            charger, asked["action"].strip(), asked["payload"], asker, reason=asked["reason"]
        )
    except BadRequest as problem:
        form.add_error("payload" if ":" in str(problem) else "action", str(problem))
    except Refused as problem:
        form.add_error(None, str(problem))
    return None
