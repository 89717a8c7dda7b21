"""A bad mobile link."""

from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.scenarios.scenario import Scenario


class FlakyLte(Scenario):
    """On a bad mobile link: slow frames, and the line dies every few minutes without a close."""

    def begin(self, charger: Charger) -> None:
        """Lose coverage now and then."""
        super().begin(charger)
        self._lose_later(charger)

    def lag(self) -> float:
        """Return the delay of a frame: mostly short, now and then seconds."""
        return min(self.rng.lognormvariate(-1.6, 1.0), 8.0)

    def _lose_later(self, charger: Charger) -> None:
        charger.agenda.after(self.rng.uniform(120, 600), lambda: self._lose(charger))

    async def _lose(self, charger: Charger) -> None:
        if self.rng.random() < 0.7:
            charger.line.vanish()
            charger.line.stay_away(self.rng.uniform(10, 90))
        else:
            charger.line.drop()
        self._lose_later(charger)
