"""Secrets that must be read again: sealed with a key derived from SECRET_KEY.

A stolen database alone doesn't open them. Who changes SECRET_KEY loses them.
"""

import base64
from functools import cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Lost(Exception):
    """What was sealed can't be opened: it was sealed with another SECRET_KEY."""


def seal(secret: bytes) -> bytes:
    """Return `secret` encrypted and authenticated (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _fernet().encrypt(secret)


def unseal(sealed: bytes) -> bytes:
    """Return what `seal` was given; raise `Lost`."""
    try:
        return _fernet().decrypt(bytes(sealed))
    except InvalidToken:
        raise Lost("Sealed with another SECRET_KEY.") from None


@cache
def _fernet() -> Fernet:
    key = sha256(b"kilowatch sealed secrets" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
