"""Form controls as the guide draws them, and who is led to it."""

from django import template
from django.forms import BoundField, Select
from django.utils.safestring import SafeString, mark_safe

from inventory.access import ABILITIES

register = template.Library()


@register.simple_tag(takes_context=True)
def may_connect(context: template.Context) -> bool:
    """Tell whether the reader may add chargers somewhere, by what the shell knows already."""
    held = {membership.role for membership in context["shell"].get("memberships", ())}
    return bool(context["request"].user.is_superuser or held & ABILITIES["edit_inventory"])


@register.filter
def controlled(field: BoundField) -> SafeString:
    """Draw the control of a field, marked where it has errors."""
    look = "form-select" if isinstance(field.field.widget, Select) else "form-control"
    marks = {"class": f"{look} is-invalid" if field.errors else look}
    return field.as_widget(attrs={**marks, "autocomplete": "off"})


@register.filter
def controlled_radio(drawn: str) -> SafeString:
    """Give a radio button's tag its look."""
    return mark_safe(drawn.replace("<input ", '<input class="form-check-input" ', 1))  # noqa: S308
