"""Parameters of what isn't a list of rows, validated like a body."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from inventory.rest.filters import COMMON, FROM, TO, refuse_unknown


class Query(serializers.Serializer[Any]):
    """Query parameters; with those that every list has (cursor, page size, format)."""

    @classmethod
    def of(cls, request: Request, **context: Any) -> dict[str, Any]:
        """Return the request's parameters; raise `ValidationError` for bad or unknown ones."""
        query = cls(data=request.query_params, context={"request": request, **context})
        refuse_unknown(request, COMMON | set(query.fields))
        query.is_valid(raise_exception=True)
        values: dict[str, Any] = query.validated_data
        return values


class Window(Query):
    """A window [from, to) of instants, at most `longest`."""

    longest = timedelta(days=31)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; `from` can't be written as an attribute."""
        fields: dict[str, Any] = super().get_fields()
        fields["from"] = serializers.DateTimeField(required=False, help_text=FROM)
        fields["to"] = serializers.DateTimeField(required=False, help_text=TO)
        return fields

    def check_window(self, start: datetime, end: datetime) -> None:
        """Raise `ValidationError` for a window that is turned round or too long."""
        check_order(start, end)
        if end - start > self.longest:
            sentence = _("The window is longer than %(days)s days.") % {"days": self.longest.days}
            raise serializers.ValidationError({"to": [sentence]})


def check_order(start: date, end: date) -> None:
    """Raise `ValidationError` unless `start` is before `end`."""
    if start >= end:
        raise serializers.ValidationError({"to": [_("The window ends before it starts.")]})


class DayOrInstant(serializers.CharField):
    """A day (2026-03-02) or an instant (2026-03-02T08:00:00Z)."""

    default_error_messages = {
        "day_or_instant": gettext_lazy("Write a day like 2026-03-02 or a time as in RFC 3339.")
    }

    def to_internal_value(self, data: Any) -> Any:
        """Return a date or an aware datetime."""
        text = str(super().to_internal_value(data))
        try:
            return date.fromisoformat(text) if len(text) == len("2026-03-02") else _instant(text)
        except (ValueError, serializers.ValidationError):
            self.fail("day_or_instant")


def _instant(text: str) -> datetime:
    instant: datetime = serializers.DateTimeField().run_validation(text)
    return instant
