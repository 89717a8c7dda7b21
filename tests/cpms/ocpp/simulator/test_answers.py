"""What a living charger answers to commands, and what follows."""

from typing import Any

import pytest

from cpms.control.pki import x509
from cpms.ocpp.simulator.answers import TABLES
from cpms.ocpp.simulator.spec import ChargerSpec
from tests import pki
from tests.cpms.ocpp.simulator.csms import Csms
from tests.cpms.ocpp.simulator.stage import MINUTE, Stage, play

LATER = "2026-03-02T07:00:00Z"
PROFILE = {
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
}
PERIODS = [{"startPeriod": 0, "limit": 16.0}]
PROFILE_16 = {
    "chargingProfileId": 1,
    **PROFILE,
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS},
}
PROFILE_2: dict[str, Any] = {
    "id": 1,
    **PROFILE,
    "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}],
}
CARD = {"idToken": "04A1B2C3", "type": "ISO14443"}
NETWORK_PROFILE = {
    "configurationSlot": 1,
    "connectionData": {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://ocpp.example.org/ocpp",
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Wired0",
    },
}
GREETING = {
    "id": 5,
    "priority": "NormalCycle",
    "message": {"format": "UTF8", "content": "Hello"},
}
ROOT = x509.pem(pki.root())
HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "1",
}
CALLS_16: list[tuple[str, Any, Any]] = [
    ("CertificateSigned", {"certificateChain": "junk"}, {"status": "Rejected"}),
    ("DeleteCertificate", {"certificateHashData": HASHES}, {"status": "NotFound"}),
    (
        "GetInstalledCertificateIds",
        {"certificateType": "CentralSystemRootCertificate"},
        {"status": "NotFound"},
    ),
    (
        "InstallCertificate",
        {"certificateType": "CentralSystemRootCertificate", "certificate": ROOT},
        {"status": "Accepted"},
    ),
    (
        "ExtendedTriggerMessage",
        {"requestedMessage": "SignChargePointCertificate"},
        {"status": "Accepted"},
    ),
    ("CancelReservation", {"reservationId": 9}, {"status": "Rejected"}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, {"status": "Accepted"}),
    ("ChangeAvailability", {"connectorId": 9, "type": "Inoperative"}, {"status": "Rejected"}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}, {"status": "Accepted"}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "x"}, {"status": "Rejected"}),
    ("ChangeConfiguration", {"key": "SecurityProfile", "value": "2"}, {"status": "RebootRequired"}),
    ("ChangeConfiguration", {"key": "Colour", "value": "red"}, {"status": "NotSupported"}),
    ("ClearCache", {}, {"status": "Accepted"}),
    ("ClearChargingProfile", {}, {"status": "Unknown"}),
    ("DataTransfer", {"vendorId": "com.example"}, {"status": "UnknownVendorId"}),
    ("ExtendedTriggerMessage", {"requestedMessage": "Heartbeat"}, {"status": "Accepted"}),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}, {"status": "Accepted"}),
    ("GetConfiguration", {"key": ["Colour"]}, {"configurationKey": [], "unknownKey": ["Colour"]}),
    ("GetDiagnostics", {"location": "http://host/up"}, {"fileName": "CP-1-diagnostics.txt"}),
    ("GetLocalListVersion", {}, {"listVersion": 0}),
    (
        "GetLog",
        {"logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": "http://host/up"}},
        {"status": "Accepted", "filename": "CP-1.log"},
    ),
    ("RemoteStartTransaction", {"idTag": "04A1", "connectorId": 1}, {"status": "Accepted"}),
    ("RemoteStartTransaction", {"idTag": "04A1", "connectorId": 9}, {"status": "Rejected"}),
    ("RemoteStopTransaction", {"transactionId": 9}, {"status": "Rejected"}),
    (
        "ReserveNow",
        {"connectorId": 1, "expiryDate": LATER, "idTag": "04A1", "reservationId": 3},
        {"status": "Accepted"},
    ),
    ("Reset", {"type": "Soft"}, {"status": "Accepted"}),
    (
        "SendLocalList",
        {"listVersion": 4, "localAuthorizationList": [], "updateType": "Full"},
        {"status": "Accepted"},
    ),
    (
        "SetChargingProfile",
        {"connectorId": 1, "csChargingProfiles": PROFILE_16},
        {"status": "Accepted"},
    ),
    (
        "SignedUpdateFirmware",
        {
            "requestId": 1,
            "firmware": {
                "location": "http://host/4.0.0.bin",
                "retrieveDateTime": LATER,
                "signingCertificate": "x",
                "signature": "x",
            },
        },
        {"status": "Accepted"},
    ),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, {"status": "Accepted"}),
    ("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
    ("UpdateFirmware", {"location": "http://host/4.0.0.bin", "retrieveDate": LATER}, {}),
]
CALLS_2: list[tuple[str, Any, Any]] = [
    ("CancelReservation", {"reservationId": 9}, {"status": "Rejected"}),
    ("ChangeAvailability", {"operationalStatus": "Inoperative"}, {"status": "Accepted"}),
    ("ClearCache", {}, {"status": "Accepted"}),
    ("ClearChargingProfile", {}, {"status": "Unknown"}),
    ("DataTransfer", {"vendorId": "com.example"}, {"status": "UnknownVendorId"}),
    ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}, {"status": "Accepted"}),
    (
        "GetBaseReport",
        {"requestId": 1, "reportBase": "SummaryInventory"},
        {"status": "NotSupported"},
    ),
    ("GetCompositeSchedule", {"evseId": 1, "duration": 60}, {"status": "Accepted"}),
    ("GetLocalListVersion", {}, {"versionNumber": 0}),
    (
        "GetLog",
        {"logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": "http://host/up"}},
        {"status": "Accepted", "filename": "CP-1.log"},
    ),
    (
        "GetReport",
        {"requestId": 1, "componentVariable": [{"component": {"name": "Nothing"}}]},
        {"status": "EmptyResultSet"},
    ),
    ("GetTransactionStatus", {}, {"messagesInQueue": False}),
    ("GetVariables", {"getVariableData": []}, None),
    (
        "RequestStartTransaction",
        {"evseId": 1, "remoteStartId": 5, "idToken": CARD},
        {"status": "Accepted"},
    ),
    ("RequestStopTransaction", {"transactionId": "nobody's"}, {"status": "Rejected"}),
    (
        "ReserveNow",
        {"id": 3, "evseId": 1, "expiryDateTime": LATER, "idToken": CARD},
        {"status": "Accepted"},
    ),
    (
        "ReserveNow",
        {"id": 4, "expiryDateTime": LATER, "idToken": CARD},
        {"status": "Accepted"},
    ),
    ("ClearDisplayMessage", {"id": 9}, {"status": "Unknown"}),
    ("CostUpdated", {"totalCost": 1.5, "transactionId": "1"}, {}),
    (
        "CustomerInformation",
        {"requestId": 1, "report": True, "clear": False, "idToken": CARD},
        {"status": "Accepted"},
    ),
    ("GetDisplayMessages", {"requestId": 1}, {"status": "Unknown"}),
    ("SetDisplayMessage", {"message": GREETING}, {"status": "Accepted"}),
    (
        "SetDisplayMessage",
        {"message": {**GREETING, "priority": "AlwaysFront"}},
        {"status": "NotSupportedPriority"},
    ),
    (
        "SetDisplayMessage",
        {"message": {**GREETING, "transactionId": "nobodys"}},
        {"status": "UnknownTransaction"},
    ),
    ("Reset", {"type": "Immediate"}, {"status": "Accepted"}),
    ("Reset", {"type": "Immediate", "evseId": 1}, {"status": "Rejected"}),
    ("SendLocalList", {"versionNumber": 4, "updateType": "Full"}, {"status": "Accepted"}),
    ("SetChargingProfile", {"evseId": 1, "chargingProfile": PROFILE_2}, {"status": "Accepted"}),
    ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}, {"status": "NoProfiles"}),
    ("SetVariables", {"setVariableData": []}, None),
    ("SetVariableMonitoring", {"setMonitoringData": []}, None),
    ("GetMonitoringReport", {"requestId": 1}, {"status": "EmptyResultSet"}),
    (
        "ClearVariableMonitoring",
        {"id": [7]},
        {"clearMonitoringResult": [{"id": 7, "status": "NotFound"}]},
    ),
    ("SetMonitoringLevel", {"severity": 10}, {"status": "Rejected"}),
    ("SetMonitoringBase", {"monitoringBase": "All"}, {"status": "Accepted"}),
    ("SetNetworkProfile", NETWORK_PROFILE, {"status": "Accepted"}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification"}, {"status": "Accepted"}),
    (
        "TriggerMessage",
        {"requestedMessage": "SignChargingStationCertificate"},
        {"status": "Accepted"},
    ),
    (
        "TriggerMessage",
        {"requestedMessage": "PublishFirmwareStatusNotification"},
        {"status": "NotImplemented"},
    ),
    ("CertificateSigned", {"certificateChain": "junk"}, {"status": "Rejected"}),
    ("DeleteCertificate", {"certificateHashData": HASHES}, {"status": "NotFound"}),
    ("GetInstalledCertificateIds", {}, {"status": "NotFound"}),
    (
        "InstallCertificate",
        {"certificateType": "CSMSRootCertificate", "certificate": ROOT},
        {"status": "Accepted"},
    ),
    ("UnlockConnector", {"evseId": 1, "connectorId": 1}, {"status": "Unlocked"}),
    ("UnlockConnector", {"evseId": 7, "connectorId": 1}, {"status": "UnknownConnector"}),
    (
        "UpdateFirmware",
        {
            "requestId": 1,
            "firmware": {"location": "http://host/4.0.0.bin", "retrieveDateTime": LATER},
        },
        {"status": "Accepted"},
    ),
]
CASES = [
    *(("1.6", *case) for case in CALLS_16),
    *(("2.0.1", *case) for case in CALLS_2),
    *(("2.1", *case) for case in CALLS_2),
]


