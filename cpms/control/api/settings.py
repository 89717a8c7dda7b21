"""How one charger is set, over REST: settings, what they were before, and monitors.

They are read and changed by the operations `read_settings`, `change_settings`, `base_report`,
`read_monitors`, `set_monitors`, `clear_monitors` (see `chargers/{identity}/commands/`).
"""

from typing import Any, ClassVar

import django_filters
from django.db.models import Model, Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers as rest

from cpms.control.models import Monitor
from inventory import access
from inventory.api import IDENTITY
from inventory.models import Charger
from inventory.rest.filters import Filters, Flag
from inventory.rest.views import ListOnly
from monitoring.models import ReportedVariable, VariableChange

NAME = ("component", "component_instance", "evse", "connector", "name", "instance", "attribute")
WHOLE = "0: the charger as a whole."


class Named(rest.ModelSerializer[Any]):
    """What a setting is called."""

    component = rest.CharField(read_only=True, help_text="Empty for a key of OCPP 1.6.")
    evse = rest.IntegerField(read_only=True, help_text=WHOLE)
    connector = rest.IntegerField(read_only=True, help_text="0: the EVSE as a whole.")
    name = rest.CharField(
        source="variable", read_only=True, help_text="The key (1.6) or the variable (2.x)."
    )


class SettingSerializer(Named):
    """A setting as the charger last told it; secrets are masked."""

    characteristics: Any = rest.JSONField(
        read_only=True,
        allow_null=True,
        help_text="`type`, `unit`, `min`, `max`, `values`, `monitored`, as far as it tells them.",
    )

    class Meta:
        model = ReportedVariable
        fields: ClassVar[list[str]] = [
            *NAME,
            *("value", "mutability", "characteristics", "unknown", "source", "reported_at"),
            "changed_at",
        ]
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "unknown": {"help_text": "The charger says that it has no such setting."}
        }


class ChangeSerializer(Named):
    """A setting that had another value than before."""

    class Meta:
        model = VariableChange
        fields: ClassVar[list[str]] = [*NAME, "was", "value", "at", "source", "by", "command"]
        read_only_fields = fields


class MonitorSerializer(Named):
    """What a charger watches of a variable."""

    id = rest.IntegerField(source="number", read_only=True, help_text="The charger's number.")

    class Meta:
        model = Monitor
        fields: ClassVar[list[str]] = [
            "id",
            *(name for name in NAME if name != "attribute"),
            *("type", "value", "severity", "transaction", "origin", "reported_at"),
        ]
        read_only_fields = fields


class NameFilters(Filters):
    """Which settings."""

    q = django_filters.CharFilter(method="text", label="Text in its name or value")
    component = django_filters.CharFilter("component", "iexact")
    name = django_filters.CharFilter("variable", "iexact")
    evse = django_filters.NumberFilter("evse", min_value=0, max_value=32_767)

    def text(self, rows: QuerySet[Model], _name: str, value: str) -> QuerySet[Model]:
        """Return those with the text in them."""
        text = Q(component__icontains=value) | Q(variable__icontains=value)
        return rows.filter(text | Q(instance__icontains=value) | Q(value__icontains=value))


class SettingFilters(NameFilters):
    """Which settings."""

    period = "reported_at"
    unknown = Flag("unknown")

    class Meta:
        model = ReportedVariable
        fields: ClassVar[list[str]] = ["mutability", "source"]


class ChangeFilters(NameFilters):
    """Which changes."""

    period = "at"

    class Meta:
        model = VariableChange
        fields: ClassVar[list[str]] = ["source"]


class MonitorFilters(Filters):
    """Which monitors."""

    component = django_filters.CharFilter("component", "iexact")
    name = django_filters.CharFilter("variable", "iexact")

    class Meta:
        model = Monitor
        fields: ClassVar[list[str]] = ["type", "severity"]


class OfOneCharger(ListOnly):
    """Rows of the charger of the address."""

    model: ClassVar[type[Model]]

    def get_queryset(self) -> QuerySet[Any]:
        """Return its rows; 404 for a charger that doesn't exist for the user."""
        rows = self.model._default_manager
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        seen: QuerySet[Charger] = access.chargers(self.request.user)
        return rows.filter(
            charger=get_object_or_404(access.with_identity(seen, self.kwargs["identity"]))
        )


class Settings(OfOneCharger):
    """What a charger is set to, as last told."""

    model = ReportedVariable
    queryset = ReportedVariable.objects.none()
    serializer_class = SettingSerializer
    filterset_class = SettingFilters
    ordering = ("component", "variable", "id")


class SettingsHistory(OfOneCharger):
    """What its settings were before, newest first."""

    model = VariableChange
    queryset = VariableChange.objects.none()
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilters
    ordering = ("-at", "-id")


class Monitors(OfOneCharger):
    """What a charger watches, as last told."""

    model = Monitor
    queryset = Monitor.objects.none()
    serializer_class = MonitorSerializer
    filterset_class = MonitorFilters
    ordering = ("number", "id")


OF_CHARGER = rf"chargers/(?P<identity>{IDENTITY})"
#: Address below /api/v1/ -> its view, and what its lists are called.
NESTED = {
    rf"{OF_CHARGER}/settings": (Settings, "charger-settings"),
    rf"{OF_CHARGER}/settings/history": (SettingsHistory, "charger-settings-history"),
    rf"{OF_CHARGER}/monitors": (Monitors, "charger-monitors"),
}
