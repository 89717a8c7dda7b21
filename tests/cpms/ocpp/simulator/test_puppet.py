"""The charger moved by hand, over real sockets."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from cpms.ocpp.simulator import (
    CallError,
    LostError,
    NoAnswerError,
    RefusedError,
    SimulatedCharger,
    UnreachableError,
)
from tests.cpms.ocpp.simulator.csms import Csms

KEY = "00ff3a3a" * 5
OCPP16 = [Subprotocol("ocpp1.6")]


@pytest.fixture
async def csms() -> Csms:
    return Csms()


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_session_by_hand_is_valid_in_every_version(csms: Csms, version: str) -> None:
    async with (
        csms.listening() as url,
        SimulatedCharger(url, "CP-1", version=version, max_power_w=150_000) as charger,
    ):
        assert (await charger.boot())["status"] == "Accepted"
        await charger.status(1, "Preparing")
        await charger.authorize("04A1B2C3")
        session = await charger.start(1)
        await charger.sample(1, 2500)
        await charger.stop(1)
        await charger.heartbeat()
    assert csms.problems == []
    assert (session.transaction_id == 1) is (version == "1.6")
    assert csms.actions()[-1] == "Heartbeat"


async def silence(socket: ServerConnection) -> None:
    """Answer nothing until the charger hangs up."""
    await socket.wait_closed()


async def test_the_key_is_sent_as_bytes_in_1_6_and_as_text_in_2_x() -> None:
    seen = []

    async def note(socket: ServerConnection, request: Request) -> Response:
        seen.append(base64.b64decode(request.headers["Authorization"].split()[1]))
        return socket.respond(HTTPStatus.UNAUTHORIZED, "no\n")

    async with serve(silence, "127.0.0.1", 0, process_request=note) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
        for version in ("1.6", "2.0.1"):
            with pytest.raises(RefusedError) as refusal:
                await SimulatedCharger(url, "CP-1", version=version, password=KEY).connect()
            assert refusal.value.status == 401
    assert seen == [b"CP-1:" + bytes.fromhex(KEY), b"CP-1:" + KEY.encode()]


async def test_nobody_listening_is_said() -> None:
    with pytest.raises(UnreachableError):
        await SimulatedCharger("ws://127.0.0.1:1/ocpp", "CP-1").connect()


@asynccontextmanager
async def connected(csms: Csms, **more: Any) -> AsyncIterator[SimulatedCharger]:
    async with csms.listening() as url, SimulatedCharger(url, "CP-1", **more) as charger:
        await charger.heartbeat()
        yield charger


async def test_a_call_error_is_raised_with_its_code() -> None:
    async def refuse(socket: ServerConnection) -> None:
        async for text in socket:
            number = json.loads(text)[1]
            await socket.send(json.dumps([4, number, "NotSupported", "no such thing", {"a": 1}]))

    async with serve(refuse, "127.0.0.1", 0, subprotocols=OCPP16) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
        async with SimulatedCharger(url, "CP-1") as charger:
            with pytest.raises(CallError) as error:
                await charger.call("Heartbeat", {})
    assert (error.value.code, error.value.details) == ("NotSupported", {"a": 1})
    assert error.value.description == "no such thing"


async def test_a_call_without_an_answer_ends_after_its_patience() -> None:
    async with serve(silence, "127.0.0.1", 0, subprotocols=OCPP16) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
        async with SimulatedCharger(url, "CP-1", patience=0.05) as charger:
            with pytest.raises(NoAnswerError, match="Heartbeat was not answered"):
                await charger.heartbeat()


async def test_calls_of_the_central_system_are_answered_by_hand_or_by_table(csms: Csms) -> None:
    async with connected(csms, answers={"Reset": {"status": "Accepted"}}) as charger:
        assert (await csms.call("CP-1", "Reset", {"type": "Soft"}))[2] == {"status": "Accepted"}
        asking = asyncio.create_task(csms.call("CP-1", "ClearCache", {}))
        call = await charger.next_call()
        assert (call.action, call.payload) == ("ClearCache", {})
        await charger.refuse(call, "InternalError", "out of order")
        assert (await asking)[2:] == ["InternalError", "out of order", {}]


async def test_raw_frames_go_out_and_stray_answers_come_back(csms: Csms) -> None:
    async with connected(csms) as charger:
        await charger.send_text('[2,"raw-1","Heartbeat",{}]')
        assert json.loads(await charger.next_stray())[:2] == [3, "raw-1"]
    assert [frame.direction for frame in charger.frames] == ["out", "in", "out", "in"]


async def test_the_central_systems_close_code_is_told(csms: Csms) -> None:
    async with connected(csms) as charger:
        await csms.peers["CP-1"].close(4001)
        assert (await charger.lost()).code == 4001
        with pytest.raises(LostError):
            await charger.heartbeat()


async def test_a_dropped_connection_sends_no_closing_frame(csms: Csms) -> None:
    async with connected(csms) as charger:
        charger.drop()
        assert (await charger.lost()).code == 1006
