"""The OpenAPI description: what every operation has beside what REST knows of it."""

import inspect
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from inventory.rest.problems import MEDIA_TYPE

PLAIN = {"list", "retrieve", "create", "update", "partial_update", "destroy"}


class Problem(serializers.Serializer[Any]):
    """What went wrong (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text=_("Sentences by field, where fields are not right.")
    )


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer <token>`."""

    target_class = "inventory.rest.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        """Return the security scheme."""
        return build_bearer_security_scheme_object("Authorization", "Bearer")


class Schema(AutoSchema):
    """Adds the `Idempotency-Key` of writes and the problem that any request may end in."""

    def get_description(self) -> str:  # type: ignore[override]
        """Return what the operation says of itself, for plain ones what the resource does."""
        if getattr(self.view, "action", "") in PLAIN:
            return str(inspect.getdoc(type(self.view)))
        return str(super().get_description())

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that the view itself doesn't declare."""
        if self.method not in {"POST", "PUT", "PATCH", "DELETE"}:
            return []
        return [
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description=str(_("A write repeated with its key is not carried out again.")),
            )
        ]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        bodies["default"] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            Problem, "default", [MEDIA_TYPE]
        )
        return bodies
