"""What the pages of contracts write."""

import re

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """Write a share as a percentage, with as many decimals as it needs, two at most."""
    if share is None:
        return "–"
    value = round(share * 100, 2)
    decimals = next(places for places in (0, 1, 2) if round(value, places) == value)
    return f"{number_format(value, decimals)} %"


@register.filter
def tel(number: str) -> str:
    """Return a telephone number as its link has it."""
    return re.sub(r"[^0-9+]", "", number)
