"""How the inventory is read and written by programs."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from inventory import access, contracts
from inventory.models import (
    Charger,
    ChargerModel,
    Connector,
    Contract,
    Contractor,
    Evse,
    ExclusionReason,
    Organisation,
    Sim,
    Site,
)
from inventory.models.site import LENSES
from inventory.rest.fields import IdentityField, KeyField
from inventory.rest.serializers import StrictModel

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 64
#: Sites of one contract.
MOST_SITES = 20_000
#: Basic auth ends the user name at the first colon; a password may hold any printable text.
validate_printable = RegexValidator(
    r"^[\x20-\x7e]+$", gettext_lazy("A password is made of printable ASCII characters.")
)


def refuse_change(serializer: serializers.ModelSerializer[Any], values: Any, field: str) -> None:
    """Raise `ValidationError` if an existing row would be given another `field`."""
    row = serializer.instance
    if row is not None and field in values and getattr(row, field) != values[field]:
        raise serializers.ValidationError({field: [_("This can't be changed afterwards.")]})


class OrganisationSerializer(StrictModel):
    """A tenant."""

    class Meta:
        model = Organisation
        fields = ["id", "name", "slug", "accept_unknown_tokens", "created_at"]


class SiteSerializer(StrictModel):
    """A place with chargers."""

    organisation = KeyField(access.organisations, Organisation)
    opening_hours = serializers.DictField(
        required=False,
        help_text=gettext_lazy('E.g. {"mon": [["08:00", "20:00"]]}; empty: always open.'),
    )
    lenses = serializers.ListField(
        child=serializers.ChoiceField(choices=LENSES),
        required=False,
        allow_null=True,
        help_text=gettext_lazy(
            "Rules by which its ports' uptime is reckoned; null: those of its country and region."
        ),
    )

    class Meta:
        model = Site
        fields = [
            *("id", "organisation", "name", "address", "postal_code", "city", "region", "country"),
            *("latitude", "longitude", "timezone", "opening_hours", "lenses", "contact"),
            "access_notes",
            *("created_at", "updated_at"),
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep a site in its organisation."""
        refuse_change(self, attrs, "organisation")
        return super().validate(attrs)


class ModelSerializer(StrictModel):
    """A vendor's model and its quirks."""

    quirks = serializers.DictField(required=False)

    class Meta:
        model = ChargerModel
        fields = ["id", "vendor", "name", "quirks", "notes", "updated_at"]


