"""The list of tokens that a charger keeps for when it can't ask us."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import BadRequest, Operation

#: Tokens named in one request.
MOST_NAMED = 500
IdToken = Annotated[str, Meta(min_length=1, max_length=255)]


class AskLocalListVersion(Operation, frozen=True):
    """Ask which version of the list the charger has. (OCPP 1.6 §5.10, 2.0.1 D02)"""

    name: ClassVar[str] = "ask_local_list_version"
    repeatable: ClassVar[bool] = True


class SendLocalList(Operation, frozen=True):
    """Bring a charger's list up to date: what is on it is decided when it is sent.

    `changes` sends what differs from what the charger accepted before, or only the tokens named
    in `add` and `remove`; `full` replaces its list, `empty` leaves nothing on it. A list that is
    longer than the charger takes at once goes out in several messages, each with the next
    version. (OCPP 1.6 §5.15, 2.0.1 D01)
    """

    name: ClassVar[str] = "send_local_list"
    # Sent again, it is made anew from what the charger accepted meanwhile.
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    update: Literal["changes", "full", "empty"] = "changes"
    add: Annotated[list[IdToken], Meta(max_length=MOST_NAMED)] = []
    remove: Annotated[list[IdToken], Meta(max_length=MOST_NAMED)] = []

    def check(self) -> None:
        """Refuse names that a full list has no use for, and a token both added and removed."""
        if self.update != "changes" and (self.add or self.remove):
            raise BadRequest(_("Tokens to add and remove are named where only changes are sent."))
        both = {name.upper() for name in self.add} & {name.upper() for name in self.remove}
        if both:
            raise BadRequest(_("“%s” can't be added and removed at once.") % min(both))
