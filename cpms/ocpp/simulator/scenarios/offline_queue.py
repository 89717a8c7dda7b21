"""A charger that works on without a line."""

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.scenarios.scenario import Scenario


class OfflineQueue(Scenario):
    """Is offline for an hour at a time, charges on, and tells it all afterwards."""

    def begin(self, charger: Charger) -> None:
        """Go offline in a few minutes."""
        super().begin(charger)
        charger.agenda.after(charger.moment(300, 900), lambda: self._leave(charger))

    async def _leave(self, charger: Charger) -> None:
        away = charger.moment(2400, 5400)
        charger.line.stay_away(away)
        charger.line.vanish()
        online = charger.moment(3600, 7200)
        charger.agenda.after(away + online, lambda: self._leave(charger))
