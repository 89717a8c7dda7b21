"""The four KPIs as pure functions: sums of time and attempts in, figures out. Raw lens.

Definitions and formulas: KPIS.md. Everything is additive: the totals of a site over a month
are the sum of the totals of its ports over its days, so a figure of any group is the figure
of the summed totals and never a mean of means. Times are seconds.

No data is None. Silence isn't uptime: it is outage once the charger has ever been seen, and
no data before; neither counts as up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitoring.facts import CloseReason, Status
from monitoring.kpis.timeline import OFFLINE, UNSEEN, Piece

DAY = 86_400.0
#: Reconnects after these are our own doing: they say nothing about the site.
OWN = frozenset({CloseReason.GATEWAY_RESTART.value, CloseReason.GATEWAY_DIED.value})
#: The reason of a reconnect whose predecessor doesn't say why it ended.
NO_REASON = "unknown"
REASONS = (*(reason.value for reason in CloseReason), NO_REASON)

#: Where the time of a state goes; any other state is up.
_BUCKETS = {
    OFFLINE: "offline",
    Status.FAULTED.value: "faulted",
    Status.UNAVAILABLE.value: "unavailable",
    Status.UNKNOWN.value: "no_data",
    UNSEEN: "no_data",
}


class Metric(StrEnum):
    """A KPI; its name in the API."""

    UPTIME = "uptime"
    ONLINE_RATE = "online_rate"
    SESSION_SUCCESS = "session_success"
    RECONNECTS = "reconnects"


@dataclass(slots=True)
class PortTotals:
    """What a port, or many, did in a window: seconds by state, and attempts that ended in it."""

    up: float = 0.0
    offline: float = 0.0
    faulted: float = 0.0
    unavailable: float = 0.0
    #: Never seen yet, or online without a known status.
    no_data: float = 0.0
    #: Attempts that count, and the successful ones among them.
    attempts: int = 0
    successes: int = 0
    #: Attempts with a token that was refused: reported, and left out of the rate.
    refused: int = 0

    @property
    def outage(self) -> float:
        """Seconds in which no driver could be served."""
        return self.offline + self.faulted + self.unavailable

    @property
    def measured(self) -> float:
        """Commissioned seconds of which we know something."""
        return self.up + self.outage

    def add_time(self, state: str, seconds: float) -> None:
        """Count `seconds` of one state."""
        bucket = _BUCKETS.get(state, "up")
        setattr(self, bucket, getattr(self, bucket) + seconds)

    def add(self, other: "PortTotals") -> None:
        """Count what `other` counted as well."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


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


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI of one group: value = numerator / denominator, None where there is no data.

    Rates are 0 to 1. `no_data_share` is the share (0 to 1) of the commissioned time of which
    nothing is known, None where there is no commissioned time. `details` are the parts:
    seconds by kind of outage, attempts, reconnects by reason.
    """

    metric: Metric
    numerator: float
    denominator: float
    no_data_share: float | None
    details: Mapping[str, float]

    @property
    def value(self) -> float | None:
        """The figure itself."""
        return self.numerator / self.denominator if self.denominator > 0 else None


def uptime(ports: PortTotals) -> Figure:
    """1 - T_outage / T_measured; outage is offline, Faulted and Unavailable time of ports."""
    details = {
        "outage": ports.outage,
        "offline": ports.offline,
        "faulted": ports.faulted,
        "unavailable": ports.unavailable,
        "no_data": ports.no_data,
    }
    return Figure(Metric.UPTIME, ports.up, ports.measured, _unknown(ports), details)


def online_rate(links: LinkTotals) -> Figure:
    """Σ online seconds / Σ commissioned seconds of chargers; a socket that is down is known."""
    share = 0.0 if links.commissioned else None
    details = {"offline": links.offline, "unseen": links.unseen}
    return Figure(Metric.ONLINE_RATE, links.online, links.commissioned, share, details)


def session_success(ports: PortTotals, refusals: int = 0) -> Figure:
    """Successful attempts / attempts; refused tokens are in the details and not in the rate."""
    details = {
        "failed": ports.attempts - ports.successes,
        "refused_attempts": ports.refused,
        "refused_tokens": refusals,
    }
    return Figure(Metric.SESSION_SUCCESS, ports.successes, ports.attempts, _unknown(ports), details)


def reconnects(links: LinkTotals) -> Figure:
    """Reconnects per charger and day, those of our own making counted apart."""
    own = sum(links.reconnects[reason] for reason in OWN)
    total = links.reconnects.total()
    known = links.commissioned - links.unseen
    details = {"total": total, "own_restarts": own} | {
        f"after_{reason}": count for reason, count in sorted(links.reconnects.items())
    }
    share = links.unseen / links.commissioned if links.commissioned else None
    return Figure(Metric.RECONNECTS, total - own, known / DAY, share, details)


def figures(ports: PortTotals, links: LinkTotals) -> dict[Metric, Figure]:
    """Return all four."""
    return {
        Metric.UPTIME: uptime(ports),
        Metric.ONLINE_RATE: online_rate(links),
        Metric.SESSION_SUCCESS: session_success(ports, links.refusals),
        Metric.RECONNECTS: reconnects(links),
    }


def totals(pieces: Iterable[Piece]) -> PortTotals:
    """Return the time of a port's effective timeline by kind; attempts are not its business."""
    sums = PortTotals()
    for start, end, state in pieces:
        sums.add_time(state, end - start)
    return sums


def _unknown(ports: PortTotals) -> float | None:
    whole = ports.measured + ports.no_data
    return ports.no_data / whole if whole > 0 else None
