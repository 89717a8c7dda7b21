"""What vendors' error codes mean, over REST; edited by whoever edits the inventory."""

from typing import Any, ClassVar

import django_filters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.serializers import BaseSerializer

from inventory import access as inventory_access
from inventory.models import Organisation
from inventory.rest.fields import KeyField
from inventory.rest.filters import Filters, IdFilter
from inventory.rest.permissions import refusal
from inventory.rest.serializers import StrictModel
from inventory.rest.views import Editable
from monitoring import access
from monitoring.models import ErrorMeaning
from monitoring.outages import meanings


class ErrorMeaningSerializer(StrictModel):
    """What a code means: ChargeX's number (CX001 is 1), the cause, the vendor's own text."""

    organisation = KeyField(
        inventory_access.organisations,
        Organisation,
        required=False,
        allow_null=True,
        help_text=_("Null: everybody's chargers."),
    )

    class Meta:
        model = ErrorMeaning
        fields: ClassVar[list[str]] = [
            *("id", "organisation", "vendor", "code", "chargex", "text", "cause", "updated_at")
        ]


class ErrorMeaningFilters(Filters):
    """Of meanings."""

    organisation = IdFilter("organisation_id")
    vendor = django_filters.CharFilter("vendor", "iexact")
    code = django_filters.CharFilter("code", "iexact")

    class Meta:
        model = ErrorMeaning
        fields: ClassVar[list[str]] = ["chargex", "cause"]


class ErrorMeanings(Editable):
    """What error codes mean: the user's organisations', and everybody's."""

    queryset = ErrorMeaning.objects.none()
    scope = staticmethod(access.error_meanings)
    serializer_class = ErrorMeaningSerializer
    filterset_class = ErrorMeaningFilters
    ordering = ("vendor", "id")

    def permits(self, row: ErrorMeaning) -> bool:
        """Tell whether the user may change it: everybody's only a superuser."""
        return self._may(row.organisation_id)

    def permits_new(self, values: dict[str, Any]) -> bool:
        """Tell whether the user may add it."""
        organisation = values.get("organisation")
        return self._may(organisation.pk if organisation else None)

    def _may(self, organisation: int | None) -> bool:
        user = self.request.user
        if organisation is None:
            return bool(user.is_superuser and user.is_active)
        return inventory_access.may(user, self.ability, organisation)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Add it, and have the outages with the code told anew."""
        super().perform_create(serializer)
        made: Any = serializer.instance
        meanings.recount(made, timezone.now())

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Change it, and have the outages with the codes told anew."""
        row: Any = serializer.instance
        before = ErrorMeaning.objects.get(pk=row.pk)
        if "organisation" in serializer.validated_data:
            self._refuse_move(before, serializer.validated_data["organisation"])
        super().perform_update(serializer)
        for meaning in (before, row):
            meanings.recount(meaning, timezone.now())

    def _refuse_move(self, before: ErrorMeaning, organisation: Organisation | None) -> None:
        """Raise `PermissionDenied` if it would go where the user may not edit."""
        key = organisation.pk if organisation else None
        if key != before.organisation_id and not self._may(key):
            raise PermissionDenied(refusal(self.ability))

    def perform_destroy(self, instance: Any) -> None:
        """Forget it, and have the outages with the code told anew."""
        meanings.recount(instance, timezone.now())
        super().perform_destroy(instance)
