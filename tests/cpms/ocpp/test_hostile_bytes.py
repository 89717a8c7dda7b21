"""What comes before and between messages: heads without end, frames in pieces."""

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY
from websockets.exceptions import InvalidStatus

from cpms.ocpp import http, server
from cpms.ocpp.inbox import Inbox
from inventory.models import Charger
from tests.cpms.ocpp.conftest import KEY, RunningGateway

PING = b"\x89\x85\0\0\0\0hello"
HEARTBEAT = json.dumps([2, "1", "Heartbeat", {}]).encode()
KNOCK = (
    b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: ocpp2.0.1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
    b"Authorization: Basic " + base64.b64encode(b"CP-1:" + KEY.encode()) + b"\r\n"
)
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def line_to(gateway: RunningGateway) -> AsyncIterator[Line]:
    """Open a TCP connection to the gateway."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    yield reader, writer
    writer.transport.abort()


async def status(line: Line) -> bytes:
    """Return the status of the answer."""
    first = await asyncio.wait_for(line[0].readline(), 5)
    return first.split(b" ")[1]


async def in_pieces(line: Line, frame: bytes) -> None:
    """Send a frame as two TCP segments."""
    line[1].write(frame[:3])
    await asyncio.sleep(0.05)
    line[1].write(frame[3:])


async def headers_without_end(line: Line) -> None:
    """Send 6 MB of headers."""
    for _ in range(1_000):
        line[1].write(b"A: b\r\n" * 1_000)
        await line[1].drain()
        await asyncio.sleep(0)


def compressed(text: bytes) -> bytes:
    """Return `text` as a compressed frame, masked with zeros. (RFC 7692)"""
    packer = zlib.compressobj(9, zlib.DEFLATED, -12)
    packed = (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    return bytes((0xC1, 0x80 | len(packed))) + bytes(4) + packed


async def test_headers_without_end_are_refused_before_they_fill_the_memory(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with line_to(gateway) as line:
        line[1].write(b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\n")
        with pytest.raises(ConnectionError):
            await headers_without_end(line)


async def test_a_second_request_is_held_to_the_same_bounds_as_the_first(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "HANDSHAKE_SECONDS", 0.5)
    async with line_to(gateway) as line:
        line[1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await status(line) == b"200"
        line[1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(line[0].readexactly(100_000), 5)


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"X: " + b"a" * 20_000 + b"\r\n", b"431"),
        (b"".join(b"X%d: a\r\n" % number for number in range(300)), b"431"),
    ],
    ids=["one long header", "many headers"],
)
async def test_a_handshake_with_too_large_a_head_gets_a_status_and_does_not_hang(
    charger: Charger, gateway: RunningGateway, head: bytes, answer: bytes
) -> None:
    async with line_to(gateway) as line:
        line[1].write(KNOCK + head + b"\r\n")
        assert await status(line) == answer


@pytest.mark.parametrize("frame", [PING, compressed(HEARTBEAT)], ids=["ping", "compressed"])
async def test_a_frame_that_arrives_in_two_pieces_does_not_end_the_connection_later(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, frame: bytes
) -> None:
    monkeypatch.setattr(server, "MESSAGE_SECONDS", 0.3)
    async with line_to(gateway) as line:
        line[1].write(KNOCK + b"\r\n")
        assert b"101" in await line[0].readuntil(b"\r\n\r\n")
        await in_pieces(line, frame)
        await asyncio.sleep(0.6)
        line[1].write(PING)
        await asyncio.wait_for(line[0].readuntil(b"hello"), 5)
        assert charger.pk in gateway.hub.sockets


@pytest.mark.parametrize(
    "frames",
    [
        b"\x89\x80\0\0\0\0" * 21,
        b"\x8a\x80\0\0\0\0" * 21,
        b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 2_001,
    ],
    ids=["pings", "pongs", "continuations"],
)
async def test_a_flood_of_frames_that_make_no_message_ends_the_connection(
    charger: Charger, gateway: RunningGateway, frames: bytes
) -> None:
    async with line_to(gateway) as line:
        line[1].write(KNOCK + b"\r\n")
        assert b"101" in await line[0].readuntil(b"\r\n\r\n")
        line[1].write(frames)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(line[0].readexactly(1_000_000), 5)


def refused_heartbeats() -> float:
    answered = {"action": "Heartbeat", "result": "SecurityError"}
    return REGISTRY.get_sample_value("kilowatch_messages_total", answered) or 0.0


async def test_small_frames_that_unpack_to_large_messages_are_unpacked_a_few_at_a_time(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = []
    taken = Inbox.put_nowait

    def put(inbox: Inbox, event: object) -> None:
        taken(inbox, event)
        waiting.append(inbox.qsize())

    monkeypatch.setattr(Inbox, "put_nowait", put)
    async with line_to(gateway) as line:
        line[1].write(KNOCK + b"\r\n")
        assert b"101" in await line[0].readuntil(b"\r\n\r\n")
        before = refused_heartbeats()
        line[1].write(compressed(HEARTBEAT) * 150)
        while refused_heartbeats() < before + 150:
            await asyncio.sleep(0.01)
        assert 0 < max(waiting) <= server.READ_AHEAD + 1


async def test_a_flood_after_we_closed_ends_the_connection_before_the_close_handshake_times_out(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with line_to(gateway) as line:
        line[1].write(KNOCK + b"\r\n")
        assert b"101" in await line[0].readuntil(b"\r\n\r\n")
        line[1].write(b"\x82\x80\0\0\0\0")
        await line[0].readuntil(b"\x88\x02\x03\xeb")
        line[1].write(b"\x8a\x80\0\0\0\0" * 50_000)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(line[0].readexactly(1_000_000), 5)


async def test_a_frame_that_is_never_completed_ends_the_connection(
    charger: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MESSAGE_SECONDS", 0.3)
    async with line_to(gateway) as line:
        line[1].write(KNOCK + b"\r\n")
        assert b"101" in await line[0].readuntil(b"\r\n\r\n")
        line[1].write(PING[:3])
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(line[0].readexactly(100_000), 5)


async def test_an_identity_with_a_nul_is_unknown_like_any_other(
    charger: Charger, gateway: RunningGateway
) -> None:
    async with line_to(gateway) as line:
        line[1].write(KNOCK.replace(b"/ocpp/CP-1", b"/ocpp/CP%00-1") + b"\r\n")
        assert await status(line) == b"401"


async def test_many_who_knock_without_credentials_cannot_have_the_charger_ponged_out(
    charger: Charger, gateway: RunningGateway
) -> None:
    await make_open(charger)
    async with gateway.charger("CP-1", password=None) as first:
        await first.boot()
        for _ in range(3):
            await asyncio.gather(*(refused(gateway) for _ in range(20)))
        assert await first.call("Heartbeat", {})


async def make_open(charger: Charger) -> None:
    """Let anybody in who knows the identity."""
    await Charger.objects.filter(pk=charger.pk).aupdate(security_profile=0, password_digest=None)


async def refused(gateway: RunningGateway) -> None:
    """Knock, and be turned away."""
    with pytest.raises(InvalidStatus) as refusal:
        await gateway.connect("CP-1", password=None)
    assert refusal.value.response.status_code == 403
