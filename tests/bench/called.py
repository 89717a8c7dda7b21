"""Chargers that wait to be called: they answer Accepted at once, and tell when a CALL came.

Prints a line of JSON when all are connected, then one for each DataTransfer. Times are
`time.monotonic()`, which all processes of a machine share.
"""

import asyncio
import base64
import json
import sys
import time
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

#: Handshakes at once.
AT_ONCE = 50


async def main(port: int, keys: dict[str, str]) -> None:
    """Connect all, then answer."""
    gate = asyncio.Semaphore(AT_ONCE)
    sockets = await asyncio.gather(*(_dial(gate, port, *item) for item in keys.items()))
    print(json.dumps({"connected": len(sockets)}), flush=True)
    await asyncio.gather(*(_answer(socket) for socket in sockets))


async def _dial(gate: asyncio.Semaphore, port: int, identity: str, key: str) -> ClientConnection:
    basic = base64.b64encode(f"{identity}:{key}".encode()).decode()
    async with gate:
        socket = await connect(
            f"ws://127.0.0.1:{port}/ocpp/{identity}",
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            additional_headers={"Authorization": f"Basic {basic}"},
            compression=None,
            ping_interval=None,
            open_timeout=60,
        )
        boot = {"chargePointVendor": "Bench", "chargePointModel": "Called"}
        await socket.send(json.dumps([2, "boot", "BootNotification", boot]))
        await socket.recv()
    return socket


async def _answer(socket: ClientConnection) -> None:
    async for text in socket:
        frame = json.loads(text)
        if frame[0] != 2:
            continue
        at = time.monotonic()
        await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
        if frame[2] == "DataTransfer":
            print(json.dumps({"at": at, "data": frame[3].get("data")}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())))
