"""The inventory in Django's admin: rare back-office edits, for the installation's staff."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inventory.deletion import in_the_way
from inventory.models import (
    ApiToken,
    Charger,
    ChargerModel,
    Connector,
    Evse,
    Membership,
    Organisation,
    Sim,
    Site,
)
from inventory.serializers import LONGEST_PASSWORD, SHORTEST_PASSWORD, validate_printable

if TYPE_CHECKING:  # Django's classes take no parameters when they run.
    Rows = admin.ModelAdmin[Any]
    ChargerRows = forms.ModelForm[Charger]
    MembershipRows = forms.ModelForm[Membership]
    EvseRows = admin.TabularInline[Evse, Charger]
    ConnectorRows = admin.TabularInline[Connector, Evse]
else:
    Rows = admin.ModelAdmin
    ChargerRows = MembershipRows = forms.ModelForm
    EvseRows = ConnectorRows = admin.TabularInline


class Kept(Rows):
    """Rows with a history are not deleted: Django would read all of it to say so."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether this row may go; several at once never may."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and obj is not None and not in_the_way(obj)


class MembershipForm(MembershipRows):
    """Keeps the sites of a membership to its organisation's."""

    class Meta:
        model = Membership
        fields = ["user", "organisation", "role", "sites"]

    def clean(self) -> dict[str, Any]:
        """Return the values; raise `ValidationError` for another organisation's site."""
        values: dict[str, Any] = super().clean() or {}
        foreign = [s for s in values.get("sites", ()) if s.organisation != values["organisation"]]
        if foreign:
            self.add_error("sites", _("A site belongs to another organisation."))
        return values


@admin.register(Membership)
class MembershipAdmin(Rows):
    """Who belongs where, in which role."""

    form = MembershipForm
    list_display = ["user", "organisation", "role"]
    list_filter = ["role", "organisation"]
    list_select_related = ["user", "organisation"]
    autocomplete_fields = ["user", "organisation", "sites"]
    search_fields = ["user__username", "user__email"]


@admin.register(Organisation)
class OrganisationAdmin(Kept):
    """Tenants."""

    list_display = ["name", "slug", "accept_unknown_tokens"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Site)
class SiteAdmin(Kept):
    """Places with chargers."""

    list_display = ["name", "organisation", "city", "country", "timezone"]
    list_filter = ["organisation", "country"]
    list_select_related = ["organisation"]
    search_fields = ["name", "city", "address"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep a site in its organisation."""
        return ["organisation"] if obj else []


@admin.register(ChargerModel)
class ChargerModelAdmin(Kept):
    """Vendors' models and their quirks."""

    list_display = ["vendor", "name", "updated_at"]
    search_fields = ["vendor", "name"]


@admin.register(Sim)
class SimAdmin(Kept):
    """SIM cards."""

    list_display = ["iccid", "organisation", "operator", "apn", "ip_address"]
    list_filter = ["organisation", "operator"]
    list_select_related = ["organisation"]
    search_fields = ["iccid", "imsi"]


class ChargerForm(ChargerRows):
    """A charger, with a password to set and none to read."""

    password = forms.CharField(
        label=_("new password"),
        required=False,
        strip=False,
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        validators=[validate_printable],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: the password stays as it is."),
    )

    class Meta:
        model = Charger
        exclude = ["ocpp_version", "decommissioned_at"]

    def clean_site(self) -> Site:
        """Keep a charger in its organisation."""
        site: Site = self.cleaned_data["site"]
        kept = self.instance.site.organisation_id if self.instance.pk else site.organisation_id
        if site.organisation_id != kept:
            raise forms.ValidationError(_("A charger stays in its organisation."))
        return site

    def save(self, commit: bool = True) -> Charger:
        """Set the password that was entered."""
        if self.cleaned_data["password"]:
            self.instance.set_password(self.cleaned_data["password"])
        charger: Charger = super().save(commit)
        return charger


class EvseInline(EvseRows):
    """Ports of a charger."""

    model = Evse
    fields = ["number", "evse_id", "discovered"]
    readonly_fields = ["discovered"]
    extra = 0
    can_delete = False
    show_change_link = True


@admin.register(Charger)
class ChargerAdmin(Kept):
    """Charging stations."""

    form = ChargerForm
    inlines = [EvseInline]
    list_display = ["identity", "site", "lifecycle", "model", "ocpp_version", "firmware_version"]
    list_filter = ["lifecycle", "security_profile", "site__organisation"]
    list_select_related = ["site", "model"]
    search_fields = ["identity", "serial_number", "site__name"]
    autocomplete_fields = ["site", "model", "sim"]
    readonly_fields = ["password_set_at", "created_at", "updated_at"]


class ConnectorInline(ConnectorRows):
    """Connectors of a port."""

    model = Connector
    readonly_fields = ["discovered"]
    extra = 0


@admin.register(Evse)
class EvseAdmin(Kept):
    """Ports."""

    inlines = [ConnectorInline]
    list_display = ["__str__", "evse_id", "discovered"]
    list_select_related = ["charger"]
    search_fields = ["charger__identity", "evse_id"]
    autocomplete_fields = ["charger"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep a port, and so its history and state, on its charger."""
        return ["charger"] if obj else []


@admin.register(ApiToken)
class ApiTokenAdmin(Rows):
    """Tokens: seen and revoked here, made by `manage.py api_token`, which shows them once."""

    list_display = ["name", "user", "role", "scopes", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    exclude = ["digest"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Only look."""
        return False
