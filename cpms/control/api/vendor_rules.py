"""How vendors' own messages are answered, over REST."""

from typing import Any, ClassVar

from cpms.control import access
from cpms.control.models import VendorRule
from inventory import access as inventory_access
from inventory.models import ChargerModel, Organisation
from inventory.rest.fields import KeyField
from inventory.rest.filters import Filters
from inventory.rest.serializers import StrictModel
from inventory.rest.views import Editable
from inventory.serializers import refuse_change


class VendorRuleSerializer(StrictModel):
    """How a vendor's message is answered, of chargers of one model or of all."""

    organisation = KeyField(inventory_access.organisations, Organisation)
    model = KeyField(inventory_access.models, ChargerModel, required=False, allow_null=True)

    class Meta:
        model = VendorRule
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "model", "vendor", "message", "answer", "data", "note"),
            "updated_at",
        ]
        read_only_fields = ("updated_at",)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to move a rule to another organisation."""
        refuse_change(self, attrs, "organisation")
        return super().validate(attrs)


class VendorRuleFilters(Filters):
    """Which rules."""

    class Meta:
        model = VendorRule
        fields: ClassVar[list[str]] = ["organisation", "vendor", "model"]


class VendorRules(Editable):
    """How vendors' own messages (DataTransfer) are answered; unknown vendors are told so."""

    queryset = VendorRule.objects.none()
    scope = staticmethod(access.vendor_rules)
    serializer_class = VendorRuleSerializer
    filterset_class = VendorRuleFilters
    ordering = ("id",)


RESOURCES = {"vendor-rules": VendorRules}
