"""Keeping a port for a driver."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import BadRequest, Operation
from cpms.control.operations.charging import TokenType
from cpms.control.operations.pins import OfToken
from cpms.control.operations.remote import Port

#: A reservation's number as we make it: short, for people to say.
HIGHEST_OWN = 999_999
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Reserve(OfToken, frozen=True):
    """Keep a port, or any of the charger, for a token until a time.

    (OCPP 1.6 §5.13, where no port means connector 0: the charger as a whole; 2.0.1 H01)
    """

    name: ClassVar[str] = "reserve"
    lasts: ClassVar[timedelta] = timedelta(minutes=2)
    numbering: ClassVar[frozenset[str]] = frozenset({"number"})

    id_token: Annotated[str, Meta(min_length=1, max_length=255)]
    until: Annotated[datetime, Meta(tz=True)]
    token_type: TokenType = "ISO14443"  # noqa: S105 - a kind of token, no secret
    evse: Port | None = None
    #: OCPP ConnectorEnumType (2.x), where no port is named.
    connector_type: Annotated[str, Meta(min_length=1, max_length=20)] | None = None
    #: Tokens of this group may use it as well.
    group: Annotated[str, Meta(max_length=255)] | None = None
    #: OCPP's reservationId; made where it isn't given. One that is live is replaced.
    number: Number | None = None

    def completed(self) -> "Reserve":
        """Make the number where none is given."""
        if self.number is not None:
            return self
        return msgspec.structs.replace(self, number=1 + secrets.randbelow(HIGHEST_OWN))

    def check(self) -> None:
        """Refuse a kind of connector of a port that is named: it has what it has."""
        if self.evse is not None and self.connector_type is not None:
            raise BadRequest(_("Name a port or a kind of connector, not both."))


class CancelReservation(Operation, frozen=True):
    """Give a reserved port free again. (OCPP 1.6 §5.1, 2.0.1 H02)"""

    name: ClassVar[str] = "cancel_reservation"
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=1)

    number: Number
