"""Monitors: what a charger watches of itself."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import monitoring
from cpms.control.operations.base import V21
from cpms.web.operate.configuration import names
from cpms.web.operate.forms.base import MINUTE, OperationForm
from cpms.web.operate.forms.configuration import SettingsField, lines

#: Severities of events. (OCPP 2.0.1 part 2, N)
SEVERITIES = (
    _("Danger: people or things may be hurt"),
    _("Hardware failure"),
    _("System failure"),
    _("Critical"),
    _("Error"),
    _("Alert"),
    _("Warning"),
    _("Notice"),
    _("Informational"),
    _("Debug"),
)
#: Monitor's type -> what it watches.
TYPES = {
    "UpperThreshold": _("Rises above a limit"),
    "LowerThreshold": _("Falls below a limit"),
    "Delta": _("Changes by more than a difference"),
    "Periodic": _("Every so many seconds"),
    "PeriodicClockAligned": _("Every so many seconds, from midnight on"),
    "TargetDelta": _("Differs from its target by more than this"),
    "TargetDeltaRelative": _("Differs from its target by more than this share"),
}


def severities() -> list[tuple[str, Any]]:
    """Return the choices of a severity."""
    return [(str(number), f"{number} · {label}") for number, label in enumerate(SEVERITIES)]


class SetMonitorForm(OperationForm):
    """Watch a variable."""

    operation = monitoring.SetMonitors
    title = _("Set a monitor")
    does = _("The charger watches one of its variables, and tells an event when it says so.")
    group = "logs"
    icon = "eye"
    button = _("Set it")
    bulk = True
    says: ClassVar = {
        "accepted": _("It watches it from now on."),
        "Accepted": _("It watches it from now on."),
        "UnknownComponent": _("It hasn't this component."),
        "UnknownVariable": _("This component hasn't this variable."),
        "UnsupportedMonitorType": _("It can't watch this variable in this way."),
        "Duplicate": _("It watches this already, with another severity."),
        "rejected": _("It refused: it can't watch more, or not this value."),
        "Rejected": _("It refused: it can't watch more, or not this value."),
    }

    setting = forms.CharField(
        label=_("What"),
        max_length=260,
        help_text=_("For example EVSE@1.AvailabilityState or ChargingStation.Temperature."),
    )
    type = forms.ChoiceField(label=_("When"), choices=list(TYPES.items()))
    value = forms.FloatField(
        label=_("Limit, difference, or seconds"),
        help_text=_("A delta of 1 tells every change of what isn't a number."),
    )
    severity = forms.TypedChoiceField(label=_("How grave"), coerce=int, initial="5")
    transaction = forms.BooleanField(label=_("Only while a session runs"), required=False)

    def offer(self) -> None:
        """Say severities in words; targets are watched from 2.1 on."""
        severity: Any = self.fields["severity"]
        severity.choices = severities()
        if self.target.versions != {V21}:
            kind: Any = self.fields["type"]
            kind.choices = [one for one in kind.choices if not one[0].startswith("Target")]

    def clean_setting(self) -> str:
        """Refuse what names no variable."""
        text: str = self.cleaned_data["setting"]
        if not names.NAME.fullmatch(text.strip()):
            raise forms.ValidationError(_("Write the component, a dot, and the variable."))
        return text

    def fields_asked(self) -> dict[str, Any]:
        """Return one monitor."""
        said = self.cleaned_data
        named = names.read(said["setting"], keys=False)
        named.pop("attribute", None)
        watched = {name: said[name] for name in ("type", "value", "severity", "transaction")}
        return {"monitors": [{**named, **watched}]}


class ClearMonitorsForm(OperationForm):
    """Watch no more."""

    operation = monitoring.ClearMonitors
    title = _("Clear monitors")
    does = _("The charger stops watching; what the manufacturer wired in can't be cleared.")
    group = "logs"
    icon = "trash"
    button = _("Clear")
    says: ClassVar = {
        "accepted": _("It watches them no more."),
        "Accepted": _("It watches them no more."),
        "Rejected": _("It keeps at least one of them: the manufacturer wired it in."),
        "rejected": _("It keeps at least one of them: the manufacturer wired it in."),
        "NotFound": _("It has no monitor of at least one of these numbers."),
    }

    ids = forms.CharField(
        label=_("Numbers"),
        max_length=5000,
        help_text=_("As the list of monitors has them, with commas between."),
    )

    def clean_ids(self) -> str:
        """Refuse what is no number."""
        text: str = self.cleaned_data["ids"]
        if not all(part.strip().isdecimal() for part in text.split(",")):
            raise forms.ValidationError(_("Write whole numbers, with commas between."))
        return text

    def fields_asked(self) -> dict[str, Any]:
        """Return the numbers."""
        return {"ids": [int(part) for part in self.cleaned_data["ids"].split(",")]}


class ReadMonitorsForm(OperationForm):
    """List the monitors."""

    operation = monitoring.ReadMonitors
    title = _("Read monitors")
    does = _("The charger reports what it watches; nothing changes.")
    group = "logs"
    icon = "list"
    button = _("Read")
    bulk = True
    shows_within = 5 * MINUTE
    says: ClassVar = {
        "accepted": _("It accepted, and sends its report in parts."),
        "Accepted": _("It accepted, and sends its report in parts."),
        "EmptyResultSet": _("It watches nothing of this."),
        "NotSupported": _("It can't choose: read all of them."),
        "not_supported": _("It can't report its monitors."),
        "verified": _("its report is complete"),
    }

    kinds = forms.MultipleChoiceField(
        label=_("Which"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("threshold", _("Limits")),
            ("delta", _("Differences")),
            ("periodic", _("Periods")),
        ],
        help_text=_("None: all of them."),
    )
    settings = SettingsField(
        label=_("Of which components or variables"),
        required=False,
        help_text=_("One in each line; empty: of all."),
    )

    def fields_asked(self) -> dict[str, Any]:
        """Return kinds, and components by their names."""
        wanted = [names.read_part(line) for line in lines(self.cleaned_data["settings"])]
        kinds = self.cleaned_data["kinds"]
        return {
            **({"kinds": kinds} if kinds else {}),
            **({"settings": wanted} if wanted else {}),
        }


class MonitoringLevelForm(OperationForm):
    """From which severity on."""

    operation = monitoring.SetMonitoringLevel
    title = _("Set what events are told")
    does = _("The charger tells events of this severity and graver, and keeps the others back.")
    group = "logs"
    icon = "filter"
    button = _("Set it")
    bulk = True
    says: ClassVar = {"accepted": _("It tells events from this severity on.")}

    severity = forms.TypedChoiceField(label=_("From which on"), coerce=int, initial="9")

    def offer(self) -> None:
        """Say severities in words."""
        severity: Any = self.fields["severity"]
        severity.choices = severities()


class MonitoringBaseForm(OperationForm):
    """Back to a set of monitors."""

    operation = monitoring.SetMonitoringBase
    title = _("Set the base of monitors")
    does = _("The charger goes back to a set of monitors: what was added may be lost.")
    group = "logs"
    icon = "refresh"
    button = _("Set it")
    bulk = True
    says: ClassVar = {
        "accepted": _("It watches by this set. Read its monitors to see which those are."),
    }

    base = forms.ChoiceField(
        label=_("Which"),
        widget=forms.RadioSelect,
        choices=[
            ("all", _("All: the manufacturer's, and what was added")),
            ("factory", _("The manufacturer's; what was added is lost")),
            ("hard_wired", _("Only what is wired in; all else is lost")),
        ],
    )
