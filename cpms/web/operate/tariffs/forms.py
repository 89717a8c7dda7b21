"""The forms of a tariff and of a vendor's rule."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cpms.control.models import Tariff, VendorRule
from cpms.web import zones
from inventory import access
from inventory.models import Site


class TariffForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new version of a site's tariff."""

    class Meta:
        model = Tariff
        fields = [
            *("currency", "decimals", "energy", "minute", "session", "idle_minute", "idle_grace"),
            *("vat", "text", "valid_from"),
        ]
        help_texts = {
            "energy": _("Prices are what a driver pays, tax included."),
            "minute": _("Of every minute until the vehicle takes no more."),
            "idle_minute": _("Of every minute that it stays plugged in after that."),
            "text": _("What drivers read on a display. Empty: put together from the prices."),
        }
        widgets = {
            "valid_from": forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            ),
        }

    def __init__(self, site: Site, data: Any = None, **options: Any) -> None:
        """Ask for the prices of a site; begin with those that hold."""
        super().__init__(data, **options)
        self.site = site
        self.instance.site = site
        field = self.fields["valid_from"]
        field.required = False
        field.help_text = _("By the site's clock (%s). Empty: from now on.") % self._zone

    @property
    def _zone(self) -> str:
        return zones.shown(self.site.timezone)

    def clean_valid_from(self) -> datetime:
        """Return the time as it was meant: by the clock that the site's pages show."""
        typed = self.cleaned_data.get("valid_from")
        if typed is None:
            return timezone.now()
        return timezone.make_naive(typed).replace(tzinfo=ZoneInfo(self._zone))


class VendorRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """How a vendor's message is answered."""

    class Meta:
        model = VendorRule
        fields = ["organisation", "vendor", "message", "model", "answer", "data", "note"]
        widgets = {"data": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "vendor": _("As chargers send it (vendorId), whatever its case."),
            "message": _("Empty: any message of this vendor's."),
        }

    def __init__(self, user: User, data: Any = None, **options: Any) -> None:
        """Offer the organisations in which the user may."""
        super().__init__(data, **options)
        able = access.organisations_where(user, "edit_inventory")
        organisation, model = self.fields["organisation"], self.fields["model"]
        organisation.queryset = able  # type: ignore[attr-defined]
        organisation.initial = able.first()
        model.queryset = access.models(user)  # type: ignore[attr-defined]
        model.empty_label = _("All models")  # type: ignore[attr-defined]
