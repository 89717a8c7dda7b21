"""Planned work over REST: plan it before it begins, change it until then, cancel it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from inventory.rest.filters import ChargerFilter, Filters, Flag, IdFilter
from inventory.rest.problems import Conflict, Unprocessable
from inventory.rest.views import Listed
from monitoring import access
from monitoring.api.places import Placed
from monitoring.models import MaintenanceWindow
from monitoring.outages import maintenance as deeds
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.maintenance import Plan
from monitoring.outages.scope import Scope


class MaintenanceSerializer(serializers.ModelSerializer[MaintenanceWindow]):
    """Work planned at a site, a charger or a port; cancelled, it counts up to then."""

    charger = serializers.CharField(source="charger.identity", default=None, read_only=True)
    planned_by = serializers.CharField(source="planned_by.username", read_only=True)
    cancelled_by = serializers.CharField(
        source="cancelled_by.username", default=None, read_only=True
    )

    class Meta:
        model = MaintenanceWindow
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "site", "charger", "evse", "started", "ended", "note"),
            *("planned_by", "planned_at", "cancelled_by", "cancelled_at"),
        ]
        read_only_fields = fields


class Planning(Placed):
    """Where and when, and what is done."""

    started = serializers.DateTimeField()
    ended = serializers.DateTimeField()
    note = serializers.CharField(max_length=deeds.LONGEST_NOTE)


class MaintenanceFilters(Filters):
    """Of planned work: what touches the window."""

    touches = ("started", "ended")
    organisation = IdFilter("organisation_id")
    site = IdFilter("site_id")
    charger = ChargerFilter("charger_id")
    evse = IdFilter("evse_id", help_text=_("The port's id."))
    cancelled = Flag(method="whether_cancelled", help_text=_("Whether it never took place."))

    class Meta:
        model = MaintenanceWindow
        fields: ClassVar[list[str]] = []

    def whether_cancelled(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Return what was cancelled before it began, or the others."""
        never = Q(cancelled_at__lte=F("started"))
        return queryset.filter(never) if value else queryset.exclude(never)


class MaintenanceWindows(Listed):
    """Planned work, the latest first."""

    queryset = MaintenanceWindow.objects.none()
    scope = staticmethod(access.maintenance_windows)
    related = ("site", "charger", "evse__charger", "planned_by", "cancelled_by")
    serializer_class = MaintenanceSerializer
    filterset_class = MaintenanceFilters
    ability = "plan_maintenance"
    ordering = ("-started", "-id")

    def permits(self, row: MaintenanceWindow) -> bool:
        """Leave it to the deeds, which know whose permission it takes."""
        return True

    @extend_schema(request=Planning, responses={201: MaintenanceSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Plan work that hasn't begun."""
        said = Planning(data=request.data, context=self.get_serializer_context())
        said.is_valid(raise_exception=True)
        made = _carried_out(deeds.plan, Unprocessable, _plan(said.validated_data), by=request.user)
        return Response(self.get_serializer(made).data, 201)

    @extend_schema(request=Planning, responses=MaintenanceSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Plan it anew while it hasn't begun."""
        window = self.get_object()
        context = self.get_serializer_context()
        said = Planning(data=request.data, partial=True, context=context)
        said.is_valid(raise_exception=True)
        as_it_is = {
            "scope": Scope.of(window),
            "started": window.started,
            "ended": window.ended,
            "note": window.note,
        }
        plan = _plan(as_it_is | said.validated_data)
        held = _carried_out(deeds.shift, Unprocessable, window, plan, by=request.user)
        return Response(self.get_serializer(held).data)

    @extend_schema(request=None, responses=MaintenanceSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel it before it begins, or end it now."""
        held = _carried_out(deeds.cancel, Conflict, self.get_object(), by=request.user)
        return Response(self.get_serializer(held).data)


def _plan(said: dict[str, Any]) -> Plan:
    return Plan(said["scope"], said["started"], said["ended"], said["note"])


def _carried_out(
    deed: Callable[..., MaintenanceWindow],
    otherwise: type[Conflict | Unprocessable],
    *what: Any,
    **more: Any,
) -> MaintenanceWindow:
    """Do it now; raises `PermissionDenied` and `otherwise`, with the sentence why."""
    try:
        return deed(*what, now=timezone.now(), **more)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except LedgerError as error:
        raise otherwise(str(error)) from error
