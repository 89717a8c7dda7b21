"""B: the device model, read, set and reported by operators; ways to connect."""

from typing import Any

from cpms.control.models import Command, Report
from monitoring.models import ReportedVariable, VariableChange
from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import ACCEPTED, arrived, copes

#: A variable as operators name it, and as OCPP does.
THRESHOLD: dict[str, Any] = {"component": "OCPPCommCtrlr", "name": "OfflineThreshold"}
REMOTE_START = {"component": "AuthCtrlr", "name": "AuthorizeRemoteStart"}
EVSE_STATE: dict[str, Any] = {"component": "EVSE", "evse": 1, "name": "AvailabilityState"}
EMPTY = {"status": "EmptyResultSet"}
REQUEST = 6


def said(setting: dict[str, Any]) -> dict[str, Any]:
    """Return component and variable as OCPP names them."""
    component: dict[str, Any] = {"name": setting["component"]}
    if "evse" in setting:
        component["evse"] = {"id": setting["evse"]}
    variable = {key: setting[key] for key in ("name", "instance") if key in setting}
    return {"component": component, "variable": variable}


async def done(
    case: Case,
    station: Station,
    wanted: tuple[str, dict[str, Any]],
    call: tuple[str, dict[str, Any]],
    answer: dict[str, Any],
    state: str = "accepted",
    word: str | None = None,
) -> Command:
    """Have an operation done by one CALL; the command must end in `state`, with this word.

    `wanted` is the operation and its request, `call` the action and payload.
    """
    operation, request = wanted
    command = await case.asks(operation, **request)
    asked = await station.asked(call[0])
    assert asked.payload == call[1]
    await asked.answer(**answer)
    ended = await command.ends(state, str(answer.get("status", "")) if word is None else word)
    assert ended.response == answer
    await copes(station)
    return ended


async def reads(case: Case, *settings: dict[str, Any]) -> None:
    """Have variables read: entry 0; their values are kept."""
    station = await arrived(case)
    read = [{**said(one), "attributeStatus": "Accepted", "attributeValue": "1"} for one in settings]
    with case.proves(0):
        asked = ("GetVariables", {"getVariableData": [said(one) for one in settings]})
        request, answer = {"settings": list(settings)}, {"getVariableResult": read}
        await done(case, station, ("read_settings", request), asked, answer, word="Accepted")
        kept = ReportedVariable.objects.filter(charger__identity=case.identity, value="1")
        assert {row.variable async for row in kept} == {one["name"] for one in settings}


@case("TC_B_06_CSMS")
async def test_a_variable_is_read(case: Case) -> None:
    await reads(case, THRESHOLD)


@case("TC_B_07_CSMS")
async def test_two_variables_are_read(case: Case) -> None:
    await reads(case, THRESHOLD, REMOTE_START)


@case("TC_B_08_CSMS")
async def test_five_variables_are_read_of_a_station_that_takes_four_at_once(case: Case) -> None:
    station = await arrived(case)
    limits = [
        {"component": "DeviceDataCtrlr", "name": name, "instance": instance}
        for name in ("ItemsPerMessage", "BytesPerMessage")
        for instance in ("GetReport", "GetVariables")
    ]
    most = {**said(limits[1]), "variableAttribute": [{"value": "4"}]}
    told = {"requestId": REQUEST, "generatedAt": now(), "seqNo": 0, "reportData": [most]}
    assert await station.call("NotifyReport", **told) == {}
    wanted = [*limits, REMOTE_START]
    with case.proves(0):
        command = await case.asks("read_settings", settings=wanted)
        for part in (wanted[:4], wanted[4:]):
            call = await station.asked("GetVariables")
            assert call.payload == {"getVariableData": [said(one) for one in part]}
            read = {"attributeStatus": "Accepted", "attributeValue": "4"}
            await call.answer(getVariableResult=[{**said(one), **read} for one in part])
        ended = await command.ends("accepted", "Accepted")
        assert len((ended.response or {})["getVariableResult"]) == 5


