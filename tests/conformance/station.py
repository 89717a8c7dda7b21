"""A charging station of the tests' own: frames on a WebSocket, and nothing of the product."""

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.conformance import wire

#: Seconds for anything that the gateway is expected to do.
PATIENCE = 15.0


def now(seconds: float = 0) -> str:
    """Return the station's time, `seconds` from now, as stations write it."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Asked:
    """A CALL of the gateway, to be answered."""

    station: "Station"
    id: str
    action: str
    payload: dict[str, Any]

    async def answer(self, **payload: Any) -> None:
        """Answer with a CALLRESULT."""
        wire.check(self.station.version, self.action, payload, answer=True)
        await self.station.socket.send(json.dumps([3, self.id, payload]))

    async def refuse(self, code: str) -> None:
        """Answer with a CALLERROR."""
        await self.station.socket.send(json.dumps([4, self.id, code, "", {}]))


@dataclass
class Station:
    """One connection of a station."""

    socket: ClientConnection
    version: str
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[str, asyncio.Future[list[Any]]] = field(default_factory=dict)
    _heard: "asyncio.Queue[list[Any] | None]" = field(default_factory=asyncio.Queue)
    _reader: "asyncio.Task[None] | None" = None

    def listen(self) -> None:
        """Begin to read what the gateway sends."""
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if frame[0] == 2:
                    self._heard.put_nowait(frame)
                else:
                    self._waiting.pop(frame[1]).set_result(frame)
        except ConnectionClosed:
            pass
        finally:
            self._heard.put_nowait(None)

    async def _send(self, action: str, payload: dict[str, Any]) -> list[Any]:
        message_id = f"{action}-{next(self._ids)}"
        answered = self._waiting[message_id] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        return await asyncio.wait_for(answered, PATIENCE)

    async def call(self, action: str, /, **payload: Any) -> dict[str, Any]:
        """Send a CALL; return the payload of its CALLRESULT, which must be as the schema says."""
        frame = await self._send(action, payload)
        assert frame[0] == 3, f"{action} was refused: {frame}"
        wire.check(self.version, action, frame[2], answer=True)
        answer: dict[str, Any] = frame[2]
        return answer

    async def refused(self, action: str, **payload: Any) -> str:
        """Send a CALL that is to be refused; return the code of its CALLERROR."""
        frame = await self._send(action, payload)
        assert frame[0] == 4, f"{action} was answered: {frame}"
        return str(frame[2])

    async def asked(self, action: str) -> Asked:
        """Wait for the gateway's next CALL, which must be `action` as the schema says."""
        frame = await asyncio.wait_for(self._heard.get(), PATIENCE)
        assert frame is not None, f"The gateway hung up instead of sending {action}."
        assert frame[2] == action, f"The gateway sent {frame[2:]} instead of {action}."
        wire.check(self.version, action, frame[3], answer=False)
        return Asked(self, frame[1], action, frame[3])

    @property
    def unanswered(self) -> list[Any]:
        """CALLs of the gateway that nobody looked at."""
        left = []
        while not self._heard.empty():
            if frame := self._heard.get_nowait():
                left.append(frame)
        return left

    async def close(self) -> None:
        """Hang up."""
        await self.socket.close()
        if self._reader is not None:
            await self._reader
