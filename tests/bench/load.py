"""The load generator: chargers on raw sockets, in a process of their own.

Frames are put together by hand (masked with a zero key, which RFC 6455 allows), so that the
generator costs little beside what it measures. Prints one line of JSON.
"""

import argparse
import asyncio
import base64
import json
import random
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

METERS = (
    '"meterValue":[{{"timestamp":"{now}","sampledValue":['
    '{{"value":"{wh}","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register",'
    '"location":"Outlet","unit":"Wh"}},'
    '{{"value":"{w}","measurand":"Power.Active.Import","unit":"W"}},'
    '{{"value":"16.1","measurand":"Current.Import","phase":"L1","unit":"A"}},'
    '{{"value":"16.2","measurand":"Current.Import","phase":"L2","unit":"A"}},'
    '{{"value":"16.0","measurand":"Current.Import","phase":"L3","unit":"A"}},'
    '{{"value":"230.4","measurand":"Voltage","phase":"L1-N","unit":"V"}},'
    '{{"value":"{soc}","measurand":"SoC","location":"EV","unit":"Percent"}},'
    '{{"value":"31.5","measurand":"Temperature","location":"Body","unit":"Celsius"}}]}}]'
)
#: Seconds of a paced load that aren't measured.
WARM_UP = 3.0
STATUSES = ("Preparing", "Charging", "SuspendedEV", "Charging", "Finishing", "Available")


