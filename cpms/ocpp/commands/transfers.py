"""What follows from the answers to firmware and log requests, whatever door they came through."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cpms.control import addresses, transfers
from cpms.control.models import Command, Transfer
from cpms.control.settlement import Ending

Kind = Transfer.Kind


Effect = Callable[[Command, dict[str, Any], Ending], None]


def answered(kind: Transfer.Kind) -> Effect:
    """Return the effect of an answer to a message that begins a transfer of this kind."""
    return partial(_answered, kind)


def _answered(
    kind: Transfer.Kind, command: Command, payload: dict[str, Any], ending: Ending
) -> None:
    response = ending.response or {}
    about = {
        "request_id": payload.get("requestId"),
        "address": addresses.shown(_location(payload)),
        "name": response.get("fileName") or response.get("filename"),
    }
    transfers.answered(command, kind, about, ending.at)


def _location(payload: dict[str, Any]) -> str:
    inner = payload.get("firmware") or payload.get("log") or {}
    return str(payload.get("location") or inner.get("location") or inner.get("remoteLocation"))


def unpublished(command: Command, _payload: dict[str, Any], ending: Ending) -> None:
    """The answer itself says that the firmware is handed out no longer. (2.0.1 L04.FR.03)"""
    if ending.result == "Unpublished":
        command.verified, command.verified_at = True, ending.at
        command.evidence = "firmware_unpublished"


#: Chargers whose reports are going to be read, and since when: one reading is enough for many.
_waiting: dict[int, float] = {}
#: Seconds after which a reading that was to come was lost: its message wasn't stored after all,
#: or too much was to be done.
LOST_AFTER = 30.0


def reported(charger_id: int) -> Callable[[], None] | None:
    """Return what follows from a report on a transfer; the sweep makes up for what is lost."""
    now = time.monotonic()
    if charger_id in _waiting and now - _waiting[charger_id] < LOST_AFTER:
        return None
    _waiting[charger_id] = now
    return partial(_read, charger_id)


def _read(charger_id: int) -> None:
    _waiting.pop(charger_id, None)
    transfers.review(charger_id, datetime.now(UTC))


EFFECTS: dict[str, Sequence[Effect]] = {
    "UpdateFirmware": [answered(Kind.FIRMWARE)],
    "SignedUpdateFirmware": [answered(Kind.FIRMWARE)],
    "PublishFirmware": [answered(Kind.PUBLISH)],
    "UnpublishFirmware": [unpublished],
    "GetDiagnostics": [answered(Kind.DIAGNOSTICS)],
    "GetLog": [answered(Kind.LOG)],
}
