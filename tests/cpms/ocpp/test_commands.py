"""Commands on their way: from the row to the CALL on the socket and back, whatever comes."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from msgspec.structs import replace
from websockets import ConnectionClosed

from cpms.control import commands
from cpms.control.charging.profile import Period, Profile, Schedule
from cpms.control.commands import SYSTEM
from cpms.control.models import Command
from cpms.control.operations import Operation
from cpms.control.operations.charging import Start, Stop
from cpms.control.operations.remote import ChangeAvailability, Reset, Trigger
from cpms.ocpp.calls import UNSOLICITED
from cpms.ocpp.commands import dispatch
from inventory.models import Charger
from tests.cpms.ocpp.conftest import RawCharger, RunningGateway, make_charger

State = Command.State


async def ask(charger: Charger, operation: Operation, **options: Any) -> Command:
    """Ask as the installation itself."""
    return await sync_to_async(commands.request)(charger, operation, SYSTEM, **options)


async def ended(command: Command, seconds: float = 10) -> Command:
    """Return the command once it is over."""
    async with asyncio.timeout(seconds):
        while True:
            found = await Command.objects.aget(pk=command.pk)
            if found.is_over:
                return found
            await asyncio.sleep(0.02)


async def verified(command: Command, seconds: float = 10) -> Command:
    """Return the command once it is known whether it was done."""
    async with asyncio.timeout(seconds):
        while True:
            found = await Command.objects.aget(pk=command.pk)
            if found.verified is not None:
                return found
            await asyncio.sleep(0.02)


async def answer(charger: RawCharger, call: list[Any], payload: Any) -> None:
    """Answer a CALL of ours."""
    await charger.socket.send(json.dumps([3, call[1], payload]))


async def test_a_command_reaches_the_charger_and_its_answer_the_row(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Reset(at_once=True), reason="It hangs.")
        call = await socket.read()
        assert call[0] == 2
        assert call[2:] == ["Reset", {"type": "Hard"}]
        await answer(socket, call, {"status": "Accepted"})
        found = await ended(command)
    assert (found.state, found.result) == (State.ACCEPTED, "Accepted")
    assert (found.action, found.payload) == ("Reset", {"type": "Hard"})
    assert found.response == {"status": "Accepted"}
    assert found.message_id == call[1]
    assert found.requested_at <= found.sent_at <= found.answered_at  # type: ignore[operator]


@pytest.mark.parametrize(
    ("said", "state", "result"),
    [
        ([3, {"status": "Rejected"}], State.REJECTED, "Rejected"),
        ([3, {"status": "Scheduled"}], State.ACCEPTED, "Scheduled"),
        ([4, "NotSupported", "", {}], State.NOT_SUPPORTED, "NotSupported"),
        ([4, "NotImplemented", "no", {}], State.NOT_SUPPORTED, "NotImplemented"),
        ([4, "InternalError", "disk", {}], State.FAILED, "InternalError"),
        ([3, {"status": "NotSupported"}], State.NOT_SUPPORTED, "NotSupported"),
        ([3, {"status": "Failed"}], State.FAILED, "Failed"),
        ([3, {"status": "Unlocked"}], State.FAILED, ""),
        ([3, {"unheard": 1}], State.FAILED, ""),
        ([3, [1, 2]], State.FAILED, ""),
        ([3, {"status": "<b>x</b>" * 40}], State.REJECTED, ("<b>x</b>" * 40)[:50]),
    ],
)
async def test_every_answer_ends_the_command_in_a_state_of_its_own(
    charger: Charger, gateway: RunningGateway, said: list[Any], state: str, result: str
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, ChangeAvailability(operative=False, evse=1))
        call = await socket.read()
        await socket.socket.send(json.dumps([said[0], call[1], *said[1:]]))
        found = await ended(command)
    assert (found.state, found.result) == (state, result)


async def test_commands_go_out_one_at_a_time_in_the_order_they_were_asked(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        asked = [await ask(charger, Trigger(message="heartbeat")) for _ in range(3)]
        seen = []
        for _ in asked:
            call = await socket.read()
            seen.append(call[1])
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.socket.recv(), 0.2)
            await answer(socket, call, {"status": "Accepted"})
        found = [await ended(command) for command in asked]
    assert [command.message_id for command in found] == seen


async def test_a_command_waits_for_a_charger_that_is_offline(
    charger: Charger, gateway: RunningGateway
) -> None:
    command = await ask(charger, Reset())
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        call = await socket.read()
        await answer(socket, call, {"status": "Accepted"})
        found = await ended(command)
    assert found.state == State.ACCEPTED


async def test_a_command_that_expired_is_never_sent_and_says_so(
    charger: Charger, gateway: RunningGateway
) -> None:
    command = await ask(charger, Reset(), lasts=timedelta(seconds=-1))
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        await ask(charger, Trigger(message="heartbeat"))
        assert (await socket.read())[2] == "TriggerMessage"
    await sync_to_async(commands.expire)(timezone.now())
    assert (await Command.objects.aget(pk=command.pk)).state == State.EXPIRED


async def test_a_cancelled_command_is_never_sent(charger: Charger, gateway: RunningGateway) -> None:
    command = await ask(charger, Reset())
    assert await sync_to_async(commands.cancel)(command, SYSTEM)
    assert not await sync_to_async(commands.cancel)(command, SYSTEM)
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        await ask(charger, Trigger(message="heartbeat"))
        assert (await socket.read())[2] == "TriggerMessage"
    assert (await Command.objects.aget(pk=command.pk)).state == State.CANCELLED


async def test_a_start_whose_answer_is_lost_with_the_line_is_not_sent_again(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Start(id_token="04A1", evse=1))
        await socket.read()
    found = await ended(command)
    assert found.state == State.UNKNOWN
    assert found.error["code"] == "ConnectionLost"  # type: ignore[index]
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        await ask(charger, Trigger(message="heartbeat"))
        assert (await socket.read())[2] == "TriggerMessage"


async def test_what_does_no_harm_twice_is_sent_again_when_the_line_is_back(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, ChangeAvailability(operative=True))
        first = await socket.read()
    async with gateway.charger("CP-1") as socket:
        second = await socket.read()  # It comes when it comes: a boot's answer might be after it.
        await answer(socket, second, {"status": "Accepted"})
        found = await ended(command)
    assert first[2:] == second[2:]
    assert first[1] != second[1]
    assert (found.state, found.attempts) == (State.ACCEPTED, 2)


async def test_what_a_dead_gateway_had_out_ends_as_unknown_or_waits_again(
    charger: Charger, gateway: RunningGateway
) -> None:
    dead, now = uuid4(), datetime.now(UTC)
    common = {
        "charger": charger, "state": State.SENT, "sent_at": now, "gateway": dead, "attempts": 1,
        "expires_at": now + timedelta(minutes=5), "requested_by_name": "olga",
    }  # fmt: skip
    once = await Command.objects.acreate(operation="start", **common)
    again = await Command.objects.acreate(operation="trigger", repeatable=True, **common)
    assert await sync_to_async(commands.lose)(now) == 2
    assert (await Command.objects.aget(pk=once.pk)).state == State.UNKNOWN
    assert (await Command.objects.aget(pk=again.pk)).state == State.PENDING


async def test_a_charger_that_calls_while_it_is_called_is_answered_first(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Reset())
        call = await socket.read()
        assert "currentTime" in await socket.call("Heartbeat", {})
        await answer(socket, call, {"status": "Accepted"})
        assert (await ended(command)).state == State.ACCEPTED


async def test_what_a_version_cannot_say_fails_with_the_reason(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Reset(evse=1))
        found = await ended(command)
    assert found.state == State.FAILED
    assert "can't reset one port" in found.error["description"]  # type: ignore[index]
    command = await ask(charger, Stop(transaction_id="abc"))
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        assert (await ended(command)).error["code"] == "NotSent"  # type: ignore[index]


@pytest.mark.parametrize("first", ["answer", "message"])
async def test_a_trigger_is_verified_by_the_message_that_comes(
    charger: Charger, gateway: RunningGateway, first: str
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Trigger(message="heartbeat"))
        call = await socket.read()
        if first == "message":
            await socket.call("Heartbeat", {})
        await answer(socket, call, {"status": "Accepted"})
        if first == "answer":
            await ended(command)
            await socket.call("Heartbeat", {})
        found = await verified(command)
    assert (found.verified, found.evidence) == (True, "message")


async def test_another_message_than_the_one_asked_for_verifies_nothing(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Trigger(message="heartbeat"))
        refused = await ask(charger, Trigger(message="meter_values"))
        call = await socket.read()
        await answer(socket, call, {"status": "Accepted"})
        call = await socket.read()
        await answer(socket, call, {"status": "Rejected"})
        await ended(refused)
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
        await socket.call("StatusNotification", status)
        meter = {"connectorId": 1, "meterValue": []}
        await socket.call("MeterValues", meter)
        others_were_handled = timezone.now()
        await socket.call("Heartbeat", {})
        found = await verified(command)
    assert found.verified_at is not None
    assert found.verified_at >= others_were_handled
    assert (await Command.objects.aget(pk=refused.pk)).verified is None


async def test_what_hurts_twice_is_not_asked_again_while_it_is_under_way(charger: Charger) -> None:
    start = Start(id_token="CAFE", evse=1)
    asked = await asyncio.gather(*(ask(charger, start) for _ in range(2)), return_exceptions=True)
    refused = [problem for problem in asked if isinstance(problem, Exception)]
    assert [str(problem) for problem in refused] == [
        "Kilowatch asked the same, and it is under way: wait for its end, or cancel it."
    ]
    assert await Command.objects.acount() == 1
    await ask(charger, Start(id_token="CAFE", evse=2))
    await ask(charger, ChangeAvailability(operative=False))
    await ask(charger, ChangeAvailability(operative=False))


async def test_a_raw_message_that_hurts_twice_is_not_asked_again_while_it_is_under_way(
    charger: Charger,
) -> None:
    async def send(action: str, payload: dict[str, Any]) -> None:
        raw = sync_to_async(commands.request_raw)
        await raw(charger, action, payload, payload, SYSTEM)

    await send("RemoteStartTransaction", {"idTag": "CAFE", "connectorId": 1})
    with pytest.raises(commands.Refused, match="under way"):
        await send("RemoteStartTransaction", {"idTag": "CAFE", "connectorId": 1})
    await send("RemoteStartTransaction", {"idTag": "CAFE", "connectorId": 2})
    await send("GetConfiguration", {})
    await send("GetConfiguration", {})
    assert await Command.objects.acount() == 4


async def test_the_same_start_is_not_asked_twice_for_the_number_that_its_limit_is_given(
    charger: Charger,
) -> None:
    limit = Schedule(unit="A", periods=[Period(start=0, limit=10)])
    profile = Profile(purpose="TxProfile", kind="Relative", schedules=[limit])
    await ask(charger, Start(id_token="CAFE", evse=1, profile=profile))
    with pytest.raises(commands.Refused, match="under way"):
        await ask(charger, Start(id_token="CAFE", evse=1, profile=profile))
    other = Schedule(unit="A", periods=[Period(start=0, limit=16)])
    await ask(charger, Start(id_token="CAFE", evse=2, profile=replace(profile, schedules=[other])))


async def test_what_is_over_can_be_asked_again(charger: Charger) -> None:
    first = await ask(charger, Reset())
    await sync_to_async(commands.cancel)(first, SYSTEM)
    await ask(charger, Reset())
    assert await Command.objects.filter(state=State.PENDING).acount() == 1


async def test_answers_of_another_charger_and_second_answers_change_nothing(
    charger: Charger, gateway: RunningGateway
) -> None:
    await sync_to_async(make_charger)("CP-2")
    async with gateway.charger("CP-1") as asked, gateway.charger("CP-2") as other:
        await asked.boot()
        await other.boot()
        command = await ask(charger, Reset())
        call = await asked.read()
        before = UNSOLICITED._value.get()
        await answer(other, call, {"status": "Rejected"})
        await other.call("Heartbeat", {})
        assert (await Command.objects.aget(pk=command.pk)).state == State.SENT
        await answer(asked, call, {"status": "Accepted"})
        await ended(command)
        await answer(asked, call, {"status": "Rejected"})
        await asked.call("Heartbeat", {})
        assert UNSOLICITED._value.get() == before + 2
    assert (await Command.objects.aget(pk=command.pk)).state == State.ACCEPTED


async def settled_anew(command: Command) -> Command:
    """Return a command that was given up, once its answer is noted after all."""
    async with asyncio.timeout(10):
        while True:
            found = await Command.objects.aget(pk=command.pk)
            if found.state != State.TIMED_OUT:
                return found
            await asyncio.sleep(0.02)


async def test_an_answer_that_comes_after_its_time_is_still_noted_once(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "PATIENCE", 0.2)
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Reset())
        call = await socket.read()
        assert (await ended(command)).state == State.TIMED_OUT
        await answer(socket, call, {"status": "Rejected"})
        found = await settled_anew(command)
        assert (found.state, found.result, found.error) == (State.REJECTED, "Rejected", None)
        await answer(socket, call, {"status": "Accepted"})
        await socket.call("Heartbeat", {})
    assert (await Command.objects.aget(pk=command.pk)).state == State.REJECTED


async def test_a_trigger_that_is_answered_late_is_verified_by_its_message(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "PATIENCE", 0.2)
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, Trigger(message="heartbeat"))
        call = await socket.read()
        assert (await ended(command)).state == State.TIMED_OUT
        await socket.call("Heartbeat", {})
        await answer(socket, call, {"status": "Accepted"})
        found = await verified(command)
    assert (found.state, found.verified, found.evidence) == (State.ACCEPTED, True, "message")


async def test_a_command_goes_to_the_charger_s_newest_connection_only(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as old:
        await old.boot()
        async with gateway.charger("CP-1") as new:
            await new.boot()
            command = await ask(charger, Reset())
            await answer(new, await new.read(), {"status": "Accepted"})
            await ended(command)
            with pytest.raises(ConnectionClosed):
                await old.read()
