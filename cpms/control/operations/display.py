"""What a charger's display shows."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import NEWER, BadRequest, Operation
from cpms.control.operations.charging import TransactionId

HIGHEST_OWN = 999_999
#: Languages that one message may have (2.1).
MOST_LANGUAGES = 5
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
Priority = Literal["AlwaysFront", "InFront", "NormalCycle"]
#: Suspended and Discharging are 2.1's.
While = Literal["Charging", "Faulted", "Idle", "Unavailable", "Suspended", "Discharging"]


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The message in a further language."""

    content: Annotated[str, Meta(min_length=1, max_length=1024)]
    language: Annotated[str, Meta(min_length=2, max_length=8)]


class SetDisplay(Operation, frozen=True):
    """Have the charger show a message; one of the same number is replaced. (2.0.1 O01, O02, O06)"""

    name: ClassVar[str] = "set_display"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    content: Annotated[str, Meta(min_length=1, max_length=1024)]
    format: Literal["ASCII", "HTML", "URI", "UTF8", "QRCODE"] = "UTF8"
    language: Annotated[str, Meta(min_length=2, max_length=8)] | None = None
    #: The same in other languages (2.1).
    translations: Annotated[list[Text], Meta(max_length=MOST_LANGUAGES - 1)] | None = None
    priority: Priority = "NormalCycle"
    #: Shown only while the charger is in this state; else always.
    state: While | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    #: Shown only while this session runs, which takes it away.
    transaction_id: TransactionId | None = None
    #: Made where it isn't given.
    number: Number | None = None

    def completed(self) -> "SetDisplay":
        """Make the number where none is given."""
        if self.number is not None:
            return self
        return msgspec.structs.replace(self, number=1 + secrets.randbelow(HIGHEST_OWN))

    def check(self) -> None:
        """Refuse an end before the start."""
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise BadRequest(_("The message must end after it starts."))


class GetDisplays(Operation, frozen=True):
    """Ask which messages the charger has: all, or these. (2.0.1 O03, O04)"""

    name: ClassVar[str] = "get_displays"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True

    numbers: Annotated[list[Number], Meta(min_length=1, max_length=100)] | None = None
    priority: Priority | None = None
    state: While | None = None
    #: Names the question in the charger's report; made where it isn't given.
    request_id: Number | None = None

    def completed(self) -> "GetDisplays":
        """Make the question's number where none is given."""
        if self.request_id is not None:
            return self
        return msgspec.structs.replace(self, request_id=1 + secrets.randbelow(2**31 - 1))


class ClearDisplay(Operation, frozen=True):
    """Take a message off the display. (2.0.1 O05)"""

    name: ClassVar[str] = "clear_display"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    number: Number
