"""The forms of a contractor, of a contract, and of how a site's uptime is reckoned."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cpms.web.contracts.week import WeekForm
from inventory import access, contracts
from inventory.models import Contract, Contractor, ExclusionReason, Organisation, Site

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LENSES = [
    ("nevi", _("NEVI, U.S.: 23 CFR 680.116(b)")),
    ("uk", _("UK: Public Charge Point Regulations 2023, reg. 7")),
    ("california", _("California: EV Charger Data and Reliability Standards")),
]


def organisations(user: User) -> QuerySet[Organisation]:
    """Return where the user may enter contractors and contracts: for all sites there."""
    able = access.organisations_where(user, "edit_inventory")
    return access.whole_organisations(user).filter(pk__in=able.values("pk")).order_by("name")


class Checks(forms.CheckboxSelectMultiple):
    """Checkboxes that look like all others."""

    def __init__(self) -> None:
        super().__init__(attrs={"class": "form-check-input"})


class SiteChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Sites by name and city."""

    def label_from_instance(self, obj: Any) -> str:
        """Return what the site is called in the list."""
        return f"{obj.name} · {obj.city}" if obj.city else str(obj.name)


class ContractorForm(forms.ModelForm):  # type: ignore[type-arg]
    """A contractor, new or known."""

    class Meta:
        model = Contractor
        fields = ("organisation", "name", "email", "phone", "notes")
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        """Offer the user's organisations; a known contractor stays in its own."""
        super().__init__(*args, **kwargs)
        theirs = organisations(user)
        if self.instance.pk is not None:
            del self.fields["organisation"]
            return
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = theirs
        self.initial.setdefault("organisation", theirs.first())

    def validate_unique(self) -> None:
        """Look also at the organisation, which the form of a known contractor doesn't have."""
        try:
            self.instance.validate_unique()
            self.instance.validate_constraints()
        except forms.ValidationError:
            self.add_error("name", _("There is a contractor of this name already."))


class ContractForm(WeekForm):
    """A contract of the `instance`'s contractor."""

    hours_of = "hours"
    percent = forms.FloatField(
        label=_("Uptime agreed (%)"), required=False, min_value=0.0, max_value=100.0,
        help_text=_("E.g. 98. Empty: none was agreed."),
    )  # fmt: skip
    sites = SiteChoice(
        queryset=Site.objects.none(), label=_("Sites"), required=False,
        help_text=_("A site has one contract at a time."),
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )  # fmt: skip
    reasons = forms.MultipleChoiceField(
        label=_("Outages left out for"), required=False, choices=ExclusionReason.choices,
        widget=Checks,
        help_text=_("Planned work counts as scheduled maintenance. All else takes an approval."),
    )  # fmt: skip

    class Meta:
        model = Contract
        fields = (
            *("name", "starts", "ends", "sites", "in_opening_hours"),
            *("counts_silent", "counts_offline", "notes"),
        )
        widgets = {"starts": DAY, "ends": DAY, "notes": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        """Offer the sites of the contractor's organisation."""
        super().__init__(*args, **kwargs)
        field = self.fields["sites"]
        assert isinstance(field, forms.ModelChoiceField)
        owner = self.instance.contractor.organisation_id
        field.queryset = access.sites(user).filter(organisation=owner).order_by("name")
        self.initial["reasons"] = self.instance.excluded_reasons
        if self.instance.uptime_target is not None:
            self.initial["percent"] = f"{self.instance.uptime_target * 100:.10g}"
        self.add_week()

    def clean(self) -> dict[str, Any]:
        """Return the values; a site has one contract at a time."""
        cleaned = super().clean()
        percent = cleaned.get("percent")
        self.instance.uptime_target = None if percent is None else round(percent / 100, 8)
        self.instance.excluded_reasons = list(cleaned.get("reasons", ()))
        if cleaned.get("starts"):
            self._hold(cleaned)
        return cleaned

    def _hold(self, cleaned: dict[str, Any]) -> None:
        wanted = Contract(pk=self.instance.pk, starts=cleaned["starts"], ends=cleaned.get("ends"))
        try:
            contracts.hold(wanted, list(cleaned.get("sites", ())))
        except contracts.TwoContracts as problem:
            self.add_error("sites", str(problem))


class ReckoningForm(WeekForm):
    """What of a site its uptimes depend on."""

    hours_of = "opening_hours"
    by_place = forms.BooleanField(
        label=_("Those of its country and region"), required=False,
        help_text=_("GB: UK. US: NEVI, and in California (CA) California's. Else none."),
    )  # fmt: skip
    lenses_chosen = forms.MultipleChoiceField(
        label=_("Or these"), required=False, choices=LENSES, widget=Checks
    )

    class Meta:
        model = Site
        fields = ("country", "region")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what the site says."""
        super().__init__(*args, **kwargs)
        self.initial["by_place"] = self.instance.lenses is None
        self.initial["lenses_chosen"] = self.instance.lenses or []
        self.add_week()

    def clean(self) -> dict[str, Any]:
        """Return the values; without a tick at the country's the chosen ones hold, if any."""
        cleaned = super().clean()
        chosen = list(cleaned.get("lenses_chosen", ()))
        self.instance.lenses = None if cleaned.get("by_place") else chosen
        return cleaned

    def clean_country(self) -> str:
        """Return it in capitals."""
        return str(self.cleaned_data["country"]).upper()
