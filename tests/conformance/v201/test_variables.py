"""B, N: the device model, its monitors and logs, read and set by operators."""

from typing import Any

from monitoring.models import ReportedVariable
from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import ACCEPTED, VALID, arrived, sent

THRESHOLD = {
    "component": {"name": "OCPPCommCtrlr"},
    "variable": {"name": "OfflineThreshold"},
}
REMOTE_START = {
    "component": {"name": "AuthCtrlr"},
    "variable": {"name": "AuthorizeRemoteStart"},
}
#: What answers of GetVariables and SetVariables keep of the statuses.
WORD = "Accepted"


async def reads(case: Case, *variables: dict[str, Any]) -> None:
    """Have variables read: entry 0."""
    station = await arrived(case)
    read = [{**one, "attributeStatus": WORD, "attributeValue": "1"} for one in variables]
    with case.proves(0):
        asked = {"getVariableData": list(variables)}
        await sent(case, station, "GetVariables", asked, {"getVariableResult": read}, word=WORD)


@case("TC_B_06_CSMS")
async def test_a_variable_is_read(case: Case) -> None:
    await reads(case, THRESHOLD)


@case("TC_B_07_CSMS")
async def test_two_variables_are_read(case: Case) -> None:
    await reads(case, THRESHOLD, REMOTE_START)


async def sets(case: Case, *variables: dict[str, Any]) -> None:
    """Have variables set: entry 0."""
    station = await arrived(case)
    done = [
        {"component": one["component"], "variable": one["variable"], "attributeStatus": WORD}
        for one in variables
    ]
    with case.proves(0):
        asked = {"setVariableData": list(variables)}
        await sent(case, station, "SetVariables", asked, {"setVariableResult": done}, word=WORD)


@case("TC_B_09_CSMS")
async def test_a_variable_is_set(case: Case) -> None:
    await sets(case, {**THRESHOLD, "attributeValue": "123"})


@case("TC_B_10_CSMS")
async def test_two_variables_are_set(case: Case) -> None:
    second = {**REMOTE_START, "attributeValue": "false"}
    await sets(case, {**THRESHOLD, "attributeValue": "123"}, second)


async def sets_network(case: Case, answer: str, state: str, *entries: int) -> None:
    """Have a network profile set."""
    station = await arrived(case)
    connection = {
        "messageTimeout": 30,
        "ocppCsmsUrl": "wss://ocpp.example.org/ocpp",
        "ocppInterface": "Wired0",
        "ocppTransport": "JSON",
        "ocppVersion": "OCPP20",
        "securityProfile": 2,
    }
    asked = {"configurationSlot": 1, "connectionData": connection}
    with case.proves(*entries):
        await sent(case, station, "SetNetworkProfile", asked, {"status": answer}, state)


@case("TC_B_42_CSMS")
async def test_a_network_profile_is_set(case: Case) -> None:
    await sets_network(case, "Accepted", "accepted", 0, 1, 2)


@case("TC_B_44_CSMS")
async def test_setting_a_network_profile_fails(case: Case) -> None:
    await sets_network(case, "Failed", "failed", 0)


async def sets_level(case: Case, answer: str, state: str) -> None:
    """Have the monitoring level set: entry 0."""
    station = await arrived(case)
    with case.proves(0):
        await sent(case, station, "SetMonitoringLevel", {"severity": 4}, {"status": answer}, state)


