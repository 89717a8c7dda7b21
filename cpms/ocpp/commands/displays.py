"""Display messages in OCPP's messages: kept by what a charger answers and reports."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cpms.control import displays
from cpms.control.displays import MOST_TEXTS, Message
from cpms.control.models import Command
from cpms.control.settlement import Ending
from cpms.ocpp import times
from cpms.ocpp.text import clean

State = Command.State
MOST_NUMBER = 2**31 - 1
#: Endings that are the charger's own word.
ANSWERS = frozenset({State.ACCEPTED, State.REJECTED, State.NOT_SUPPORTED, State.FAILED})


def answered(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep a message as the charger took it, or that it didn't."""
    if ending.state in ANSWERS:
        accepted = ending.state == State.ACCEPTED
        for message in read([payload["message"]]):
            displays.answered(command, message, ending.result, ending.at, accepted=accepted)


def cleared(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep that a message is gone; one that the charger doesn't know is, too."""
    if ending.state == State.ACCEPTED or ending.result == "Unknown":
        displays.cleared(command.charger_id, payload["id"], ending.result, ending.at)


def asked(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep that there are none, where the charger has none of all."""
    if ending.result == "Unknown" and not set(payload) & {"id", "priority", "state"}:
        displays.none_there(command.charger_id, ending.at)


def read(infos: list[dict[str, Any]]) -> Iterator[Message]:
    """Yield the messages of MessageInfoTypes; one whose number is none is left out."""
    for info in infos:
        number = info.get("id")
        if isinstance(number, int) and 0 <= number <= MOST_NUMBER:
            texts = [info["message"], *(info.get("messageExtra") or ())]
            yield Message(
                number,
                clean(info.get("priority"), 12),
                clean(info.get("state"), 20),
                _moment(info.get("startDateTime")),
                _moment(info.get("endDateTime")),
                clean(info.get("transactionId"), 36),
                [_text(text) for text in texts[:MOST_TEXTS]],
            )


def _text(content: dict[str, Any]) -> dict[str, str]:
    return {
        "format": clean(content.get("format"), 10),
        "language": clean(content.get("language"), 8),
        "content": clean(content.get("content"), 1024),
    }


def _moment(text: object) -> datetime | None:
    """Return a time; None where there is none that can be read."""
    return times.read(text, UTC, datetime.now(UTC))[0] if text else None
