"""A charger's line: dialled, held, lost and dialled again."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Protocol

from cpms.ocpp.simulator.link import Link, LostError, RefusedError, Target, UnreachableError
from cpms.ocpp.simulator.world import World

#: Wait 3 s after the first failure, twice as long after each further one, up to 2 minutes.
BACKOFF_SECONDS = 3.0
BACKOFF_LIMIT = 120.0
#: A connection that lasted this long was a good one: the next back-off begins anew.
STEADY = timedelta(seconds=30)


class Owner(Protocol):
    """Whose line it is."""

    def opened(self) -> None:
        """The line is open."""

    async def take(self, frame: str | bytes) -> None:
        """A frame came in."""

    def lost(self, loss: LostError) -> None:
        """The line is gone."""


def backoff(failures: int, rng: Random) -> float:
    """Return the seconds to wait after so many failures in a row (1 or more), jittered by half."""
    full: float = min(BACKOFF_SECONDS * 2 ** (min(failures, 10) - 1), BACKOFF_LIMIT)
    return full * rng.uniform(0.5, 1.5)


class Line:
    """Keeps a charger connected for as long as it runs."""

    def __init__(
        self, owner: Owner, target: Callable[[], Target], world: World, rng: Random
    ) -> None:
        self.link: Link | None = None
        self.epoch = 0
        self._owner = owner
        self._target = target
        self._world = world
        self._rng = rng
        self._not_before = world.clock.now()
        self._leash = asyncio.timeout(None)

    async def run(self) -> None:
        """Dial, listen, and dial again when the line is lost."""
        failures = 0
        while True:
            await self._wait(failures)
            began = self._world.clock.now()
            try:
                await self._world.gate.pass_through()
                link = await self._world.dial(self._target())
            except (RefusedError, UnreachableError) as problem:
                self._world.tally.count(str(problem))
            else:
                self._owner.lost(await self._hold(link))
            steady = self._world.clock.now() - began > STEADY
            failures = 1 if steady else failures + 1

    async def send(self, frame: str | bytes) -> None:
        """Send a frame; raises LostError when offline."""
        if self.link is None:
            raise LostError
        await self.link.send(frame)

    async def hang_up(self) -> None:
        """Close the line politely."""
        if self.link is not None:
            await self.link.close()

    def drop(self) -> None:
        """Break the line without a closing frame."""
        if self.link is not None:
            self.link.drop()

    def vanish(self) -> None:
        """Fall silent and leave the old socket half-open, as when power or coverage is lost."""
        if self.link is not None:
            self.link.vanish()
            self._leash.reschedule(asyncio.get_running_loop().time())

    def stay_away(self, seconds: float) -> None:
        """Dial no sooner than `seconds` from now."""
        self._not_before = self._world.clock.now() + timedelta(seconds=seconds)

    async def _wait(self, failures: int) -> None:
        away = (self._not_before - self._world.clock.now()).total_seconds()
        if failures:
            away = max(away, backoff(failures, self._rng))
        if away > 0:
            await self._world.clock.sleep(away)

    async def _hold(self, link: Link) -> LostError:
        self.link = link
        self.epoch += 1
        self._world.tally.online += 1
        self._owner.opened()
        try:
            async with asyncio.timeout(None) as self._leash:
                while True:
                    await self._owner.take(await link.recv())
        except LostError as loss:
            return loss
        except TimeoutError:
            return LostError(1006, "gone silent")
        finally:
            self.link = None
            self._world.tally.online -= 1
