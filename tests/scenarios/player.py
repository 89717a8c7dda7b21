"""Plays a script to a real gateway as a charger would, with the clock at the script's times.

The gateway stamps what comes with the time of day, so the clock travels: `time_machine` moves
it from event to event. The event loop's own clock stays: waits are real, and short. Only a
socket's last proof of life, which it counts by the loop, is said to be the moment of its end.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import time_machine
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection

from monitoring.models import ConnectionSpan
from tests.cpms.ocpp.conftest import RunningGateway, serving
from tests.scenarios.month import Asks, Charges, Closes, Month, Opens, Says, told_at

IDENTITY = "CP-1"
PATIENCE = 60.0
QUIET = timedelta(minutes=15)


@dataclass
class Charger:
    """A charger that says what it is told to, and takes no notice of questions."""

    socket: ClientConnection
    sent: int = 0

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send a CALL; return its answer."""
        self.sent += 1
        message = f"{id(self)}-{self.sent}"
        await self.socket.send(json.dumps([2, message, action, payload]))
        while True:
            frame = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))
            if frame[0] == 2:
                await self.socket.send(json.dumps([4, frame[1], "NotImplemented", "", {}]))
            elif frame[1] == message:
                assert frame[0] == 3, f"{action} {payload}: {frame}"
                answer: dict[str, Any] = frame[2]
                return answer


class Tongue(Protocol):
    """A version's way to say what happened."""

    version: str

    async def boot(self, charger: Charger) -> None: ...
    async def says(self, charger: Charger, event: Says) -> None: ...
    async def asks(self, charger: Charger, event: Asks) -> None: ...
    async def begins(self, charger: Charger, event: Charges) -> None: ...
    async def ends(self, charger: Charger, event: Charges) -> None: ...


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class V16:
    """OCPP 1.6."""

    version = "1.6"

    def __init__(self) -> None:
        self._register = 100_000
        self._running: dict[str, int] = {}

    async def boot(self, charger: Charger) -> None:
        said = {"chargePointVendor": "Acme", "chargePointModel": "One"}
        answer = await charger.call("BootNotification", said)
        assert answer["status"] == "Accepted"

    async def says(self, charger: Charger, event: Says) -> None:
        await charger.call(
            "StatusNotification",
            {"connectorId": 1, "status": event.state, "errorCode": event.error or "NoError",
             "timestamp": written(event.at)},
        )  # fmt: skip

    async def asks(self, charger: Charger, event: Asks) -> None:
        answer = await charger.call("Authorize", {"idTag": event.token})
        assert answer["idTagInfo"]["status"] == event.answer

    async def begins(self, charger: Charger, event: Charges) -> None:
        answer = await charger.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": event.token, "meterStart": self._register,
             "timestamp": written(event.at)},
        )  # fmt: skip
        self._running[event.token] = answer["transactionId"]

    async def ends(self, charger: Charger, event: Charges) -> None:
        assert event.end is not None
        self._register += int(event.energy or 0)
        await charger.call(
            "StopTransaction",
            {"transactionId": self._running.pop(event.token), "meterStop": self._register,
             "timestamp": written(event.end), "reason": event.reason, "idTag": event.token},
        )  # fmt: skip


class V201:
    """OCPP 2.0.1: the charging state comes with the transaction's events, not as a status."""

    version = "2.0.1"
    #: 1.6's statuses -> the connector's, where it has one.
    STATES = {"Available": "Available", "Preparing": "Occupied", "Faulted": "Faulted",
              "Unavailable": "Unavailable"}  # fmt: skip

    def __init__(self) -> None:
        self._register = 100_000.0
        self._started = 0
        self._running: dict[str, tuple[str, float]] = {}

    async def boot(self, charger: Charger) -> None:
        station = {"vendorName": "Acme", "model": "Two"}
        said = {"reason": "PowerUp", "chargingStation": station}
        assert (await charger.call("BootNotification", said))["status"] == "Accepted"

    async def says(self, charger: Charger, event: Says) -> None:
        if event.state == "Finishing":
            for token, (transaction, _register) in self._running.items():
                await self._full(charger, event.at, token, transaction)
        state = self.STATES.get(event.state)
        if state is not None:
            said = {"timestamp": written(event.at), "connectorStatus": state}
            await charger.call("StatusNotification", {**said, "evseId": 1, "connectorId": 1})

    async def asks(self, charger: Charger, event: Asks) -> None:
        token = {"idToken": event.token, "type": "ISO14443"}
        answer = await charger.call("Authorize", {"idToken": token})
        assert answer["idTokenInfo"]["status"] == event.answer

    async def begins(self, charger: Charger, event: Charges) -> None:
        self._started += 1
        self._running[event.token] = f"T-{self._started}", self._register
        token = {"idToken": event.token, "type": "ISO14443"}
        begun = {"triggerReason": "Authorized", "idToken": token}
        await self._event(charger, event, "Started", 0, event.at, "Charging", **begun)

    async def ends(self, charger: Charger, event: Charges) -> None:
        assert event.end is not None
        self._register += event.energy or 0.0
        over = {"triggerReason": "StopAuthorized"}
        await self._event(charger, event, "Ended", 1, event.end, "EVConnected", **over)
        del self._running[event.token]

    async def _full(self, charger: Charger, at: datetime, token: str, transaction: str) -> None:
        """Say that a transaction goes on and nothing flows any more."""
        info = {"transactionId": transaction, "chargingState": "EVConnected"}
        said = {"eventType": "Updated", "timestamp": written(at), "seqNo": 1,
                "triggerReason": "ChargingStateChanged", "transactionInfo": info}  # fmt: skip
        await charger.call("TransactionEvent", said)

    async def _event(
        self, charger: Charger, event: Charges, kind: str, number: int, at: datetime, state: str,
        **more: Any,
    ) -> None:  # fmt: skip
        transaction, _begun = self._running[event.token]
        info = {"transactionId": transaction, "chargingState": state}
        context = "Transaction.Begin" if kind == "Started" else "Transaction.End"
        if kind == "Ended":
            info["stoppedReason"] = event.reason
        meter = {"timestamp": written(at), "sampledValue": [
            {"value": self._register, "context": context,
             "measurand": "Energy.Active.Import.Register"}]}  # fmt: skip
        said = {"eventType": kind, "timestamp": written(at), "seqNo": number,
                "transactionInfo": info, "evse": {"id": 1, "connectorId": 1},
                "meterValue": [meter]}  # fmt: skip
        await charger.call("TransactionEvent", {**said, **more})