def ask(version: str, action: str, payload: Any, hear: Any = None) -> tuple[list[Any], Stage]:
    """Return the frame that a charger of `version` answers with, and the stage half an hour on."""
    answers: list[list[Any]] = []

    async def story(stage: Stage) -> None:
        await stage.wait(5)
        answers.append(await stage.csms.call("CP-1", action, payload))
        if hear is not None:
            hear(stage)
        await stage.wait(30 * MINUTE)

    spec = ChargerSpec("CP-1", version=version, connectors=2, seed=11)
    return answers, play(spec, story=story)


@pytest.mark.parametrize(("version", "action", "payload", "expected"), CASES)
def test_an_answer_and_all_that_follows_is_valid(
    version: str, action: str, payload: Any, expected: Any
) -> None:
    answers, stage = ask(version, action, payload)
    if expected is None:
        assert answers[0][:1] == [4]
    else:
        assert answers[0][0] == 3
        assert {**answers[0][2], **expected} == answers[0][2]
    assert stage.csms.problems == []


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_every_answer_in_the_table_is_asked_for_here(version: str) -> None:
    assert {case[1] for case in CASES if case[0] == version} == set(TABLES[version])


@pytest.mark.parametrize(
    ("version", "action", "payload", "code"),
    [
        ("1.6", "MakeCoffee", {}, "NotImplemented"),
        ("1.6", "GetBaseReport", {}, "NotImplemented"),
        ("2.1", "GetTariffs", {"evseId": 0}, "NotSupported"),
        ("1.6", "Reset", {"type": "Warm"}, "PropertyConstraintViolation"),
        ("1.6", "Reset", {}, "OccurenceConstraintViolation"),
        ("1.6", "Reset", {"type": "Soft", "now": True}, "FormationViolation"),
        ("1.6", "Reset", None, "TypeConstraintViolation"),
        ("2.0.1", "RemoteStartTransaction", {}, "NotImplemented"),
        ("2.0.1", "UnpublishFirmware", {"checksum": "x"}, "NotSupported"),
        ("2.0.1", "Reset", {}, "OccurrenceConstraintViolation"),
        ("2.1", "Reset", {"type": 1}, "TypeConstraintViolation"),
        ("2.1", "Reset", {"type": "Immediate", "now": True}, "FormatViolation"),
    ],
)
def test_what_it_cannot_do_is_refused_with_the_right_code(
    version: str, action: str, payload: Any, code: str
) -> None:
    answers, _ = ask(version, action, payload)
    assert (answers[0][0], answers[0][2]) == (4, code)


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        ("1.6", "Reset", {"type": "Hard"}),
        ("2.0.1", "Reset", {"type": "Immediate"}),
        ("2.1", "Reset", {"type": "OnIdle"}),
    ],
)
def test_after_a_reset_it_boots_again(version: str, action: str, payload: Any) -> None:
    _, stage = ask(version, action, payload)
    boots = [body for name, body in stage.csms.calls() if name == "BootNotification"]
    assert len(boots) == 2
    assert len(stage.csms.connections) == 2
    if version != "1.6":
        assert boots[1]["reason"] in ("RemoteReset", "ScheduledReset")


