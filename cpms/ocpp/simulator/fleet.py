"""Fleets: many chargers in one process, made by number or from a roster."""

import asyncio
from collections.abc import Iterable, Mapping
from random import Random
from typing import TypeVar

import structlog

from cpms.ocpp.simulator.answers import respond
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.scenarios import scenario_for
from cpms.ocpp.simulator.spec import ChargerSpec
from cpms.ocpp.simulator.world import World

logger = structlog.get_logger(__name__)

T = TypeVar("T")

CHARGERS_PER_SITE = 6

#: (vendor, model, connectors, watts per connector, firmware) with how often each is met.
MODELS = {
    ("Nordlader", "Twin 22", 2, 22_000, "3.4.1"): 45,
    ("Nordlader", "Solo 11", 1, 11_000, "3.4.1"): 20,
    ("Voltwerk", "Column AC", 2, 22_000, "1.18.0"): 15,
    ("Rapidion", "R150", 2, 150_000, "2024.11"): 15,
    ("Rapidion", "R300", 2, 300_000, "2024.11"): 5,
}
#: Versions that a fleet without a named one speaks, and how often.
VERSIONS = {"1.6": 60, "2.0.1": 32, "2.1": 8}


def make_specs(
    count: int,
    *,
    prefix: str = "SIM-",
    version: str = "",
    scenario: str = "normal",
    seed: int = 1,
    keys: Mapping[str, str] | None = None,
    password: str = "",
) -> list[ChargerSpec]:
    """Return `count` chargers named `prefix` and a number, six to a site.

    A charger's key is the one in `keys` under its identity, else `password`.
    """
    rng = Random(f"fleet {seed}")  # noqa: S311 - play, no secret
    specs = []
    for number in range(1, count + 1):
        identity = f"{prefix}{number:04d}"
        vendor, model, connectors, watts, firmware = _draw(rng, MODELS)
        specs.append(
            ChargerSpec(
                identity=identity,
                password=(keys or {}).get(identity, password),
                version=version or _draw(rng, VERSIONS),
                connectors=connectors,
                max_power_w=watts,
                seed=seed,
                scenario=scenario,
                site=f"{prefix}site {(number - 1) // CHARGERS_PER_SITE + 1}",
                vendor=vendor,
                model=model,
                firmware_version=firmware,
            )
        )
    return specs


def chargers_for(spec: ChargerSpec, world: World) -> list[Charger]:
    """Return the living chargers that play `spec`'s scenario: mostly one."""
    cast = scenario_for(spec).cast(spec)
    return [_charger(part, world) for part in cast]


async def run_fleet(specs: Iterable[ChargerSpec], world: World) -> None:
    """Let the chargers live until cancelled; then they hang up.

    A charger that fails by a mistake of ours is reported; the others live on.
    """
    chargers = [charger for spec in specs for charger in chargers_for(spec, world)]
    lives = []
    for charger in chargers:
        life = asyncio.create_task(charger.run(), name=charger.spec.identity)
        life.add_done_callback(_report)
        lives.append(life)
    await asyncio.gather(*lives, return_exceptions=True)


def _charger(spec: ChargerSpec, world: World) -> Charger:
    scenario = scenario_for(spec)
    charger = Charger(spec, world, scenario, respond)
    scenario.begin(charger)
    return charger


def _draw(rng: Random, weights: Mapping[T, int]) -> T:
    return rng.choices(list(weights), list(weights.values()))[0]


def _report(life: "asyncio.Task[None]") -> None:
    if not life.cancelled() and (problem := life.exception()):
        logger.error("charger_failed", identity=life.get_name(), exc_info=problem)
