"""The device model of OCPP 2.x: a charger's variables, read, set and reported."""

from collections.abc import Iterable, Iterator

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.rpc import Json
from cpms.ocpp.simulator.settings import BY_INSTANCE, Setting
from cpms.ocpp.simulator.variables import OF_CONNECTOR, OF_EVSE

COMPONENTS = {component for component, _, _ in BY_INSTANCE}
#: Variables in one message of a report.
REPORTED_AT_ONCE = BY_INSTANCE["DeviceDataCtrlr", "ItemsPerMessage", "GetReport"]


def read(charger: Charger, wanted: Json) -> Json:
    """Return the GetVariableResult of one variable asked for."""
    kind = wanted.get("attributeType", "Actual")
    result = {**_names(wanted), "attributeType": kind}
    setting, problem = _find(wanted, kind)
    if setting is None:
        return {**result, "attributeStatus": problem}
    if setting.secret:
        return {**result, "attributeStatus": "Rejected"}
    value = _value(charger, setting)
    return {**result, "attributeStatus": "Accepted", "attributeValue": value}


def write(charger: Charger, wanted: Json) -> Json:
    """Set one variable and return its SetVariableResult."""
    kind = wanted.get("attributeType", "Actual")
    result = {**_names(wanted), "attributeType": kind}
    setting, problem = _find(wanted, kind)
    if setting is None:
        return {**result, "attributeStatus": problem}
    status = charger.settings.change(setting, wanted["attributeValue"])
    return {**result, "attributeStatus": status}


def report(charger: Charger, request: int, entries: list[Json]) -> list[Message]:
    """Return the NotifyReports that carry `entries`, so many in each as the charger allows."""
    size = int(charger.settings.value(REPORTED_AT_ONCE))
    chunks = [entries[start : start + size] for start in range(0, len(entries), size)]
    return [
        _notify_report(charger, request, number, chunk, number + 1 < len(chunks))
        for number, chunk in enumerate(chunks)
    ]


def entries(charger: Charger, only_writable: bool = False) -> Iterator[Json]:
    """Yield what a report tells: the station's variables, then those of its EVSEs."""
    for setting in BY_INSTANCE.values():
        if not (only_writable and setting.readonly):
            yield _entry(charger, setting)
    if not only_writable:
        for number in charger.ports:
            yield from _evse_entries(charger, number)


def chosen(charger: Charger, wanted: Iterable[Json]) -> list[Json]:
    """Return the entries of the components and variables asked for."""
    pairs = [(one["component"]["name"], one.get("variable", {}).get("name")) for one in wanted]
    return [
        entry
        for entry in entries(charger)
        if (entry["component"]["name"], entry["variable"]["name"]) in pairs
        or (entry["component"]["name"], None) in pairs
    ]


def _find(wanted: Json, kind: str) -> tuple[Setting | None, str]:
    component, variable = wanted["component"]["name"], wanted["variable"]["name"]
    if component not in COMPONENTS:
        return None, "UnknownComponent"
    setting = BY_INSTANCE.get((component, variable, wanted["variable"].get("instance", "")))
    if setting is None:
        return None, "UnknownVariable"
    if kind != "Actual":
        return None, "NotSupportedAttributeType"
    return setting, ""


def _names(wanted: Json) -> Json:
    return {"component": wanted["component"], "variable": wanted["variable"]}


def _value(charger: Charger, setting: Setting) -> str:
    if setting.variable == "DateTime":
        return charger.stamp()
    return charger.settings.value(setting)


def _entry(charger: Charger, setting: Setting) -> Json:
    attribute = {"type": "Actual", "mutability": _mutability(setting)}
    if not setting.secret:
        attribute["value"] = _value(charger, setting)
    variable: Json = {"name": setting.variable}
    if setting.instance:
        variable["instance"] = setting.instance
    return {
        "component": {"name": setting.component},
        "variable": variable,
        "variableAttribute": [attribute],
        "variableCharacteristics": _characteristics(setting),
    }


def _characteristics(setting: Setting) -> Json:
    about: Json = {"dataType": setting.kind, "supportsMonitoring": setting.readonly}
    told = {
        "unit": setting.unit or None,
        "minLimit": setting.least,
        "maxLimit": setting.most,
        "valuesList": setting.values or None,
    }
    return about | {name: value for name, value in told.items() if value is not None}


def _mutability(setting: Setting) -> str:
    if setting.secret:
        return "WriteOnly"
    return "ReadOnly" if setting.readonly else "ReadWrite"


def _evse_entries(charger: Charger, number: int) -> Iterator[Json]:
    port = charger.ports[number]
    state = charger.dialect.port_state(port)
    evse: Json = {"name": "EVSE", "evse": {"id": number}}
    connector: Json = {"name": "Connector", "evse": {"id": number, "connectorId": 1}}
    yield _evse_entry(evse, "AvailabilityState", "OptionList", state)
    yield _evse_entry(evse, "Power", "decimal", f"{port.max_power_w:.0f}")
    yield _evse_entry(connector, "AvailabilityState", "OptionList", state)
    connector_type = "cCCS2" if charger.spec.is_dc else "sType2"
    yield _evse_entry(connector, "ConnectorType", "string", connector_type)
    for name, variable, kind, value in OF_EVSE:
        yield _evse_entry({**evse, "name": name}, variable, kind, value)
    for name, variable, kind, value in OF_CONNECTOR:
        yield _evse_entry({**connector, "name": name}, variable, kind, value)


def _evse_entry(component: Json, variable: str, kind: str, value: str) -> Json:
    return {
        "component": component,
        "variable": {"name": variable},
        "variableAttribute": [{"type": "Actual", "value": value, "mutability": "ReadOnly"}],
        "variableCharacteristics": {"dataType": kind, "supportsMonitoring": True},
    }


def _notify_report(
    charger: Charger, request: int, number: int, chunk: list[Json], more: bool
) -> Message:
    payload = {
        "requestId": request,
        "generatedAt": charger.stamp(),
        "seqNo": number,
        "tbc": more,
        "reportData": chunk,
    }
    return Message("NotifyReport", payload)
