"""What chargers did, said without OCPP: small records from the wire to the writer.

All times are aware UTC datetimes. Every fact of an event has `at` (corrected by the
charger's measured clock offset), and where the charger sent a time of its own, `offset_ms`
= sent − at, so that nothing of the three times is lost. `received` is the arrival.
Ports are named by EVSE number (1.6: the connector number), 0 for the charger as a whole.
Energies in Wh, power in W, current in A, voltage in V, temperature in °C, SoC in %.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class Status(StrEnum):
    """Operative status of a port; the union of OCPP 1.6 and 2.x."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    OCCUPIED = "Occupied"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    UNKNOWN = "Unknown"


class CloseReason(StrEnum):
    """Why a connection ended."""

    CLEAN = "clean"
    LOST = "lost"
    PING_TIMEOUT = "ping_timeout"
    REPLACED = "replaced"
    GATEWAY_RESTART = "gateway_restart"
    GATEWAY_DIED = "gateway_died"
    PROTOCOL_ERROR = "protocol_error"
    KICKED = "kicked"


@dataclass(slots=True)
class Connected:
    """A charger's socket was accepted."""

    charger_id: int
    at: datetime
    token: UUID
    peer: str
    ocpp_version: str
    security_profile: int


@dataclass(slots=True)
class Disconnected:
    """A socket ended; `at` is its last proof of life, `noticed` when we found out."""

    charger_id: int
    at: datetime
    noticed: datetime
    token: UUID
    reason: CloseReason
    code: int | None = None
    #: Median and 95th percentile of ping round trips, milliseconds; pings never answered.
    rtt_p50: float | None = None
    rtt_p95: float | None = None
    missed_pings: int = 0


@dataclass(slots=True)
class Pinged:
    """Pings of a charger between two moments: round trips, counted by class, and missed ones.

    The classes end at `monitoring.kpis.totals.RTT_BOUNDS`; the last one is what takes longer.
    """

    charger_id: int
    at: datetime
    until: datetime
    round_trips: tuple[int, ...]
    missed: int


@dataclass(slots=True)
class Booted:
    """BootNotification: what the charger says it is."""

    charger_id: int
    at: datetime
    vendor: str
    model: str
    serial_number: str = ""
    firmware_version: str = ""
    iccid: str = ""
    imsi: str = ""
    reason: str = ""
    #: What we answered: Accepted, Pending or Rejected.
    answer: str = "Accepted"
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class StatusReported:
    """A port's (connector's) status since `at`."""

    charger_id: int
    evse: int
    connector: int
    at: datetime
    received: datetime
    status: Status
    error_code: str = ""
    vendor_error_code: str = ""
    info: str = ""
    offset_ms: int = 0
    #: The transaction whose charging state says so (2.x): finer than Occupied, never more.
    #: `evse` may be 0 then: the transaction's.
    transaction_id: str | None = None


@dataclass(slots=True)
class SessionChanged:
    """What one message says of a session; `None` means it says nothing of that.

    Facts of one session merge in any order and any number of times into the same row:
    see `monitoring.sessions.merge`. `transaction_id` is the charger's own (2.x) or ours
    as text (1.6). `create` is False where the session must exist already (a 1.6 stop).
    """

    charger_id: int
    transaction_id: str
    at: datetime
    received: datetime
    create: bool = True
    #: The session's key; the writer fills it in.
    new_id: int | None = None
    #: Same for every retry of one start (1.6): connector, token, time and meter.
    start_key: str | None = None
    evse: int | None = None
    connector: int | None = None
    id_token: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    meter_start: float | None = None
    meter_stop: float | None = None
    #: Energy of the session so far where the charger reports it per session.
    energy: float | None = None
    #: The highest power seen.
    power: float | None = None
    soc: float | None = None
    charging_state: str | None = None
    stop_reason: str | None = None
    stop_token: str | None = None
    seq_no: int | None = None
    offline: bool = False
    remote_start_id: int | None = None
    #: What we answered to the token: Accepted, Invalid, Blocked …
    authorization: str | None = None
    #: What is odd about it; "-odd" takes "odd" away.
    flags: tuple[str, ...] = ()
    #: Of a fact merged from several: by which number and when SoC and charging state were said.
    soc_said: tuple[int, datetime] | None = None
    state_said: tuple[int, datetime] | None = None


@dataclass(slots=True)
class MetersSampled:
    """One MeterValues entry: a row of common measurands, and the rest as it came.

    `values` follows `monitoring.models.meters.COLUMNS`.
    """

    charger_id: int
    evse: int
    at: datetime
    received: datetime
    values: tuple[float | None, ...]
    transaction_id: str | None = None
    context: str = "Sample.Periodic"
    extra: dict[str, Any] | None = None
    offset_ms: int = 0
    #: Energy of the session so far, where the charger reports that instead of a register.
    session_energy: float | None = None


@dataclass(slots=True)
class EventReported:
    """Anything else worth keeping: security events, firmware and log progress, faults, data."""

    charger_id: int
    kind: str
    at: datetime
    received: datetime
    evse: int = 0
    #: 0 danger … 9 debug, as OCPP 2.0.1 §3 (EventData.severity); 5 where nothing is said.
    severity: int = 5
    code: str = ""
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    offset_ms: int = 0


class Told(NamedTuple):
    """A setting and its value: a variable of a component (2.x), or a key (1.6: no component).

    `evse` and `connector` are 0 where it isn't of one. Secrets come masked.
    """

    component: str
    component_instance: str
    evse: int
    connector: int
    variable: str
    instance: str
    attribute: str
    value: str
    #: ReadOnly, WriteOnly, ReadWrite; "": nothing is said of it.
    mutability: str = ""
    #: {"type", "unit", "min", "max", "values", "monitored"}, as far as it is said; JSON.
    characteristics: str | None = None
    #: The charger says that it hasn't such a setting.
    unknown: bool = False


@dataclass(slots=True)
class VariablesReported:
    """Settings that a charger told of."""

    charger_id: int
    at: datetime
    variables: list[Told]
    #: How it came: report, read, change, event.
    source: str = "report"


@dataclass(slots=True)
class AuthorizationAsked:
    """Authorize: a driver presented a token at the charger; starts an attempt."""

    charger_id: int
    at: datetime
    id_token: str
    answer: str


Fact = (
    Connected
    | Disconnected
    | Pinged
    | Booted
    | StatusReported
    | SessionChanged
    | MetersSampled
    | EventReported
    | VariablesReported
    | AuthorizationAsked
)
