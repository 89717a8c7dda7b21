"""The messages that a central system can ask for, in both versions."""

from collections.abc import Callable

from cpms.ocpp.simulator.answers.service import chosen_ports
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.ports import Port

Trigger = Callable[[Charger, list[Port]], list[Message]]


def pull(charger: Charger, name: str, number: int) -> str:
    """Send the message called `name` soon, of port `number` or of all for 0; return the status."""
    trigger = TRIGGERS.get(name)
    ports = chosen_ports(charger, number)
    if trigger is None:
        return "NotImplemented"
    if ports is None:
        return "Rejected"
    charger.agenda.soon(lambda: _send(charger, trigger(charger, ports)))
    return "Accepted"


async def _send(charger: Charger, messages: list[Message]) -> None:
    for message in messages:
        if message.action == "BootNotification" and charger.boot_reason:
            await charger.boot(charger.line.epoch)
        else:
            await charger.ask(message)


def _boot(charger: Charger, _ports: list[Port]) -> list[Message]:
    return [charger.dialect.boot(charger.spec, "Triggered")]


def _heartbeat(charger: Charger, _ports: list[Port]) -> list[Message]:
    return [charger.dialect.heartbeat()]


def _statuses(charger: Charger, ports: list[Port]) -> list[Message]:
    return [charger.dialect.status(port, charger.stamp()) for port in ports]


def _meter_values(charger: Charger, ports: list[Port]) -> list[Message]:
    messages = []
    for port in ports:
        port.advance(charger.now())
        samples = port.read(charger.rng)
        messages.append(charger.dialect.metered(port, samples, charger.stamp(), "Trigger"))
    return messages


def _session_events(charger: Charger, ports: list[Port]) -> list[Message]:
    running = [(port, port.session) for port in ports if port.session is not None]
    return [charger.dialect.sampled(charger.event(port, session)) for port, session in running]


def _idle(action: str) -> Trigger:
    return lambda _charger, _ports: [Message(action, {"status": "Idle"})]


def _request(kind: str) -> Trigger:
    """Ask for a certificate with a new key; `kind` as 2.x has it, "" for both purposes."""

    def asked(charger: Charger, _ports: list[Port]) -> list[Message]:
        payload = {"csr": charger.papers.request(charger.spec.serial)}
        if kind and charger.spec.version != "1.6":
            payload["certificateType"] = kind
        return [Message("SignCertificate", payload)]

    return asked


TRIGGERS: dict[str, Trigger] = {
    "BootNotification": _boot,
    "DiagnosticsStatusNotification": _idle("DiagnosticsStatusNotification"),
    "FirmwareStatusNotification": _idle("FirmwareStatusNotification"),
    "Heartbeat": _heartbeat,
    "LogStatusNotification": _idle("LogStatusNotification"),
    "MeterValues": _meter_values,
    "SignChargePointCertificate": _request("ChargingStationCertificate"),
    "SignChargingStationCertificate": _request("ChargingStationCertificate"),
    "SignCombinedCertificate": _request(""),
    "SignV2GCertificate": _request("V2GCertificate"),
    "StatusNotification": _statuses,
    "TransactionEvent": _session_events,
}