def test_a_remote_start_begins_a_session_with_the_token_given() -> None:
    _, stage = ask("1.6", "RemoteStartTransaction", {"idTag": "04CAFE", "connectorId": 2})
    starts = [body for name, body in stage.csms.calls() if name == "StartTransaction"]
    assert (starts[0]["idTag"], starts[0]["connectorId"]) == ("04CAFE", 2)


def test_a_request_to_start_is_named_in_the_session_it_begins() -> None:
    payload = {"evseId": 1, "remoteStartId": 77, "idToken": CARD}
    _, stage = ask("2.0.1", "RequestStartTransaction", payload)
    events = [body for name, body in stage.csms.calls() if name == "TransactionEvent"]
    assert events[0]["triggerReason"] == "RemoteStart"
    assert events[0]["transactionInfo"]["remoteStartId"] == 77
    assert events[0]["idToken"] == CARD


def test_a_remote_stop_ends_the_session_and_says_so() -> None:
    async def story(stage: Stage) -> None:
        await stage.wait(5)
        await stage.csms.call("CP-1", "RemoteStartTransaction", {"idTag": "04A1", "connectorId": 1})
        await stage.until(lambda: stage.charger.ports[1].is_delivering)
        session = stage.charger.ports[1].session
        assert session is not None
        answer = await stage.csms.call(
            "CP-1", "RemoteStopTransaction", {"transactionId": session.transaction_id}
        )
        assert answer[2] == {"status": "Accepted"}
        await stage.wait(2)

    stage = play(ChargerSpec("CP-1", seed=11), story=story)
    assert stage.csms.calls()[-2][0] == "StopTransaction"
    assert stage.csms.calls()[-2][1]["reason"] == "Remote"
    assert stage.csms.calls()[-1][1]["status"] == "Finishing"


