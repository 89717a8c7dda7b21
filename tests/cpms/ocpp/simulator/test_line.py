"""Living chargers over real sockets: how lines end and begin again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import pytest

from cpms.ocpp.simulator.clock import Clock
from cpms.ocpp.simulator.fleet import chargers_for, run_fleet
from cpms.ocpp.simulator.line import backoff
from cpms.ocpp.simulator.link import Gate, Target, dial
from cpms.ocpp.simulator.spec import ChargerSpec
from cpms.ocpp.simulator.world import World
from tests.cpms.ocpp.simulator.csms import Csms


class HastyClock(Clock):
    """A clock for those who don't like to wait."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 50)


async def until(holds: Callable[[], Any], within: float = 5.0) -> None:
    """Wait until `holds` does."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def fleet(csms: Csms, *specs: ChargerSpec) -> AsyncIterator[World]:
    """Let a fleet live on real sockets."""
    async with csms.listening() as url:
        world = World(url, clock=HastyClock())
        lives = asyncio.create_task(run_fleet(specs, world))
        try:
            yield world
        finally:
            lives.cancel()
            with suppress(asyncio.CancelledError):
                await lives


async def test_a_fleet_connects_and_hangs_up_politely_when_it_is_stopped() -> None:
    csms = Csms()
    specs = [ChargerSpec(f"CP-{number}", version="2.0.1") for number in range(5)]
    async with fleet(csms, *specs) as world:
        await until(lambda: csms.actions().count("StatusNotification") == 10)
        assert world.tally.online == 5
    assert csms.close_codes == {1000: 5}
    assert world.tally.online == 0
    assert csms.problems == []


async def test_a_closed_line_is_dialled_again_after_a_pause() -> None:
    csms = Csms()
    async with fleet(csms, ChargerSpec("CP-1")) as world:
        await until(lambda: "StatusNotification" in csms.actions())
        await csms.peers["CP-1"].close(1012)
        await until(lambda: len(csms.connections) == 2)
        assert world.tally.counts["lost (1012)"] == 1


async def test_a_vanished_charger_leaves_its_socket_half_open() -> None:
    csms = Csms()
    async with csms.listening() as url:
        world = World(url)
        (charger,) = chargers_for(ChargerSpec("CP-1"), world)
        life = asyncio.create_task(charger.run())
        await until(lambda: charger.is_online and "StatusNotification" in csms.actions())
        charger.line.stay_away(60)
        charger.line.vanish()
        await until(lambda: not charger.is_online)
        pong = await csms.sockets["CP-1"].ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pong, 0.2)
        assert csms.close_codes == {}
        life.cancel()
        with suppress(asyncio.CancelledError):
            await life
        csms.sockets["CP-1"].transport.abort()


async def test_a_refused_charger_keeps_trying() -> None:
    csms = Csms(refuse_with=401)
    async with fleet(csms, ChargerSpec("CP-1")) as world:
        await until(lambda: world.tally.counts["refused with HTTP status 401"] == 1)
        assert world.tally.online == 0
        csms.refuse_with = 0
        await until(lambda: world.tally.online == 1)


def test_the_pause_doubles_up_to_a_limit_and_is_jittered() -> None:
    rng = Random(1)
    pauses = [[backoff(failures, rng) for _ in range(200)] for failures in range(1, 13)]
    assert 1.5 <= min(pauses[0]) < max(pauses[0]) <= 4.5
    assert max(pauses[0]) > 2 * min(pauses[0])
    assert 3 <= min(pauses[1]) <= max(pauses[1]) <= 9
    assert 60 <= min(pauses[11]) <= max(pauses[11]) <= 180


async def test_a_gate_lets_so_many_through_a_second() -> None:
    gate = Gate(per_second=200)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(gate.pass_through() for _ in range(41)))
    assert 0.2 <= loop.time() - began < 0.6


async def test_an_identity_may_hold_any_character() -> None:
    csms = Csms()
    async with csms.listening() as url:
        link = await dial(Target(url, "CP 1/ü#?", ["ocpp1.6"]))
        await link.close()
    assert csms.connections[0][0] == "CP%201%2F%C3%BC%23%3F"
