"""An operation in as many messages as a charger wants it: none holds more than it takes.

How much it takes it says in its own settings. (OCPP 1.6 §9.1.9 GetConfigurationMaxKeys; 2.0.1
part 2, B05.FR.11, B06.FR.05, N04.FR.09, N06.FR.06: ItemsPerMessage and BytesPerMessage)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from cpms.ocpp.commands.translation import Call
from monitoring.models import ReportedVariable

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Quota:
    """The list of a message, and where a charger says how much of it one message may hold."""

    items: str
    component: str
    instance: str
    #: So many are sent at once to a charger that doesn't say, without asking it; 0: all.
    presumed: int


QUOTAS = {
    "GetConfiguration": Quota("key", "", "", 0),
    "GetVariables": Quota("getVariableData", "DeviceDataCtrlr", "GetVariables", 4),
    "SetVariables": Quota("setVariableData", "DeviceDataCtrlr", "SetVariables", 4),
    "SetVariableMonitoring": Quota(
        "setMonitoringData", "MonitoringCtrlr", "SetVariableMonitoring", 4
    ),
    "ClearVariableMonitoring": Quota("id", "MonitoringCtrlr", "ClearVariableMonitoring", 1),
}
#: OCPP 1.6's key for the only quota that it has.
MAX_KEYS = "GetConfigurationMaxKeys"
#: Bytes of a CALL around its payload: its id, its action, brackets.
ENVELOPE = 100


class Most(NamedTuple):
    """How much one message may hold; None: the charger doesn't say."""

    items: int | None = None
    bytes: int | None = None


def are_many(calls: Sequence[Call]) -> bool:
    """Tell whether there is a message that may have to be split."""
    return any(_count(call) > 1 for call in calls)


def _count(call: Call) -> int:
    quota = QUOTAS.get(call.action)
    return len(call.payload.get(quota.items) or ()) if quota else 0


def most(charger_id: int, action: str) -> Most:
    """Return what a charger said that a message of this kind may hold."""
    quota = QUOTAS[action]
    said = ReportedVariable.objects.filter(charger=charger_id, evse=0, attribute="Actual")
    if not quota.component:
        keys = said.filter(component="", variable=MAX_KEYS)
        return Most(_number(keys.values_list("value", flat=True).first()))
    found = dict(
        said.filter(component=quota.component, component_instance="", instance=quota.instance)
        .filter(variable__in=("ItemsPerMessage", "BytesPerMessage"))
        .values_list("variable", "value")
    )
    return Most(_number(found.get("ItemsPerMessage")), _number(found.get("BytesPerMessage")))


def _number(said: str | None) -> int | None:
    return int(said) if said and said.isascii() and said.isdecimal() and int(said) > 0 else None


def question(calls: Sequence[Call], charger_id: int) -> Call | None:
    """Return the CALL that asks what a message may hold, where that must be known and isn't."""
    for call in calls:
        quota = QUOTAS.get(call.action)
        if quota is None or not quota.presumed or _count(call) <= quota.presumed:
            continue
        if most(charger_id, call.action).items is None:
            variable = {"name": "ItemsPerMessage", "instance": quota.instance}
            asked = {"component": {"name": quota.component}, "variable": variable}
            return Call("GetVariables", {"getVariableData": [asked]})
    return None


def split(calls: Sequence[Call], charger_id: int) -> list[Call]:
    """Return the CALLs, none with more in it than the charger takes."""
    return [part for call in calls for part in _parts(call, charger_id)]


def _parts(call: Call, charger_id: int) -> Iterator[Call]:
    if _count(call) <= 1:
        yield call
        return
    quota, allowed = QUOTAS[call.action], most(charger_id, call.action)
    items = allowed.items or quota.presumed or _count(call)
    part: list[Any] = []
    size = room = ENVELOPE + _size({**call.payload, quota.items: []})
    for item in call.payload[quota.items]:
        more = _size(item) + 1
        if part and (len(part) >= items or (allowed.bytes and size + more > allowed.bytes)):
            yield Call(call.action, {**call.payload, quota.items: part})
            part, size = [], room
        part.append(item)
        size += more
    yield Call(call.action, {**call.payload, quota.items: part})


def _size(value: Any) -> int:
    return len(orjson.dumps(value))


def joined(payloads: Sequence[Payload]) -> Payload:
    """Return several messages as one, their lists put together; else one after the other."""
    if len(payloads) == 1:
        return payloads[0]
    names = {name for payload in payloads for name in payload}
    if not all(isinstance(value, list) for payload in payloads for value in payload.values()):
        return {"parts": list(payloads)}
    return {
        name: [item for payload in payloads for item in payload.get(name, ())]
        for name in sorted(names)
    }
