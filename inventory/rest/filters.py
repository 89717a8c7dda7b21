"""Filters of lists. A parameter that filters nothing is refused: a typo must not export all."""

from datetime import datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from inventory.models import Charger

#: Parameters of every list.
COMMON = frozenset({"cursor", "page_size", "format"})
FROM = gettext_lazy("From (RFC 3339; without a zone UTC).")
TO = gettext_lazy("Before (RFC 3339; without a zone UTC).")
LARGEST_ID = 2**63 - 1


class Filters(django_filters.FilterSet):  # type: ignore[misc]
    """A filter set with the window `from` (inclusive) to `to` (exclusive).

    It is about the time `period`, or about spans that `touches` names by their start and end.
    """

    period: ClassVar[str] = ""
    touches: ClassVar[tuple[str, str] | None] = None

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """Return the filters by name."""
        found: dict[str, Any] = super().get_filters()
        start, end = cls.touches or (cls.period, "")
        if start:
            found["from"] = EndsAfter(end) if end else Instant(start, "gte", help_text=FROM)
            found["to"] = Instant(start, "lt", help_text=TO)
        return found


class Instant(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """An RFC 3339 time; without a zone it is UTC."""


class EndsAfter(Instant):
    """Spans that end after a time, or go on."""

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, help_text=FROM)

    def filter(self, queryset: QuerySet[Any], value: datetime | None) -> QuerySet[Any]:
        """Return those spans."""
        if value is None:
            return queryset
        over = Q(**{f"{self.field_name}__gt": value})
        return queryset.filter(over | Q(**{f"{self.field_name}__isnull": True}))


class IdFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """A database key."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, min_value=1, max_value=LARGEST_ID, **kwargs)

    def get_max_validator(self) -> None:
        """Have no other limit than the one above."""


class TrueOrFalse(forms.Field):
    """ "true" or "false"; anything else is an error, and not a filter that doesn't filter."""

    widget = forms.TextInput

    def to_python(self, value: str | None) -> bool | None:
        """Return the value; None if there is none."""
        if not value:
            return None
        if value.lower() not in {"true", "false"}:
            raise forms.ValidationError(_("Write true or false."))
        return value.lower() == "true"


class Flag(django_filters.BooleanFilter):  # type: ignore[misc]
    """A yes or no."""

    field_class = TrueOrFalse

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.TextInput, **kwargs)


class ChargerFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A charger's identity, whatever the case."""

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the rows of that charger."""
        if not value:
            return queryset
        named = Charger.objects.alias(folded=Lower("identity")).filter(folded=value.lower())
        return queryset.filter(**{f"{self.field_name}__in": named.values("pk")})


class StrictFilters(DjangoFilterBackend):  # type: ignore[misc]
    """The view's filter set, for its list only."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Model], view: APIView
    ) -> QuerySet[Model]:
        """Return the rows asked for; raise `ValidationError` for an unknown parameter."""
        if getattr(view, "detail", False):
            return queryset
        known = COMMON | set(self.filters_of(view, queryset))
        refuse_unknown(request, known)
        filtered: QuerySet[Model] = super().filter_queryset(request, queryset, view)
        return filtered

    def filters_of(self, view: APIView, queryset: QuerySet[Model]) -> list[str]:
        """Return the names of the view's filters."""
        filterset = self.get_filterset_class(view, queryset)
        return list(filterset.base_filters) if filterset else []


def refuse_unknown(request: Request, known: frozenset[str] | set[str]) -> None:
    """Raise `ValidationError` for query parameters that are not in `known`."""
    unknown = set(request.query_params) - known
    if unknown:
        sentence = _("There is no such parameter; known are: %(known)s.") % {
            "known": ", ".join(sorted(known))
        }
        raise ValidationError({name: [sentence] for name in sorted(unknown)})
