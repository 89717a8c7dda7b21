"""Numbers as people read them: rounded, and written as their language does."""

from django.utils.formats import number_format


def decimals(number: float, places: int, *, grouped: bool = False) -> str:
    """Return `number` with `places` decimals; `grouped` parts its thousands.

    Django's `number_format` cuts off what is too much: 7.36 would be 7.3.
    """
    return number_format(round(number, places), places, force_grouping=grouped)


def per_cent(share: float, places: int) -> str:
    """Write a share (0 to 1); only what is whole is 100 %, only nothing is 0 %."""
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    least = 10.0**-places
    return f"{decimals(min(max(share * 100, least), 100 - least), places)} %"
