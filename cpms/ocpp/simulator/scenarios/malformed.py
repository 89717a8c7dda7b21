"""A charger whose firmware can't write OCPP."""

from random import Random

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.link import LostError
from cpms.ocpp.simulator.scenarios.catalogue import CATALOGUE, Material
from cpms.ocpp.simulator.scenarios.scenario import Scenario


class Malformed(Scenario):
    """Sends a malformed frame every half minute, from a catalogue of those seen in the field."""

    variants = tuple(CATALOGUE)

    def __init__(self, variant: str, rng: Random) -> None:
        """Stammer the whole catalogue, unless a variant is named."""
        super().__init__(variant, rng)
        self.variant = variant

    def begin(self, charger: Charger) -> None:
        """Begin to stammer."""
        super().begin(charger)
        self._stammer_later(charger, [self.variant] if self.variant else list(CATALOGUE))

    def _stammer_later(self, charger: Charger, names: list[str]) -> None:
        charger.agenda.after(self.rng.uniform(15, 45), lambda: self._stammer(charger, names))

    async def _stammer(self, charger: Charger, names: list[str]) -> None:
        first, rest = names[0], names[1:]
        material = Material(charger.spec.version, charger.next_id(), charger.stamp())
        try:
            for frame in CATALOGUE[first](material):
                await charger.line.send(frame)
            charger.world.tally.count(f"malformed {first}")
        except LostError:
            rest = names
        self._stammer_later(charger, [*rest, first] if rest is not names else names)
