"""Virtual time: an event loop that skips its waits, and a clock that goes with it."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from cpms.ocpp.simulator.clock import Clock

T = TypeVar("T")

#: A Monday morning in Berlin.
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class _Selector(selectors.DefaultSelector):
    """Skips the loop's clock forward when nothing is ready instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            return super().select(1.0)
        self.skipped += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time only passes when everybody waits."""

    def __init__(self) -> None:
        self._skipping = _Selector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped


class VirtualClock(Clock):
    """The time of day at which a virtual loop is, having begun at `start`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())


def run_virtual(story: Coroutine[Any, Any, T]) -> T:
    """Run `story` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)
