"""Charging profiles: asked for, compared, cleared, put first."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cpms.control.operations import profiles
from cpms.web.operate.forms.base import Harm, OperationForm
from cpms.web.operate.forms.charging import SessionField
from cpms.web.operate.forms.limits import DEFAULT, MAXIMUM, SESSION

PURPOSES: list[tuple[str, str | Promise]] = [
    ("", _("Any")),
    (DEFAULT, _("Defaults of sessions (TxDefaultProfile)")),
    (SESSION, _("Of one session (TxProfile)")),
    (MAXIMUM, _("The charger's maximum")),
]
#: What profiles are cleared by.
CRITERIA = ("id", "evse", "purpose", "stack_level")
EXTERNAL = ("ChargingStationExternalConstraints", _("Limits of others"))


class PlaceField(forms.TypedChoiceField):
    """A port, the charger as a whole (0), or anywhere (empty)."""

    def __init__(self, *, anywhere: bool = True, **options: Any) -> None:
        """Offer `anywhere` where that makes sense."""
        self.anywhere = anywhere
        super().__init__(
            coerce=int, empty_value=None, required=not anywhere, label=_("Where"), **options
        )

    def offer(self, form: OperationForm) -> None:
        """Offer the ports."""
        ports = [(str(p.number), gettext("Port %s") % p.number) for p in form.target.ports]
        offered = [("0", gettext("The charger as a whole")), *ports]
        self.choices = [("", gettext("Anywhere")), *offered] if self.anywhere else offered


class _AboutProfiles(OperationForm):
    """A form with a place."""

    group = "charging"

    def offer(self) -> None:
        """Offer the ports."""
        for field in self.fields.values():
            if isinstance(field, PlaceField):
                field.offer(self)


class ClearForm(_AboutProfiles):
    """Clear limits."""

    operation = profiles.ClearProfiles
    title = _("Clear limits")
    does = _("The charger forgets the profiles that fit, and their limits with them.")
    icon = "circle-minus"
    bulk = True
    says: ClassVar = {
        "accepted": _("It cleared what fits."),
        "Unknown": _("It has none that fits: there was nothing to clear."),
        "rejected": _("It has none that fits, or doesn't clear it."),
    }  # fmt: skip

    id = forms.IntegerField(
        label=_("Number of the profile"),
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text=_("Either a number, or what is below; on 1.6 nothing at all clears everything."),
    )
    evse = PlaceField()
    purpose = forms.ChoiceField(label=_("Purpose"), choices=PURPOSES, required=False)
    stack_level = forms.IntegerField(
        label=_("Level"), min_value=0, max_value=10_000, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Ask what is meant before asking whether it is: only 1.6 clears everything at once."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        named = any(said.get(name) not in (None, "") for name in CRITERIA)
        if not named and not self.errors and self.target.versions - {"1.6"}:
            text = gettext(
                "From OCPP 2.0.1 on not all at once: choose a purpose, a port or a level."
            )
            self.add_error("purpose", text)
        return said

    def other_harms(self) -> Iterator[Harm]:
        """Everything at once is seldom meant."""
        if not any(value not in (None, "") for value in self.fields_asked().values()):
            yield Harm("all", gettext("Every limit of the charger is taken away."))


class AskProfilesForm(_AboutProfiles):
    """Ask for the profiles."""

    operation = profiles.AskProfiles
    title = _("Ask which limits it holds")
    does = _(
        "The charger reports its profiles, ours and those of others; what differs from what we "
        "know is shown at its charging profiles."
    )
    icon = "refresh"
    bulk = True
    button = _("Ask")
    says: ClassVar = {
        "accepted": _("It reports them: see its charging profiles."),
        "NoProfiles": _("It holds no profile that fits."),
    }  # fmt: skip

    evse = PlaceField()
    purpose = forms.ChoiceField(label=_("Purpose"), choices=[*PURPOSES, EXTERNAL], required=False)
    stack_level = forms.IntegerField(
        label=_("Level"), min_value=0, max_value=10_000, required=False
    )

    def fields_asked(self) -> dict[str, Any]:
        """Ask for those of everybody where nothing is chosen: one criterion must be said."""
        asked = super().fields_asked()
        return asked or {"sources": ["CSO", "EMS", "SO", "Other"]}


class AskCompositeForm(_AboutProfiles):
    """Ask what the charger allows."""

    operation = profiles.AskComposite
    title = _("Ask what it allows")
    does = _(
        "The charger says how much it allows over the next hours, by all its limits together; it "
        "is held against what we work out."
    )
    icon = "chart-line"
    button = _("Ask")
    says: ClassVar = {
        "accepted": _("It said what it allows: see its charging profiles."),
        "rejected": _("It can't say: it may not know the port, the unit or so long a time."),
    }  # fmt: skip

    evse = PlaceField(anywhere=False)
    duration = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        initial=86_400,
        choices=[(3600, _("1 hour")), (6 * 3600, _("6 hours")), (86_400, _("24 hours"))],
    )
    unit = forms.ChoiceField(
        label=_("Unit"),
        required=False,
        choices=[("", _("as the charger likes")), ("A", _("ampere")), ("W", _("watt"))],
    )


class PriorityForm(OperationForm):
    """Let a session charge first."""

    operation = profiles.UsePriority
    title = _("Let a session charge first")
    does = _("The charger charges this session by its priority profile, before the others.")
    group = "charging"
    icon = "bolt"
    says: ClassVar = {
        "accepted": _("It charges the session first from now on."),
        "NoProfile": _("It has no priority profile: set one first."),
        "rejected": _("It refuses: most likely the session has ended."),
    }  # fmt: skip

    transaction_id = SessionField(label=_("Session"))
    active = forms.TypedChoiceField(
        label=_("Charge first"),
        coerce=lambda said: said == "yes",
        choices=[("yes", _("from now on")), ("no", _("no longer"))],
    )

    def offer(self) -> None:
        """Offer the running sessions."""
        field = self.fields["transaction_id"]
        assert isinstance(field, SessionField)
        field.offer(self)

    @classmethod
    def why_not(cls, target: Any) -> str:
        """There must be one."""
        return super().why_not(target) or ("" if target.running else gettext("No session runs."))


class DynamicForm(OperationForm):
    """Change a dynamic limit."""

    operation = profiles.UpdateDynamic
    title = _("Change a dynamic limit")
    does = _("The charger applies another limit for a dynamic profile that it holds, at once.")
    group = "charging"
    icon = "adjustments"
    says: ClassVar = {
        "accepted": _("It applies the new limit."),
        "rejected": _("It refuses: it holds no dynamic profile of this number."),
    }  # fmt: skip

    id = forms.IntegerField(label=_("Number of the profile"), min_value=0, max_value=2**31 - 1)
    limit = forms.FloatField(
        label=_("At most"),
        min_value=0,
        max_value=1e8,
        help_text=_("In the profile's unit: ampere per phase, or watt."),
    )
