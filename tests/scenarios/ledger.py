"""Chargers that write down what was acknowledged, to be held against the database."""

import asyncio
import base64
import itertools
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

#: Seconds a charger waits for an answer before it gives the message up.
PATIENCE = 60.0


@dataclass
class Ledger:
    """What the central system said yes to."""

    #: (identity, register) of every acknowledged meter value.
    meters: set[tuple[str, int]] = field(default_factory=set)
    #: transaction id -> (identity, meter start, meter stop) of acknowledged sessions.
    sessions: dict[int, tuple[str, int, int | None]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    #: Seconds that each acknowledgement took.
    waits: list[float] = field(default_factory=list)
    connects: dict[str, int] = field(default_factory=dict)


@dataclass
class BookkeepingCharger:
    """A charger that charges on and on, and comes back when it is cut off."""

    identity: str
    key: str
    port: int
    ledger: Ledger
    register: int = 1000
    stopping: bool = False
    socket: ClientConnection | None = None
    ids: "itertools.count[int]" = field(default_factory=itertools.count)

    async def live(self) -> None:
        """Connect, charge; when the connection is lost, come back after a moment."""
        while not self.stopping:
            try:
                async with self.connect() as self.socket:
                    connects = self.ledger.connects
                    connects[self.identity] = connects.get(self.identity, 0) + 1
                    await self._charge()
            except (OSError, websockets.WebSocketException, TimeoutError):
                await asyncio.sleep(0.5)

    def connect(self) -> websockets.connect:
        """Return the connection, with the charger's key."""
        secret = f"{self.identity}:".encode() + bytes.fromhex(self.key)
        headers = {"Authorization": "Basic " + base64.b64encode(secret).decode()}
        return websockets.connect(
            f"ws://127.0.0.1:{self.port}/ocpp/{self.identity}",
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            additional_headers=headers,
            open_timeout=20,
        )

    async def _charge(self) -> None:
        await self.call("BootNotification", {"chargePointVendor": "A", "chargePointModel": "B"})
        while not self.stopping:
            await self._session()

    async def _session(self) -> None:
        start, now = self.register, datetime.now(UTC).isoformat()
        answer = await self.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": "TAG", "meterStart": start, "timestamp": now},
        )
        if answer is None:
            return
        transaction = answer["transactionId"]
        self.ledger.sessions[transaction] = (self.identity, start, None)
        for _sample in range(5):
            await self._meter(transaction)
        stop = {
            "transactionId": transaction,
            "meterStop": self.register,
            "timestamp": datetime.now(UTC).isoformat(),
        }
        if await self.call("StopTransaction", stop) is not None:
            self.ledger.sessions[transaction] = (self.identity, start, self.register)

    async def _meter(self, transaction: int) -> None:
        self.register += 10
        entry = {
            "timestamp": datetime.now(UTC).isoformat(),
            "sampledValue": [{"value": str(self.register)}],
        }
        sample = {"connectorId": 1, "transactionId": transaction, "meterValue": [entry]}
        if await self.call("MeterValues", sample) is not None:
            self.ledger.meters.add((self.identity, self.register))

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Send a CALL; return its answer, None after a CALLERROR."""
        assert self.socket is not None
        message_id = f"{self.identity}-{next(self.ids)}"
        started = time.monotonic()
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        while True:
            frame = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))
            if frame[0] in {3, 4} and frame[1] == message_id:
                break
        self.ledger.waits.append(time.monotonic() - started)
        if frame[0] == 4:
            self.ledger.errors.append(f"{action}: {frame[2]}")
            await asyncio.sleep(1)
            return None
        answer: dict[str, Any] = frame[2]
        return answer