class SimSerializer(StrictModel):
    """A SIM card."""

    organisation = KeyField(access.organisations, Organisation)

    class Meta:
        model = Sim
        fields = [
            *("id", "organisation", "iccid", "imsi", "operator", "apn", "ip_address", "notes"),
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep a SIM in its organisation."""
        refuse_change(self, attrs, "organisation")
        return super().validate(attrs)


class ChargerSerializer(StrictModel):
    """A charging station. Its password is written, never read."""

    site = KeyField(access.sites, Site)
    organisation = serializers.IntegerField(source="site.organisation_id", read_only=True)
    vendor = serializers.CharField(
        source="model.vendor", max_length=50, required=False, allow_null=True
    )
    model = serializers.CharField(
        source="model.name", max_length=50, required=False, allow_null=True
    )
    sim = KeyField(access.sims, Sim, required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    password = serializers.CharField(
        write_only=True,
        required=False,
        trim_whitespace=False,
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        validators=[validate_printable],
        help_text=gettext_lazy("Basic auth; a key may be given as its hex text."),
    )

    class Meta:
        model = Charger
        fields = [
            *("id", "identity", "site", "organisation", "vendor", "model", "serial_number"),
            *("firmware_version", "ocpp_version", "security_profile", "lifecycle", "sim", "tags"),
            *("bay", "plan_column", "plan_row"),
            *("notes", "commissioned_at", "decommissioned_at", "password", "password_set_at"),
            *("created_at", "updated_at"),
        ]
        read_only_fields = ["ocpp_version", "decommissioned_at", "password_set_at"]
        validators: list[Any] = []  # The model's own; else a place on the plan were required.
        extra_kwargs = {
            "ocpp_version": {"help_text": gettext_lazy("As of its last connection.")},
        }

    def validate_identity(self, identity: str) -> str:
        """Raise `ValidationError` if another charger has it, whatever the case."""
        taken = access.with_identity(Charger.objects.all(), identity)
        if taken.exclude(pk=self.instance.pk if self.instance else 0).exists():
            raise serializers.ValidationError(_("This identity is taken."))
        return identity

    def validate_site(self, site: Site) -> Site:
        """Keep a charger, and so its history, in its organisation."""
        if self.instance is not None and self.instance.site.organisation_id != site.organisation_id:
            raise serializers.ValidationError(
                _("A charger stays in its organisation; register it anew in the other.")
            )
        return site

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Look up the model by vendor and name."""
        if "model" in attrs:
            attrs["model"] = self._model(attrs["model"])
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Charger:
        """Add the charger."""
        password = validated_data.pop("password", None)
        charger = Charger(**validated_data)
        if password:
            charger.set_password(password)
        charger.save()
        return charger

    def update(self, instance: Charger, validated_data: dict[str, Any]) -> Charger:
        """Change the charger."""
        password = validated_data.pop("password", None)
        if password:
            instance.set_password(password)
        charger: Charger = super().update(instance, validated_data)
        return charger

    def _model(self, asked: dict[str, str | None]) -> ChargerModel | None:
        """Return the model named, adding it if nobody has named it before."""
        current = self.instance.model if self.instance else None
        vendor = asked.get("vendor", current.vendor if current else None)
        name = asked.get("name", current.name if current else None)
        if not vendor and not name:
            return None
        if not vendor or not name:
            missing = "model" if vendor else "vendor"
            raise serializers.ValidationError({missing: [_("Vendor and model go together.")]})
        known = ChargerModel.objects.filter(vendor__iexact=vendor, name__iexact=name).first()
        return known or ChargerModel.objects.create(vendor=vendor, name=name)


class GeneratedPassword(serializers.Serializer[Any]):
    """A charger's new key, shown this once."""

    identity = serializers.CharField()
    password = serializers.CharField(help_text=gettext_lazy("40 hex digits: 20 random bytes."))
    password_set_at = serializers.DateTimeField()


class EvseSerializer(StrictModel):
    """A port of a charger."""

    charger = IdentityField()

    class Meta:
        model = Evse
        fields = ["id", "charger", "number", "evse_id", "discovered", "created_at"]
        read_only_fields = ["discovered"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep a port on its charger."""
        refuse_change(self, attrs, "charger")
        return super().validate(attrs)


class ConnectorSerializer(StrictModel):
    """A cable or socket of a port."""

    evse = KeyField(access.evses, Evse)
    charger = serializers.CharField(source="evse.charger.identity", read_only=True)
    max_power = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10_000_000, help_text="W"
    )

    class Meta:
        model = Connector
        fields = ["id", "evse", "charger", "number", "type", "max_power", "discovered"]
        read_only_fields = ["discovered"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep a connector on its port."""
        refuse_change(self, attrs, "evse")
        return super().validate(attrs)


class ContractorSerializer(StrictModel):
    """A firm, or an own crew, that keeps chargers going."""

    organisation = KeyField(access.organisations, Organisation)

    class Meta:
        model = Contractor
        fields = [
            *("id", "organisation", "name", "email", "phone", "notes"),
            *("created_at", "updated_at"),
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep a contractor in its organisation."""
        refuse_change(self, attrs, "organisation")
        return super().validate(attrs)


class SitesField(serializers.ListField):
    """Keys of sites in the user's scope."""

    child = serializers.IntegerField(min_value=1, max_value=2**63 - 1)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_SITES, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the sites; raise `ValidationError` for one that isn't there."""
        keys = set(super().to_internal_value(data))
        found = list(access.sites(self.context["request"].user).filter(pk__in=keys))
        if missing := sorted(keys - {site.pk for site in found}):
            raise serializers.ValidationError(_("There is no site %s.") % missing[0])
        return found

    def to_representation(self, data: Any) -> list[int]:
        """Return their keys."""
        return sorted(site.pk for site in data.all())


class ContractSerializer(StrictModel):
    """What a contractor owes for some sites. Days are the sites' own, `ends` is the last one."""

    contractor = KeyField(access.contractors, Contractor)
    organisation = serializers.IntegerField(source="contractor.organisation_id", read_only=True)
    sites = SitesField(
        required=False,
        help_text=gettext_lazy(
            "Keys of the contractor's organisation's; each has one contract at a time."
        ),
    )
    uptime_target = serializers.FloatField(
        required=False,
        allow_null=True,
        min_value=0.0,
        max_value=1.0,
        help_text=gettext_lazy("A share, e.g. 0.98; null: none was agreed."),
    )
    hours = serializers.DictField(
        required=False,
        help_text=gettext_lazy("When it counts, written as opening hours; empty: always."),
    )
    excluded_reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=ExclusionReason.choices), required=False
    )

    class Meta:
        model = Contract
        fields = [
            *("id", "contractor", "organisation", "name", "sites", "starts", "ends"),
            *("uptime_target", "hours", "in_opening_hours", "excluded_reasons"),
            *("counts_silent", "counts_offline", "notes", "created_at", "updated_at"),
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep a contract with its contractor and its organisation's sites, one for each."""
        refuse_change(self, attrs, "contractor")
        super().validate(attrs)
        known = self.instance
        contractor = attrs["contractor"] if known is None else known.contractor
        sites = self._sites(attrs)
        if any(site.organisation_id != contractor.organisation_id for site in sites):
            sentence = _("The sites are the contractor's organisation's.")
            raise serializers.ValidationError({"sites": [sentence]})
        self._hold(attrs, sites)
        return attrs

    def _sites(self, attrs: dict[str, Any]) -> list[Site]:
        if "sites" in attrs or self.instance is None:
            return list(attrs.get("sites", []))
        return list(self.instance.sites.all())

    def _hold(self, attrs: dict[str, Any], sites: list[Site]) -> None:
        known = self.instance
        dates = {name: attrs.get(name, getattr(known, name, None)) for name in ("starts", "ends")}
        try:
            contracts.hold(Contract(pk=known.pk if known else None, **dates), sites)
        except contracts.TwoContracts as problem:
            raise serializers.ValidationError({"sites": [str(problem)]}) from problem
