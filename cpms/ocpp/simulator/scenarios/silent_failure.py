"""A charger that fails without a word."""

from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.scenarios.scenario import Scenario


class SilentFailure(Scenario):
    """Says Available and starts sessions, but no energy flows and drivers give up."""

    def delivers(self, _port: Port, /) -> bool:
        """Return that nothing flows."""
        return False