class Charger(asyncio.Protocol):
    """One simulated connection: a closed loop, or paced by the load."""

    def __init__(self, load: "Load", identity: str, key: str, seed: int) -> None:
        self.load, self.identity, self.key = load, identity, key
        self.random = random.Random(seed)
        self.transport: Any = None
        self.buffer = b""
        self.upgraded = False
        self.waiting = 0.0
        self.count = 0
        self.wh = 1000
        self.transaction: int | None = None
        self.starting = False
        self.status = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        credentials = base64.b64encode(f"{self.identity}:".encode() + bytes.fromhex(self.key))
        transport.write(
            b"GET /ocpp/" + self.identity.encode() + b" HTTP/1.1\r\nHost: bench\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
            b"Authorization: Basic " + credentials + b"\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.upgraded:
            head, end, self.buffer = self.buffer.partition(b"\r\n\r\n")
            if not end:
                self.buffer = head
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.load.refused += 1
                self.load.statuses.append(head.split(b"\r\n", 1)[0].decode())
                self.transport.close()
                return
            self.upgraded = True
            self.load.connected(self)
        while (frame := self.frame()) is not None:
            self.answered(frame)

    def frame(self) -> bytes | None:
        """Take the next frame's payload off the buffer; answer pings."""
        while len(self.buffer) >= 2:
            length, offset = self.buffer[1] & 0x7F, 2
            if length == 126:
                if len(self.buffer) < 4:
                    return None
                length, offset = struct.unpack_from("!H", self.buffer, 2)[0], 4
            if len(self.buffer) < offset + length:
                return None
            opcode, payload = self.buffer[0] & 0x0F, self.buffer[offset : offset + length]
            self.buffer = self.buffer[offset + length :]
            if opcode == 1:
                return payload
            if opcode == 9:
                self.transport.write(b"\x8a" + bytes([0x80 | len(payload)]) + b"\0\0\0\0" + payload)
        return None

    def answered(self, payload: bytes) -> None:
        if payload.startswith(b"[2"):
            return
        self.load.answer(time.perf_counter() - self.waiting, payload.startswith(b"[3"), payload)
        self.waiting = 0.0
        if self.starting:
            self.starting = False
            self.transaction = json.loads(payload)[2].get("transactionId")
        self.load.next(self)

    def send(self) -> None:
        action, payload = self.message()
        self.count += 1
        text = f'[2,"{self.count}","{action}",{payload}]'.encode()
        size = len(text)
        head = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
        self.waiting = time.perf_counter()
        self.transport.write(b"\x81" + head + b"\0\0\0\0" + text)

    def message(self) -> tuple[str, str]:
        """70 % MeterValues of 8 samples, 10 % Heartbeat, 12 % status, 8 % session start/stop."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        dice = self.random.random()
        if dice < 0.70:
            self.wh += 7
            meters = METERS.format(now=now, wh=self.wh, w=self.wh % 11000, soc=self.wh % 100)
            transaction = f'"transactionId":{self.transaction},' if self.transaction else ""
            return "MeterValues", f'{{"connectorId":1,{transaction}{meters}}}'
        if dice < 0.80:
            return "Heartbeat", "{}"
        if dice < 0.92:
            self.status = (self.status + 1) % len(STATUSES)
            return "StatusNotification", (
                f'{{"connectorId":1,"errorCode":"NoError","status":"{STATUSES[self.status]}",'
                f'"timestamp":"{now}"}}'
            )
        if self.transaction is None:
            self.starting = True
            return "StartTransaction", (
                f'{{"connectorId":1,"idTag":"BENCH{self.count}","meterStart":{self.wh},'
                f'"timestamp":"{now}"}}'
            )
        stopped, self.transaction = self.transaction, None
        return "StopTransaction", (
            f'{{"transactionId":{stopped},"meterStop":{self.wh},"timestamp":"{now}"}}'
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.lost += 1


class Load:
    """All chargers, and what they measured."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.chargers: list[Charger] = []
        self.idle: list[Charger] = []
        self.latencies: list[float] = []
        self.errors = self.refused = self.lost = 0
        self.statuses: list[str] = []
        self.error_samples: list[str] = []
        self.running = False

    def connected(self, charger: Charger) -> None:
        self.chargers.append(charger)
        self.idle.append(charger)

    def answer(self, latency: float, good: bool, payload: bytes) -> None:
        if self.running:
            self.latencies.append(latency)
        if not good:
            self.errors += 1
            if len(self.error_samples) < 3:
                self.error_samples.append(payload[:200].decode())

    def next(self, charger: Charger) -> None:
        if self.running and not self.rate:
            charger.send()
        else:
            self.idle.append(charger)

    async def connect(self, args: argparse.Namespace) -> float:
        """Open the connections; return the seconds until all were in."""
        loop = asyncio.get_running_loop()
        keys = args.keys
        started = time.perf_counter()
        gate = asyncio.Semaphore(args.dial)

        async def dial(seed: int, identity: str, key: str) -> None:
            async with gate:
                await loop.create_connection(
                    lambda: Charger(self, identity, key, seed), "127.0.0.1", args.port
                )

        wanted = list(keys.items())[: args.connections]
        await asyncio.gather(*(dial(n, i, k) for n, (i, k) in enumerate(wanted)))
        while len(self.chargers) + self.refused + self.lost < len(wanted):
            await asyncio.sleep(0.01)
            if time.perf_counter() - started > 60:
                break
        return time.perf_counter() - started

    async def run(self, seconds: float) -> float:
        """Send for so long; return the seconds from the first message to the last answer."""
        self.running = True
        if self.rate:
            await self._paced(WARM_UP)
        self.latencies.clear()
        started = time.perf_counter()
        if self.rate:
            await self._paced(seconds)
        else:
            idle, self.idle = self.idle, []
            for charger in idle:
                charger.send()
            await asyncio.sleep(seconds)
        self.running = False
        elapsed = time.perf_counter() - started
        await asyncio.sleep(0.5)
        return elapsed

    async def _paced(self, seconds: float) -> None:
        started = time.perf_counter()
        sent = 0
        while (now := time.perf_counter() - started) < seconds:
            due = int(now * self.rate)
            while sent < due and self.idle:
                self.idle.pop(0).send()
                sent += 1
            await asyncio.sleep(0.001)


def read_keys(path: str) -> dict[str, str]:
    """Return identity -> key in hex."""
    keys: dict[str, str] = json.loads(Path(path).read_text())
    return keys


def percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keys", type=read_keys, required=True)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=0, help="messages/s; 0: as fast as answered")
    parser.add_argument("--dial", type=int, default=500, help="handshakes at once")
    args = parser.parse_args()
    load = Load(args.rate)
    connecting = await load.connect(args)
    print(
        json.dumps(
            {
                "connected": len(load.chargers),
                "refused": load.refused,
                "statuses": load.statuses[:3],
                "connect_seconds": connecting,
            }
        ),
        flush=True,
    )
    sys.stdin.readline()
    elapsed = await load.run(args.seconds) if args.seconds else 0.0
    latencies = sorted(load.latencies)
    print(
        json.dumps(
            {
                "messages": len(latencies),
                "elapsed": elapsed,
                "errors": load.errors,
                "lost": load.lost,
                "samples": load.error_samples,
                "p50_ms": percentile(latencies, 0.50) * 1000,
                "p99_ms": percentile(latencies, 0.99) * 1000,
                "max_ms": (latencies[-1] if latencies else 0) * 1000,
            }
        ),
        flush=True,
    )
    sys.stdin.readline()


if __name__ == "__main__":
    uvloop.run(main())
