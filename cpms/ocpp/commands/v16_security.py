"""Keys and certificates in OCPP 1.6. (Improved security for OCPP 1.6-J)"""

from typing import Any

from cpms.control.operations import BadRequest, Operation, security
from cpms.ocpp.commands import v16_certificates

Said = tuple[str, dict[str, Any]]

#: Bytes of an AuthorizationKey. (§2.6.1)
SHORTEST_KEY, LONGEST_KEY = 16, 20


def change_password(asked: security.ChangePassword) -> Said:
    """§2.6.1: the key travels as hex digits of 16 to 20 bytes."""
    value = _hex(asked.password or "")
    return "ChangeConfiguration", {"key": "AuthorizationKey", "value": value}


def _hex(password: str) -> str:
    try:
        key = bytes.fromhex(password)
    except ValueError:
        key = password.encode()
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        key = password.encode()
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise BadRequest("In OCPP 1.6 a key has 16 to 20 characters, or 32 to 40 hex digits.")
    return key.hex()


TRANSLATORS: dict[type[Operation], Any] = {
    security.ChangePassword: change_password,
    **v16_certificates.TRANSLATORS,
}
