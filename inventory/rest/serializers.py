"""Serializers that refuse unknown fields and hold to the rules of the model."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework import serializers

from inventory.rest.problems import field_errors


class Strict(serializers.Serializer[Any]):
    """Refuses fields that don't exist. Read-only ones may be sent back; they are ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values."""
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            sentence = _("There is no such field.")
            raise serializers.ValidationError({str(name): [sentence] for name in sorted(unknown)})
        return super().to_internal_value(data)


class StrictModel(Strict, serializers.ModelSerializer[Any]):
    """Checks what the model checks: `clean()`, uniqueness and constraints."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return `attrs`; raise `ValidationError` if the row they make would break a rule."""
        model: type[Model] = self.Meta.model
        fields = {field.name for field in model._meta.concrete_fields}
        candidate = copy(self.instance) if self.instance else model()
        for name in fields & set(attrs):
            setattr(candidate, name, attrs[name])
        try:
            hold_to_rules(candidate, untouched=fields - set(attrs))
        except ModelError as error:
            raise serializers.ValidationError(field_errors(error)) from error
        return attrs


def hold_to_rules(candidate: Model, untouched: set[str]) -> None:
    """Raise `ValidationError` if the row is bad; values of `untouched` fields are left alone."""
    candidate.clean_fields(exclude=untouched)
    candidate.clean()
    candidate.validate_unique()
    candidate.validate_constraints()
