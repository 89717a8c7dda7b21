"""Text from chargers, made fit for a column."""

from typing import Any


def clean(value: Any, longest: int) -> str:
    """Return `value` as text of at most `longest` characters, without NUL; None as ""."""
    return str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")[:longest] if value else ""


def storable(value: Any) -> Any:
    """Return JSON without NUL, which PostgreSQL keeps in no text."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return value


def printable(text: str) -> str:
    """Return `text` with a mark in the place of everything that can't be printed."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