@case("TC_N_05_CSMS")
async def test_the_monitoring_base_is_set(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        for base in ("All", "FactoryDefault", "HardWiredOnly"):
            await sent(case, station, "SetMonitoringBase", {"monitoringBase": base}, ACCEPTED)


@case("TC_N_16_CSMS")
async def test_the_monitoring_level_is_set(case: Case) -> None:
    await sets_level(case, "Accepted", "accepted")


@case("TC_N_17_CSMS")
async def test_the_monitoring_level_is_out_of_range(case: Case) -> None:
    await sets_level(case, "Rejected", "rejected")


async def asks_log(case: Case, station: Station, kind: str, number: int, answer: str) -> None:
    """Have a log asked for."""
    log = {"remoteLocation": "https://files.example.org/upload"}
    asked = {"logType": kind, "requestId": number, "log": log}
    state = "rejected" if answer == "Rejected" else "accepted"
    await sent(case, station, "GetLog", asked, {"status": answer}, state)


async def uploads(case: Case, station: Station, *statuses: tuple[str, int]) -> None:
    """Tell how uploads go: statuses of requests."""
    known = await case.events("log_status")
    for status, number in statuses:
        told = {"status": status, "requestId": number}
        assert await station.call("LogStatusNotification", **told) == {}
    assert await case.events("log_status") == [*known, *(status for status, _ in statuses)]


async def log_sent(case: Case, kind: str) -> None:
    """Have a log asked for, and sent."""
    station = await arrived(case)
    with case.proves(0):
        await asks_log(case, station, kind, 1, "Accepted")
    with case.proves(1):
        await uploads(case, station, ("Uploading", 1), ("Uploaded", 1))


@case("TC_N_25_CSMS")
async def test_the_diagnostics_log_is_sent(case: Case) -> None:
    await log_sent(case, "DiagnosticsLog")


@case("TC_N_35_CSMS")
async def test_the_security_log_is_sent(case: Case) -> None:
    await log_sent(case, "SecurityLog")


@case("TC_N_34_CSMS")
async def test_a_log_is_rejected(case: Case) -> None:
    with case.proves(0):
        await asks_log(case, await arrived(case), "DiagnosticsLog", 1, "Rejected")


@case("TC_N_36_CSMS")
async def test_a_second_log_takes_the_first_s_place(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await asks_log(case, station, "DiagnosticsLog", 1, "Accepted")
        await uploads(case, station, ("Uploading", 1))
        await asks_log(case, station, "DiagnosticsLog", 2, "AcceptedCanceled")
        await uploads(case, station, ("AcceptedCanceled", 1), ("Uploading", 2), ("Uploaded", 2))


@case("TC_N_44_CSMS")
async def test_clearing_a_monitor_is_rejected(case: Case) -> None:
    station = await arrived(case)
    answer = {"clearMonitoringResult": [{"id": 1, "status": "Rejected"}]}
    with case.proves(0):
        await sent(
            case, station, "ClearVariableMonitoring", {"id": [1]}, answer, "rejected", "Rejected"
        )


EVSE_STATE: dict[str, Any] = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}
STATION_STATE = {
    "component": {"name": "ChargingStation"},
    "variable": {"name": "AvailabilityState"},
}
POWER = {"component": {"name": "ChargingStation"}, "variable": {"name": "Power"}}
EMPTY = {"status": "EmptyResultSet"}
REQUEST = 6


async def reported(case: Case, station: Station) -> None:
    """Send a NotifyReport in two parts; what it says must be kept."""
    for number, variable in enumerate((THRESHOLD, EVSE_STATE)):
        value = {**variable, "variableAttribute": [{"value": f"value {number}"}]}
        told = {"requestId": REQUEST, "generatedAt": now(), "seqNo": number, "tbc": not number}
        assert await station.call("NotifyReport", **told, reportData=[value]) == {}
    kept = ReportedVariable.objects.filter(charger__identity=case.identity)
    assert {row.value async for row in kept} == {"value 0", "value 1"}


async def base_report(case: Case, base: str) -> None:
    """Have a base report asked for, and sent."""
    station = await arrived(case)
    with case.proves(0):
        asked = {"requestId": REQUEST, "reportBase": base}
        await sent(case, station, "GetBaseReport", asked, ACCEPTED)
    with case.proves(1):
        await reported(case, station)


@case("TC_B_12_CSMS")
async def test_the_configuration_is_reported(case: Case) -> None:
    await base_report(case, "ConfigurationInventory")


@case("TC_B_13_CSMS")
async def test_the_whole_inventory_is_reported(case: Case) -> None:
    await base_report(case, "FullInventory")


@case("TC_B_14_CSMS")
async def test_the_summary_is_reported(case: Case) -> None:
    await base_report(case, "SummaryInventory")


@case("TC_B_18_CSMS")
async def test_two_custom_reports(case: Case) -> None:
    station = await arrived(case)
    for entry, (criterion, answer) in enumerate((("Problem", EMPTY), ("Available", ACCEPTED))):
        asked = {
            "requestId": REQUEST,
            "componentCriteria": [criterion],
            "componentVariable": [EVSE_STATE],
        }
        with case.proves(entry):
            await sent(case, station, "GetReport", asked, answer)
    await reported(case, station)


async def monitors(case: Case, *wanted: dict[str, Any]) -> None:
    """Have monitoring reports asked for; all but the last have nothing to report."""
    station = await arrived(case)
    with case.proves(0):
        for which in wanted:
            answer = ACCEPTED if which is wanted[-1] else EMPTY
            asked = {"requestId": REQUEST, **which}
            await sent(case, station, "GetMonitoringReport", asked, answer)
    with case.proves(1):
        delta = {"id": 1, "transaction": False, "value": 1.0, "type": "Delta", "severity": 8}
        told = {"requestId": REQUEST, "seqNo": 0, "generatedAt": now()}
        data = [{**EVSE_STATE, "variableMonitoring": [delta]}]
        assert await station.call("NotifyMonitoringReport", **told, monitor=data) == {}
        assert len(await case.events("monitoring_report")) == 1


def criterion(word: str, *variables: dict[str, Any]) -> dict[str, Any]:
    """Return what a monitoring report is to be of."""
    about = {"componentVariable": list(variables)} if variables else {}
    return {"monitoringCriteria": [word], **about}


DELTA, THRESHOLDS = "DeltaMonitoring", "ThresholdMonitoring"


@case("TC_N_01_CSMS")
async def test_monitors_of_a_kind(case: Case) -> None:
    await monitors(case, criterion(DELTA), criterion(THRESHOLDS))


@case("TC_N_02_CSMS")
async def test_monitors_of_a_variable(case: Case) -> None:
    await monitors(case, {"componentVariable": [POWER]}, {"componentVariable": [EVSE_STATE]})


@case("TC_N_03_CSMS")
async def test_monitors_of_a_kind_and_variable(case: Case) -> None:
    await monitors(case, criterion(DELTA, EVSE_STATE), criterion(THRESHOLDS, POWER))


@case("TC_N_60_CSMS")
async def test_monitors_of_a_kind_and_variables(case: Case) -> None:
    both = (STATION_STATE, EVSE_STATE)
    await monitors(case, criterion(DELTA, *both), criterion(THRESHOLDS, *both))


@case("TC_N_47_CSMS")
async def test_all_monitors(case: Case) -> None:
    await monitors(case, {})


async def watches(case: Case, *variables: dict[str, Any]) -> None:
    """Have monitors set: entry 0."""
    station = await arrived(case)
    wanted = [{"value": 1.0, "type": "Delta", "severity": 8, **one} for one in variables]
    done = [
        {"id": n, "status": "Accepted", "type": "Delta", "severity": 8, **one}
        for n, one in enumerate(variables)
    ]
    with case.proves(0):
        answer = {"setMonitoringResult": done}
        asked = {"setMonitoringData": wanted}
        await sent(case, station, "SetVariableMonitoring", asked, answer, word=WORD)


@case("TC_N_08_CSMS")
async def test_a_monitor_is_set(case: Case) -> None:
    await watches(case, EVSE_STATE)


@case("TC_N_09_CSMS")
async def test_two_monitors_are_set(case: Case) -> None:
    await watches(case, EVSE_STATE, STATION_STATE)
