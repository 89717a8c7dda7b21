"""Reservations in OCPP's messages: noted when they go out, settled by what comes back.

Whatever door a message came through.
"""

from datetime import UTC, datetime
from typing import Any

from cpms.control import reservations
from cpms.control.models import Command
from cpms.control.operations import BadRequest
from cpms.control.reservations import Wanted
from cpms.control.settlement import Ending

State = Command.State
#: Endings that are the charger's own word.
ANSWERS = frozenset({State.ACCEPTED, State.REJECTED, State.NOT_SUPPORTED, State.FAILED})


def prepare(charger_id: int, _action: str, payload: dict[str, Any]) -> None:
    """Note the reservation that is about to go out; raise `BadRequest`."""
    reservations.begin(charger_id, _wanted(payload), datetime.now(UTC))


def answered(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep what the charger answered; without an answer it may have the reservation or not."""
    if ending.state in ANSWERS:
        accepted = ending.state == State.ACCEPTED
        number, word = _number(payload), _word(ending)
        reservations.answered(command, number, word, ending.at, accepted=accepted)


def cancelled(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep what the charger answered; one that can't read it says nothing of the reservation."""
    if ending.state in {State.ACCEPTED, State.REJECTED}:
        accepted = ending.state == State.ACCEPTED
        word = _word(ending)
        reservations.cancelled(
            command.charger_id, _number(payload), word, ending.at, accepted=accepted
        )


def _word(ending: Ending) -> str:
    return ending.result or str((ending.error or {}).get("code") or "")[:50]


def _number(payload: dict[str, Any]) -> int:
    return int(payload["id"] if "id" in payload else payload["reservationId"])


def _wanted(payload: dict[str, Any]) -> Wanted:
    """Return what a ReserveNow asks: 2.x's has an "id", 1.6's a "reservationId"."""
    if "id" in payload:
        token, group = payload["idToken"], payload.get("groupIdToken") or {}
        until = payload["expiryDateTime"]
        said = (token["idToken"], token["type"], group.get("idToken") or "")
        port, kind = payload.get("evseId"), payload.get("connectorType") or ""
    else:
        until, port, kind = payload["expiryDate"], payload["connectorId"], ""
        said = (payload["idTag"], "", payload.get("parentIdTag") or "")
    return Wanted(_number(payload), port or None, kind, *said, _moment(until))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"{text[:40]} is no time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
