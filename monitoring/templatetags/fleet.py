"""Addresses within the fleet's list."""

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def toggled(context: template.Context, name: str, value: str) -> str:
    """Return the query string with only this value of a filter, or less it where it is chosen.

    Back on page one.
    """
    parameters = context["request"].GET.copy()
    parameters.pop("page", None)
    chosen = parameters.getlist(name)
    left = [other for other in chosen if other != value] if value in chosen else [value]
    parameters.setlist(name, left)
    return f"?{parameters.urlencode()}"


@register.filter
def has(values: Any, value: Any) -> bool:
    """Tell whether `value` is among the values."""
    return value in values
