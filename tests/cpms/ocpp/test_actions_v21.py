"""Every message of OCPP 2.1: its answer, and what is kept of it."""

import json
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from cpms.control import commands
from cpms.control.commands import SYSTEM
from cpms.control.models import Command
from cpms.control.operations.remote import Reset
from cpms.ocpp import schemas
from cpms.ocpp.versions import ROUTES
from monitoring.models import Event
from tests.cpms.ocpp.actions import (
    MADE_UP,
    Case,
    ago,
    check_all,
    heartbeat,
    not_for_chargers,
    refusals,
)
from tests.cpms.ocpp.cases2 import COMMON, HASH, MONITOR, NEEDS, TOKEN

CASES = [
    *COMMON,
    Case(
        "BatterySwap",
        {
            "eventType": "BatteryIn",
            "requestId": 1,
            "idToken": TOKEN,
            "batteryData": [{"evseId": 1, "serialNumber": "B-1", "soC": 12.5, "soH": 97.0}],
        },
        Event,
        {"kind": "battery_swap", "code": "BatteryIn", "data__batteryData__0__soC": 12.5},
    ),
    Case(
        "ClosePeriodicEventStream",
        {"id": 4},
        Event,
        {"kind": "event_stream_closed", "code": "4"},
    ),
    Case(
        "GetCertificateChainStatus",
        {
            "certificateStatusRequests": [
                {"certificateHashData": HASH, "source": "OCSP", "urls": ["http://ocsp.example"]}
            ]
        },
        Event,
        {"kind": "certificate_chain_request"},
    ),
    Case(
        "NotifyDERAlarm",
        {
            "controlType": "VoltWatt",
            "gridEventFault": "OverVoltage",
            "timestamp": ago(35),
            "extraInfo": "253 V",
        },
        Event,
        {
            "kind": "der_alarm",
            "code": "OverVoltage",
            "at": ago(35),
            "severity": 3,
            "text": "253 V",
        },
    ),
    Case(
        "NotifyDERStartStop",
        {"controlId": "C-1", "started": True, "timestamp": ago(34)},
        Event,
        {"kind": "der_start_stop", "code": "C-1", "at": ago(34), "data__started": True},
    ),
    Case(
        "NotifyEVChargingNeeds",
        NEEDS,
        Event,
        {"kind": "charging_needs", "evse__number": 1},
        {"status": "Accepted"},
    ),
    Case(
        "NotifyMonitoringReport",
        {
            "requestId": 13,
            "seqNo": 0,
            "generatedAt": ago(10),
            "monitor": [
                {
                    **MONITOR,
                    "variableMonitoring": [
                        {
                            **MONITOR["variableMonitoring"][0],
                            "eventNotificationType": "CustomMonitor",
                        }
                    ],
                }
            ],
        },
        Event,
        {"kind": "monitoring_report", "at": ago(10), "data__requestId": 13},
    ),
    Case(
        "NotifyPriorityCharging",
        {"transactionId": "T-1", "activated": True},
        Event,
        {"kind": "priority_charging", "code": "T-1", "data__activated": True},
    ),
    Case(
        "NotifySettlement",
        {
            "transactionId": "T-1",
            "pspRef": "PSP-9",
            "status": "Settled",
            "settlementAmount": 12.34,
            "settlementTime": ago(33),
        },
        Event,
        {
            "kind": "settlement",
            "code": "Settled",
            "at": ago(33),
            "data__settlementAmount": 12.34,
        },
    ),
    Case(
        "OpenPeriodicEventStream",
        {"constantStreamData": {"id": 4, "params": {"interval": 5}, "variableMonitoringId": 2}},
        Event,
        {"kind": "event_stream_request", "data__constantStreamData__id": 4},
        {"status": "Rejected"},
    ),
    Case(
        "PullDynamicScheduleUpdate",
        {"chargingProfileId": 17},
        Event,
        {"kind": "dynamic_schedule_request", "code": "17"},
        {"status": "Rejected"},
    ),
    Case(
        "ReportDERControl",
        {
            "requestId": 14,
            "gradient": [
                {"id": "G-1", "gradient": {"priority": 1, "gradient": 2.0, "softGradient": 1.0}}
            ],
        },
        Event,
        {"kind": "der_report", "data__gradient__0__id": "G-1"},
    ),
    Case(
        "VatNumberValidation",
        {"vatNumber": "DE123456789", "evseId": 1},
        Event,
        {"kind": "vat_number", "code": "DE123456789", "evse__number": 1},
        {"status": "Rejected", "vatNumber": "DE123456789", "evseId": 1},
    ),
]
STREAM = Case(
    "NotifyPeriodicEventStream",
    {"id": 4, "pending": 0, "basetime": ago(5), "data": [{"t": 0.5, "v": "21.5"}]},
    Event,
    {"kind": "event_stream", "code": "4", "at": ago(5), "data__data__0__v": "21.5"},
)


