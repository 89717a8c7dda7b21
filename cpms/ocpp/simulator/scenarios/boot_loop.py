"""A charger that can't stay up."""

from cpms.ocpp.simulator import acts
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.scenarios.scenario import Scenario


class BootLoop(Scenario):
    """Boots, runs for a minute, and is restarted by its watchdog."""

    def begin(self, charger: Charger) -> None:
        """Crash soon."""
        super().begin(charger)
        self._crash_later(charger)

    def _crash_later(self, charger: Charger) -> None:
        charger.agenda.after(charger.rng.uniform(40, 100), lambda: self._crash(charger))

    async def _crash(self, charger: Charger) -> None:
        await acts.end_sessions(charger, "Other")
        charger.boot_reason = "Watchdog"
        charger.line.drop()
        self._crash_later(charger)
