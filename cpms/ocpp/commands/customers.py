"""Customer information in OCPP's messages: expected when it is asked for. (2.0.1 N09, N10)"""

from datetime import UTC, datetime
from typing import Any

from cpms.control import customers
from cpms.control.models import Command
from cpms.control.settlement import Ending

State = Command.State


def prepare(charger_id: int, _action: str, payload: dict[str, Any]) -> None:
    """Expect the report that is about to be asked for."""
    customers.begin(charger_id, payload["requestId"], datetime.now(UTC))


def answered(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep who asked; without an answer the report may still come."""
    accepted = ending.state in {State.ACCEPTED, State.UNKNOWN, State.TIMED_OUT}
    token = payload.get("idToken") or {}
    off_list = str(token.get("idToken") or "") if payload.get("clear") else ""
    if token.get("type") == "KeyCode" or ending.state != State.ACCEPTED:
        off_list = ""
    customers.answered(command, payload["requestId"], accepted=accepted, off_list=off_list)
