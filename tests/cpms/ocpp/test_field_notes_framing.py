"""Field notes 9–12: frames of every shape get their answer, and the socket stays open."""

import asyncio
import json

import pytest
import websockets
from asgiref.sync import sync_to_async

from cpms.ocpp import calls as calls_module
from cpms.ocpp.breakages import BREAKAGES
from cpms.ocpp.calls import NoAnswer
from inventory.models import ChargerModel
from monitoring.models import Event, MeterSample, SchemaBreakage, StatusSpan
from tests.cpms.ocpp.conftest import make_charger

AT = "2026-03-02T12:00:00Z"
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


async def breakages(gateway):
    """Return how often each kind was counted, by action and kind."""
    await BREAKAGES.write(await gateway.hub._connected())
    return {(b.action, b.kind): b.count async for b in SchemaBreakage.objects.all()}


@pytest.fixture
def modelled(charger):
    """The charger, of a known model: breakages are counted per model."""
    charger.model = ChargerModel.objects.create(vendor="Acme", name="One")
    charger.save()
    return charger


# 9 One CALL outstanding per direction


async def test_our_own_call_never_stops_the_receive_loop_9(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        held = await socket_of(gateway, charger)
        asking = asyncio.ensure_future(held.calls.call("GetConfiguration", {}, 5))
        _kind, message_id, action, _payload = await cp.read()
        assert action == "GetConfiguration"
        for _ in range(3):
            assert "currentTime" in await cp.call("Heartbeat", {})
        assert not asking.done()
        await cp.socket.send(json.dumps([3, message_id, {"configurationKey": []}]))
        assert (await asking).payload == {"configurationKey": []}


async def socket_of(gateway, charger):
    async with asyncio.timeout(5):
        while charger.pk not in gateway.hub.sockets:
            await asyncio.sleep(0.01)
    return gateway.hub.sockets[charger.pk]


async def test_one_call_of_ours_is_outstanding_and_the_next_waits_for_its_answer_9(
    gateway, charger
):
    async with gateway.charger("CP-1") as cp:
        held = await socket_of(gateway, charger)
        first, second = (
            asyncio.ensure_future(held.calls.call(action, {}, 5))
            for action in ("ClearCache", "GetLocalListVersion")
        )
        _kind, message_id, action, _payload = await cp.read()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(cp.socket.recv(), 0.2)
        await cp.socket.send(json.dumps([4, message_id, "InternalError", "no", {}]))
        assert (await first).code == "InternalError"
        _kind, message_id, action, _payload = await cp.read()
        assert action == "GetLocalListVersion"
        await cp.socket.send(json.dumps([3, message_id, {"listVersion": 0}]))
        assert (await second).payload == {"listVersion": 0}


async def test_a_call_that_nobody_answers_frees_the_slot_and_its_late_answer_is_dropped_11(
    gateway, charger
):
    async with gateway.charger("CP-1") as cp:
        held = await socket_of(gateway, charger)
        with pytest.raises(NoAnswer):
            await held.calls.call("ClearCache", {}, 0.1)
        _kind, late, _action, _payload = await cp.read()
        asking = asyncio.ensure_future(held.calls.call("ClearCache", {}, 5))
        _kind, message_id, _action, _payload = await cp.read()
        before = calls_module.UNSOLICITED._value.get()
        await cp.socket.send(json.dumps([3, late, {"status": "Rejected"}]))
        await cp.socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert (await asking).payload == {"status": "Accepted"}
        assert calls_module.UNSOLICITED._value.get() == before + 1


async def test_another_charger_cannot_answer_our_call_9(gateway, charger):
    await sync_to_async(make_charger)("CP-2")
    async with gateway.charger("CP-1") as cp, gateway.charger("CP-2") as other:
        held = await socket_of(gateway, charger)
        asking = asyncio.ensure_future(held.calls.call("ClearCache", {}, 5))
        _kind, message_id, _action, _payload = await cp.read()
        await other.socket.send(json.dumps([3, message_id, {"status": "Rejected"}]))
        assert "currentTime" in await other.call("Heartbeat", {})
        assert not asking.done()
        await cp.socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert (await asking).payload == {"status": "Accepted"}


async def test_no_command_reaches_the_socket_that_lost_its_place_5(gateway, charger):
    async with gateway.charger("CP-1") as old:
        loser = await socket_of(gateway, charger)
        async with gateway.charger("CP-1") as new:
            await new.call("Heartbeat", {})
            with pytest.raises(NoAnswer):
                await loser.calls.call("ClearCache", {}, 1)
            with pytest.raises(websockets.ConnectionClosed):
                await old.read()
            winner = await socket_of(gateway, charger)
            asking = asyncio.ensure_future(winner.calls.call("ClearCache", {}, 5))
            _kind, message_id, action, _payload = await new.read()
            assert action == "ClearCache"
            await new.socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))
            await asking


