"""Every action of every version: what chargers send has a handler, what they take can be sent."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import ocpp
import pytest

from cpms.control.commands import SYSTEM
from cpms.control.models import Command
from cpms.control.operations import BadRequest
from cpms.ocpp import schemas
from cpms.ocpp.commands import raw
from cpms.ocpp.versions import ROUTES
from tests.api import Tenant

#: Sent by charging stations, by the specifications; DataTransfer goes both ways.
FROM_STATIONS = {
    "1.6": """
        Authorize BootNotification DataTransfer DiagnosticsStatusNotification
        FirmwareStatusNotification Heartbeat LogStatusNotification MeterValues
        SecurityEventNotification SignCertificate SignedFirmwareStatusNotification
        StartTransaction StatusNotification StopTransaction""",
    "2.0.1": """
        Authorize BootNotification ClearedChargingLimit DataTransfer FirmwareStatusNotification
        Get15118EVCertificate GetCertificateStatus Heartbeat LogStatusNotification MeterValues
        NotifyChargingLimit NotifyCustomerInformation NotifyDisplayMessages NotifyEVChargingNeeds
        NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyReport
        PublishFirmwareStatusNotification ReportChargingProfiles ReservationStatusUpdate
        SecurityEventNotification SignCertificate StatusNotification TransactionEvent""",
}
FROM_STATIONS["2.1"] = (
    FROM_STATIONS["2.0.1"]
    + """
        BatterySwap ClosePeriodicEventStream GetCertificateChainStatus NotifyDERAlarm
        NotifyDERStartStop NotifyPeriodicEventStream NotifyPriorityCharging NotifySettlement
        OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl VatNumberValidation"""
)
#: Sent to charging stations: what 2.0.1 has, and what 2.1 adds.
TO_STATIONS = {
    "1.6": """
        CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache
        ClearChargingProfile DataTransfer DeleteCertificate ExtendedTriggerMessage
        GetCompositeSchedule GetConfiguration GetDiagnostics GetInstalledCertificateIds
        GetLocalListVersion GetLog InstallCertificate RemoteStartTransaction
        RemoteStopTransaction ReserveNow Reset SendLocalList SetChargingProfile
        SignedUpdateFirmware TriggerMessage UnlockConnector UpdateFirmware""",
    "2.0.1": """
        CancelReservation CertificateSigned ChangeAvailability ClearCache ClearChargingProfile
        ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation DataTransfer
        DeleteCertificate GetBaseReport GetChargingProfiles GetCompositeSchedule
        GetDisplayMessages GetInstalledCertificateIds GetLocalListVersion GetLog
        GetMonitoringReport GetReport GetTransactionStatus GetVariables InstallCertificate
        PublishFirmware RequestStartTransaction RequestStopTransaction ReserveNow Reset
        SendLocalList SetChargingProfile SetDisplayMessage SetMonitoringBase SetMonitoringLevel
        SetNetworkProfile SetVariableMonitoring SetVariables TriggerMessage UnlockConnector
        UnpublishFirmware UpdateFirmware""",
}
TO_STATIONS["2.1"] = (
    TO_STATIONS["2.0.1"]
    + """
        AdjustPeriodicEventStream AFRRSignal ChangeTransactionTariff ClearDERControl ClearTariffs
        GetDERControl GetPeriodicEventStream GetTariffs NotifyAllowedEnergyTransfer
        NotifyWebPaymentStarted RequestBatterySwap SetDERControl SetDefaultTariff
        UpdateDynamicSchedule UsePriorityCharging"""
)
VERSIONS = ("1.6", "2.0.1", "2.1")
#: A schema's format -> a text of it.
TEXTS = {"date-time": "2026-03-02T12:00:00Z", "uri": "https://files.example/1"}


def minimal(version: str, action: str) -> dict[str, Any]:
    """Return the shortest payload that an action's schema allows."""
    schema = _schema(version, action)
    made = _made(schema, schema)
    schemas.validator(version, action).validate(made)  # type: ignore[union-attr]
    return made  # type: ignore[no-any-return]


@cache
def _schema(version: str, action: str) -> dict[str, Any]:
    folder = Path(ocpp.__file__).parent / schemas.FOLDERS[version] / "schemas"
    names = [folder / f"{action}Request.json", folder / f"{action}.json"]
    found = next(path for path in names if path.exists())
    return dict(json.loads(found.read_text("utf-8-sig")))


def _made(part: dict[str, Any], whole: dict[str, Any]) -> Any:
    if "$ref" in part:
        return _made(whole["definitions"][part["$ref"].rsplit("/", 1)[-1]], whole)
    if "enum" in part:
        return part["enum"][0]
    kind = part.get("type", "object")
    if kind == "object":
        required = part.get("required", ())
        return {name: _made(part["properties"][name], whole) for name in required}
    if kind == "array":
        return [_made(part["items"], whole)] * part.get("minItems", 0)
    if kind == "string":
        return TEXTS.get(part.get("format", ""), "x")
    return {"integer": 1, "number": 1.0, "boolean": True}[kind]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_action_is_left_out(version: str):
    sent, taken = set(FROM_STATIONS[version].split()), set(TO_STATIONS[version].split())
    assert sent | taken == set(schemas.actions(version))
    assert sent & taken == {"DataTransfer"}
    assert ROUTES[version].handlers.keys() == sent
    assert set(raw.actions(version)) == taken


@pytest.mark.parametrize("version", VERSIONS)
def test_what_stations_take_can_be_sent_and_nothing_else(db: None, version: str):
    charger = Tenant.make("Nord").charger
    charger.ocpp_version = version
    for action in TO_STATIONS[version].split():
        command = raw.request(charger, action, minimal(version, action), SYSTEM)
        assert (command.action, command.state) == (action, Command.State.PENDING)
        with pytest.raises(BadRequest):
            raw.request(charger, action, {"colour": "green"}, SYSTEM)
    for action in set(FROM_STATIONS[version].split()) - {"DataTransfer"}:
        with pytest.raises(BadRequest, match="chargers send"):
            raw.request(charger, action, minimal(version, action), SYSTEM)
