"""Starting, stopping and asking after sessions."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from cpms.control.charging.profile import Profile
from cpms.control.operations.base import NEWER, Operation
from cpms.control.operations.pins import OfToken
from cpms.control.operations.profiles import check_for_start
from cpms.control.operations.remote import Port

TokenType = Literal[
    "ISO14443", "ISO15693", "eMAID", "Central", "KeyCode", "Local", "MacAddress", "NoAuthorization"
]
TransactionId = Annotated[str, Meta(min_length=1, max_length=36)]


class Start(OfToken, frozen=True):
    """Start a session for a token. Never sent twice. (OCPP 1.6 §5.11, 2.0.1 F01, F02)"""

    name: ClassVar[str] = "start"
    lasts: ClassVar[timedelta] = timedelta(minutes=1)
    numbering: ClassVar[frozenset[str]] = frozenset({"id", "remote_start_id"})

    id_token: Annotated[str, Meta(min_length=1, max_length=255)]
    token_type: TokenType = "ISO14443"  # noqa: S105 - a kind of token, no secret
    group: Annotated[str, Meta(max_length=255)] | None = None
    evse: Port | None = None
    #: A TxProfile for the session, without its transaction.
    profile: Profile | None = None
    #: Names the start in the session's first message; made where it isn't given.
    remote_start_id: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None

    def completed(self) -> "Start":
        """Number the profile where it has no number."""
        if self.profile is None:
            return self
        return msgspec.structs.replace(self, profile=self.profile.numbered())

    def check(self) -> None:
        """Refuse a profile that is none for the start of a session."""
        if self.profile is not None:
            check_for_start(self.profile)


class Stop(Operation, frozen=True):
    """Stop a session. (OCPP 1.6 §5.12, 2.0.1 F03)"""

    name: ClassVar[str] = "stop"
    lasts: ClassVar[timedelta] = timedelta(minutes=5)

    transaction_id: TransactionId


class AskTransaction(Operation, frozen=True):
    """Ask whether a session goes on, and whether messages wait in the charger's queue.

    (OCPP 2.0.1 E14)
    """

    name: ClassVar[str] = "ask_transaction"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True

    transaction_id: TransactionId | None = None
