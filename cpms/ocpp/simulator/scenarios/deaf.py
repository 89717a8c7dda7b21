"""A charger that doesn't listen."""

from cpms.ocpp.simulator.scenarios.scenario import Scenario


class Deaf(Scenario):
    """Reports and heartbeats as ever, but answers no command."""

    def hears(self, _action: str, /) -> bool:
        """Return that it doesn't."""
        return False
