"""Text from chargers, made fit for a column."""

from typing import Any


def clean(value: Any, longest: int) -> str:
    """Return `value` as text of at most `longest` characters, without NUL; None as ""."""
    return str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest] if value else ""


def printable(text: str) -> str:
    """Return `text` with a mark in the place of everything that can't be printed."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
