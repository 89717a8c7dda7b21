"""Text from chargers, made fit for a column."""

from typing import Any


def clean(value: Any, longest: int) -> str:
    """Return `value` as text of at most `longest` characters, without NUL; None as ""."""
    return str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest] if value else ""
