"""A charger's temper: where it may differ from one that works as it should."""

from datetime import datetime

from cpms.ocpp.simulator.clock import rfc3339
from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.spec import ChargerSpec


class Temper:
    """A charger that works. Scenarios override what goes wrong."""

    def face(self, spec: ChargerSpec, /) -> ChargerSpec:
        """Return the charger as it presents itself."""
        return spec

    def stamp(self, now: datetime, /) -> str:
        """Return what its clock shows at `now`, as it writes it."""
        return rfc3339(now)

    def hears(self, _action: str, /) -> bool:
        """Return whether it answers a CALL with this action."""
        return True

    def delivers(self, _port: Port, /) -> bool:
        """Return whether power flows once a session has begun."""
        return True

    def lag(self) -> float:
        """Return the seconds that the next frame takes to get out."""
        return 0.0
