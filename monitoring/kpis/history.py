"""What a charger did, as the KPIs read it. Instants are seconds since the epoch; inf: not yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from inventory.opening_hours import Hours

#: The least that a successful session delivers, Wh, where nobody says otherwise (KPIS.md).
LEAST_ENERGY = 100.0


class Reported(NamedTuple):
    """A status span [start, end) of a port; the vendor's error code where it gave no other."""

    start: float
    end: float
    state: str
    error: str = ""


class Session(NamedTuple):
    """A transaction [start, end) of a port; energy in Wh, None if nothing was metered."""

    start: float
    end: float
    key: int
    token: str = ""
    stop_token: str = ""
    energy: float | None = None
    #: OCPP's Reason / ReasonEnumType as sent; empty is Local.
    reason: str = ""
    #: What we answered to the token.
    answer: str = ""
    #: Never stopped by the charger; closed by us.
    abandoned: bool = False
    #: The highest that was metered, W.
    peak_power: float | None = None


class Authorization(NamedTuple):
    """A token presented at a charger, and what we answered; or a remote start: then we accepted."""

    at: float
    token: str
    answer: str
    #: The port's key, where it is known.
    port: int | None = None
    #: What the charger answered to a remote start.
    start: str = ""


class Connection(NamedTuple):
    """One connection of a charger, [opened, closed)."""

    opened: float
    closed: float
    reason: str = ""


class Pings(NamedTuple):
    """Pings of a day, from the `first` on: answered by `totals.RTT_BOUNDS`, and missed."""

    first: float
    round_trips: Sequence[int]
    missed: int


class Excluded(NamedTuple):
    """An approved exclusion [start, end) as it concerns one port."""

    start: float
    end: float
    #: A value of `inventory.models.ExclusionReason`.
    reason: str
    key: int = 0


class Planned(NamedTuple):
    """Maintenance [start, end) that was planned before it began."""

    start: float
    end: float
    key: int = 0


class SilentRun(NamedTuple):
    """A stretch [start, end) in which every driver failed."""

    start: float
    end: float


class Agreement(NamedTuple):
    """What a contract says of a site's uptime, from the day `first` to `last` (None: no end)."""

    key: int
    first: date
    last: date | None
    hours: Hours
    in_opening_hours: bool
    excluded: frozenset[str]
    counts_silent: bool = True
    counts_offline: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    """What uptimes depend on beside what happened: the site's, and what people decided."""

    timezone: str = "UTC"
    #: Empty: always open.
    hours: Hours = field(default_factory=dict)
    agreements: tuple[Agreement, ...] = ()
    #: Authorities' lenses by port: values of `inventory.models.site.LENSES`.
    lenses: Mapping[int, frozenset[str]] = field(default_factory=dict)
    #: The least that a successful session delivers, Wh.
    least_energy: float = LEAST_ENERGY


@dataclass(slots=True)
class PortHistory:
    """Spans and sessions of a port, each in order of start.

    The first span says whether a vehicle was there: it isn't Faulted, Unavailable or Unknown
    unless the port never was anything else before.
    """

    statuses: list[Reported] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    #: Each in order of start; exclusions may overlap, planned work too.
    exclusions: list[Excluded] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    silent: list[SilentRun] = field(default_factory=list)


@dataclass(slots=True)
class ChargerHistory:
    """All that the KPIs of a charger are computed from, each in order of time."""

    #: By the port's key.
    ports: dict[int, PortHistory] = field(default_factory=dict)
    #: Begins with the last one opened before the window; without it the charger was new.
    connections: list[Connection] = field(default_factory=list)
    authorizations: list[Authorization] = field(default_factory=list)
    rules: Rules = field(default_factory=Rules)
    pings: list[Pings] = field(default_factory=list)
