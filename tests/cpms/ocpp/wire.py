"""A charger's line, byte by byte: what no WebSocket library would send, or leave unsent."""

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.cpms.ocpp.conftest import KEY, RunningGateway

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


def head(path: str, *headers: str, version: str = "1.6", key: str | None = KEY) -> bytes:
    """Return the request that opens a WebSocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: x",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *headers,
    ]
    if version:
        lines.append(f"Sec-WebSocket-Protocol: ocpp{version}")
    if key is not None:
        user = path.rstrip("/").rsplit("/", 1)[-1]
        lines.append(f"Authorization: Basic {base64.b64encode(f'{user}:{key}'.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(opcode: int, payload: bytes = b"", fin: bool = True) -> bytes:
    """Return a masked frame; the mask is zeros. (RFC 6455 §5.2)"""
    first = (0x80 if fin else 0) | opcode
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", first, 0x80 | size) + bytes(4) + payload
    if size < 65536:
        return struct.pack("!BBH", first, 0x80 | 126, size) + bytes(4) + payload
    return struct.pack("!BBQ", first, 0x80 | 127, size) + bytes(4) + payload


@dataclass
class Line:
    """An open TCP connection to the gateway."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *frames: bytes) -> None:
        """Send bytes."""
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def call(self, action: str, payload: object, message_id: str = "1") -> None:
        """Send a CALL."""
        await self.send(frame(TEXT, json.dumps([2, message_id, action, payload]).encode()))

    async def read(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame."""
        first, second = await asyncio.wait_for(self.reader.readexactly(2), 10)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        return first & 0x0F, await self.reader.readexactly(size)

    async def closed(self, within: float = 5.0) -> int | None:
        """Wait for a close frame and return its code; None where the line ends without one."""
        async with asyncio.timeout(within):
            try:
                while True:
                    opcode, payload = await self.read()
                    if opcode == CLOSE:
                        return int.from_bytes(payload[:2], "big")
            except (asyncio.IncompleteReadError, OSError):
                return None


@asynccontextmanager
async def line(gateway: RunningGateway, request: bytes | None = None) -> AsyncIterator[Line]:
    """Connect; with a request also complete the handshake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    made = Line(reader, writer)
    if request is not None:
        await made.send(request)
        assert b" 101 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    try:
        yield made
    finally:
        writer.transport.abort()
