"""A normal day."""

from cpms.ocpp.simulator.scenarios.scenario import Scenario


class Normal(Scenario):
    """Works as it should: drivers come, charge and leave."""
