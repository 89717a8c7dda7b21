"""Settings, reports, ways to connect, and the clock."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import configuration
from cpms.control.operations.base import V21
from cpms.web.operate.configuration import names
from cpms.web.operate.forms.base import MINUTE, Harm, OperationForm

#: Settings with which a charger may lose its way to us, in lower case.
RISKY = frozenset(
    {"securityprofile", "networkconfigurationpriority", "identity", "activenetworkprofile"}
    | {"additionalrootcertificatecheck", "websocketpinginterval"}
)


def are_keys(form: OperationForm) -> bool:
    """Tell whether a form's charger has keys (1.6), not variables of components."""
    return form.target.is_old


def lines(text: str) -> list[str]:
    """Return the lines in which something is written."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class SettingsField(forms.CharField):
    """Names of settings, one in each line."""

    def __init__(self, **options: Any) -> None:
        """Offer several lines."""
        options.setdefault("widget", forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}))
        super().__init__(max_length=60_000, **options)


class ReadSettingsForm(OperationForm):
    """Read settings."""

    operation = configuration.ReadSettings
    title = _("Read settings")
    does = _("The charger tells what it is set to; nothing changes.")
    group = "configuration"
    icon = "list"
    bulk = True
    button = _("Read")
    says: ClassVar = {
        "accepted": _("It told its settings."),
        "Accepted": _("It told its settings, or is about to report them."),
        "UnknownComponent": _("It hasn't one of the components that were named."),
        "UnknownVariable": _("It hasn't one of the settings that were named."),
        "rejected": _("It keeps some of them to itself: they can be set, not read."),
        "verified": _("its report is complete"),
    }

    settings = SettingsField(
        label=_("Which"),
        required=False,
        help_text=_(
            "One in each line; empty: all of them. OCPP 1.6: the key. From 2.0.1 on: "
            "Component.Variable, for example AuthCtrlr.LocalPreAuthorize or "
            "Connector@1/1.ConnectorType."
        ),
    )

    def fields_asked(self) -> dict[str, Any]:
        """Return the names as settings."""
        wanted = lines(self.cleaned_data["settings"])
        read = [names.read(line, keys=are_keys(self)) for line in wanted]
        return {"settings": read} if read else {}


class ChangeSettingsForm(OperationForm):
    """Change settings."""

    operation = configuration.ChangeSettings
    title = _("Change settings")
    does = _("The charger is set otherwise. What it accepted is read back, to be sure.")
    group = "configuration"
    icon = "adjustments"
    bulk = True
    button = _("Change")
    shows_within = 2 * MINUTE
    says: ClassVar = {
        "accepted": _("It accepted all of it."),
        "Accepted": _("It accepted all of it."),
        "RebootRequired": _(
            "It accepted, and some of it takes effect only after a restart: restart it when "
            "nobody charges."
        ),
        "rejected": _(
            "It refused at least one of them: the value isn't allowed, or it can't be changed."
        ),
        "Rejected": _(
            "It refused at least one of them: the value isn't allowed, or it can't be changed."
        ),
        "not_supported": _("It hasn't at least one of these settings."),
        "NotSupported": _("It hasn't at least one of these settings."),
        "UnknownComponent": _("It hasn't one of the components that were named."),
        "UnknownVariable": _("It hasn't one of the settings that were named."),
        "read_back": _("it was read back as it was set"),
        "read_otherwise": _("it was read back otherwise than it was set"),
    }

    settings = SettingsField(
        label=_("What is to be"),
        help_text=_(
            "One in each line: the setting's name, “=”, the value; for example "
            "HeartbeatInterval = 300, or from OCPP 2.0.1 on "
            "OCPPCommCtrlr.HeartbeatInterval = 300."
        ),
    )

    def clean_settings(self) -> str:
        """Refuse a line without a value."""
        text: str = self.cleaned_data["settings"]
        for line in lines(text):
            if not line.partition("=")[1]:
                raise forms.ValidationError(
                    gettext("“%s”: write the name, “=”, and the value.") % line[:80]
                )
        return text

    def fields_asked(self) -> dict[str, Any]:
        """Return the lines as changes."""
        return {"settings": [self._change(line) for line in self._lines()]}

    def _lines(self) -> list[str]:
        return lines(self.cleaned_data["settings"])

    def _change(self, line: str) -> dict[str, Any]:
        name, _equals, value = line.partition("=")
        return {**names.read(name, keys=are_keys(self)), "value": value.strip()}

    def other_harms(self) -> Iterator[Harm]:
        """Name what may cut a charger off."""
        for change in (self._change(line) for line in self._lines()):
            if str(change["name"]).lower() in RISKY:
                yield Harm(
                    f"setting-{change['name']}",
                    gettext(
                        "A wrong %(name)s may cut the charger off from us: only somebody on site "
                        "could put it right then."
                    )
                    % {"name": change["name"]},
                )


class ReportForm(OperationForm):
    """What both kinds of report of the device model say."""

    group = "configuration"
    bulk = True
    button = _("Have it reported")
    shows_within = 5 * MINUTE
    says: ClassVar = {
        "accepted": _("It accepted, and sends its report in parts."),
        "Accepted": _("It accepted, and sends its report in parts."),
        "verified": _("its report is complete"),
    }


class BaseReportForm(ReportForm):
    """Report everything."""

    operation = configuration.BaseReport
    title = _("Report the device model")
    does = _("The charger reports what it is made of and set to, in many messages.")
    icon = "list"
    says: ClassVar = {
        **ReportForm.says,
        "EmptyResultSet": _("It has nothing to report."),
        "NotSupported": _("It can't make a report of this kind: try another."),
        "not_supported": _("It can't make a report of this kind: try another."),
        "rejected": _("It makes another report just now: ask again in some minutes."),
    }

    base = forms.ChoiceField(
        label=_("What"),
        widget=forms.RadioSelect,
        choices=[
            ("full", _("Everything it knows of itself")),
            ("configuration", _("Only what can be set")),
            ("summary", _("A summary: what isn't as it should be")),
        ],
        initial="full",
    )


class CustomReportForm(ReportForm):
    """Report a part."""

    operation = configuration.CustomReport
    title = _("Report a part of the device model")
    does = _("The charger reports some components, or those in a certain state.")
    icon = "filter"
    says: ClassVar = {
        **ReportForm.says,
        "EmptyResultSet": _("Nothing of it is like that: there is nothing to report."),
        "not_supported": _("It can't choose what it reports: have everything reported."),
        "NotSupported": _("It can't choose what it reports: have everything reported."),
    }

    criteria = forms.MultipleChoiceField(
        label=_("In which state"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("problem", _("With a problem")),
            ("active", _("Active")),
            ("available", _("Available")),
            ("enabled", _("Switched on")),
        ],
    )
    settings = SettingsField(
        label=_("Which components or variables"),
        required=False,
        help_text=_("One in each line, for example EVSE@1.AvailabilityState or SecurityCtrlr."),
    )

    def fields_asked(self) -> dict[str, Any]:
        """Return states, and components by their names."""
        wanted = [names.read_part(line) for line in lines(self.cleaned_data["settings"])]
        criteria = self.cleaned_data["criteria"]
        return {
            **({"criteria": criteria} if criteria else {}),
            **({"settings": wanted} if wanted else {}),
        }


class NetworkProfileForm(OperationForm):
    """A way to reach us."""

    operation = configuration.SetNetworkProfile
    title = _("Set a way to connect")
    does = _(
        "The charger keeps a way to reach us. It takes it only once its slot stands first in "
        "NetworkConfigurationPriority, and it has restarted."
    )
    group = "configuration"
    icon = "plug-connected"
    button = _("Set it")
    says: ClassVar = {
        "accepted": _(
            "It keeps this way. Put its slot first in OCPPCommCtrlr.NetworkConfigurationPriority "
            "and restart it to have it taken."
        ),
        "rejected": _(
            "It refused: the profile would be less secure than the present one, the slot isn't "
            "there, or a value isn't allowed."
        ),
        "Failed": _("It tried to keep it, and failed."),
    }

    slot = forms.IntegerField(label=_("Slot"), min_value=0, max_value=1000)
    url = forms.RegexField(
        r"^wss?://[^\s/]",
        label=_("Address"),
        max_length=512,
        error_messages={"invalid": _("An address begins with ws:// or wss://.")},
        help_text=_("Without the identity, for example wss://ocpp.example.org/ocpp"),
    )
    security_profile = forms.TypedChoiceField(
        label=_("Security profile"),
        coerce=int,
        initial="2",
        choices=[
            ("1", _("1: with a key, not encrypted")),
            ("2", _("2: with a key, encrypted")),
            ("3", _("3: with a certificate, encrypted")),
        ],
    )
    interface = forms.ChoiceField(
        label=_("Interface"),
        choices=[
            (name, name)
            for name in (
                *("Wired0", "Wired1", "Wired2", "Wired3"),
                *("Wireless0", "Wireless1", "Wireless2", "Wireless3", "Any"),
            )
        ],
    )
    ocpp_version = forms.ChoiceField(
        label=_("OCPP version"),
        choices=[
            ("OCPP20", "2.0.1"), ("OCPP16", "1.6"), ("OCPP201", "2.0.1 (2.1)"), ("OCPP21", "2.1"),
        ],
    )  # fmt: skip
    message_timeout = forms.IntegerField(
        label=_("Waits for an answer (s)"), min_value=1, max_value=3600, initial=30
    )
    apn = forms.CharField(
        label=_("Mobile network: APN"), max_length=512, required=False,
        help_text=_("Empty: no mobile network."),
    )  # fmt: skip
    apn_user = forms.CharField(label=_("APN: user"), max_length=50, required=False)
    apn_password = forms.CharField(
        label=_("APN: password"), max_length=64, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept sealed until it is sent, and shown to nobody."),
    )  # fmt: skip

    def offer(self) -> None:
        """2.1 names its versions otherwise, and may use any interface."""
        newest = self.target.versions == {V21}
        unknown = {"OCPP20"} if newest else {"OCPP201", "OCPP21"}
        field: Any = self.fields["ocpp_version"]
        field.choices = [choice for choice in field.choices if choice[0] not in unknown]
        if not newest:
            interface: Any = self.fields["interface"]
            interface.choices = [one for one in interface.choices if one[0] != "Any"]

    def fields_asked(self) -> dict[str, Any]:
        """Return the mobile network as a part of its own."""
        asked = super().fields_asked()
        apn = asked.pop("apn", "")
        if apn:
            told = {
                "apn": apn,
                "user": self.cleaned_data["apn_user"],
                "password": self.cleaned_data["apn_password"],
            }
            asked["apn"] = {name: value for name, value in told.items() if value}
        return asked


class SetClockForm(OperationForm):
    """Set the clock."""

    operation = configuration.SetClock
    title = _("Set the clock")
    does = _(
        "The charger takes our time: from the answer to a heartbeat, or by its clock's setting "
        "where it has one."
    )
    group = "configuration"
    icon = "clock"
    bulk = True
    shows_within = 10 * MINUTE
    says: ClassVar = {
        "accepted": _("It accepted. Its clock shows with its next messages."),
        "rejected": _("It refused. It may take its time from elsewhere: see its TimeSource."),
        "clock_right": _("its clock is right"),
        "clock_wrong": _("its clock is still wrong"),
    }
