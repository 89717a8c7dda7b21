"""What a charger's display shows."""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.models import DisplayMessage
from cpms.control.operations import display
from cpms.control.operations.base import V21
from cpms.web import zones
from cpms.web.operate.forms.base import OperationForm

#: OCPP MessageStateEnumType, and what 2.1 adds.
STATES: dict[str, str | Promise] = {
    "Charging": _("it charges"),
    "Idle": _("it is idle"),
    "Faulted": _("it is faulted"),
    "Unavailable": _("it is out of service"),
    "Suspended": _("charging is suspended"),
    "Discharging": _("it discharges"),
}
NEW_STATES = ("Suspended", "Discharging")
FORMATS: dict[str, str | Promise] = {
    "UTF8": _("text"),
    "ASCII": _("text without special characters (ASCII)"),
    "HTML": "HTML",
    "URI": _("the page at an address (URI)"),
    "QRCODE": _("QR code"),
}
#: The longest text, by whether 2.1 is spoken.
LONGEST = {False: 512, True: 1024}


class SetDisplayForm(OperationForm):
    """Show a message on the display."""

    operation = display.SetDisplay
    title = _("Show a message")
    does = _("The charger shows a text on its display until it is over or taken away.")
    group = "display"
    icon = "message"
    button = _("Show it")
    bulk = True
    says: ClassVar = {
        "accepted": _("It has the message, and shows it when its turn comes."),
        "NotSupportedPriority": _("Its display knows no such priority: choose another."),
        "NotSupportedState": _("It can't show messages only in that state: leave it out."),
        "NotSupportedMessageFormat": _("Its display can't show this format: send plain text."),
        "UnknownTransaction": _("It knows no such session (any more)."),
        "LanguageNotSupported": _("Its display doesn't know this language."),
    }
    values: ClassVar = {"state": STATES, "format": FORMATS}

    content = forms.CharField(
        label=_("Message"), max_length=1024, widget=forms.Textarea(attrs={"rows": 3})
    )
    format = forms.ChoiceField(label=_("Format"), choices=list(FORMATS.items()), initial="UTF8")
    language = forms.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$",
        label=_("Language"), required=False, max_length=8, help_text=_("E.g. en or de-DE."),
        error_messages={"invalid": _("A language is written like en or de-DE.")},
    )  # fmt: skip
    priority = forms.ChoiceField(
        label=_("Priority"), choices=DisplayMessage.Priority.choices, initial="NormalCycle"
    )
    state = forms.ChoiceField(label=_("Only while"), required=False)
    starts_at = forms.DateTimeField(
        label=_("From"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    ends_at = forms.DateTimeField(
        label=_("Until"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    transaction_id = forms.ChoiceField(label=_("Only for the session"), required=False)
    number = forms.IntegerField(
        label=_("Instead of message no."), required=False, min_value=0, max_value=2**31 - 1,
        help_text=_("Empty: a new one beside the others."),
    )  # fmt: skip

    def offer(self) -> None:
        """Offer what the version knows, and the sessions that run."""
        newest = V21 in self.target.versions
        offered = [(k, v) for k, v in STATES.items() if newest or k not in NEW_STATES]
        self.fields["state"].choices = [("", gettext("always")), *offered]  # type: ignore[attr-defined]
        if not newest:
            kinds = [(k, v) for k, v in FORMATS.items() if k != "QRCODE"]
            self.fields["format"].choices = kinds  # type: ignore[attr-defined]
        sessions = [(s.transaction_id, s.told(self.target.now)) for s in self.target.running]
        if sessions:
            every = ("", gettext("all drivers"))
            self.fields["transaction_id"].choices = [every, *sessions]  # type: ignore[attr-defined]
        else:
            del self.fields["transaction_id"]
        if self.target.charger is None:
            del self.fields["number"]

    def clean(self) -> dict[str, Any]:
        """Hold the text to what the version takes."""
        cleaned = super().clean() or {}
        longest = LONGEST[self.target.versions == {V21}]
        if len(cleaned.get("content") or "") > longest:
            self.add_error("content", gettext("At most %s characters fit.") % longest)
        for name in ("starts_at", "ends_at"):
            if cleaned.get(name):
                cleaned[name] = self._on_its_clock(cleaned[name])
        return cleaned

    def _on_its_clock(self, typed: datetime) -> datetime:
        """Return a time as it was meant: by the clock that the charger's pages show."""
        charger = self.target.charger
        if charger is None:
            return typed
        zone = ZoneInfo(zones.shown(charger.site.timezone))
        return timezone.make_naive(typed).replace(tzinfo=zone)


class ClearDisplayForm(OperationForm):
    """Take a message off the display."""

    operation = display.ClearDisplay
    title = _("Take a message away")
    does = _("The charger shows the message no more.")
    group = "display"
    icon = "eraser"
    button = _("Take it away")
    says: ClassVar = {
        "accepted": _("It is gone."),
        "Unknown": _("It has no such message: it is gone already."),
    }

    number = forms.IntegerField(label=_("Message no."), min_value=0, max_value=2**31 - 1)


class GetDisplaysForm(OperationForm):
    """Ask which messages the charger has."""

    operation = display.GetDisplays
    title = _("Ask for its messages")
    does = _("The charger reports the messages on its display; they show under Display.")
    group = "display"
    icon = "list"
    button = _("Ask")
    says: ClassVar = {
        "accepted": _("It reports them in messages of its own."),
        "Unknown": _("It has none of these."),
    }
    values: ClassVar = {"state": STATES}

    priority = forms.ChoiceField(
        label=_("Priority"), required=False,
        choices=[("", _("any")), *DisplayMessage.Priority.choices],
    )  # fmt: skip
    state = forms.ChoiceField(label=_("Shown while"), required=False)

    def offer(self) -> None:
        """Offer what the version knows."""
        newest = V21 in self.target.versions
        offered = [(k, v) for k, v in STATES.items() if newest or k not in NEW_STATES]
        self.fields["state"].choices = [("", gettext("any")), *offered]  # type: ignore[attr-defined]
