"""Transactions as a 2.x charger tells them, for tests."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.cpms.ocpp.actions import STARTED

TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
#: An hour before the test: minute 0 of its story.
BEGIN = STARTED - timedelta(hours=1)


def at(minute: float) -> datetime:
    """Return a minute of the story."""
    return BEGIN + timedelta(minutes=minute)


def text(minute: float) -> str:
    """Return a minute of the story as chargers write it."""
    return at(minute).isoformat().replace("+00:00", "Z")


@dataclass
class Transaction:
    """Makes the TransactionEvents of one transaction."""

    id: str
    evse: int = 1

    def started(self, minute: float, seq: int = 0, **more: Any) -> dict[str, Any]:
        """Return Started with the EVSE and the token."""
        told = {"evse": {"id": self.evse, "connectorId": 1}, "idToken": TOKEN}
        return self.event("Started", minute, seq, trigger="Authorized", **{**told, **more})

    def updated(self, minute: float, seq: int, state: str = "", **more: Any) -> dict[str, Any]:
        """Return Updated."""
        return self.event("Updated", minute, seq, state, **more)

    def ended(self, minute: float, seq: int, **more: Any) -> dict[str, Any]:
        """Return Ended."""
        return self.event("Ended", minute, seq, trigger="EVDeparted", **more)

    def event(
        self,
        kind: str,
        minute: float,
        seq: int,
        state: str = "",
        trigger: str = "ChargingStateChanged",
        **more: Any,
    ) -> dict[str, Any]:
        """Return a TransactionEvent; `info` in `more` goes into transactionInfo."""
        info = {"transactionId": self.id, **more.pop("info", {})}
        if state:
            info["chargingState"] = state
        return {
            "eventType": kind,
            "timestamp": text(minute),
            "triggerReason": trigger,
            "seqNo": seq,
            "transactionInfo": info,
            **more,
        }


def meter(minute: float, wh: float, context: str = "Sample.Periodic", **power: float) -> Any:
    """Return one MeterValue with a register, and the power in W where `power` says it."""
    sampled: list[dict[str, Any]] = [{"value": wh, "context": context}]
    sampled += [
        {"value": w, "context": context, "measurand": "Power.Active.Import"} for w in power.values()
    ]
    return {"timestamp": text(minute), "sampledValue": sampled}


def occupied(minute: float, evse: int = 1, connector: int = 1) -> dict[str, Any]:
    """Return a StatusNotification of a connector that is occupied."""
    return status("Occupied", minute, evse, connector)


def status(state: str, minute: float, evse: int = 1, connector: int = 1) -> dict[str, Any]:
    """Return a StatusNotification."""
    return {
        "timestamp": text(minute),
        "connectorStatus": state,
        "evseId": evse,
        "connectorId": connector,
    }
