"""Fields that point at rows: only at such as exist for the user."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.relations import PKOnlyObject

from inventory import access
from inventory.models import Charger

Scope = Callable[[User | AnonymousUser], QuerySet[Any]]


@extend_schema_field(OpenApiTypes.INT64)
class KeyField(serializers.PrimaryKeyRelatedField[Any]):
    """The key of a row in the user's scope."""

    def __init__(self, scope: Scope, model: type[Model], **kwargs: Any) -> None:
        self.scope = scope
        key = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
        super().__init__(queryset=model._default_manager.none(), pk_field=key, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows that may be pointed at."""
        return self.scope(self.context["request"].user)


@extend_schema_field(OpenApiTypes.STR)
class IdentityField(serializers.RelatedField[Charger, str, str]):
    """The identity of a charger in the user's scope, whatever the case."""

    default_error_messages = {"unknown": _("There is no charger “{identity}”.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Charger.objects.none(), **kwargs)

    def to_internal_value(self, data: Any) -> Charger:
        """Return the charger."""
        seen = access.chargers(self.context["request"].user)
        charger = access.with_identity(seen, str(data)).first()
        if charger is None:
            self.fail("unknown", identity=str(data)[:60])
        return charger

    def to_representation(self, value: Charger | PKOnlyObject) -> str:
        """Return its identity."""
        return str(value)