async def sets(case: Case, *changes: dict[str, Any]) -> None:
    """Have variables set: entry 0; what they are now is kept, and who set them."""
    station = await arrived(case)
    wanted = [{**said(one), "attributeValue": one["value"]} for one in changes]
    answer = [{**said(one), "attributeStatus": "Accepted"} for one in changes]
    with case.proves(0):
        call = ("SetVariables", {"setVariableData": wanted})
        request = {"settings": list(changes)}
        answers = {"setVariableResult": answer}
        ended = await done(
            case, station, ("change_settings", request), call, answers, word="Accepted"
        )
        kept = ReportedVariable.objects.filter(charger__identity=case.identity)
        assert {row.variable: row.value async for row in kept} == {
            one["name"]: one["value"] for one in changes
        }
        assert not await VariableChange.objects.filter(command=ended.pk).aexists()


@case("TC_B_09_CSMS")
async def test_a_variable_is_set(case: Case) -> None:
    await sets(case, {**THRESHOLD, "value": "123"})


@case("TC_B_10_CSMS")
async def test_two_variables_are_set(case: Case) -> None:
    await sets(case, {**THRESHOLD, "value": "123"}, {**REMOTE_START, "value": "false"})


async def sets_network(case: Case, answer: str, state: str, *entries: int) -> None:
    """Have a network profile set."""
    station = await arrived(case)
    request = {
        "slot": 1,
        "url": "wss://ocpp.example.org/ocpp",
        "interface": "Wired0",
        "security_profile": 2,
        "message_timeout": 30,
    }
    connection = {
        "messageTimeout": 30,
        "ocppCsmsUrl": "wss://ocpp.example.org/ocpp",
        "ocppInterface": "Wired0",
        "ocppTransport": "JSON",
        "ocppVersion": "OCPP20",
        "securityProfile": 2,
    }
    call = ("SetNetworkProfile", {"configurationSlot": 1, "connectionData": connection})
    with case.proves(*entries):
        await done(case, station, ("set_network_profile", request), call, {"status": answer}, state)


@case("TC_B_42_CSMS")
async def test_a_network_profile_is_set(case: Case) -> None:
    await sets_network(case, "Accepted", "accepted", 0, 1, 2)


@case("TC_B_44_CSMS")
async def test_setting_a_network_profile_fails(case: Case) -> None:
    await sets_network(case, "Failed", "failed", 0)


async def reported(case: Case, station: Station) -> None:
    """Send a NotifyReport in two parts; what it says must be kept, and the report be whole."""
    for number, setting in enumerate((THRESHOLD, EVSE_STATE)):
        value = {**said(setting), "variableAttribute": [{"value": f"value {number}"}]}
        told = {"requestId": REQUEST, "generatedAt": now(), "seqNo": number, "tbc": not number}
        assert await station.call("NotifyReport", **told, reportData=[value]) == {}
    kept = ReportedVariable.objects.filter(charger__identity=case.identity)
    assert {row.value async for row in kept} == {"value 0", "value 1"}
    whole = Report.objects.filter(charger__identity=case.identity, completed_at__isnull=False)
    await case.shows(whole.aexists)


async def base_report(case: Case, base: str, report_base: str) -> None:
    """Have a base report asked for, and sent."""
    station = await arrived(case)
    with case.proves(0):
        call = ("GetBaseReport", {"requestId": REQUEST, "reportBase": report_base})
        request = {"base": base, "request_id": REQUEST}
        await done(case, station, ("base_report", request), call, ACCEPTED)
    with case.proves(1):
        await reported(case, station)


@case("TC_B_12_CSMS")
async def test_the_configuration_is_reported(case: Case) -> None:
    await base_report(case, "configuration", "ConfigurationInventory")


@case("TC_B_13_CSMS")
async def test_the_whole_inventory_is_reported(case: Case) -> None:
    await base_report(case, "full", "FullInventory")


@case("TC_B_14_CSMS")
async def test_the_summary_is_reported(case: Case) -> None:
    await base_report(case, "summary", "SummaryInventory")


@case("TC_B_18_CSMS")
async def test_two_custom_reports(case: Case) -> None:
    station = await arrived(case)
    for entry, (criterion, answer) in enumerate((("Problem", EMPTY), ("Available", ACCEPTED))):
        asked = {
            "requestId": REQUEST,
            "componentCriteria": [criterion],
            "componentVariable": [said(EVSE_STATE)],
        }
        request = {
            "criteria": [criterion.lower()],
            "settings": [EVSE_STATE],
            "request_id": REQUEST,
        }
        with case.proves(entry):
            call = ("GetReport", asked)
            await done(case, station, ("custom_report", request), call, answer)
    await reported(case, station)
