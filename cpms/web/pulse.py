"""Whether news reaches this process: a numbered message a second, through the channel layer.

A number that is left out means that Redis was away meanwhile, and that other news may be lost
as well: then every page is told to fetch everything again. Every tenth number the pages are
told that they are alive. One pulse serves all live sockets of a process.
"""

import asyncio
from contextlib import suppress
from itertools import count
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

#: Seconds between two numbers. Less than the second for which the layer is deaf, at least,
#: after it has lost its connection.
BEAT = 0.8
#: Numbers between two signs of life to the pages.
BEATS_PER_SIGN = 10
#: Seconds after which the last number says nothing about now.
RECENT = 3.0


class Listener(Protocol):
    """Somebody who wants to know."""

    def is_alive(self) -> None:
        """News can be received now."""

    def has_missed(self) -> None:
        """News may have been lost."""


class Pulse:
    """The pulse of one event loop; it beats while somebody listens."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._felt = float("-inf")

    def join(self, listener: Listener) -> None:
        """Tell the listener from now on; at once, if it is known that news get here."""
        self._listeners.add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._beat())
        elif self.is_felt():
            listener.is_alive()

    def is_felt(self) -> bool:
        """Tell whether news got here a moment ago."""
        return asyncio.get_running_loop().time() - self._felt < RECENT

    def leave(self, listener: Listener) -> None:
        """Tell the listener no more."""
        self._listeners.discard(listener)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task, self._felt = None, float("-inf")

    async def _beat(self) -> None:
        while True:
            try:
                await self._beat_through(get_channel_layer())
            except (OSError, RedisError) as problem:
                log.warning("live_layer_unreachable", error=str(problem))
                await asyncio.sleep(BEAT)

    async def _beat_through(self, layer: Any) -> None:
        channel = await layer.new_channel()
        sender = asyncio.create_task(_send_numbers(layer, channel))
        expected = 0
        try:
            while True:
                number = (await layer.receive(channel))["number"]
                self._feel(number, missed=number != expected)
                expected = number + 1
        finally:
            sender.cancel()

    def _feel(self, number: int, *, missed: bool) -> None:
        self._felt = asyncio.get_running_loop().time()
        for listener in list(self._listeners):
            if missed:
                listener.has_missed()
            if missed or number % BEATS_PER_SIGN == 0:
                listener.is_alive()


async def _send_numbers(layer: Any, channel: str) -> None:
    for number in count():
        # A number that can't be sent is left out, which is what tells.
        with suppress(OSError, RedisError):
            await layer.send(channel, {"type": "live.pulse", "number": number})
        await asyncio.sleep(BEAT)


_pulses: WeakKeyDictionary[asyncio.AbstractEventLoop, Pulse] = WeakKeyDictionary()


def pulse() -> Pulse:
    """Return the pulse of the running event loop."""
    return _pulses.setdefault(asyncio.get_running_loop(), Pulse())
