"""A stage for simulated days: virtual time, a central system in memory, and a cast."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.fleet import chargers_for
from cpms.ocpp.simulator.link import Gate
from cpms.ocpp.simulator.spec import ChargerSpec
from cpms.ocpp.simulator.world import World
from tests.cpms.ocpp.simulator.csms import Csms
from tests.cpms.ocpp.simulator.virtual import START, VirtualClock, run_virtual

MINUTE = 60.0
HOUR = 3600.0


@dataclass
class Stage:
    """The central system, and the chargers that play."""

    csms: Csms
    world: World
    chargers: list[Charger]
    #: What the first charger's meters showed at first, in Wh.
    registers: dict[int, float]

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
    *specs: ChargerSpec,
    hours: float = 0,
    story: Story | None = None,
    csms: Csms | None = None,
    start: datetime = START,
) -> Stage:
    """Let the chargers live for `hours`, or for as long as `story` takes; return the stage."""
    csms = csms or Csms()
    csms.clock = VirtualClock(start)
    return run_virtual(_play(specs, csms, story or (lambda stage: stage.wait(hours * HOUR))))


async def _play(specs: tuple[ChargerSpec, ...], csms: Csms, story: Story) -> Stage:
    clock = csms.clock
    world = World("ws://csms/ocpp/", clock=clock, dial=csms.dial, gate=Gate(100))
    chargers = [charger for spec in specs for charger in chargers_for(spec, world)]
    registers = {port.number: port.register_wh for port in chargers[0].ports.values()}
    stage = Stage(csms, world, chargers, registers)
    lives = asyncio.gather(*(charger.run() for charger in chargers))
    plot = asyncio.ensure_future(story(stage))
    lives.add_done_callback(lambda _: plot.cancel())
    try:
        await asyncio.wait([plot])
    finally:
        lives.cancel()
        with suppress(asyncio.CancelledError):
            await lives
    await plot
    return stage
