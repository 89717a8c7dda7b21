"""Charger passwords: made here, kept as a keyed fast hash, compared in constant time.

Keys made here have 20 random bytes, so one HMAC-SHA256 is as safe as a slow hash and a
thousand chargers can come back at once. The HMAC key is derived from SECRET_KEY: a stolen
database alone can't be searched for weak passwords that people chose.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256

from django.conf import settings

KEY_BYTES = 20
#: Shorter hex is taken as text that a person chose.
SHORTEST_HEX_KEY = 32


def generate() -> str:
    """Return a new key as 40 hex digits, the form OCPP's AuthorizationKey travels in."""
    return secrets.token_hex(KEY_BYTES)


def canonical(password: str) -> bytes:
    """Return the bytes that a password stands for: a long hex text is a key's bytes."""
    key = _unhex(password.encode())
    return key if key is not None else password.encode()


def digest(password: str) -> bytes:
    """Return the 32 bytes kept in the database for `password`."""
    return _keyed(canonical(password))


def presented(key: bytes) -> bytes:
    """Return what is kept of a key as it came in a Basic auth header: raw, or as hex text."""
    return _keyed(_unhex(key) or key)


def matches(kept: bytes, presented: bytes) -> bool:
    """Tell whether the bytes of a Basic auth header are the key, raw or as hex text.

    Both comparisons always run, in constant time. (Java-OCA-OCPP#143, #163)
    """
    raw = hmac.compare_digest(kept, _keyed(presented))
    from_hex = hmac.compare_digest(kept, _keyed(_unhex(presented) or b""))
    return raw or from_hex


def resemblance(kept: bytes, presented: bytes, user: str) -> str:
    """Return how a wrong password is the right one written differently; "" where it isn't.

    "case", "blanks" (or quotes) around it, "name" before it, "base64" or "hex" of it once more.
    For people who look for what is wrong; nothing is admitted by it.
    """
    for how, guess in _rewritten(presented, user):
        if matches(kept, guess):
            return how
    return ""


def _rewritten(presented: bytes, user: str) -> Iterator[tuple[str, bytes]]:
    yield "blanks", presented.strip(b" \t\r\n\0\"'")
    yield "name", presented.removeprefix(f"{user}:".encode())
    yield "hex", _unhex(_unhex(presented) or b"") or b""
    with suppress(binascii.Error):
        yield "base64", base64.b64decode(presented, validate=True)
    for other in (bytes.lower, bytes.upper, bytes.swapcase, bytes.title, bytes.capitalize):
        yield "case", other(presented)


def _unhex(text: bytes) -> bytes | None:
    if len(text) < SHORTEST_HEX_KEY:
        return None
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return None


def _keyed(key: bytes) -> bytes:
    return hmac.digest(_hmac_key(), key, "sha256")


@cache
def _hmac_key() -> bytes:
    return sha256(b"kilowatch charger credentials" + settings.SECRET_KEY.encode()).digest()
