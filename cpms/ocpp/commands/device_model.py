"""What chargers answer about their settings, reports and monitors, as what is kept of them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from cpms.control import reports
from cpms.control.models import Command, Report
from cpms.control.settlement import Ending
from cpms.ocpp import variables
from cpms.ocpp.commands.translation import Call
from cpms.ocpp.report_parts import watched
from monitoring.facts import Told
from monitoring.models.variables import Source
from monitoring.variables import learn

Payload = dict[str, Any]
#: Words of the charger for a setting that it hasn't.
UNKNOWN = frozenset({"UnknownComponent", "UnknownVariable", "NotSupported"})
#: Of MonitoringCtrlr, what it stands at. (OCPP 2.0.1 part 2, referenced variables)
LEVEL, BASE = "ActiveMonitoringLevel", "ActiveMonitoringBase"


class Learnt(NamedTuple):
    """Settings that an answer tells of, and how."""

    source: Source
    told: Sequence[Told]


def named(call: Call) -> Iterator[tuple[str, str]]:
    """Yield component and variable (1.6: "" and key) of the settings that a CALL names."""
    payload = call.payload
    for key in payload.get("key") or () if call.action == "GetConfiguration" else ():
        yield "", key
    if call.action == "ChangeConfiguration":
        yield "", payload["key"]
    for entry in [*payload.get("getVariableData", ()), *payload.get("setVariableData", ())]:
        yield entry["component"]["name"], entry["variable"]["name"]


def followed(action: str, command: Command, payload: Payload, ending: Ending) -> None:
    """Keep what the answer to a message of a command tells of settings."""
    by = command.requested_by_name
    answered(command.charger_id, action, payload, ending, by, command.pk)


def answered(
    charger_id: int,
    action: str,
    payload: Payload,
    ending: Ending,
    by: str = "",
    command: UUID | None = None,
) -> None:
    """Keep what the answer to a CALL tells of settings."""
    if ending.response is None:
        return
    source, told = LEARNT[action](payload, ending.response)
    if source == Source.CHANGE:
        learn(charger_id, told, ending.at, source, by, command)
    else:
        learn(charger_id, told, ending.at, source)


def _configuration(_asked: Payload, answer: Payload) -> Learnt:
    """1.6 §5.8."""
    told = [
        variables.key(
            entry["key"],
            entry.get("value"),
            mutability="ReadOnly" if entry.get("readonly") else "ReadWrite",
        )
        for entry in answer.get("configurationKey") or ()
    ]
    unknown = [variables.key(key, None, unknown=True) for key in answer.get("unknownKey") or ()]
    return Learnt(Source.READ, [*told, *unknown])


def _change(asked: Payload, answer: Payload) -> Learnt:
    """1.6 §5.3: what needs a restart isn't in force yet."""
    status = answer.get("status")
    if status == "Accepted":
        return Learnt(Source.CHANGE, [variables.key(asked["key"], asked["value"])])
    unknown = [variables.key(asked["key"], None, unknown=True)] if status in UNKNOWN else []
    return Learnt(Source.READ, unknown)


def _variables(_asked: Payload, answer: Payload) -> Learnt:
    """B06."""
    return Learnt(Source.READ, list(_results(answer.get("getVariableResult"))))


def _results(results: Any) -> Iterator[Told]:
    for entry in results or ():
        status, kind = entry.get("attributeStatus"), entry.get("attributeType")
        if status == "Accepted":
            yield variables.told(entry, kind, entry.get("attributeValue"))
        elif status in UNKNOWN:
            yield variables.told(entry, kind, None, unknown=True)


def _set_variables(asked: Payload, answer: Payload) -> Learnt:
    """B05: results name their variables, in whatever order."""
    wanted = {_name(entry): entry["attributeValue"] for entry in asked["setVariableData"]}
    done = [
        variables.told(entry, entry.get("attributeType"), wanted[_name(entry)])
        for entry in answer.get("setVariableResult") or ()
        if entry.get("attributeStatus") == "Accepted" and _name(entry) in wanted
    ]
    return Learnt(Source.CHANGE, done)


