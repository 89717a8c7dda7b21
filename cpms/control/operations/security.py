"""Keys and certificates, and how securely a charger must connect."""

from datetime import timedelta
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from cpms.control.operations.base import Operation
from inventory import credentials


class ChangePassword(Operation, frozen=True):
    """Give the charger a new key for HTTP Basic authentication.

    It is made here where none is given, and nobody sees it. (Improved security for OCPP 1.6-J
    §2.6.1; OCPP 2.0.1 A01; its alphabet: part 2, BasicAuthPassword, an identifierString)
    """

    name: ClassVar[str] = "change_password"
    lasts: ClassVar[timedelta] = timedelta(hours=24)
    secrets: ClassVar[frozenset[str]] = frozenset({"password"})

    password: (
        Annotated[str, Meta(min_length=16, max_length=40, pattern=r"^[A-Za-z0-9*\-_=:+|@.]+$")]
        | None
    ) = None

    def completed(self) -> "ChangePassword":
        """Make the key where none is given."""
        if self.password is not None:
            return self
        return msgspec.structs.replace(self, password=credentials.generate())
