"""The catalogue of malformed frames: each broke a central system somewhere.

The gateway's tests send the same frames. Every entry makes its frames from a `Material`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cpms.ocpp.simulator.rpc import CALL, CALLERROR, CALLRESULT, compact

Frames = list[str | bytes]


@dataclass(frozen=True, slots=True)
class Material:
    """What malformed frames are made of: an OCPP version, a fresh message id, and the time."""

    version: str
    id: str
    at: str

    @property
    def is_16(self) -> bool:
        """Return whether the frames are OCPP 1.6's."""
        return self.version == "1.6"

    def call(self, action: str, payload: Any) -> Frames:
        """Return one CALL."""
        return [compact([CALL, self.id, action, payload])]

    def status(self, **changes: Any) -> Frames:
        """Return a StatusNotification with `changes`; a property set to ... is left out."""
        sound: dict[str, Any] = (
            {"connectorId": 1, "status": "Available", "errorCode": "NoError", "timestamp": self.at}
            if self.is_16
            else {
                "timestamp": self.at,
                "connectorStatus": "Available",
                "evseId": 1,
                "connectorId": 1,
            }
        )
        changed = {**sound, **changes}
        return self.call(
            "StatusNotification", {key: value for key, value in changed.items() if value != ...}
        )

    def meter_values(self, *samples: Any, wrap: Callable[[Any], Any] = lambda one: [one]) -> Frames:
        """Return MeterValues of port 1 with these sampled values."""
        port = "connectorId" if self.is_16 else "evseId"
        value = {"timestamp": self.at, "sampledValue": list(samples)}
        return self.call("MeterValues", {port: 1, "meterValue": wrap(value)})

    def sample(self, value: Any, **more: Any) -> dict[str, Any]:
        """Return one sampled value, a number in 2.x and text in 1.6 unless it is odd itself."""
        return {"value": str(value) if self.is_16 else value, **more}


def _wrong_kind(material: Material) -> Frames:
    value: Any = 1234.5 if material.is_16 else "1234.5"
    return material.meter_values({"value": value})


def _port_as_text(material: Material) -> Frames:
    return material.status(connectorId="1")


def _unknown_unit(material: Material) -> Frames:
    if material.is_16:
        return material.meter_values(material.sample(17, unit="Joule"))
    return material.meter_values(material.sample(17, unitOfMeasure={"unit": "Joule"}))


def _bare(frame: str | bytes) -> Callable[[Material], Frames]:
    return lambda _material: [frame]


def _markup(material: Material) -> Frames:
    text = "<script>alert(1)</script>\u0007\u202e=cmd|' /C calc'!A0"
    return material.call("DataTransfer", {"vendorId": text, "data": text})


def _nan(material: Material) -> Frames:
    energy = "Energy.Active.Import.Register"
    return material.meter_values(material.sample(float("nan"), measurand=energy))


def _not_a_number(material: Material) -> Frames:
    frames = material.meter_values(material.sample(1, measurand="Power.Active.Import"))
    return [str(frame).replace('"value":"1"', '"value":"1e400"') for frame in frames]


def _same_id_twice(material: Material) -> Frames:
    return material.call("Heartbeat", {}) * 2


CATALOGUE: dict[str, Callable[[Material], Frames]] = {
    "bad-json": _bare('[2,"bad-json","Heartbeat",{'),
    "not-an-array": _bare('{"messageTypeId":2,"action":"Heartbeat"}'),
    "empty-array": _bare("[]"),
    "binary": _bare(b"\x00\x9f\x92\x96"),
    "unknown-message-type": lambda m: [compact([9, m.id, "Heartbeat", {}])],
    "missing-payload": lambda m: [compact([CALL, m.id, "Heartbeat"])],
    "number-as-id": lambda _: [compact([CALL, 4711, "Heartbeat", {}])],
    "long-id": lambda m: [compact([CALL, m.id * 10, "Heartbeat", {}])],
    "same-id-twice": _same_id_twice,
    "unknown-action": lambda m: m.call("MakeCoffee", {"sugar": True}),
    "null-payload": lambda m: m.call("Heartbeat", None),
    "array-payload": lambda m: m.call("Heartbeat", []),
    "null-property": lambda m: m.status(vendorId=None),
    "missing-property": lambda m: m.status(connectorId=...),
    "extra-property": lambda m: m.status(mood="cheerful"),
    "unknown-status": lambda m: m.status(
        **{"status" if m.is_16 else "connectorStatus": "Sleeping"}
    ),
    "number-as-text": _port_as_text,
    "text-as-number": _wrong_kind,
    "bad-timestamp": lambda m: m.status(timestamp="yesterday, about noon"),
    "object-for-array": lambda m: m.meter_values(m.sample(1), wrap=lambda one: one),
    "empty-sampled-value": lambda m: m.meter_values(),
    "unknown-unit": _unknown_unit,
    "unknown-measurand": lambda m: m.meter_values(m.sample(17, measurand="Energy.Dark.Import")),
    "unparsable-value": lambda m: m.meter_values({"value": "twelve"}),
    "not-a-number": _nan,
    "infinite": _not_a_number,
    "negative-energy": lambda m: m.meter_values(
        m.sample(-5000, measurand="Energy.Active.Import.Register")
    ),
    "long-string": lambda m: m.call(
        "Authorize",
        {"idTag": "A" * 100}
        if m.is_16
        else {"idToken": {"idToken": "A" * 300, "type": "ISO14443"}},
    ),
    "markup": _markup,
    "large": lambda m: m.call("DataTransfer", {"vendorId": "com.example", "data": "x" * 200_000}),
    "deep": lambda m: [f'[2,"{m.id}","DataTransfer",{"[" * 400}{"]" * 400}]'],
    "stray-result": lambda m: [compact([CALLRESULT, m.id, {"status": "Accepted"}])],
    "stray-error": lambda m: [compact([CALLERROR, m.id, "InternalError", "", {}])],
}