def _name(entry: Payload) -> tuple[Any, ...]:
    return variables.told(entry, entry.get("attributeType"), None)[:7]


LEARNT = {
    "GetConfiguration": _configuration,
    "ChangeConfiguration": _change,
    "GetVariables": _variables,
    "SetVariables": _set_variables,
}


def report_asked(command: Command, payload: Payload, ending: Ending) -> None:
    """Expect the report of settings that was accepted. (B07, B08)"""
    if ending.result == "Accepted":
        whole = payload.get("reportBase") == "FullInventory"
        reports.asked(command, Report.Kind.SETTINGS, payload["requestId"], whole=whole)


def monitors_asked(command: Command, payload: Payload, ending: Ending) -> None:
    """Expect the report of monitors that was accepted. (N02)"""
    whole = not payload.get("monitoringCriteria") and not payload.get("componentVariable")
    if ending.result == "Accepted":
        reports.asked(command, Report.Kind.MONITORS, payload["requestId"], whole=whole)
    elif ending.result == "EmptyResultSet":
        reports.none_to_report(command.charger_id, Report.Kind.MONITORS, whole=whole)


def monitors_set(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep the monitors that were accepted, by the numbers that the charger gave. (N04)"""
    wanted = {_monitor(entry): entry for entry in payload["setMonitoringData"]}
    done = [
        watched(entry, {**wanted[_monitor(entry)], "id": entry["id"], **_custom(command)})
        for entry in (ending.response or {}).get("setMonitoringResult") or ()
        if entry.get("status") == "Accepted" and "id" in entry and _monitor(entry) in wanted
    ]
    reports.watched(command.charger_id, done, ending.at)


def _monitor(entry: Payload) -> tuple[Any, ...]:
    return (*_name(entry), entry.get("type"), entry.get("severity"))


def _custom(command: Command) -> Payload:
    return {"eventNotificationType": "CustomMonitor"} if command.ocpp_version == "2.1" else {}


def monitors_cleared(command: Command, _payload: Payload, ending: Ending) -> None:
    """Forget the monitors that the charger cleared, or doesn't know. (N06)"""
    gone = [
        entry["id"]
        for entry in (ending.response or {}).get("clearMonitoringResult") or ()
        if entry.get("status") in {"Accepted", "NotFound"}
    ]
    reports.cleared(command.charger_id, gone)


def level_set(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep from which severity on events are told. (N05)"""
    if ending.result == "Accepted":
        _stands_at(command, LEVEL, str(payload["severity"]), ending.at)


def base_set(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep which set of monitors is active. (N03)"""
    if ending.result == "Accepted":
        _stands_at(command, BASE, payload["monitoringBase"], ending.at)


def _stands_at(command: Command, variable: str, value: str, at: datetime) -> None:
    entry = {"component": {"name": "MonitoringCtrlr"}, "variable": {"name": variable}}
    told = variables.told(entry, None, value)
    by = command.requested_by_name
    learn(command.charger_id, [told], at, Source.CHANGE, by, command.pk)


#: What follows from changed settings; keys and certificates follow from them as well.
key_changed = partial(followed, "ChangeConfiguration")
variables_set = partial(followed, "SetVariables")
EFFECTS: dict[str, Sequence[Callable[[Command, Payload, Ending], None]]] = {
    "GetConfiguration": [partial(followed, "GetConfiguration")],
    "GetVariables": [partial(followed, "GetVariables")],
    "GetBaseReport": [report_asked],
    "GetReport": [report_asked],
    "GetMonitoringReport": [monitors_asked],
    "SetVariableMonitoring": [monitors_set],
    "ClearVariableMonitoring": [monitors_cleared],
    "SetMonitoringLevel": [level_set],
    "SetMonitoringBase": [base_set],
}
