"""A request's body as it comes: whole or not at all, never waited for without end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

#: Seconds without a byte that end a request.
LONGEST_PAUSE = 60.0
#: Bytes a second that must come on average, once so many seconds have passed.
SLOWEST, PATIENCE = 500.0, 120.0
#: Seconds for all of it.
LONGEST = 6 * 3600.0


class CutOff(Exception):
    """The sender went before the end."""


class TooSlow(Exception):
    """Nothing came for too long, or too little."""


class Watched:
    """A `receive` that knows whether the body has ended."""

    def __init__(self, receive: Any) -> None:
        """Nothing was received yet."""
        self._receive, self.ended = receive, False

    async def __call__(self) -> Any:
        """Return the next message."""
        message = await self._receive()
        self.ended = message["type"] != "http.request" or not message.get("more_body")
        return message


async def pieces(receive: Any, pause: float = LONGEST_PAUSE) -> AsyncIterator[bytes]:
    """Yield the body; raise `CutOff`, `TooSlow`."""
    loop = asyncio.get_running_loop()
    begun, size = loop.time(), 0
    while True:
        try:
            message = await asyncio.wait_for(receive(), pause)
        except TimeoutError:
            raise TooSlow("Nothing came.") from None
        if message["type"] != "http.request":
            raise CutOff
        data = message.get("body", b"")
        size += len(data)
        if data:
            yield data
        if not message.get("more_body"):
            return
        took = loop.time() - begun
        if took > LONGEST or (took > PATIENCE and size / took < SLOWEST):
            raise TooSlow("Too little came.")


async def drained(receive: Watched, most: int, seconds: float) -> None:
    """Throw away what still comes, at most so much: the sender can then read our answer."""
    left = most
    try:
        async with asyncio.timeout(seconds):
            while left > 0 and not receive.ended:
                message = await receive()
                left -= len(message.get("body", b"")) + 1
    except TimeoutError:
        return
