"""Every message of OCPP 1.6 with the security extension: its answer, and what is kept of it."""

from datetime import UTC, datetime, timedelta

from cpms.ocpp.versions import ROUTES
from monitoring.models import Event, MeterSample, Session, StatusSpan
from tests.cpms.ocpp.actions import (
    MADE_UP,
    Case,
    ago,
    check_all,
    heartbeat,
    not_for_chargers,
    refusals,
)

METER_VALUES = [{"timestamp": ago(40), "sampledValue": [{"value": "1200", "unit": "Wh"}]}]

CASES = [
    Case(
        "BootNotification",
        {
            "chargePointVendor": "Acme",
            "chargePointModel": "One",
            "chargePointSerialNumber": "S-1",
            "chargeBoxSerialNumber": "B-1",
            "firmwareVersion": "1.2.3",
            "iccid": "8949020000000000001",
            "imsi": "262010000000001",
            "meterType": "SDM630",
            "meterSerialNumber": "M-1",
        },
        Event,
        {
            "kind": "boot",
            "code": "Accepted",
            "data__firmware_version": "1.2.3",
            "data__iccid": "8949020000000000001",
            "data__meterSerialNumber": "M-1",
        },
        {"status": "Accepted"},
    ),
    Case(
        "StatusNotification",
        {
            "connectorId": 1,
            "errorCode": "GroundFailure",
            "status": "Faulted",
            "timestamp": ago(60),
            "info": "leakage",
            "vendorId": "Acme",
            "vendorErrorCode": "E7",
        },
        StatusSpan,
        {
            "evse__number": 1,
            "started": ago(60),
            "ended": None,
            "status": "Faulted",
            "error_code": "GroundFailure",
            "vendor_error_code": "E7",
            "info": "leakage",
        },
    ),
    Case(
        "Authorize",
        {"idTag": "TAG-1"},
        Event,
        {"kind": "authorization", "code": "Accepted", "text": "TAG-1"},
        {"idTagInfo": {"status": "Accepted"}},
    ),
    Case(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": "TAG-1",
            "meterStart": 1000,
            "timestamp": ago(50),
            "reservationId": 4,
        },
        Session,
        {
            "evse__number": 1,
            "started": ago(50),
            "meter_start": 1000.0,
            "id_token": "TAG-1",
            "authorization": "Accepted",
            "ended": None,
        },
        {"idTagInfo": {"status": "Accepted"}},
    ),
    Case(
        "MeterValues",
        {"connectorId": 1, "meterValue": METER_VALUES},
        MeterSample,
        {"at": ago(40), "energy": 1200.0, "session_id": None},
    ),
    Case(
        "StopTransaction",
        {"transactionId": 4711, "meterStop": 3000, "timestamp": ago(30), "reason": "PowerLoss"},
        Event,
        {"kind": "orphan_stop", "code": "4711", "at": ago(30), "data__reason": "PowerLoss"},
    ),
    Case(
        "DataTransfer",
        {"vendorId": "com.acme", "messageId": "hello", "data": "x=1"},
        Event,
        {"kind": "data_transfer", "code": "com.acme", "text": "hello", "data": {"data": "x=1"}},
        {"status": "UnknownVendorId"},
    ),
    Case(
        "DiagnosticsStatusNotification",
        {"status": "UploadFailed"},
        Event,
        {"kind": "diagnostics_status", "code": "UploadFailed", "severity": 3},
    ),
    Case(
        "FirmwareStatusNotification",
        {"status": "Installed"},
        Event,
        {"kind": "firmware_status", "code": "Installed", "severity": 6},
    ),
    Case(
        "LogStatusNotification",
        {"status": "Uploading", "requestId": 12},
        Event,
        {"kind": "log_status", "code": "Uploading", "data": {"requestId": 12}},
    ),
    Case(
        "SecurityEventNotification",
        {"type": "TamperDetectionActivated", "timestamp": ago(20), "techInfo": "lid"},
        Event,
        {
            "kind": "security_event",
            "code": "TamperDetectionActivated",
            "at": ago(20),
            "text": "lid",
            "severity": 2,
        },
    ),
    Case(
        "SignCertificate",
        {"csr": "-----BEGIN CERTIFICATE REQUEST-----"},
        Event,
        {"kind": "certificate_request", "data__csr": "-----BEGIN CERTIFICATE REQUEST-----"},
        {"status": "Rejected"},
    ),
    Case(
        "SignedFirmwareStatusNotification",
        {"status": "InvalidSignature", "requestId": 13},
        Event,
        {"kind": "firmware_status", "code": "InvalidSignature", "data": {"requestId": 13}},
    ),
]


async def test_every_message_is_answered_by_its_schema_and_kept(gateway, charger, subtests):
    async with gateway.charger("CP-1") as cp:
        assert await check_all(subtests, "1.6", cp, CASES) == CASES
    assert [await case.rows.acount() for case in CASES] == [1] * len(CASES)


def test_every_action_that_a_charger_sends_has_a_row():
    heartbeat = {"Heartbeat"}  # answered at once: test_a_heartbeat_is_answered_and_seen
    assert {case.action for case in CASES} | heartbeat == ROUTES["1.6"].handlers.keys()


async def test_a_heartbeat_is_answered_and_seen(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        sent = datetime.now(UTC)
        told, seen = await heartbeat("1.6", cp, "CP-1")
    assert abs(told - sent) < timedelta(seconds=5)
    assert sent <= seen <= datetime.now(UTC)


async def test_what_is_not_for_a_charger_to_send_is_refused(gateway, charger):
    others = not_for_chargers("1.6")
    assert len(others) > 15
    async with gateway.charger("CP-1") as cp:
        assert await refusals(cp, others) == dict.fromkeys(others, (4, "NotSupported"))
        assert await refusals(cp, MADE_UP) == dict.fromkeys(MADE_UP, (4, "NotImplemented"))
