"""The back office: rules and policies as rows. The pages of this room are the usual way."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from alerts.models import EscalationPolicy, PolicyVersion, Rule

if TYPE_CHECKING:
    Rules = admin.ModelAdmin[Rule]
    Policies = admin.ModelAdmin[EscalationPolicy]
    Versions = admin.TabularInline[PolicyVersion, EscalationPolicy]
else:
    Rules = Policies = admin.ModelAdmin
    Versions = admin.TabularInline


@admin.register(Rule)
class RuleAdmin(Rules):
    """Rules of every organisation, and the ones for all."""

    list_display = ["detector", "organisation", "enabled", "hold_off", "clear_delay", "severity"]
    list_filter = ["detector", "enabled", "organisation"]
    list_select_related = ["organisation"]


class VersionInline(Versions):
    """What a policy has said so far; nobody changes it."""

    model = PolicyVersion
    fields = ("number", "steps", "created_at", "created_by")
    readonly_fields = ("number", "steps", "created_at", "created_by")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: versions are written on the page, which checks them."""
        return False


@admin.register(EscalationPolicy)
class PolicyAdmin(Policies):
    """Policies and their versions."""

    list_display = ["name", "organisation"]
    list_select_related = ["organisation"]
    inlines = [VersionInline]
