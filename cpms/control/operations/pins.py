"""Operations for a token, which may be a driver's PIN."""

from typing import Any

from cpms.control.operations.base import Operation

MASK = "********"


class OfToken(Operation, frozen=True):
    """An operation with an `id_token`: one that is a PIN is sealed, as frames mask it."""

    def kept(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the request with a PIN masked, and the PIN."""
        fields, secret = Operation.kept(self)
        if fields.get("token_type") == "KeyCode" and "id_token" in fields:
            return {**fields, "id_token": MASK}, {**secret, "id_token": fields["id_token"]}
        return fields, secret
