"""Remote starts as the record tells them: drivers' attempts that begin with a wish of ours.

(OCPP 1.6 §5.11, 2.0.1 F01 and F02; KPIS.md: an attempt starts with a remote start as well.)
"""

from typing import Any

from cpms.control.models import Command
from cpms.control.settlement import Ending
from inventory.models import Evse
from monitoring.models import Event

State = Command.State


def answered(command: Command, payload: dict[str, Any], ending: Ending) -> None:
    """Keep that the charger was asked to start, and what it answered."""
    if ending.state not in {State.ACCEPTED, State.REJECTED}:
        return
    number = payload.get("evseId", payload.get("connectorId"))
    told = payload.get("idTag") or (payload.get("idToken") or {}).get("idToken") or ""
    Event.objects.create(
        charger_id=command.charger_id,
        evse=Evse.objects.filter(charger_id=command.charger_id, number=number or 0).first(),
        kind="remote_start",
        at=command.sent_at or ending.at,
        received=ending.at,
        severity=6,
        code=ending.result[:100],
        text=str(told)[:1000],
    )
