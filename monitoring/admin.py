"""What the staff of the installation look at when something is odd; nothing is written here."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from monitoring.models import Gateway, QuarantinedFact, SchemaBreakage, Sighting

if TYPE_CHECKING:  # Django's class takes no parameter when it runs.
    Rows = admin.ModelAdmin[Any]
else:
    Rows = admin.ModelAdmin


class ReadOnly(Rows):
    """Looked at, and deleted when it is dealt with."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Sighting)
class SightingAdmin(ReadOnly):
    """Who knocked and wasn't let in as it is."""

    list_display = ["identity", "reason", "charger", "peer", "count", "last_seen"]
    list_filter = ["reason"]
    list_select_related = ["charger"]
    search_fields = ["identity", "peer"]
    ordering = ["-last_seen"]


@admin.register(QuarantinedFact)
class QuarantineAdmin(ReadOnly):
    """Facts that the database refused."""

    list_display = ["received", "kind", "charger_id", "error"]
    list_filter = ["kind"]
    ordering = ["-id"]


@admin.register(SchemaBreakage)
class SchemaBreakageAdmin(ReadOnly):
    """How models break the schema."""

    list_display = ["vendor", "model", "action", "kind", "count", "last_seen"]
    list_filter = ["vendor"]
    search_fields = ["vendor", "model", "action"]
    ordering = ["-count"]


@admin.register(Gateway)
class GatewayAdmin(ReadOnly):
    """Runs of gateway processes."""

    list_display = ["host", "pid", "started_at", "lease_until", "ended_at"]
    ordering = ["-started_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: connections name it."""
        return False
