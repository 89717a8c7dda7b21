"""Monitors of OCPP 2.x: set, cleared and reported. (Part 2, N)"""

from collections.abc import Callable

from cpms.ocpp.simulator import acts
from cpms.ocpp.simulator.answers import device_model
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.rpc import Json
from cpms.ocpp.simulator.settings import BY_VARIABLE

#: Kind of monitor -> the criterion by which it is reported.
CRITERIA = {
    "UpperThreshold": "ThresholdMonitoring",
    "LowerThreshold": "ThresholdMonitoring",
    "Delta": "DeltaMonitoring",
    "Periodic": "PeriodicMonitoring",
    "PeriodicClockAligned": "PeriodicMonitoring",
}
LEVEL = BY_VARIABLE["MonitoringCtrlr", "ActiveMonitoringLevel"]
BASE = BY_VARIABLE["MonitoringCtrlr", "ActiveMonitoringBase"]
MOST = 100
LOWEST_SEVERITY = 9


def set_monitors(charger: Charger, payload: Json) -> Json:
    """Watch variables that there are."""
    wanted = payload["setMonitoringData"]
    return {"setMonitoringResult": [_set(charger, one) for one in wanted]}


def _set(charger: Charger, wanted: Json) -> Json:
    result = {name: wanted[name] for name in ("type", "severity", "component", "variable")}
    problem = _problem(charger, wanted)
    if problem:
        return {**result, "status": problem}
    number = wanted.get("id", max(charger.monitors, default=0) + 1)
    charger.monitors[number] = {**wanted, "id": number}
    return {**result, "status": "Accepted", "id": number}


def _problem(charger: Charger, wanted: Json) -> str:
    names = (wanted["component"]["name"], wanted["variable"]["name"])
    known = {(e["component"]["name"], e["variable"]["name"]) for e in device_model.entries(charger)}
    if names[0] not in {component for component, _variable in known}:
        return "UnknownComponent"
    if names not in known:
        return "UnknownVariable"
    if wanted["type"] not in CRITERIA:
        return "UnsupportedMonitorType"
    if not 0 <= wanted["severity"] <= LOWEST_SEVERITY or len(charger.monitors) >= MOST:
        return "Rejected"
    return ""


def clear_monitors(charger: Charger, payload: Json) -> Json:
    """Watch no more."""
    found = [(number, charger.monitors.pop(number, None)) for number in payload["id"]]
    words = {True: "NotFound", False: "Accepted"}
    return {
        "clearMonitoringResult": [
            {"id": number, "status": words[monitor is None]} for number, monitor in found
        ]
    }


def get_report(charger: Charger, payload: Json) -> Json:
    """Report monitors after the answer."""
    chosen = [one for one in charger.monitors.values() if _is_wanted(one, payload)]
    if not chosen:
        return {"status": "EmptyResultSet"}
    message = Message("NotifyMonitoringReport", _report(charger, payload["requestId"], chosen))
    charger.agenda.soon(lambda: acts.say_in_turn(charger, [message], 0.0))
    return {"status": "Accepted"}


def _is_wanted(monitor: Json, payload: Json) -> bool:
    criteria = payload.get("monitoringCriteria")
    if criteria and CRITERIA[monitor["type"]] not in criteria:
        return False
    wanted = payload.get("componentVariable")
    return not wanted or any(
        one["component"]["name"] == monitor["component"]["name"]
        and one.get("variable", monitor["variable"])["name"] == monitor["variable"]["name"]
        for one in wanted
    )


def _report(charger: Charger, request: int, monitors: list[Json]) -> Json:
    return {
        "requestId": request,
        "generatedAt": charger.stamp(),
        "seqNo": 0,
        "tbc": False,
        "monitor": [_told(charger, monitor) for monitor in monitors],
    }


def _told(charger: Charger, monitor: Json) -> Json:
    about = {name: monitor[name] for name in ("id", "value", "type", "severity")}
    about["transaction"] = monitor.get("transaction", False)
    if charger.spec.version == "2.1":
        about["eventNotificationType"] = "CustomMonitor"
    return {
        "component": monitor["component"],
        "variable": monitor["variable"],
        "variableMonitoring": [about],
    }


def set_level(charger: Charger, payload: Json) -> Json:
    """Tell events from a severity on."""
    if not 0 <= payload["severity"] <= LOWEST_SEVERITY:
        return {"status": "Rejected"}
    charger.settings.note(LEVEL, str(payload["severity"]))
    return {"status": "Accepted"}


def set_base(charger: Charger, payload: Json) -> Json:
    """Go back to a set of monitors: it comes with none."""
    if payload["monitoringBase"] != "All":
        charger.monitors.clear()
    charger.settings.note(BASE, payload["monitoringBase"])
    return {"status": "Accepted"}


def set_network_profile(_charger: Charger, payload: Json) -> Json:
    """Keep a way to connect, of two."""
    known = payload["configurationSlot"] in {1, 2}
    return {"status": "Accepted" if known else "Rejected"}


ANSWERS: dict[str, Callable[[Charger, Json], Json]] = {
    "ClearVariableMonitoring": clear_monitors,
    "GetMonitoringReport": get_report,
    "SetMonitoringBase": set_base,
    "SetMonitoringLevel": set_level,
    "SetNetworkProfile": set_network_profile,
    "SetVariableMonitoring": set_monitors,
}