async def test_a_call_ends_with_its_connection_9(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        held = await socket_of(gateway, charger)
        asking = asyncio.ensure_future(held.calls.call("ClearCache", {}, 30))
        waiting = asyncio.ensure_future(held.calls.call("ClearCache", {}, 30))
        await cp.read()
    for call in (asking, waiting):
        with pytest.raises(NoAnswer):
            await asyncio.wait_for(call, 5)


# 10 The right CALLERROR


async def test_what_cannot_be_read_gets_its_callerror_and_the_socket_stays_10(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        for text, code, message_id in (
            ("{", "FormationViolation", "-1"),
            ("", "FormationViolation", "-1"),
            ("null", "FormationViolation", "-1"),
            ("[]", "FormationViolation", "-1"),
            ('[2,"7","Heartbeat",', "FormationViolation", "7"),
            ('[2,"7","Heartbeat"]', "FormationViolation", "7"),
            ('[2,"7",8,{}]', "FormationViolation", "7"),
            ('[2,null,"Heartbeat",{}]', "FormationViolation", "-1"),
            ('[9,"7","Heartbeat",{}]', "FormationViolation", "7"),
            ('["2","7","Heartbeat",{}]', "FormationViolation", "7"),
            ('[2,"7","Fly",{}]', "NotImplemented", "7"),
            ('[2,"7","RemoteStartTransaction",{"idTag":"x"}]', "NotSupported", "7"),
            ('[2,"7","../../etc/passwd",{}]', "NotImplemented", "7"),
            ('[2,"7","Authorize",{}]', "OccurenceConstraintViolation", "7"),
            ('[2,"7","Authorize",{"idTag":{}}]', "TypeConstraintViolation", "7"),
            ('[2,"7","Authorize","x"]', "FormationViolation", "7"),
            (
                '[2,"7","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"?"}]',
                "PropertyConstraintViolation",
                "7",
            ),
        ):
            answer = await cp.text(text)
            assert (answer[0], answer[1], answer[2]) == (4, message_id, code), text
            assert answer[3]
            assert answer[4] == {}
        assert "currentTime" in await cp.call("Heartbeat", {})


async def test_broken_answers_are_not_answered_10(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        for text in ('[3,"7"]', '[4,"7"]', '[3,"7",{', "[3,null,{}]", '[4,"7","x","y",{}]'):
            await cp.socket.send(text)
        assert "currentTime" in await cp.call("Heartbeat", {})


async def test_what_json_does_not_know_loses_nothing_of_the_rest_10(gateway, modelled):
    async with gateway.charger("CP-1") as cp:
        text = (
            '\ufeff[2,"7","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"'
            + AT
            + '","sampledValue":[{"value":NaN,"measurand":"Voltage"},{"value":"5"}]}]}]'
        )
        assert await cp.text(text) == {}
        kept = await MeterSample.objects.aget()
    assert (kept.energy, kept.voltage) == (5.0, None)
    assert kept.extra["sampled"] == [{"value": "NaN", "measurand": "Voltage"}]
    assert ("MeterValues", "loose_json") in await breakages(gateway)


async def test_2_1_takes_an_unconfirmed_send_and_a_refusal_of_our_answer_10(gateway, charger):
    async with gateway.charger("CP-1", "2.1") as cp:
        await cp.boot2()
        stream = {"id": 1, "pending": 0, "basetime": AT, "data": [{"t": 0, "v": "1"}]}
        await cp.socket.send(json.dumps([6, "s", "NotifyPeriodicEventStream", stream]))
        await cp.socket.send(json.dumps([5, "h", "FormatViolation", "no", {}]))
        assert "currentTime" in await cp.call("Heartbeat", {})
        kinds = {e.kind async for e in Event.objects.all()}
    assert {"event_stream", "answer_refused"} <= kinds


# 11 Message ids


async def test_ids_that_are_long_or_used_again_are_answered_and_counted_11(gateway, modelled):
    async with gateway.charger("CP-1") as cp:
        for message_id in ("x" * 5_000, "same", "same", "same", ""):
            await cp.socket.send(json.dumps([2, message_id, "Heartbeat", {}]))
            kind, answered, _payload = await cp.read()
            assert (kind, answered) == (3, message_id)
        await cp.socket.send('[2,42,"Heartbeat",{}]')
        assert (await cp.read())[:2] == [3, "42"]
    counts = await breakages(gateway)
    assert counts["Heartbeat", "long_message_id"] == 1
    assert counts["Heartbeat", "reused_message_id"] == 2


# 12 Schema breakage


async def test_soft_breakages_are_accepted_normalised_and_counted_per_model_12(gateway, modelled):
    entry = {"timestamp": AT, "sampledValue": [{"value": "1"}]}
    soft = [
        ("Heartbeat", None),
        ("Heartbeat", []),
        ("Heartbeat", {"surprise": 1}),
        ("StatusNotification", {**STATUS, "connectorId": "1"}),
        ("StatusNotification", {**STATUS, "info": None}),
        ("StatusNotification", {**STATUS, "info": "x" * 60}),
        ("StatusNotification", {**STATUS, "errorCode": "WeirdError"}),
        ("StatusNotification", {**STATUS, "timestamp": "2026-03-02T12:00:00"}),
        ("StatusNotification", {**STATUS, "timestamp": "2026-03-02T12:00:00.1234567Z"}),
        ("MeterValues", {"connectorId": 1, "meterValue": entry}),
        ("MeterValues", {"connectorId": 1, "meterValue": [{**entry, "sampledValue": []}]}),
        (
            "MeterValues",
            {
                "connectorId": 1,
                "meterValue": [{**entry, "sampledValue": [{"value": 7, "unit": "furlong"}]}],
            },
        ),
        ("Authorize", {"idTag": 123456}),
        ("Authorize", {"idTag": "a token that is longer than twenty"}),
    ]
    async with gateway.charger("CP-1") as cp:
        for action, payload in soft:
            answer = await cp.call(action, payload)
            assert isinstance(answer, dict), (action, payload, answer)
    counts = await breakages(gateway)
    assert {
        ("Heartbeat", "null"),
        ("Heartbeat", "extra_property"),
        ("StatusNotification", "string_as_number at connectorId"),
        ("StatusNotification", "null at info"),
        ("StatusNotification", "too_long at info"),
        ("StatusNotification", "unknown_value at errorCode"),
        ("StatusNotification", "format at timestamp"),
        ("MeterValues", "object_for_array at meterValue"),
        ("MeterValues", "empty at meterValue/*/sampledValue"),
        ("MeterValues", "unknown_unit at sampledValue"),
        ("Authorize", "number_as_string at idTag"),
        ("Authorize", "too_long at idTag"),
    } <= set(counts)
    assert counts["Heartbeat", "null"] == 2
    row = await SchemaBreakage.objects.aget(kind="null at info")
    assert (row.vendor, row.model) == ("Acme", "One")
    tokens = {e.text async for e in Event.objects.filter(kind="authorization")}
    assert tokens == {"123456", "a token that is longer than twenty"}


async def test_breakages_are_added_up_over_restarts_12(gateway, modelled):
    async with gateway.charger("CP-1") as cp:
        for _ in range(2):
            await cp.call("Heartbeat", None)
            assert (await breakages(gateway))["Heartbeat", "null"] in {1, 2}
    assert (await breakages(gateway))["Heartbeat", "null"] == 2


async def test_a_hard_breakage_stores_nothing_12(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        answer = await cp.call("StatusNotification", {**STATUS, "status": "Sleeping"})
        assert answer[2] == "PropertyConstraintViolation"
        answer = await cp.call("StatusNotification", {**STATUS, "connectorId": "first"})
        assert answer[2] == "TypeConstraintViolation"
    assert not await StatusSpan.objects.aexists()


async def test_a_handler_that_fails_is_an_internal_error_and_no_more_10(
    gateway, charger, monkeypatch
):
    held_routes = {}

    def fail(station, payload, received):
        raise KeyError("a bug of ours")

    async with gateway.charger("CP-1") as cp:
        held = (await socket_of(gateway, charger))._conversation
        held_routes.update(held._routes.handlers, DataTransfer=fail)
        monkeypatch.setattr(held, "_routes", type(held._routes)("1.6", held_routes))
        answer = await cp.call("DataTransfer", {"vendorId": "x"})
        assert answer[2] == "InternalError"
        assert "a bug of ours" not in answer[3]
        assert "currentTime" in await cp.call("Heartbeat", {})
