"""Forms by which staff tune the detectors and say who is told when."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts import escalation
from alerts.models import Severity
from alerts.rules import Settings
from inventory.models import Role

#: A day; who needs longer is not waiting for an alert.
LONGEST_MINUTES = 24 * 60


class RuleForm(forms.Form):
    """A detector's settings, in minutes."""

    enabled = forms.BooleanField(label=_("Watch for this"), required=False)
    hold_off = forms.FloatField(
        label=_("Hold-off (min)"),
        min_value=0,
        max_value=LONGEST_MINUTES,
        help_text=_("How long it must be wrong before anybody is told."),
    )
    clear_delay = forms.FloatField(
        label=_("Clear delay (min)"),
        min_value=0,
        max_value=LONGEST_MINUTES,
        help_text=_("How long it must be right again before the incident is resolved."),
    )
    severity = forms.TypedChoiceField(label=_("Severity"), choices=Severity.choices, coerce=int)
    ignored_codes = forms.CharField(
        label=_("Ignored error codes"),
        required=False,
        max_length=500,
        help_text=_("Separated by commas, e.g. WeakSignal."),
    )

    @classmethod
    def of(cls, settings: Settings) -> dict[str, Any]:
        """Return the fields' values for settings that are in force."""
        return {
            "enabled": settings.enabled,
            "hold_off": _minutes(settings.hold_off),
            "clear_delay": _minutes(settings.clear_delay),
            "severity": settings.severity,
            "ignored_codes": ", ".join(sorted(settings.ignored_codes)),
        }

    def columns(self) -> dict[str, Any]:
        """Return the columns of a `Rule`; only after the form was found valid."""
        data = self.cleaned_data
        codes = (code.strip() for code in data["ignored_codes"].split(","))
        return {
            "enabled": data["enabled"],
            "hold_off": round(data["hold_off"] * 60),
            "clear_delay": round(data["clear_delay"] * 60),
            "severity": data["severity"],
            "ignored_codes": [code for code in codes if code],
        }


class StepForm(forms.Form):
    """One step of an escalation policy; without a time it isn't there."""

    after = forms.FloatField(
        label=_("After (min)"),
        required=False,
        min_value=0,
        max_value=escalation.LONGEST_WAIT.total_seconds() / 60,
    )
    roles = forms.MultipleChoiceField(
        label=_("Tell"),
        required=False,
        choices=[(role, Role(role).label) for role in escalation.ROLES],
        widget=forms.CheckboxSelectMultiple,
    )
    unless_acknowledged = forms.BooleanField(
        label=_("Only if nobody has acknowledged"), required=False, initial=True
    )

    def clean(self) -> dict[str, Any]:
        """Want both or neither of the time and the people."""
        data: dict[str, Any] = super().clean() or {}
        if (data.get("after") is None) != (not data.get("roles")) and not self.errors:
            raise forms.ValidationError(_("A step needs a time and somebody to tell."))
        return data

    @property
    def step(self) -> escalation.Step | None:
        """The step, or None where the row was left empty."""
        after = self.cleaned_data.get("after")
        if after is None:
            return None
        data = self.cleaned_data
        return escalation.Step(
            timedelta(seconds=round(after * 60)), tuple(data["roles"]), data["unless_acknowledged"]
        )

    @staticmethod
    def of(step: escalation.Step) -> dict[str, Any]:
        """Return the fields' values for a step that is in force."""
        return {
            "after": _minutes(step.after),
            "roles": list(step.roles),
            "unless_acknowledged": step.unless_acknowledged,
        }


def _minutes(duration: timedelta) -> float:
    minutes = duration.total_seconds() / 60
    return int(minutes) if minutes.is_integer() else minutes


StepFormSet = forms.formset_factory(StepForm, extra=2, max_num=escalation.MOST_STEPS)
