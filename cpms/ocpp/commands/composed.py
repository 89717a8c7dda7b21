"""Operations whose messages are made of what is stored at the moment they are sent."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cpms.control.operations import Operation
from cpms.control.operations.local_lists import SendLocalList
from cpms.ocpp.commands import local_lists, translation
from cpms.ocpp.commands.translation import Call

#: Of a charger's key, the request, the OCPP version and the time; raises `BadRequest`.
Composer = Callable[[int, Any, str, datetime], list[Call]]

COMPOSED: dict[str, Composer] = {SendLocalList.name: local_lists.compose}
#: Messages of which the next isn't sent where one wasn't accepted.
STEPWISE = frozenset({local_lists.ACTION})


def calls(charger_id: int, asked: Operation, version: str, now: datetime) -> list[Call]:
    """Return an operation's messages; raise `BadRequest` where there is nothing to send."""
    made = COMPOSED[asked.name](charger_id, asked, version, now)
    for call in made:
        translation.check(version, *call)
    return made
