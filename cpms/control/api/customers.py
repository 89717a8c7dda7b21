"""What chargers told of customers, over REST: shown once, to who asked."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as rest
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cpms.control import access, customers
from cpms.control.commands import Refused
from cpms.control.models import CustomerReport
from inventory import access as inventory_access
from inventory.rest.problems import Conflict
from inventory.rest.views import Listed


class CustomerReportSerializer(rest.ModelSerializer[CustomerReport]):
    """A charger's report on a customer; what it says is shown once, by `reveal/`."""

    charger = rest.CharField(source="charger.identity", read_only=True)
    complete = rest.BooleanField(read_only=True)

    class Meta:
        model = CustomerReport
        fields: ClassVar[list[str]] = [
            *("id", "charger", "request", "command", "asked_at", "cleared", "complete"),
            *("received_at", "shown_at"),
        ]
        read_only_fields = fields


class RevealedSerializer(rest.Serializer[Any]):
    """What the charger told."""

    text = rest.CharField()


class CustomerReports(Listed):
    """What you asked chargers of customers; forgotten a day after it was asked."""

    queryset = CustomerReport.objects.none()
    serializer_class = CustomerReportSerializer
    ability = "command"
    secret_actions = frozenset({"reveal"})
    related = ("charger__site",)
    ordering = ("-asked_at", "-id")
    scope = staticmethod(access.customer_reports)

    def get_queryset(self) -> QuerySet[CustomerReport]:
        """Return your own."""
        return super().get_queryset().filter(asked_by=self.request.user.pk)

    def permits(self, row: CustomerReport) -> bool:
        """Ask in the organisation of the charger."""
        organisation = row.charger.site.organisation_id
        return inventory_access.may(self.request.user, self.ability, organisation)

    @extend_schema(request=None, responses=RevealedSerializer)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, **kwargs: str) -> Response:
        """Show what the charger told, this once; it is forgotten with it."""
        report = self.get_object()
        assert isinstance(request.user, User)
        try:
            text = customers.reveal(report, request.user, timezone.now())
        except Refused as problem:
            raise Conflict(str(problem)) from None
        return Response({"text": text}, headers={"Cache-Control": "no-store"})


RESOURCES = {"customer-reports": CustomerReports}
