"""A charger's key is changed: while nobody knows which is in force, both let it in."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from cpms.control import commands
from cpms.control.commands import SYSTEM
from cpms.control.models import Command
from cpms.control.operations import OPERATIONS, BadRequest
from cpms.control.operations.security import ChangePassword
from cpms.ocpp.commands import raw, translation
from inventory.models import Charger
from monitoring import recorder
from monitoring.models import FrameSegment
from tests.cpms.ocpp.conftest import KEY, RawCharger, RunningGateway
from tests.cpms.ocpp.test_commands import answer, ask, ended

State = Command.State
NEW = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567"


async def change(charger: Charger, socket: RawCharger, password: str = NEW) -> tuple[Command, Any]:
    """Ask for a new key; return the command and the CALL that came."""
    command = await ask(charger, ChangePassword(password=password))
    return command, await socket.read()


async def lets_in(gateway: RunningGateway, key: str) -> bool:
    """Tell whether a key opens."""
    try:
        async with gateway.charger("CP-1", password=key) as socket:
            await socket.boot()
            return True
    except InvalidStatus:
        return False


async def settled(charger: Charger, **expected: Any) -> Charger:
    """Return the charger once its fields are so."""
    async with asyncio.timeout(10):
        while True:
            found = await Charger.objects.aget(pk=charger.pk)
            if all(getattr(found, name) == value for name, value in expected.items()):
                return found
            await asyncio.sleep(0.02)


async def test_an_accepted_key_is_the_only_one_from_then_on(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command, call = await change(charger, socket)
        assert call[2:] == ["ChangeConfiguration", {"key": "AuthorizationKey", "value": NEW}]
        await answer(socket, call, {"status": "Accepted"})
        assert (await ended(command)).state == State.ACCEPTED
    assert not await lets_in(gateway, KEY)
    assert await lets_in(gateway, NEW)


async def test_while_it_is_out_both_keys_open_and_the_new_one_settles_it(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command, _call = await change(charger, socket)
        assert await lets_in(gateway, KEY)
    assert (await ended(command)).state == State.UNKNOWN
    assert await lets_in(gateway, NEW)
    await settled(charger, next_password_digest=None)
    assert not await lets_in(gateway, KEY)
    found = await Command.objects.aget(pk=command.pk)
    assert (found.verified, found.evidence) == (True, "connection")


@pytest.mark.parametrize(
    "said",
    [
        [3, {"status": "Rejected"}],
        [3, {"status": "NotSupported"}],
        [4, "NotImplemented", "", {}],
        [4, "InternalError", "", {}],
    ],
)
async def test_a_key_that_the_charger_refuses_opens_nothing(
    charger: Charger, gateway: RunningGateway, said: list[Any]
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command, call = await change(charger, socket)
        await socket.socket.send(json.dumps([said[0], call[1], *said[1:]]))
        await ended(command)
    assert not await lets_in(gateway, NEW)
    assert await lets_in(gateway, KEY)


@pytest.mark.parametrize("said", [{"status": "RebootRequired"}, {"status": "<Yes>"}, [1, 2]])
async def test_who_says_nothing_clear_may_come_with_either(
    charger: Charger, gateway: RunningGateway, said: Any
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command, call = await change(charger, socket)
        await answer(socket, call, said)
        await ended(command)
    assert await lets_in(gateway, KEY)
    assert await lets_in(gateway, NEW)
    await settled(charger, next_password_digest=None)
    assert not await lets_in(gateway, KEY)


async def test_the_old_key_long_after_shows_that_the_new_wasn_t_taken(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command, _call = await change(charger, socket)
    await ended(command)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await Charger.objects.filter(pk=charger.pk).aupdate(next_password_until=past)
    assert await lets_in(gateway, KEY)
    await settled(charger, next_password_digest=None)
    assert not await lets_in(gateway, NEW)


async def test_no_second_key_goes_out_while_the_first_may_be_in_force(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command, call = await change(charger, socket)
        await answer(socket, call, {"status": "RebootRequired"})
        await ended(command)
        second = await ended(await ask(charger, ChangePassword()))
    assert (second.state, second.sent_at is not None) == (State.FAILED, True)
    assert second.error is not None
    assert second.error["code"] == "NotSent"
    assert "reconnect" in second.error["description"]
    assert await lets_in(gateway, NEW)


async def test_a_key_that_a_person_sets_meanwhile_is_the_only_one(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command, call = await change(charger, socket)
        await answer(socket, call, {"status": "RebootRequired"})
        await ended(command)
    found = await settled(charger)
    found.set_password("a third key of a person")
    await found.asave(update_fields=["password_digest", "password_set_at", "updated_at"])
    assert not await lets_in(gateway, NEW)
    assert await lets_in(gateway, "a third key of a person")


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
async def test_a_raw_message_changes_the_key_as_well(
    charger: Charger, gateway: RunningGateway, status: str
) -> None:
    await Charger.objects.filter(pk=charger.pk).aupdate(ocpp_version="2.0.1")
    await charger.arefresh_from_db()
    key = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    other = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    async with gateway.charger("CP-1", "2.0.1") as socket:
        await socket.boot2()
        settings = [{**other, "attributeValue": "60"}, {**key, "attributeValue": NEW}]
        command = await sync_to_async(raw.request)(
            charger, "SetVariables", {"setVariableData": settings}, SYSTEM
        )
        call = await socket.read()
        assert call[3]["setVariableData"][1]["attributeValue"] == NEW
        results = [
            {**other, "attributeStatus": "UnknownVariable"},
            {**key, "attributeStatus": status},
        ]
        await answer(socket, call, {"setVariableResult": results})
        await ended(command)
    assert await lets_in(gateway, NEW) == (status == "Accepted")
    assert await lets_in(gateway, KEY) == (status == "Rejected")


async def test_the_key_is_kept_nowhere_that_it_could_be_read(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        command = await ask(charger, ChangePassword())
        waiting = await Command.objects.aget(pk=command.pk)
        key = (await socket.read())[3]["value"]
    found = await ended(command)
    await gateway.hub.recorder.flush()
    segments = [segment async for segment in FrameSegment.objects.filter(charger_id=charger.pk)]
    frames = [
        frame
        for segment in segments
        for frame in recorder.decode(
            recorder.decompress(bytes(segment.data), segment.dictionary), segment.started
        )
    ]
    rows = [str(vars(row)) for row in (waiting, found)]
    assert len(bytes.fromhex(key)) == 20
    assert not any(key in row for row in rows)
    assert found.sealed is None
    assert found.payload == {"key": "AuthorizationKey", "value": "********"}
    assert any("AuthorizationKey" in str(frame) for frame in frames)
    assert not any(key in str(frame) for frame in frames)


def test_a_text_travels_as_hex_in_1_6_and_as_it_is_later() -> None:
    asked = ChangePassword(password="sixteen-letters-")
    assert translation.call(asked, "1.6").payload["value"] == b"sixteen-letters-".hex()
    later = translation.call(asked, "2.0.1").payload["setVariableData"][0]
    assert later["attributeValue"] == "sixteen-letters-"


@pytest.mark.parametrize("password", ["x" * 15, "x" * 41, "has blank in it!", "ümlaut-ümlaut-ü"])
def test_a_key_that_ocpp_can_t_carry_is_refused(password: str) -> None:
    with pytest.raises(BadRequest):
        OPERATIONS["change_password"].read({"password": password})


def test_a_key_too_long_for_1_6_is_refused_in_words() -> None:
    with pytest.raises(BadRequest, match="16 to 20 characters"):
        translation.call(ChangePassword(password="x" * 30), "1.6")


def test_a_key_is_made_where_none_is_given(charger: Charger) -> None:
    first, second = (
        commands.made(charger, ChangePassword(), SYSTEM, lasts=timedelta(minutes=1))
        for _ in range(2)
    )
    keys = [
        commands.operation_of(made.operation, made.request, bytes(made.sealed or b""))
        for made in (first, second)
    ]
    assert keys[0] != keys[1]
    assert first.request == {}
    assert first.expires_at > timezone.now()
