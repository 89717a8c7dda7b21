"""Turns at the door: so many handshakes a second, shared fairly among addresses."""

import asyncio
from collections import OrderedDict, deque

from cpms.ocpp.throttle import Bucket


class Turns:
    """Lets `rate` per second in, `burst` at once; the others wait, address by address in turn.

    At most `most` wait, none longer than `longest` seconds. An address may take up no more than
    twice the room that is left: one that floods us holds up itself, and others find room.
    """

    def __init__(self, rate: float, burst: float, most: int, longest: float) -> None:
        """Start with nobody waiting."""
        self._bucket = Bucket(rate, burst, asyncio.get_running_loop().time())
        self._most, self._longest = most, longest
        #: Address -> who waits, with the time at which they give up; the next one first.
        self._waiting: OrderedDict[str, deque[tuple[float, asyncio.Future[bool]]]] = OrderedDict()
        self._count = 0
        self._address = ""
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, address: str) -> bool:
        """Wait for one's turn; False where too many wait already, or it takes too long."""
        now = asyncio.get_running_loop().time()
        if not self._count and not self._bucket.refuse(now):
            return True
        if len(self._waiting.get(address, ())) >= 2 * (self._most - self._count):
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append((now + self._longest, turn))
        self._count += 1
        self._go_on()
        return await turn

    def _go_on(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._bucket.wait(loop.time()), self._serve)

    def _serve(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._count:
            until, turn = self._next()
            if until < now or turn.done():
                _settle(turn, come_in=False)
                continue
            if self._bucket.refuse(now):
                self._put_back(until, turn)
                self._go_on()
                return
            _settle(turn, come_in=True)

    def _next(self) -> tuple[float, asyncio.Future[bool]]:
        """Take the first of the address whose turn it is; it comes last in the next round."""
        self._address, queue = self._waiting.popitem(last=False)
        first = queue.popleft()
        if queue:
            self._waiting[self._address] = queue
        self._count -= 1
        return first

    def _put_back(self, until: float, turn: asyncio.Future[bool]) -> None:
        queue = self._waiting.setdefault(self._address, deque())
        queue.appendleft((until, turn))
        self._waiting.move_to_end(self._address, last=False)
        self._count += 1


def _settle(turn: asyncio.Future[bool], *, come_in: bool) -> None:
    if not turn.done():
        turn.set_result(come_in)
