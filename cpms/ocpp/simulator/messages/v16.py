"""What a charger says in OCPP 1.6."""

from collections.abc import Sequence
from typing import Any

from cpms.ocpp.simulator.messages.message import Event, Message
from cpms.ocpp.simulator.meters import Sample, billed
from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.spec import ChargerSpec


def boot(spec: ChargerSpec, _reason: str) -> Message:
    """Return the BootNotification; 1.6 has no place for a reason."""
    payload = {
        "chargePointVendor": spec.vendor,
        "chargePointModel": spec.model,
        "chargePointSerialNumber": spec.serial,
        "firmwareVersion": spec.firmware_version,
    }
    return Message("BootNotification", payload)


def heartbeat() -> Message:
    """Return a Heartbeat."""
    return Message("Heartbeat", {})


def started_up(at: str) -> Sequence[Message]:
    """Return the status of connector 0, the charger itself."""
    payload = {"connectorId": 0, "status": "Available", "errorCode": "NoError", "timestamp": at}
    return [Message("StatusNotification", payload)]


def port_state(port: Port) -> str:
    """Return status and error code."""
    return f"{port.status} {port.error}"


def status(port: Port, at: str) -> Message:
    """Return a connector's StatusNotification."""
    payload = {
        "connectorId": port.number,
        "status": port.status,
        "errorCode": port.error,
        "timestamp": at,
    }
    return Message("StatusNotification", payload)


def authorize(token: str) -> Message:
    """Return an Authorize."""
    return Message("Authorize", {"idTag": token})


def is_authorized(reply: dict[str, Any]) -> bool:
    """Return whether the reply's idTagInfo, if any, is Accepted."""
    return bool(reply.get("idTagInfo", {}).get("status", "Accepted") == "Accepted")


def started(event: Event) -> Message:
    """Return the StartTransaction."""
    payload = {
        "connectorId": event.port.number,
        "idTag": event.session.token,
        "meterStart": event.session.meter_start_wh,
        "timestamp": event.at,
    }
    return Message("StartTransaction", payload, event.session)


def sampled(event: Event) -> Message:
    """Return MeterValues; the transactionId is filled in when they are sent."""
    message = metered(event.port, event.samples, event.at, "Sample.Periodic")
    return Message(message.action, message.payload, event.session)


def changed(_event: Event) -> Message | None:
    """Return nothing: 1.6 says it all in the StatusNotification."""
    return None


def ended(event: Event, reason: str) -> Message:
    """Return the StopTransaction; the transactionId is filled in when it is sent."""
    payload = {
        "meterStop": round(event.port.register_wh),
        "timestamp": event.at,
        "reason": reason,
        "transactionData": [_meter_value(billed(event.samples), event.at, "Transaction.End")],
    }
    if reason == "Local":
        payload["idTag"] = event.session.token
    return Message("StopTransaction", payload, event.session)


def complete(message: Message) -> dict[str, Any]:
    """Return the payload with its session's transactionId.

    A session whose start was never accepted stops with -1, as chargers in the field do.
    """
    if message.session is None or message.action == "StartTransaction":
        return message.payload
    transaction_id = message.session.transaction_id
    return {"transactionId": -1 if transaction_id is None else transaction_id, **message.payload}


def learn(message: Message, reply: dict[str, Any]) -> None:
    """Note the transactionId that a StartTransaction was given."""
    if message.session is not None and message.action == "StartTransaction":
        message.session.transaction_id = reply.get("transactionId")


def metered(port: Port, samples: Sequence[Sample], at: str, context: str) -> Message:
    """Return MeterValues outside a session."""
    payload = {"connectorId": port.number, "meterValue": [_meter_value(samples, at, context)]}
    return Message("MeterValues", payload)


def _meter_value(samples: Sequence[Sample], at: str, context: str) -> dict[str, Any]:
    values = [_sampled_value(sample, context) for sample in samples]
    return {"timestamp": at, "sampledValue": values}


def _sampled_value(sample: Sample, context: str) -> dict[str, str]:
    digits = 0 if sample.unit in ("Wh", "W") else 1
    value = {
        "value": f"{sample.value:.{digits}f}",
        "context": context,
        "measurand": sample.measurand,
        "unit": sample.unit,
        "location": sample.location,
    }
    if sample.phase:
        value["phase"] = sample.phase
    return value
