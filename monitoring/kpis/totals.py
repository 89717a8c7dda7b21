"""What KPIs are made of: sums of time and of attempts, and counts of connections. Pure.

Everything is additive but what says so: the totals of a site over a month are the sum of the
totals of its ports over its days. Times are seconds. `monitoring.kpis.formulas` makes figures
of them.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from monitoring.facts import CloseReason, Status
from monitoring.kpis.timeline import OFFLINE, PLANNED, SILENT, UNSEEN, Piece

DAY = 86_400.0
#: Reconnects after these are our own doing: they say nothing about the site.
OWN = frozenset({CloseReason.GATEWAY_RESTART.value, CloseReason.GATEWAY_DIED.value})
#: Upper bounds of the classes of round trips, ms; later than the last is the last class.
RTT_BOUNDS = (50, 100, 200, 500, 1_000, 2_000, 5_000)
#: The reason of a reconnect whose predecessor doesn't say why it ended.
NO_REASON = "unknown"
REASONS = (*(reason.value for reason in CloseReason), NO_REASON)

#: Where the time of a state goes; any other state is up.
_BUCKETS = {
    OFFLINE: "offline",
    PLANNED: "planned",
    SILENT: "silent",
    Status.FAULTED.value: "faulted",
    Status.UNAVAILABLE.value: "unavailable",
    Status.UNKNOWN.value: "no_data",
    UNSEEN: "no_data",
}


#: Hours of a day, local.
HOURS = 24


def _hours() -> list[float]:
    return [0.0] * HOURS


@dataclass(slots=True)
class LensTotals:
    """A port's time, or many ports', as one lens sees it. Seconds.

    uptime = (window - (outage - excluded)) / window. `ineligible` is the part of `window` of
    which the lens doesn't judge; it counts as up in the formula (UK: UNKNOWN and BLOCKED).
    """

    window: float = 0.0
    outage: float = 0.0
    excluded: float = 0.0
    ineligible: float = 0.0

    def add(self, other: "LensTotals") -> None:
        """Count what `other` counted as well."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class UseTotals:
    """How a port, or many, were used."""

    #: Sessions that ended, Wh they delivered, and the highest power, W.
    sessions: int = 0
    energy: float = 0.0
    peak_power: float = 0.0
    #: Seconds charging; not Available while online; and still plugged in after the charging.
    charging: float = 0.0
    occupied: float = 0.0
    idle: float = 0.0

    def add(self, other: "UseTotals") -> None:
        """Count what `other` counted as well."""
        peak = max(self.peak_power, other.peak_power)
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.peak_power = peak


@dataclass(slots=True)
class PortTotals:
    """What a port, or many, did in a window: seconds by state, and attempts that ended in it.

    The seven times add up to the commissioned time.
    """

    up: float = 0.0
    offline: float = 0.0
    faulted: float = 0.0
    unavailable: float = 0.0
    #: Up by its status, and failing every driver.
    silent: float = 0.0
    #: Unavailable as planned: no outage.
    planned: float = 0.0
    #: Never seen yet, or online without a known status.
    no_data: float = 0.0
    #: Outages that began.
    outages: int = 0
    #: Attempts that count, and the successful ones among them.
    attempts: int = 0
    successes: int = 0
    #: Attempts with a token that was refused: reported, and left out of the rate.
    refused: int = 0
    #: Failed attempts by what came of them (`attempts.Outcome`).
    failures: Counter[str] = field(default_factory=Counter)
    #: Attempts that were authorized, and those that started energy and ended regularly.
    authorized: int = 0
    regular: int = 0
    #: Attempts with no failed one of the same token at the same site just before, and the
    #: successful among them: all of them, until `firsts` has looked at the site.
    first: int = 0
    first_successes: int = 0
    use: UseTotals = field(default_factory=UseTotals)
    #: By lens, only those that the port is under.
    lenses: dict[str, LensTotals] = field(default_factory=dict)
    #: Seconds by local hour of the day: of outage, and of charging.
    lost_hours: list[float] = field(default_factory=_hours)
    busy_hours: list[float] = field(default_factory=_hours)

    @property
    def outage(self) -> float:
        """Seconds in which no driver could be served."""
        return self.offline + self.faulted + self.unavailable + self.silent

    @property
    def measured(self) -> float:
        """Commissioned seconds of which we know something."""
        return self.up + self.planned + self.outage

    def add_time(self, state: str, seconds: float) -> None:
        """Count `seconds` of one state."""
        bucket = _BUCKETS.get(state, "up")
        setattr(self, bucket, getattr(self, bucket) + seconds)

    def add(self, other: "PortTotals") -> None:
        """Count what `other` counted as well."""
        for name in ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures.update(other.failures)
        self.use.add(other.use)
        for lens, totals in other.lenses.items():
            self.lenses.setdefault(lens, LensTotals()).add(totals)
        if any(other.lost_hours) or any(other.busy_hours):
            for hour in range(HOURS):
                self.lost_hours[hour] += other.lost_hours[hour]
                self.busy_hours[hour] += other.busy_hours[hour]


#: What of `PortTotals` is a number that simply adds up.
ADDED = (
    *("up", "offline", "faulted", "unavailable", "silent", "planned", "no_data", "outages"),
    *("attempts", "successes", "refused", "authorized", "regular", "first", "first_successes"),
)


@dataclass(slots=True)
class LinkTotals:
    """How a charger, or many, was connected in a window."""

    #: Commissioned seconds; they add up to all of them.
    online: float = 0.0
    offline: float = 0.0
    #: The part of `offline` before the first connection ever.
    unseen: float = 0.0
    #: Connections opened but the first ever, by why the one before ended.
    reconnects: Counter[str] = field(default_factory=Counter)
    #: Tokens refused at the charger, plugged in or not.
    refusals: int = 0
    #: Connections that ended.
    disconnects: int = 0
    #: The longest stretch offline, and the time with five reconnects or more within an hour.
    longest_offline: float = 0.0
    flapping: float = 0.0
    #: Pings unanswered, and answers by round trip: counts by `RTT_BOUNDS`.
    missed_pings: int = 0
    round_trips: list[int] = field(default_factory=lambda: [0] * (len(RTT_BOUNDS) + 1))

    @property
    def commissioned(self) -> float:
        """Seconds in which the charger should have been connected."""
        return self.online + self.offline

    def add(self, other: "LinkTotals") -> None:
        """Count what `other` counted as well."""
        self.online += other.online
        self.offline += other.offline
        self.unseen += other.unseen
        self.reconnects.update(other.reconnects)
        self.refusals += other.refusals
        self.disconnects += other.disconnects
        self.longest_offline = max(self.longest_offline, other.longest_offline)
        self.flapping += other.flapping
        self.missed_pings += other.missed_pings
        for place, count in enumerate(other.round_trips):
            self.round_trips[place] += count


def totals(pieces: Iterable[Piece]) -> PortTotals:
    """Return the time of a port's effective timeline by kind; attempts are not its business."""
    sums = PortTotals()
    for start, end, state in pieces:
        sums.add_time(state, end - start)
    return sums
