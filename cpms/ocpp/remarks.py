"""CALLs that tell a charger something by the way: nobody asked for them, and none is repeated."""

import asyncio
from typing import Any

import structlog

from cpms.ocpp import frames
from cpms.ocpp.calls import Calls, NoAnswer

log = structlog.get_logger(__name__)

#: Errors that say that a charger doesn't understand, and won't next time.
NEVER = frozenset({"NotImplemented", "NotSupported"})


class Remarks:
    """What we remark on one connection: of each action one at a time, the rest is left."""

    def __init__(self, calls: Calls) -> None:
        """Speak through `calls`, in turn with all else."""
        self._calls = calls
        self._out: dict[str, asyncio.Task[None]] = {}
        self._pointless: set[str] = set()

    def make(self, action: str, payload: dict[str, Any]) -> None:
        """Send a CALL when there is time; nothing while one of the kind is out, or is vain."""
        if action in self._out or action in self._pointless:
            return
        task = asyncio.get_running_loop().create_task(self._send(action, payload))
        self._out[action] = task
        task.add_done_callback(lambda _done: self._out.pop(action, None))

    async def _send(self, action: str, payload: dict[str, Any]) -> None:
        try:
            answer = await self._calls.call(action, payload)
        except NoAnswer as silence:
            log.info("remark_unanswered", action=action, why=str(silence))
            return
        if isinstance(answer, frames.CallError) and answer.code in NEVER:
            self._pointless.add(action)