@dataclass
class Player:
    """Plays the script's events, each at its time."""

    tongue: Tongue
    clock: time_machine.Traveller
    #: What beat has workers do, called once everything is quiet for a while, and each night.
    chores: Callable[[datetime], None]
    nightly: Callable[[datetime], None]
    gateway: RunningGateway | None = None
    charger: Charger | None = None
    _serving: Any = None
    _connects: int = 0

    async def play(self, script: Month) -> None:
        """Play all of it; what goes on then is ended by the house being shut."""
        turns: list[Any] = list(script.events)
        turns += [_End(event) for event in turns if isinstance(event, Charges) and event.end]
        last = script.commissioned
        for turn in sorted(turns, key=_turn):
            at = _turn(turn)[0]
            if at - last > QUIET:
                await self._work(last + QUIET, at)
            self.clock.move_to(at, tick=False)
            await self._do(turn)
            last = at

    async def _work(self, now: datetime, until: datetime) -> None:
        self.clock.move_to(now, tick=False)
        await sync_to_async(self.chores)(now)
        midnight = until.replace(hour=1, minute=0)
        if now < midnight < until:
            self.clock.move_to(midnight, tick=False)
            await sync_to_async(self.nightly)(midnight)

    async def _do(self, turn: Any) -> None:
        match turn:
            case Opens():
                await self._connect(boots=turn.boots)
            case Closes():
                await self._disconnect(turn.why)
            case Says():
                await self.tongue.says(self._line, turn)
            case Asks():
                await self.tongue.asks(self._line, turn)
            case Charges():
                await self.tongue.begins(self._line, turn)
            case _End():
                await self.tongue.ends(self._line, turn.event)

    @property
    def _line(self) -> Charger:
        assert self.charger is not None
        return self.charger

    async def _connect(self, *, boots: bool) -> None:
        if self.gateway is None:
            self._serving = serving()
            self.gateway = await self._serving.__aenter__()
        socket = await self.gateway.connect(IDENTITY, self.tongue.version)
        self.charger = Charger(socket)
        self._connects += 1
        await self._kept(opened=self._connects, closed=self._connects - 1)
        if boots:
            await self.tongue.boot(self.charger)

    async def _disconnect(self, why: str) -> None:
        """End the connection as a network, the charger or our own restart does."""
        assert self.gateway is not None
        (held,) = self.gateway.hub.sockets.values()
        self._live_until_now(held)
        if why == "gateway_restart":
            await self.stop()
            return
        if why == "clean":
            await self._line.socket.close()
        else:
            self._line.socket.transport.abort()
        await self._kept(opened=self._connects, closed=self._connects)

    @staticmethod
    async def _kept(*, opened: int, closed: int) -> None:
        """Wait until so many connections are stored: days may be settled in the next moment."""
        async with asyncio.timeout(PATIENCE):
            while True:
                spans = ConnectionSpan.objects
                over = await spans.exclude(closed=None).acount()
                if (await spans.acount(), over) == (opened, closed):
                    return
                await asyncio.sleep(0.005)

    @staticmethod
    def _live_until_now(held: Any) -> None:
        """Have the last bytes come now: the socket counts them by the loop's clock."""
        now = datetime.now(UTC)
        held.last_life = lambda: now

    async def stop(self) -> None:
        """Stop the gateway, as a deploy does."""
        if self.gateway is None:
            return
        for held in self.gateway.hub.sockets.values():
            self._live_until_now(held)
        self.gateway = None
        await self._serving.__aexit__(None, None, None)
        await self._line.socket.close()


@dataclass(frozen=True)
class _End:
    event: Charges


def _turn(turn: Any) -> tuple[datetime, int]:
    """Return when it is told; a transaction ends before what the port says then."""
    if not isinstance(turn, _End):
        return told_at(turn), 1
    end = turn.event.end
    assert end is not None
    if turn.event.told is not None:
        return turn.event.told + timedelta(seconds=7), 0
    return end, 0