def test_a_port_out_of_service_says_unavailable_and_takes_no_driver() -> None:
    payload = {"connectorId": 0, "type": "Inoperative"}
    _, stage = ask("1.6", "ChangeAvailability", payload)
    statuses = [body for name, body in stage.csms.calls() if name == "StatusNotification"]
    assert [body["status"] for body in statuses[-2:]] == ["Unavailable"] * 2
    assert "StartTransaction" not in stage.csms.actions()


def test_a_charging_limit_is_obeyed() -> None:
    powers: list[float] = []
    schedules: list[Any] = []

    async def story(stage: Stage) -> None:
        await stage.wait(5)
        await stage.csms.call("CP-1", "RemoteStartTransaction", {"idTag": "04A1", "connectorId": 1})
        await stage.until(lambda: stage.charger.ports[1].is_delivering)
        powers.append(stage.charger.ports[1].power_w())
        profile = {"connectorId": 1, "csChargingProfiles": PROFILE_16 | {"chargingProfileId": 2}}
        profile["csChargingProfiles"]["chargingSchedule"] = {  # type: ignore[index]
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1500.0}],
        }
        await stage.csms.call("CP-1", "SetChargingProfile", profile)
        powers.append(stage.charger.ports[1].power_w())
        answer = await stage.csms.call(
            "CP-1", "GetCompositeSchedule", {"connectorId": 1, "duration": 600}
        )
        schedules.append(answer[2]["chargingSchedule"]["chargingSchedulePeriod"])

    play(ChargerSpec("CP-1", seed=11), story=story)
    before, limited = powers
    assert limited == 1500 < before
    assert schedules == [[{"startPeriod": 0, "limit": 1500.0}]]


def test_profiles_are_kept_reported_obeyed_by_the_clock_and_cleared() -> None:
    seen: list[Any] = []

    async def story(stage: Stage) -> None:
        await stage.wait(5)
        port = stage.charger.ports[1]
        periods = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 1800, "limit": 6.0}]
        start = stage.charger.now().isoformat()
        schedule = {**PROFILE_2["chargingSchedule"][0], "startSchedule": start}
        schedule["chargingSchedulePeriod"] = periods
        profile = {**PROFILE_2, "chargingSchedule": [schedule]}
        card = {"idToken": CARD, "remoteStartId": 1, "evseId": 1}
        await stage.csms.call("CP-1", "RequestStartTransaction", card)
        await stage.until(lambda: port.is_delivering)
        await stage.csms.call(
            "CP-1", "SetChargingProfile", {"evseId": 1, "chargingProfile": profile}
        )
        assert port.vehicle is not None
        a_phase = 230 * port.vehicle.phases
        seen.append(port.limit_w == 16 * a_phase)
        await stage.wait(40 * MINUTE)
        seen.append(port.limit_w == 6 * a_phase)
        asked = {"requestId": 7, "chargingProfile": {"stackLevel": 0}}
        await stage.csms.call("CP-1", "GetChargingProfiles", asked)
        await stage.wait(5)
        cleared = {"chargingProfileId": 1}
        answer = await stage.csms.call("CP-1", "ClearChargingProfile", cleared)
        seen.extend([port.limit_w, answer[2]["status"]])

    stage = play(ChargerSpec("CP-1", version="2.0.1", seed=11), story=story)
    assert seen == [True, True, None, "Accepted"]
    (report,) = [body for name, body in stage.csms.calls() if name == "ReportChargingProfiles"]
    assert (report["requestId"], report["chargingProfile"][0]["id"]) == (7, 1)