async def test_every_message_is_answered_by_its_schema_and_kept(gateway, charger, subtests):
    async with gateway.charger("CP-1", "2.1") as cp:
        assert await check_all(subtests, "2.1", cp, CASES) == CASES
    assert [await case.rows.acount() for case in CASES] == [1] * len(CASES)


def test_every_action_that_a_charger_sends_has_a_row():
    others = {"Heartbeat", STREAM.action}
    assert {case.action for case in CASES} | others == ROUTES["2.1"].handlers.keys()
    assert len(CASES) == 35


async def test_a_message_sent_without_asking_for_an_answer_gets_none(gateway, charger):
    schemas.validator("2.1", STREAM.action).validate(STREAM.payload)
    async with gateway.charger("CP-1", "2.1") as cp:
        await cp.boot2()
        await cp.socket.send(json.dumps([6, "s-1", STREAM.action, STREAM.payload]))
        await cp.socket.send(json.dumps([6, "s-2", STREAM.action, {"id": "x"}]))
        await cp.socket.send(json.dumps([2, "h-1", "Heartbeat", {}]))
        assert (await cp.read())[:2] == [3, "h-1"]
    await STREAM.find()


async def test_an_answer_that_the_charger_could_not_read_is_an_event(gateway, charger):
    async with gateway.charger("CP-1", "2.1") as cp:
        await cp.boot2()
        refusal = [5, "1", "FormatViolation", "interval?", {}]
        await cp.socket.send(json.dumps(refusal))
        await cp.call("ClosePeriodicEventStream", {"id": 1})  # kept after it
    event = await Event.objects.aget(kind="answer_refused")
    assert (event.code, event.text) == ("FormatViolation", "interval?")
    assert event.data == {"messageId": "1"}


async def test_a_heartbeat_is_answered_and_seen(gateway, charger):
    async with gateway.charger("CP-1", "2.1") as cp:
        await cp.boot2()
        sent = datetime.now(UTC)
        told, seen = await heartbeat("2.1", cp, "CP-1")
    assert abs(told - sent) < timedelta(seconds=5)
    assert sent <= seen <= datetime.now(UTC)


async def test_what_is_not_for_a_charger_to_send_is_refused(gateway, charger):
    others = not_for_chargers("2.1")
    assert len(others) > 15
    async with gateway.charger("CP-1", "2.1") as cp:
        assert await refusals(cp, others) == dict.fromkeys(others, (4, "NotSupported"))
        assert await refusals(cp, MADE_UP) == dict.fromkeys(MADE_UP, (4, "NotImplemented"))


async def test_an_answer_of_the_charger_that_cannot_be_read_is_refused(gateway, charger):
    async with gateway.charger("CP-1", "2.1") as cp:
        await cp.boot2()
        command = await sync_to_async(commands.request)(charger, Reset(), SYSTEM)
        call = await cp.read()
        await cp.socket.send(json.dumps([3, call[1], {"status": 7}]))
        refusal = await cp.read()
        assert refusal[:3] == [5, call[1], "FormatViolation"]
        assert "status" in refusal[3]
        await cp.call("Heartbeat", {})
        while not (found := await Command.objects.aget(pk=command.pk)).is_over:
            pass
    assert found.error["code"] == "UnreadableAnswer"
