"""A site without power."""

from random import Random

from cpms.ocpp.simulator import acts
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.scenarios.scenario import Scenario


class PowerCut(Scenario):
    """Loses power together with all chargers of its site that play this, and boots with them."""

    def begin(self, charger: Charger) -> None:
        """Wait for the first cut. The site decides when: its chargers share this chance."""
        super().begin(charger)
        site = charger.spec.site or charger.spec.identity
        fate = Random(f"power of {site}")  # noqa: S311 - play, no secret
        self._cut_later(charger, fate, fate.uniform(180, 480))

    def _cut_later(self, charger: Charger, fate: Random, wait: float) -> None:
        pace = charger.world.pace
        lasts = fate.uniform(150, 420)
        charger.agenda.after(wait / pace, lambda: acts.lose_power(charger, lasts / pace))
        charger.agenda.after((wait + lasts) / pace, lambda: self._again(charger, fate))

    async def _again(self, charger: Charger, fate: Random) -> None:
        self._cut_later(charger, fate, fate.uniform(2 * 3600, 8 * 3600))
