"""Our CALLs to one charger: one outstanding at a time, each with its answer or its end."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog
from prometheus_client import Counter
from uvicorn.protocols.utils import ClientDisconnected

from cpms.ocpp import frames

log = structlog.get_logger(__name__)

#: Seconds a charger has to answer.
PATIENCE = 30.0
#: CALLs of one connection whose answers are taken though nobody waits for them any more.
MOST_LATE = 20

UNSOLICITED = Counter("kilowatch_unsolicited_replies_total", "Replies to CALLs never made.")


class NoAnswer(Exception):
    """The charger didn't answer in time."""


class Gone(NoAnswer):
    """The connection ended before the answer came."""


class Calls:
    """The slot for our CALLs on one connection."""

    def __init__(
        self, send: Callable[[str], Awaitable[None]], asking: Callable[[str, Any], None]
    ) -> None:
        """Send frames with `send`; `asking` learns of each action and payload before."""
        self._send = send
        self._asking = asking
        self._slot = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[frames.CallResult | frames.CallError]] = {}
        #: Message id -> who takes an answer that comes after its time, the longest out first.
        self._late: dict[str, Callable[[frames.CallResult | frames.CallError], None]] = {}

    async def call(
        self, action: str, payload: dict[str, Any], patience: float = PATIENCE
    ) -> frames.CallResult | frames.CallError:
        """Send a CALL when the one before is done, and return its answer.

        Raises `NoAnswer` after `patience` seconds from sending, `Gone` if the connection ends.
        """
        async with self.turn():
            return await self.send(str(uuid.uuid4()), action, payload, patience)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until no CALL is out, and keep it so for what is sent meanwhile."""
        async with self._slot:
            yield

    async def send(
        self, message_id: str, action: str, payload: dict[str, Any], patience: float = PATIENCE
    ) -> frames.CallResult | frames.CallError:
        """Send a CALL in our turn, and return its answer; raise as `call`."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        self._asking(action, payload)
        try:
            await self._send(frames.call(message_id, action, payload))
            return await asyncio.wait_for(future, patience)
        except TimeoutError:
            raise NoAnswer(f"{action} was not answered within {patience:g} s.") from None
        except ClientDisconnected:
            raise Gone("The connection was closed.") from None
        finally:
            del self._waiting[message_id]

    async def refuse_answer(self, message_id: str, why: str) -> None:
        """Tell the charger that its answer can't be read; 2.1 only. (Part 4 §4.2.5)"""
        with contextlib.suppress(ClientDisconnected):
            await self._send(frames.result_error(message_id, "FormatViolation", why))

    def expect_late(
        self, message_id: str, take: Callable[[frames.CallResult | frames.CallError], None]
    ) -> None:
        """Have `take` given the answer to a CALL that was given up, should it come after all."""
        while len(self._late) >= MOST_LATE:
            del self._late[next(iter(self._late))]
        self._late[message_id] = take

    def answered(self, answer: frames.CallResult | frames.CallError) -> bool:
        """Give an answer to whoever waits for it, or takes it late; False where nobody does."""
        future = self._waiting.get(answer.id)
        if future is not None and not future.done():
            future.set_result(answer)
            return True
        take = self._late.pop(answer.id, None)
        if take is None:
            UNSOLICITED.inc()
            return False
        take(answer)
        return True

    def close(self) -> None:
        """End what is outstanding."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(Gone("The connection was closed."))
