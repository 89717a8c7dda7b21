"""Two chargers, one identity."""

from dataclasses import replace

from cpms.ocpp.simulator.scenarios.scenario import Scenario
from cpms.ocpp.simulator.spec import ChargerSpec


class DuplicateSocket(Scenario):
    """Shares its identity with a second box: each displaces the other's connection."""

    def cast(self, spec: ChargerSpec) -> list[ChargerSpec]:
        """Return the charger and its double: a clone of its settings in another housing."""
        first = replace(spec, scenario="normal")
        second = replace(first, seed=spec.seed + 1, serial_number=f"D-{spec.serial}"[:25])
        return [first, second]
