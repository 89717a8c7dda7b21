"""What a charger says in OCPP 2.0.1 and 2.1."""

from collections.abc import Sequence
from typing import Any

from cpms.ocpp.simulator.messages.message import Event, Message
from cpms.ocpp.simulator.meters import Sample, billed
from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.spec import ChargerSpec

CONNECTOR_STATUSES = {"Available", "Reserved", "Unavailable", "Faulted"}

#: 1.6's reason -> (triggerReason, stoppedReason).
STOPS = {
    "Local": ("StopAuthorized", "Local"),
    "Remote": ("RemoteStop", "Remote"),
    "EVDisconnected": ("EVDeparted", "EVDisconnected"),
    "PowerLoss": ("AbnormalCondition", "PowerLoss"),
    "HardReset": ("ResetCommand", "ImmediateReset"),
    "SoftReset": ("ResetCommand", "ImmediateReset"),
    "DeAuthorized": ("Deauthorized", "DeAuthorized"),
    "UnlockCommand": ("UnlockCommand", "Other"),
    "Other": ("AbnormalCondition", "Other"),
}

CHARGING_STATES = {
    "Charging": "Charging",
    "SuspendedEV": "SuspendedEV",
    "SuspendedEVSE": "SuspendedEVSE",
}

#: In 2.x a temperature is a variable of a component, not a measurand.
UNKNOWN_MEASURANDS = {"Temperature"}


def boot(spec: ChargerSpec, reason: str) -> Message:
    """Return the BootNotification."""
    station = {
        "vendorName": spec.vendor,
        "model": spec.model,
        "serialNumber": spec.serial,
        "firmwareVersion": spec.firmware_version,
    }
    return Message("BootNotification", {"chargingStation": station, "reason": reason})


def heartbeat() -> Message:
    """Return a Heartbeat."""
    return Message("Heartbeat", {})


def started_up(at: str) -> Sequence[Message]:
    """Return the security event that every start raises (Appendix 1 of Part 2)."""
    payload = {"type": "StartupOfTheDevice", "timestamp": at}
    return [Message("SecurityEventNotification", payload)]


def port_state(port: Port) -> str:
    """Return the ConnectorStatus: 2.x calls everything between plug-in and leaving Occupied."""
    return port.status if port.status in CONNECTOR_STATUSES else "Occupied"


def status(port: Port, at: str) -> Message:
    """Return the StatusNotification of an EVSE's only connector."""
    payload = {
        "timestamp": at,
        "connectorStatus": port_state(port),
        "evseId": port.number,
        "connectorId": 1,
    }
    return Message("StatusNotification", payload)


def authorize(token: str) -> Message:
    """Return an Authorize."""
    return Message("Authorize", {"idToken": _id_token(token)})


def is_authorized(reply: dict[str, Any]) -> bool:
    """Return whether the reply's idTokenInfo, if any, is Accepted."""
    return bool(reply.get("idTokenInfo", {}).get("status", "Accepted") == "Accepted")


def started(event: Event) -> Message:
    """Return TransactionEvent Started."""
    remote_start = event.session.remote_start_id
    payload = _event("Started", "Authorized" if remote_start is None else "RemoteStart", event)
    payload["evse"] = {"id": event.port.number, "connectorId": 1}
    payload["idToken"] = _id_token(event.session.token)
    payload["meterValue"] = [_meter_value(billed(event.samples), event.at, "Transaction.Begin")]
    if remote_start is not None:
        payload["transactionInfo"]["remoteStartId"] = remote_start
    return Message("TransactionEvent", payload, event.session)


def sampled(event: Event) -> Message:
    """Return TransactionEvent Updated with meter values."""
    payload = _event("Updated", "MeterValuePeriodic", event)
    payload["meterValue"] = [_meter_value(event.samples, event.at, "Sample.Periodic")]
    return Message("TransactionEvent", payload, event.session)


def changed(event: Event) -> Message | None:
    """Return TransactionEvent Updated with the new charging state."""
    payload = _event("Updated", "ChargingStateChanged", event)
    return Message("TransactionEvent", payload, event.session)


def ended(event: Event, reason: str) -> Message:
    """Return TransactionEvent Ended."""
    trigger, stopped = STOPS[reason]
    payload = _event("Ended", trigger, event)
    payload["transactionInfo"]["stoppedReason"] = stopped
    payload["meterValue"] = [_meter_value(billed(event.samples), event.at, "Transaction.End")]
    if reason == "Local":
        payload["idToken"] = _id_token(event.session.token)
    return Message("TransactionEvent", payload, event.session)


def complete(message: Message) -> dict[str, Any]:
    """Return the payload: in 2.x the charger names its transactions itself."""
    return message.payload


def learn(_message: Message, _reply: dict[str, Any]) -> None:
    """Note nothing."""


def metered(port: Port, samples: Sequence[Sample], at: str, context: str) -> Message:
    """Return MeterValues outside a session."""
    payload = {"evseId": port.number, "meterValue": [_meter_value(samples, at, context)]}
    return Message("MeterValues", payload)


def _event(kind: str, trigger: str, event: Event) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "eventType": kind,
        "timestamp": event.at,
        "triggerReason": trigger,
        "seqNo": event.session.next_sequence(),
        "transactionInfo": {
            "transactionId": event.session.key,
            "chargingState": CHARGING_STATES.get(event.port.status, "EVConnected"),
        },
    }
    if event.offline:
        payload["offline"] = True
    return payload


def _id_token(token: str) -> dict[str, str]:
    return {"idToken": token, "type": "ISO14443"}


def _meter_value(samples: Sequence[Sample], at: str, context: str) -> dict[str, Any]:
    known = [sample for sample in samples if sample.measurand not in UNKNOWN_MEASURANDS]
    return {"timestamp": at, "sampledValue": [_sampled_value(one, context) for one in known]}


def _sampled_value(sample: Sample, context: str) -> dict[str, Any]:
    value: dict[str, Any] = {
        "value": round(sample.value, 1),
        "context": context,
        "measurand": sample.measurand,
        "location": sample.location,
        "unitOfMeasure": {"unit": sample.unit},
    }
    if sample.phase:
        value["phase"] = sample.phase
    return value
