"""What the guide asks: where the charger stands, and who it is."""

import secrets
import zoneinfo
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from inventory import access
from inventory.models import Charger, Lifecycle, Organisation, Site

if TYPE_CHECKING:  # Django's classes take no parameters when they run.
    SiteRows = forms.ModelForm[Site]
    ChargerRows = forms.ModelForm[Charger]
else:
    SiteRows = ChargerRows = forms.ModelForm

#: The OCPP versions a charger can be expected to speak, as its menu calls them.
VERSIONS = [
    ("1.6", _("OCPP 1.6 JSON (“1.6J”)")),
    ("2.0.1", "OCPP 2.0.1"),
    ("2.1", "OCPP 2.1"),
]
#: The security profiles that are served.
PROFILES = [
    (2, _("2: TLS and a password. The connection is encrypted; the usual choice.")),
    (1, _("1: a password, no TLS. For private networks: it can be read on the way.")),
    (0, _("0: nothing. Anybody who knows the identity gets in; for tests only.")),
]


def organisations_for(user: User) -> QuerySet[Organisation]:
    """Return the organisations to which the user may add sites: all of its sites are theirs."""
    able = access.organisations_where(user, "edit_inventory")
    if user.is_superuser:
        return able
    whole = user.memberships.filter(sites=None).values("organisation")
    return able.filter(pk__in=whole)


class SiteForm(SiteRows):
    """A new site, and where there is none yet or the user may, a new organisation."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), required=False
    )
    new_organisation = forms.CharField(
        label=_("Name of the organisation"), max_length=120, required=False, strip=True
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Its days and opening hours are counted in it.")
    )

    class Meta:
        model = Site
        fields = ["organisation", "name", "address", "postal_code", "city", "country", "timezone"]

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        """Offer what the user may."""
        super().__init__(*args, **kwargs)
        theirs = organisations_for(user)
        self.fields["organisation"].queryset = theirs  # type: ignore[attr-defined]
        self.fields["timezone"].choices = [  # type: ignore[attr-defined]
            (name, name) for name in sorted(zoneinfo.available_timezones())
        ]
        self.fields["country"].widget.attrs["placeholder"] = "DE"
        self.may_found = user.is_superuser
        self.has_organisations = theirs.exists()
        if not self.may_found:
            del self.fields["new_organisation"]
        self.initial.setdefault("organisation", theirs.first())

    def clean_country(self) -> str:
        """Take small letters as well."""
        return str(self.cleaned_data["country"]).upper()

    def clean_new_organisation(self) -> str:
        """Refuse a name that is taken."""
        name = str(self.cleaned_data["new_organisation"])
        if name and Organisation.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError(_("There is an organisation of this name already."))
        return name

    def clean(self) -> dict[str, Any]:
        """Find the organisation, or make the new one's; exactly one is needed."""
        values: dict[str, Any] = super().clean() or {}
        name = values.get("new_organisation")
        if name:
            values["organisation"] = Organisation(name=name, slug=_slug(name))
        elif not values.get("organisation") and "new_organisation" not in self.errors:
            field = "organisation" if self.has_organisations else "new_organisation"
            self.add_error(
                field if field in self.fields else None, _("Name the organisation that runs it.")
            )
        return values

    def _post_clean(self) -> None:
        """Check the site's constraints without an organisation that isn't stored yet."""
        organisation = self.cleaned_data.get("organisation")
        if organisation is not None and organisation.pk is None:
            self.cleaned_data["organisation"] = None
        super()._post_clean()  # type: ignore[misc]  # Django's own hook; its stubs lack it
        if organisation is not None:
            self.cleaned_data["organisation"] = organisation

    def save(self, commit: bool = True) -> Site:
        """Store the organisation if it is new, and the site."""
        organisation = self.cleaned_data["organisation"]
        if organisation.pk is None:
            organisation.save()
        self.instance.organisation = organisation
        site: Site = super().save(commit)
        return site


def _slug(name: str) -> str:
    slug = slugify(name)[:50] or "organisation"
    taken = Organisation.objects.filter(slug=slug).exists()
    return f"{slug}-{secrets.token_hex(3)}" if taken else slug


class ChargerForm(ChargerRows):
    """A new charger: its identity, what it is expected to speak, and how it proves itself."""

    ocpp_version = forms.ChoiceField(label=_("OCPP version"), choices=VERSIONS, initial="1.6")
    security_profile = forms.TypedChoiceField(
        label=_("Security profile"), choices=PROFILES, coerce=int, widget=forms.RadioSelect
    )

    class Meta:
        model = Charger
        fields = ["identity", "model", "ocpp_version", "security_profile"]

    def __init__(self, user: User, site: Site, *args: Any, **kwargs: Any) -> None:
        """Begin with what the address for chargers allows."""
        super().__init__(*args, **kwargs)
        self.instance.site = site
        self.fields["model"].queryset = access.models(user)  # type: ignore[attr-defined]
        self.fields["model"].empty_label = _("It will say so itself")  # type: ignore[attr-defined]
        self.initial.setdefault("security_profile", 2 if has_tls() else 1)

    def clean_security_profile(self) -> int:
        """Refuse TLS where the address for chargers has none: it could never enter."""
        profile = int(self.cleaned_data["security_profile"])
        if profile >= 2 and not has_tls():
            raise forms.ValidationError(
                _(
                    "The address for chargers, %(address)s, has no TLS: set OCPP_TLS_PORT, or put "
                    "a TLS proxy in front, and OCPP_PUBLIC_URL to the wss:// address, or choose "
                    "profile 1."
                )
                % {"address": settings.OCPP_PUBLIC_URL}
            )
        return profile

    def save_with_key(self, key: str) -> Charger:
        """Store the charger, let in by `key` unless its profile asks for none."""
        charger = self.instance
        charger.lifecycle = Lifecycle.COMMISSIONING
        if charger.security_profile:
            charger.set_password(key)
        charger.save()
        return charger


def has_tls() -> bool:
    """Tell whether the address for chargers is wss."""
    return settings.OCPP_PUBLIC_URL.startswith("wss:")
