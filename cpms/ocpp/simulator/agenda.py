"""A charger's agenda: what it means to do and when, done one thing after the other.

One task a charger works through it, so a charger has a single CALL outstanding by nature
(OCPP-J §4.1.1) and thousands of chargers need thousands of tasks, not tens of thousands.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from cpms.ocpp.simulator.clock import Clock

Step = Callable[[], Awaitable[None]]


@dataclass(order=True, slots=True)
class Entry:
    """A step that is due at `due` (seconds since 1970) unless cancelled."""

    due: float
    number: int
    step: Step | None = field(compare=False)

    def cancel(self) -> None:
        """Forget the step."""
        self.step = None


class Agenda:
    """Steps in the order of their time; those of one instant in the order of their entry."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[Entry] = []
        self._count = 0
        self._added = asyncio.Event()

    def after(self, seconds: float, step: Step) -> Entry:
        """Enter `step`, to be taken `seconds` from now."""
        self._count += 1
        due = self._clock.now().timestamp() + max(seconds, 0.0)
        entry = Entry(due, self._count, step)
        heapq.heappush(self._entries, entry)
        if self._entries[0] is entry:
            self._added.set()
        return entry

    def soon(self, step: Step) -> Entry:
        """Enter `step`, to be taken as soon as the steps already due are done."""
        return self.after(0.0, step)

    async def next(self) -> Step:
        """Wait for the next step that is due and return it."""
        while True:
            if not self._entries:
                await self._added.wait()
                self._added.clear()
                continue
            wait = self._entries[0].due - self._clock.now().timestamp()
            if wait > 0:
                await self._clock.wait(self._added, wait)
                continue
            entry = heapq.heappop(self._entries)
            if entry.step is not None:
                return entry.step
