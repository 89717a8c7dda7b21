"""A charger that isn't who it says."""

from dataclasses import replace

from cpms.ocpp.simulator.scenarios.scenario import Scenario
from cpms.ocpp.simulator.spec import ChargerSpec

#: What installers confuse when they type an identity from a sticker.
CONFUSED = {"0": "O", "O": "0", "1": "I", "I": "1", "5": "S", "S": "5", "8": "B", "B": "8"}


def mistyped(identity: str) -> str:
    """Return `identity` with its last confusable character confused, or its last two swapped."""
    for place in reversed(range(len(identity))):
        if identity[place] in CONFUSED:
            return identity[:place] + CONFUSED[identity[place]] + identity[place + 1 :]
    return identity[:-2] + identity[:-3:-1] if len(identity) > 1 else identity + "0"


class WrongId(Scenario):
    """Was set up with a mistyped identity, or is another box than the one on record."""

    variants = ("mistyped", "serial", "model")

    def face(self, spec: ChargerSpec, /) -> ChargerSpec:
        """Return the charger with what is wrong about it."""
        if self.variant == "mistyped":
            return replace(spec, identity=mistyped(spec.identity))
        if self.variant == "serial":
            return replace(spec, serial_number=f"X-{spec.serial}"[:25])
        return replace(spec, vendor="Fremdstrom", model="Solo 11")
