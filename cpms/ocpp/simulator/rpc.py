"""OCPP-J as a charger speaks it: CALLs with their answers, over whichever link is open.

Kept apart from the gateway's own framing on purpose: the simulator is there to check it.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND = 2, 3, 4, 5, 6

Json = dict[str, Any]


class CallError(Exception):
    """The other side answered a CALL with a CALLERROR."""

    def __init__(self, code: str, description: str = "", details: Any = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details or {}


class NoAnswerError(Exception):
    """A CALL was not answered in time."""


@dataclass(frozen=True, slots=True)
class Call:
    """A CALL or SEND from the other side."""

    id: str
    action: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it went over the wire; `direction` is "out" when the charger sent it."""

    direction: str
    at: datetime
    text: str | bytes

    @property
    def message(self) -> Any:
        """Return the frame as JSON."""
        return json.loads(self.text)


class Sender(Protocol):
    """Puts a frame on the wire."""

    async def __call__(self, frame: str | bytes) -> None:
        """Send; raises LostError."""


class Conversation:
    """A charger's half of the conversation: its open CALL and what comes in."""

    def __init__(self, seed: str, send: Sender) -> None:
        self._seed = seed
        self._send = send
        self._count = 0
        self._pending: dict[str, asyncio.Future[Json]] = {}

    def next_id(self) -> str:
        """Return a name that is unique, yet the same whenever the same simulation is run."""
        self._count += 1
        name = f"{self._seed}/{self._count}".encode()
        return hashlib.blake2b(name, digest_size=16).hexdigest()

    async def call(self, action: str, payload: Any, wait: float) -> Json:
        """Send a CALL and return the answer's payload.

        Raises CallError for a CALLERROR, NoAnswerError after `wait` seconds, LostError if offline.
        """
        message_id = self.next_id()
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._pending[message_id] = answer
        try:
            await self._send(compact([CALL, message_id, action, payload]))
            async with asyncio.timeout(wait):
                return await answer
        except TimeoutError:
            raise NoAnswerError(f"{action} was not answered within {wait:g} s") from None
        finally:
            del self._pending[message_id]
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen, if the link broke while the CALL was being sent

    def receive(self, text: str | bytes) -> Call | None:
        """Take a frame: an answer reaches its CALL, a CALL from the other side is returned.

        Raises ValueError for what is neither.
        """
        message = json.loads(text)
        if not isinstance(message, list) or len(message) < 3 or not isinstance(message[1], str):
            raise ValueError("not an OCPP-J message")
        if message[0] in (CALL, SEND) and len(message) == 4:
            return Call(message[1], message[2], message[3])
        answer = self._pending.get(message[1])
        if answer is None or answer.done():
            raise ValueError("answers no open CALL")
        if message[0] == CALLRESULT:
            answer.set_result(message[2])
        elif message[0] == CALLERROR:
            answer.set_exception(CallError(*message[2:5]))
        else:
            raise ValueError("unknown message type")
        return None

    async def answer(self, call: Call, payload: Json) -> None:
        """Answer the other side's CALL."""
        await self._send(compact([CALLRESULT, call.id, payload]))

    async def refuse(self, call: Call, error: CallError) -> None:
        """Answer the other side's CALL with a CALLERROR."""
        description = error.description[:255]
        await self._send(compact([CALLERROR, call.id, error.code, description, error.details]))

    def hang_up(self, reason: Exception) -> None:
        """End the open CALLs with `reason`: their answers can't come any more."""
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(reason)


def compact(message: Any) -> str:
    """Return `message` as JSON without white space, as chargers on metered links send it."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
