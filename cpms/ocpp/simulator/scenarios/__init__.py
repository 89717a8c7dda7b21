"""The scenarios: one module each, and the table that names them."""

from cpms.ocpp.simulator.scenarios.boot_loop import BootLoop
from cpms.ocpp.simulator.scenarios.deaf import Deaf
from cpms.ocpp.simulator.scenarios.duplicate_socket import DuplicateSocket
from cpms.ocpp.simulator.scenarios.faulted import Faulted
from cpms.ocpp.simulator.scenarios.flaky import FlakyLte
from cpms.ocpp.simulator.scenarios.malformed import Malformed
from cpms.ocpp.simulator.scenarios.normal import Normal
from cpms.ocpp.simulator.scenarios.offline_queue import OfflineQueue
from cpms.ocpp.simulator.scenarios.power_cut import PowerCut
from cpms.ocpp.simulator.scenarios.scenario import Scenario
from cpms.ocpp.simulator.scenarios.silent_failure import SilentFailure
from cpms.ocpp.simulator.scenarios.wrong_clock import WrongClock
from cpms.ocpp.simulator.scenarios.wrong_id import WrongId
from cpms.ocpp.simulator.spec import ChargerSpec

SCENARIOS: dict[str, type[Scenario]] = {
    "normal": Normal,
    "flaky-lte": FlakyLte,
    "power-cut": PowerCut,
    "faulted": Faulted,
    "deaf": Deaf,
    "silent-failure": SilentFailure,
    "wrong-clock": WrongClock,
    "wrong-id": WrongId,
    "boot-loop": BootLoop,
    "offline-queue": OfflineQueue,
    "duplicate-socket": DuplicateSocket,
    "malformed": Malformed,
}


class UnknownScenarioError(ValueError):
    """A scenario or variant that doesn't exist; the message says which do."""


def check(name: str) -> None:
    """Raise UnknownScenarioError unless `name` is a scenario, or a scenario:variant."""
    scenario, _, variant = name.partition(":")
    if scenario not in SCENARIOS:
        raise UnknownScenarioError(
            f"There is no scenario {scenario!r}; there are {', '.join(SCENARIOS)}."
        )
    variants = SCENARIOS[scenario].variants
    if variant and variant not in variants:
        known = f"it has {', '.join(variants)}" if variants else "it has none"
        raise UnknownScenarioError(f"The scenario {scenario} has no variant {variant!r}; {known}.")


def scenario_for(spec: ChargerSpec) -> Scenario:
    """Return the scenario that `spec` names; raises UnknownScenarioError."""
    check(spec.scenario)
    name, _, variant = spec.scenario.partition(":")
    return SCENARIOS[name](variant, spec.chance("scenario"))


__all__ = ["SCENARIOS", "Scenario", "UnknownScenarioError", "check", "scenario_for"]
