"""A broken connector."""

from cpms.ocpp.simulator import acts
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.scenarios.scenario import Scenario

ERRORS = ("GroundFailure", "ConnectorLockFailure", "OverCurrentFailure", "HighTemperature")

#: Variant -> seconds broken and seconds mended, from and to.
RHYTHMS = {
    "passing": ((600, 2400), (1800, 7200)),
    "flapping": ((15, 60), (15, 90)),
}


class Faulted(Scenario):
    """Has a connector that breaks: for good, for a while, or again and again."""

    variants = ("lasting", "passing", "flapping")

    def begin(self, charger: Charger) -> None:
        """Break one port in a few minutes."""
        super().begin(charger)
        port = self.rng.choice(list(charger.ports.values()))
        charger.agenda.after(charger.moment(60, 240), lambda: self._break(charger, port))

    async def _break(self, charger: Charger, port: Port) -> None:
        await acts.fault(charger, port, self.rng.choice(ERRORS))
        if self.variant in RHYTHMS:
            wait = self.rng.uniform(*RHYTHMS[self.variant][0])
            charger.agenda.after(wait, lambda: self._mend(charger, port))

    async def _mend(self, charger: Charger, port: Port) -> None:
        await acts.repair(charger, port)
        wait = self.rng.uniform(*RHYTHMS[self.variant][1])
        charger.agenda.after(wait, lambda: self._break(charger, port))