def test_the_whole_device_model_is_reported_in_numbered_parts() -> None:
    _, stage = ask("2.0.1", "GetBaseReport", {"requestId": 8, "reportBase": "FullInventory"})
    reports = [body for name, body in stage.csms.calls() if name == "NotifyReport"]
    assert [report["seqNo"] for report in reports] == list(range(len(reports)))
    assert [report["tbc"] for report in reports] == [True] * (len(reports) - 1) + [False]
    told = {
        (entry["component"]["name"], entry["variable"]["name"]): entry["variableAttribute"][0]
        for report in reports
        for entry in report["reportData"]
    }
    assert told["OCPPCommCtrlr", "HeartbeatInterval"]["value"] == "300"
    assert "value" not in told["SecurityCtrlr", "BasicAuthPassword"]
    assert told["EVSE", "AvailabilityState"]["value"] == "Available"


def test_variables_are_read_and_set_one_by_one() -> None:
    wanted = [
        {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}},
        {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "Mood"}},
        {"component": {"name": "CoffeeCtrlr"}, "variable": {"name": "Mood"}},
        {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}},
    ]
    answers, _ = ask("2.0.1", "GetVariables", {"getVariableData": wanted})
    results = answers[0][2]["getVariableResult"]
    assert [result["attributeStatus"] for result in results] == [
        "Accepted",
        "UnknownVariable",
        "UnknownComponent",
        "Rejected",
    ]
    assert results[0]["attributeValue"] == "300"
    changes = [{**one, "attributeValue": "45"} for one in wanted[:2]]
    answers, stage = ask("2.0.1", "SetVariables", {"setVariableData": changes})
    statuses = [one["attributeStatus"] for one in answers[0][2]["setVariableResult"]]
    assert statuses == ["Accepted", "UnknownVariable"]
    assert stage.csms.actions().count("Heartbeat") > 30


def test_the_secret_key_is_set_but_never_told() -> None:
    answers, stage = ask("1.6", "GetConfiguration", {})
    told = {one["key"]: one["value"] for one in answers[0][2]["configurationKey"]}
    assert told["NumberOfConnectors"] == "2"
    assert "AuthorizationKey" not in told
    assert stage.csms.problems == []


def test_a_new_key_is_used_from_the_next_connection_on() -> None:
    csms = Csms()

    async def story(stage: Stage) -> None:
        await stage.wait(5)
        payload = {"key": "AuthorizationKey", "value": "ab" * 20}
        await csms.call("CP-1", "ChangeConfiguration", payload)
        await csms.call("CP-1", "Reset", {"type": "Soft"})
        await stage.wait(MINUTE)

    play(ChargerSpec("CP-1", password="cd" * 20), story=story, csms=csms)
    targets = [target.password for _, target in csms.connections if target]
    assert targets == [b"\xcd" * 20, b"\xab" * 20]


def test_a_triggered_message_is_sent() -> None:
    _, stage = ask("1.6", "TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1})
    contexts = [
        body["meterValue"][0]["sampledValue"][0]["context"]
        for name, body in stage.csms.calls()
        if name == "MeterValues"
    ]
    assert contexts[0] == "Trigger"


def test_a_firmware_update_reports_its_progress_and_boots_the_new_version() -> None:
    payload = {"location": "http://host/files/4.0.0.bin", "retrieveDate": LATER}
    _, stage = ask("1.6", "UpdateFirmware", payload)
    progress = [body["status"] for name, body in stage.csms.calls() if "Firmware" in name]
    assert progress == ["Downloading", "Downloaded", "Installing", "Installed"]
    boots = [body for name, body in stage.csms.calls() if name == "BootNotification"]
    assert boots[-1]["firmwareVersion"] == "4.0.0"


def test_a_reservation_holds_the_port_until_it_expires() -> None:
    statuses: list[str] = []

    async def story(stage: Stage) -> None:
        await stage.wait(5)
        payload = {"connectorId": 1, "expiryDate": "2026-03-02T06:10:00Z"}
        payload |= {"idTag": "04A1", "reservationId": 3}
        await stage.csms.call("CP-1", "ReserveNow", payload)
        await stage.wait(5)
        statuses.append(stage.charger.ports[1].status)
        await stage.wait(10 * MINUTE)
        statuses.append(stage.charger.ports[1].status)

    play(ChargerSpec("CP-1", seed=11), story=story)
    assert statuses == ["Reserved", "Available"]
