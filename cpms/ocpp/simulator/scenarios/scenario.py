"""What a scenario is."""

from collections.abc import Sequence
from random import Random

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.spec import ChargerSpec
from cpms.ocpp.simulator.temper import Temper
from cpms.ocpp.simulator.visits import open_for_drivers


class Scenario(Temper):
    """A charger's temper, and what it lets happen over time.

    The first line of a scenario's docstring is what `simulate --list-scenarios` says of it.
    `variants` are its kinds; where none is named, chance picks one.
    """

    variants: Sequence[str] = ()

    def __init__(self, variant: str, rng: Random) -> None:
        self.variant = variant or (rng.choice(self.variants) if self.variants else "")
        self.rng = rng

    def cast(self, spec: ChargerSpec) -> list[ChargerSpec]:
        """Return the chargers that it takes to play the scenario at `spec`'s place."""
        return [spec]

    def begin(self, charger: Charger) -> None:
        """Enter what is to happen into the charger's agenda."""
        open_for_drivers(charger)
