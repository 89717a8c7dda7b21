"""A stage for simulated days: virtual time, a central system in memory, and a cast."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.fleet import chargers_for
from cpms.ocpp.simulator.link import Gate
from cpms.ocpp.simulator.spec import ChargerSpec
from cpms.ocpp.simulator.world import World
from tests.cpms.ocpp.simulator.csms import Csms
from tests.cpms.ocpp.simulator.virtual import VirtualClock, run_virtual

MINUTE = 60.0
HOUR = 3600.0


@dataclass
class Stage:
    """The central system, and the chargers that play."""

    csms: Csms
    world: World
    chargers: list[Charger]

    @property
    def charger(self) -> Charger:
        """Return the first charger."""
        return self.chargers[0]

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await self.world.clock.sleep(seconds)

    async def until(self, holds: Callable[[], Any], within: float = 24 * HOUR) -> None:
        """Let time pass, a second at a time, until `holds` does."""
        async with asyncio.timeout(within):
            while not holds():
                await asyncio.sleep(1)


Story = Callable[[Stage], Awaitable[None]]


def play(
    *specs: ChargerSpec, hours: float = 0, story: Story | None = None, csms: Csms | None = None
) -> Stage:
    """Let the chargers live for `hours`, or for as long as `story` takes; return the stage."""
    return run_virtual(_play(specs, hours, story, csms or Csms()))


async def _play(
    specs: tuple[ChargerSpec, ...], hours: float, story: Story | None, csms: Csms
) -> Stage:
    csms.clock = clock = VirtualClock()
    world = World("ws://csms/ocpp/", clock=clock, dial=csms.dial, gate=Gate(100))
    chargers = [charger for spec in specs for charger in chargers_for(spec, world)]
    stage = Stage(csms, world, chargers)
    lives = asyncio.gather(*(charger.run() for charger in chargers))
    plot = asyncio.ensure_future(story(stage) if story else asyncio.sleep(hours * HOUR))
    lives.add_done_callback(lambda _: plot.cancel())
    try:
        await asyncio.wait([plot])
    finally:
        lives.cancel()
        with suppress(asyncio.CancelledError):
            await lives
    await plot
    return stage
