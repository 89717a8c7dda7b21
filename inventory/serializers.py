"""How the inventory is read and written by programs."""

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from inventory import access
from inventory.models import Charger, ChargerModel, Connector, Evse, Organisation, Sim, Site
from inventory.rest.fields import IdentityField, KeyField
from inventory.rest.serializers import StrictModel

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 64
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

    class Meta:
        model = Site
        fields = [
            *("id", "organisation", "name", "address", "postal_code", "city", "region", "country"),
            *("latitude", "longitude", "timezone", "opening_hours", "contact", "access_notes"),
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
