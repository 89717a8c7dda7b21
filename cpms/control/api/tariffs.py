"""Tariffs over REST: a new version is added, one to come is taken back, none is changed."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError as Invalid
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import mixins
from rest_framework import serializers as rest
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.serializers import BaseSerializer

from cpms.control import access, tariffs
from cpms.control.commands import Asker
from cpms.control.models import Command, Tariff
from inventory import access as inventory_access
from inventory.models import Site
from inventory.rest.fields import KeyField
from inventory.rest.filters import Filters
from inventory.rest.permissions import refusal
from inventory.rest.problems import Conflict
from inventory.rest.serializers import StrictModel
from inventory.rest.views import Listed


class TariffSerializer(StrictModel):
    """What charging costs at a site from a time on; prices with tax, in the main unit."""

    site = KeyField(inventory_access.sites, Site)
    valid_from = rest.DateTimeField(required=False, help_text="Now, unless it is given.")

    class Meta:
        model = Tariff
        fields: ClassVar[list[str]] = [
            *("id", "site", "currency", "decimals", "energy", "minute", "session", "idle_minute"),
            *("idle_grace", "vat", "text", "valid_from", "created_at", "created_by_name"),
        ]
        read_only_fields = ("created_at", "created_by_name")
        validators: ClassVar[list[Any]] = []


class TariffFilters(Filters):
    """Which tariffs."""

    period = "valid_from"

    class Meta:
        model = Tariff
        fields: ClassVar[list[str]] = ["site", "currency"]


class Tariffs(Listed, mixins.CreateModelMixin, mixins.DestroyModelMixin):
    """What charging costs: a site's versions, each from its time on; none can be changed."""

    queryset = Tariff.objects.none()
    scope = staticmethod(access.tariffs)
    related = ("site",)
    serializer_class = TariffSerializer
    filterset_class = TariffFilters
    ordering = ("id",)

    def permits(self, row: Tariff) -> bool:
        """Ask in the organisation of its site."""
        return inventory_access.may(self.request.user, self.ability, row.site.organisation_id)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Add it if the user may."""
        values, now = serializer.validated_data, timezone.now()
        site = values["site"]
        if not inventory_access.may(self.request.user, self.ability, site.organisation_id):
            raise PermissionDenied(refusal(self.ability))
        asker = Asker.person(self.request.user, Command.Source.API)  # type: ignore[arg-type]
        try:
            made = tariffs.add(Tariff(**{"valid_from": now, **values}), asker, now)
        except Invalid as problem:
            raise ValidationError(
                problem.message_dict if hasattr(problem, "error_dict") else problem.messages
            ) from None
        serializer.instance = made

    def perform_destroy(self, instance: Tariff) -> None:
        """Take back one that doesn't hold yet."""
        asker = Asker.person(self.request.user, Command.Source.API)  # type: ignore[arg-type]
        if not tariffs.withdraw(instance, asker, timezone.now()):
            raise Conflict(_("It holds already, or did: add a new one instead."))


RESOURCES = {"tariffs": Tariffs}
