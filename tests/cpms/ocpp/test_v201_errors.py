"""What can't be understood gets the right error of 2.x, and the socket stays open."""

import json
from copy import deepcopy

import pytest

from cpms.ocpp import schemas
from monitoring.models import Event, QuarantinedFact
from tests.cpms.ocpp.transactions2 import Transaction, meter, status, text

STATUS = status("Available", 1)
EVENT = Transaction("T-1").started(1)
#: What is sent, the code it gets, and the message id it is answered with.
FRAMES = [
    ("{", "RpcFrameworkError", "-1"),
    ("[]", "RpcFrameworkError", "-1"),
    ('{"a": 1}', "RpcFrameworkError", "-1"),
    ('[2, null, "Heartbeat", {}]', "RpcFrameworkError", "-1"),
    ('[2, "7", "Heartbeat"]', "RpcFrameworkError", "7"),
    ('[2, "7", 5, {}]', "RpcFrameworkError", "7"),
    ('[9, "7", "Heartbeat", {}]', "MessageTypeNotSupported", "7"),
    ('["2", "7", "Heartbeat", {}]', "MessageTypeNotSupported", "7"),
    ('[2, "7", "Heartbeat", "text"]', "FormatViolation", "7"),
    ('[2, "7", "Heartbeat", [1]]', "FormatViolation", "7"),
    ('[2, "7", "Reset", {"type": "Immediate"}]', "NotSupported", "7"),
    ('[2, "7", "StartTransaction", {}]', "NotImplemented", "7"),
]
#: action, payload, code.
PAYLOADS = [
    (
        "StatusNotification",
        {k: v for k, v in STATUS.items() if k != "evseId"},
        "OccurrenceConstraintViolation",
    ),
    ("StatusNotification", {}, "OccurrenceConstraintViolation"),
    (
        "StatusNotification",
        {**STATUS, "connectorStatus": "Charging"},
        "PropertyConstraintViolation",
    ),
    ("StatusNotification", {**STATUS, "evseId": "one"}, "TypeConstraintViolation"),
    ("StatusNotification", {**STATUS, "evseId": {}}, "TypeConstraintViolation"),
    ("TransactionEvent", {**EVENT, "eventType": "Begun"}, "PropertyConstraintViolation"),
    ("TransactionEvent", {**EVENT, "transactionInfo": []}, "TypeConstraintViolation"),
    ("FirmwareStatusNotification", {"status": "Fine"}, "PropertyConstraintViolation"),
    ("MeterValues", {"evseId": 1}, "OccurrenceConstraintViolation"),
]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_every_breach_gets_its_code_and_the_socket_stays(gateway, charger, version, subtests):
    async with gateway.charger("CP-1", version) as cp:
        await cp.boot2()
        for text_, code, message_id in FRAMES:
            with subtests.test(msg=text_):
                assert (await cp.text(text_))[:3] == [4, message_id, code]
        for action, payload, code in PAYLOADS:
            with subtests.test(msg=f"{action} {payload}"):
                kind, _id, said, description, details = await cp.call(action, payload)
                assert (kind, said, details) == (4, code, {})
                assert description
        assert "currentTime" in await cp.call("Heartbeat", {})


async def test_messages_of_2_1_are_none_in_2_0_1(gateway, charger):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for frame in ([5, "1", "InternalError", "", {}], [6, "1", "Heartbeat", {}]):
            assert (await cp.text(json.dumps(frame)))[2] == "MessageTypeNotSupported"
        assert (await cp.call("BatterySwap", {}))[2] == "NotImplemented"


#: What chargers break without harm: action, payload.
HARMLESS = [
    ("StatusNotification", {**STATUS, "evseId": "1"}, "string_as_number at evseId"),
    ("StatusNotification", {**STATUS, "extra": 1}, "extra_property at "),
    ("StatusNotification", {**STATUS, "timestamp": text(1)[:-1]}, "format at timestamp"),
    (
        "TransactionEvent",
        {**EVENT, "triggerReason": "Moon", "meterValue": [{**meter(1, 5.0), "sampledValue": []}]},
        "unknown_value at triggerReason",
    ),
    (
        "TransactionEvent",
        {**EVENT, "meterValue": meter(1, 5.0), "seqNo": 0.0, "idToken": None},
        "object_for_array at meterValue",
    ),
    (
        "BootNotification",
        {"reason": "Bored", "chargingStation": {"vendorName": "A", "model": 7}},
        "number_as_string at chargingStation/model",
    ),
    ("SecurityEventNotification", {"type": "x" * 60, "timestamp": text(1)}, "too_long at type"),
    ("Heartbeat", None, "null at "),
]


async def test_harmless_breaches_are_understood_and_counted(gateway, charger, subtests):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for action, payload, breach in HARMLESS:
            with subtests.test(msg=f"{action} {payload}"):
                assert isinstance(await cp.call(action, payload), dict)
                _mended, found = schemas.check("2.0.1", action, deepcopy(payload))
                assert breach in {f"{one.kind} at {one.path}" for one in found}
    assert not await QuarantinedFact.objects.aexists()


async def test_markup_and_nul_are_kept_as_text(gateway, charger):
    evil = "<script>\0\u202e"
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        payload = {"type": "x", "timestamp": text(1), "techInfo": evil}
        assert await cp.call("SecurityEventNotification", payload) == {}
    event = await Event.objects.aget(kind="security_event")
    assert event.text == "<script>\N{REPLACEMENT CHARACTER}\u202e"
    assert event.data["techInfo"] == event.text


async def test_a_long_payload_is_kept_without_its_lists(gateway, charger):
    period = {"startPeriod": 0, "limit": 1.0}
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period] * 1024}
    payload = {"timeBase": text(1), "evseId": 1, "chargingSchedule": schedule}
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        assert await cp.call("NotifyEVChargingSchedule", payload) == {"status": "Accepted"}
    event = await Event.objects.aget(kind="charging_schedule")
    assert event.data.keys() == {"timeBase", "evseId", "cut"}
    assert event.data["cut"] > 30_000


async def test_a_payload_of_a_thousand_odd_properties_is_cut_as_well(gateway, charger):
    odd = {f"p{number}": "x" * 30 for number in range(1_000)}
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        payload = {"reservationId": 1, "reservationUpdateStatus": "Removed", **odd}
        assert await cp.call("ReservationStatusUpdate", payload) == {}
    event = await Event.objects.aget(kind="reservation_status")
    assert event.data["reservationId"] == 1
    assert len(event.data) == 17
