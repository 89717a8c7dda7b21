"""Numbers as people read them: rounded, and written as their language does."""

from django.utils.formats import number_format


def decimals(number: float, places: int, *, grouped: bool = False) -> str:
    """Return `number` with `places` decimals; `grouped` parts its thousands.

    Django's `number_format` cuts off what is too much: 7.36 would be 7.3.
    """
    return number_format(round(number, places), places, force_grouping=grouped)
