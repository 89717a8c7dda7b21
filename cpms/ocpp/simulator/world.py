"""What the chargers of a fleet share: time, the way to the central system, and a tally."""

import ssl
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from cpms.ocpp.simulator.clock import Clock
from cpms.ocpp.simulator.link import Dial, Gate, dial

CONNECTS_PER_SECOND = 100.0
#: So many counts fit on a line.
REPORTED = 8


@dataclass(slots=True)
class Tally:
    """How a fleet fares: `online` now, and how often what happened."""

    online: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, what: str) -> None:
        """Count one more of `what`."""
        self.counts[what] += 1

    def report(self) -> str:
        """Return on one line how many are online and what happened most."""
        parts = [f"{what} {count}" for what, count in self.counts.most_common(REPORTED)]
        return ", ".join([f"online {self.online}", *parts])


@dataclass(slots=True)
class World:
    """A fleet's surroundings. `pace` is how many times faster than true life drivers come,
    charge and leave; clocks, power and heartbeats stay true. `day_shift` is how far the hour
    by which drivers live is ahead of the true one: a demo at night is played by day.
    """

    url: str
    clock: Clock = field(default_factory=Clock)
    dial: Dial = dial
    gate: Gate = field(default_factory=lambda: Gate(CONNECTS_PER_SECOND))
    tally: Tally = field(default_factory=Tally)
    pace: float = 1.0
    day_shift: timedelta = timedelta()
    tls: ssl.SSLContext | None = None
