"""What can be said of a password that was refused, without keeping it."""

from typing import Any

from inventory import credentials
from monitoring.masking import MASK, looks_like_key

HEX = frozenset(b"0123456789abcdefABCDEF")


def shape(
    header: bool, offered: tuple[str, bytes] | None, kept: bytes | None, identity: str
) -> dict[str, Any]:
    """Return the shape of refused credentials: user name, length, what it is made of, and how it
    resembles the right password; never a byte of it.
    """
    if offered is None:
        return {"password": "unreadable" if header else "missing"}
    user, password = offered
    resembles = credentials.resemblance(bytes(kept), password, user) if kept else ""
    return {
        "password": _made_of(password),
        "length": len(password),
        "resembles": resembles,
        "user": user_name(offered, kept, identity),
        "unset": kept is None,
    }


def user_name(offered: tuple[str, bytes], kept: bytes | None, identity: str) -> str:
    """Return the user name where it isn't the identity; asterisks where a key is in its place."""
    user, password = offered
    if user.lower() == identity.lower():
        return ""
    said = user.encode()
    its_key = bool(said) and (said == password or (kept and credentials.matches(bytes(kept), said)))
    return MASK if its_key or looks_like_key(user) else user[:100]


def _made_of(password: bytes) -> str:
    if not password:
        return "empty"
    if HEX.issuperset(password):
        return "hex"
    return "text" if password.isascii() and password.decode().isprintable() else "bytes"
