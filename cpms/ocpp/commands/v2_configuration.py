"""The device model, its monitors and the clock in OCPP 2.0.1 and 2.1. (Part 2, B and N)"""

from datetime import UTC, datetime
from typing import Any

from cpms.control.operations import BadRequest, Operation, configuration, monitoring
from cpms.ocpp.times import say

Said = tuple[str, dict[str, Any]]
Placed = configuration.Component | monitoring.Monitor

#: BaseReport.base -> ReportBaseEnumType.
BASES = {
    "configuration": "ConfigurationInventory",
    "full": "FullInventory",
    "summary": "SummaryInventory",
}
#: CustomReport.criteria -> ComponentCriterionEnumType.
CRITERIA = {
    "active": "Active",
    "available": "Available",
    "enabled": "Enabled",
    "problem": "Problem",
}
#: ReadMonitors.kinds -> MonitoringCriterionEnumType.
KINDS = {
    "threshold": "ThresholdMonitoring",
    "delta": "DeltaMonitoring",
    "periodic": "PeriodicMonitoring",
}
#: SetMonitoringBase.base -> MonitoringBaseEnumType.
MONITORING_BASES = {"all": "All", "factory": "FactoryDefault", "hard_wired": "HardWiredOnly"}


def read_settings(asked: configuration.ReadSettings) -> Said:
    """B06; all of them are a report. (B07)"""
    if not asked.settings:
        return "GetBaseReport", {"requestId": asked.request_id, "reportBase": BASES["full"]}
    return "GetVariables", {
        "getVariableData": [
            _told({**_variable(setting), "attributeType": setting.attribute})
            for setting in asked.settings
        ]
    }


def change_settings(asked: configuration.ChangeSettings) -> Said:
    """B05."""
    return "SetVariables", {
        "setVariableData": [
            _told(
                {
                    **_variable(change),
                    "attributeType": change.attribute,
                    "attributeValue": change.value,
                }
            )
            for change in asked.settings
        ]
    }


def base_report(asked: configuration.BaseReport) -> Said:
    """B07."""
    return "GetBaseReport", {"requestId": asked.request_id, "reportBase": BASES[asked.base]}


def custom_report(asked: configuration.CustomReport) -> Said:
    """B08."""
    about = {
        "requestId": asked.request_id,
        "componentCriteria": [CRITERIA[word] for word in asked.criteria or ()] or None,
        "componentVariable": _wanted(asked.settings),
    }
    return "GetReport", about


def set_network_profile(asked: configuration.SetNetworkProfile) -> Said:
    """B09."""
    profile = _told(
        {
            "ocppVersion": asked.ocpp_version,
            "ocppTransport": asked.transport,
            "ocppCsmsUrl": asked.url,
            "messageTimeout": asked.message_timeout,
            "securityProfile": asked.security_profile,
            "ocppInterface": asked.interface,
            "identity": asked.identity,
            "basicAuthPassword": asked.password,
            "apn": _apn(asked.apn),
            "vpn": _vpn(asked.vpn),
        }
    )
    return "SetNetworkProfile", {"configurationSlot": asked.slot, "connectionData": profile}


def _apn(apn: configuration.Apn | None) -> dict[str, Any] | None:
    if apn is None:
        return None
    return _told(
        {
            "apn": apn.apn,
            "apnAuthentication": apn.authentication,
            "apnUserName": apn.user,
            "apnPassword": apn.password,
            "simPin": apn.sim_pin,
            "preferredNetwork": apn.preferred_network,
            "useOnlyPreferredNetwork": apn.only_preferred_network or None,
        }
    )


def _vpn(vpn: configuration.Vpn | None) -> dict[str, Any] | None:
    if vpn is None:
        return None
    return _told(
        {
            "server": vpn.server,
            "user": vpn.user,
            "group": vpn.group,
            "password": vpn.password,
            "key": vpn.key,
            "type": vpn.type,
        }
    )


def set_clock(_asked: configuration.SetClock) -> Said:
    """ClockCtrlr.DateTime, where it can be set; see `clock_by_heartbeat`."""
    setting = {
        "component": {"name": "ClockCtrlr"},
        "variable": {"name": "DateTime"},
        "attributeValue": say(datetime.now(UTC)),
    }
    return "SetVariables", {"setVariableData": [setting]}


def set_monitors(asked: monitoring.SetMonitors) -> Said:
    """N04."""
    return "SetVariableMonitoring", {
        "setMonitoringData": [_monitor(monitor) for monitor in asked.monitors]
    }


def _monitor(monitor: monitoring.Monitor) -> dict[str, Any]:
    return _told(
        {
            "id": monitor.id,
            "transaction": monitor.transaction or None,
            "value": monitor.value,
            "type": monitor.type,
            "severity": monitor.severity,
            **_variable(monitor),
        }
    )


def clear_monitors(asked: monitoring.ClearMonitors) -> Said:
    """N06."""
    return "ClearVariableMonitoring", {"id": asked.ids}


def read_monitors(asked: monitoring.ReadMonitors) -> Said:
    """N02."""
    about = {
        "requestId": asked.request_id,
        "monitoringCriteria": [KINDS[kind] for kind in asked.kinds or ()] or None,
        "componentVariable": _wanted(asked.settings),
    }
    return "GetMonitoringReport", about


def set_monitoring_level(asked: monitoring.SetMonitoringLevel) -> Said:
    """N05."""
    return "SetMonitoringLevel", {"severity": asked.severity}


def set_monitoring_base(asked: monitoring.SetMonitoringBase) -> Said:
    """N03."""
    return "SetMonitoringBase", {"monitoringBase": MONITORING_BASES[asked.base]}


def _variable(setting: configuration.Setting | monitoring.Monitor) -> dict[str, Any]:
    variable = _told({"name": setting.name, "instance": setting.instance})
    return {"component": _component(setting), "variable": variable}


def _component(placed: Placed) -> dict[str, Any]:
    if placed.component is None:
        raise BadRequest("From OCPP 2.0.1 on, a setting is a variable of a component: name it.")
    evse = None
    if placed.evse is not None:
        evse = _told({"id": placed.evse, "connectorId": placed.connector})
    return _told({"name": placed.component, "instance": placed.component_instance, "evse": evse})


def _wanted(ones: list[configuration.Wanted] | None) -> list[dict[str, Any]] | None:
    """Return ComponentVariableTypes."""
    if not ones:
        return None
    found = []
    for one in ones:
        variable = _told({"name": one.name, "instance": one.instance}) if one.name else None
        found.append(_told({"component": _component(one), "variable": variable}))
    return found


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


TRANSLATORS: dict[type[Operation], Any] = {
    configuration.ReadSettings: read_settings,
    configuration.ChangeSettings: change_settings,
    configuration.BaseReport: base_report,
    configuration.CustomReport: custom_report,
    configuration.SetNetworkProfile: set_network_profile,
    configuration.SetClock: set_clock,
    monitoring.SetMonitors: set_monitors,
    monitoring.ClearMonitors: clear_monitors,
    monitoring.ReadMonitors: read_monitors,
    monitoring.SetMonitoringLevel: set_monitoring_level,
    monitoring.SetMonitoringBase: set_monitoring_base,
}
