"""Whether the message that a charger was asked for comes: heard by the gateway that asked.

A charger may send it before its answer to the trigger, or long after.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from cpms.control.live import announce
from cpms.control.models import Command
from cpms.control.settlement import verify

#: requestedMessage -> the action that it comes as, where the two differ.
SAID_AS = {
    "SignChargingStationCertificate": "SignCertificate",
    "SignChargePointCertificate": "SignCertificate",
    "SignV2GCertificate": "SignCertificate",
    "SignV2G20Certificate": "SignCertificate",
    "SignCombinedCertificate": "SignCertificate",
}
TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})
#: Triggers of one connection whose message hasn't come; of more, the oldest are not heard of.
MOST = 20


class Triggers:
    """The messages that one connection's charger was asked for."""

    def __init__(self, follow: Callable[[Callable[[], object]], None]) -> None:
        """Have `follow` do what uses the ORM."""
        self._follow = follow
        #: Command -> the action that is to come.
        self._awaited: dict[UUID, str] = {}
        #: Triggers whose answer is stored, and messages that came before that.
        self._accepted: set[UUID] = set()
        self._early: dict[UUID, datetime] = {}

    def __bool__(self) -> bool:
        """Whether a message is awaited."""
        return bool(self._awaited)

    def asked(self, command_id: UUID, action: str, payload: dict[str, Any]) -> None:
        """Expect what a CALL of ours that is about to go out asks for, if it does."""
        wanted = payload.get("requestedMessage")
        if action not in TRIGGERS or not isinstance(wanted, str):
            return
        while len(self._awaited) >= MOST:
            self._forget(next(iter(self._awaited)))
        self._awaited[command_id] = SAID_AS.get(wanted, wanted)

    def heard(self, action: str, at: datetime) -> None:
        """Note that the charger sent a message."""
        for command_id in [one for one, wanted in self._awaited.items() if wanted == action]:
            if command_id in self._accepted:
                self._came(command_id, at)
            else:
                self._early.setdefault(command_id, at)

    def settled(self, command_id: UUID, *, accepted: bool) -> None:
        """Note that what became of a CALL is stored."""
        if command_id not in self._awaited:
            return
        if not accepted:
            self._forget(command_id)
        elif command_id in self._early:
            self._came(command_id, self._early[command_id])
        else:
            self._accepted.add(command_id)

    def _came(self, command_id: UUID, at: datetime) -> None:
        self._forget(command_id)
        self._follow(partial(_verify, command_id, at))

    def _forget(self, command_id: UUID) -> None:
        self._awaited.pop(command_id, None)
        self._early.pop(command_id, None)
        self._accepted.discard(command_id)


def _verify(command_id: UUID, at: datetime) -> None:
    command = Command.objects.select_related("charger__site").get(pk=command_id)
    verify(command, at, "message")
    announce([command.charger])
