"""A port's month with every kind of event: one script, for the pure functions and for the wire.

The port stands in Berlin (150 kW, CCS 2), open from 06:00 to 22:00, under every lens. Times are
the site's own ("3 10:00": on the 3rd at 10:00). The figures are worked out in `test_month.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import inf
from zoneinfo import ZoneInfo

from inventory.models import ExclusionReason
from inventory.opening_hours import parse
from monitoring.kpis.history import (
    Agreement,
    Authorization,
    ChargerHistory,
    Connection,
    Excluded,
    Planned,
    PortHistory,
    Reported,
    Rules,
    Session,
    SilentRun,
)

ZONE = "Europe/Berlin"
OPENING_HOURS = {
    day: [["06:00", "22:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
}
LENSES = ("nevi", "uk", "california")
#: What the contract leaves out; it counts in opening hours only, and no silent failing.
CONTRACT_LEAVES_OUT = ["utility_outage", "network_provider", "scheduled_maintenance"]
PORT = 1
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Opens:
    """The charger connects; the first time it boots."""

    at: datetime
    boots: bool = False


@dataclass(frozen=True)
class Closes:
    """The connection ends: lost, clean, or gateway_restart."""

    at: datetime
    why: str


@dataclass(frozen=True)
class Says:
    """The port's status changes; told at `told`, None: at once."""

    at: datetime
    state: str
    error: str = ""
    told: datetime | None = None


@dataclass(frozen=True)
class Asks:
    """A driver holds up a card."""

    at: datetime
    token: str
    answer: str = "Accepted"


@dataclass(frozen=True)
class Charges:
    """A transaction; `end` None: its stop never comes, and `over` is when the port was free."""

    at: datetime
    token: str
    end: datetime | None
    energy: float | None
    reason: str = "Local"
    told: datetime | None = None
    over: datetime | None = None


@dataclass(frozen=True)
class Leaves_out:  # noqa: N801 reads as what it does
    """People take a stretch out of uptimes, or propose to."""

    start: datetime
    end: datetime
    reason: str
    approved: bool = True


@dataclass(frozen=True)
class Month:
    """The script, in order of when things are told."""

    first: date
    last: date
    commissioned: datetime
    events: list[Opens | Closes | Says | Asks | Charges]
    exclusions: list[Leaves_out]
    work: tuple[datetime, datetime]
    #: Which it is that the drivers find out; made by the ledger, given to the pure functions.
    silent: tuple[datetime, datetime]


def month(year: int, number: int, *, night: tuple[str, str] | None = None) -> Month:
    """Return the month; `night` is one more fault, from and to."""
    first = date(year, number, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    def at(text: str) -> datetime:
        day, clock = text.split()
        hour, minute = map(int, clock.split(":"))
        local = datetime(year, number, int(day), hour, minute, tzinfo=ZoneInfo(ZONE))
        return local.astimezone(UTC)

    def gone(start: str, end: str, why: str = "lost") -> list[Opens | Closes]:
        return [Closes(at(start), why), Opens(at(end))]

    def down(state: str, start: str, end: str, error: str = "") -> list[Says]:
        return [Says(at(start), state, error), Says(at(end), "Available")]

    def visit(
        start: str, token: str, energy: float | None = 9_000.0, reason: str = "Local"
    ) -> list:  # type: ignore[type-arg]
        """Plug in and show the card; a minute later charge for 20; two more until it is free."""
        begun = at(start)
        end = begun + 21 * MINUTE
        return [
            Asks(begun, token),
            Says(begun, "Preparing"),
            Charges(begun + MINUTE, token, end, energy, reason),
            Says(begun + MINUTE, "Charging"),
            Says(end, "Finishing"),
            Says(begun + 23 * MINUTE, "Available"),
        ]

    events = [
        Opens(at("2 06:00"), boots=True),
        Says(at("2 07:00"), "Available"),
        *visit("3 10:00", "ANNA"),
        *gone("4 08:00", "4 10:30"),
        *gone("5 03:00", "5 03:10", "gateway_restart"),
        *down("Faulted", "6 12:00", "6 14:00", "GroundFailure"),
        *down("Unavailable", "7 20:00", "7 23:00"),
        *down("Unavailable", "10 09:00", "10 12:00"),
        # Three drivers fail, each in their own way, and a fourth succeeds at 13:00.
        *visit("11 09:00", "BERT", 20.0),
        Asks(at("11 10:00"), "CARA"),
        Says(at("11 10:00"), "Preparing"),
        Says(at("11 10:05"), "Available"),
        *visit("11 11:00", "DORA", 0.0),
        *visit("11 13:00", "ANNA"),
        *gone("12 14:00", "12 18:00"),
        *down("Faulted", "13 10:00", "13 11:00", "HighTemperature"),
        *down("Faulted", "14 12:00", "14 13:00", "EVCommunicationError"),
        *gone("16 06:00", "16 08:00"),
        Asks(at("17 09:00"), "STOLEN", "Blocked"),
        Says(at("17 09:00"), "Preparing"),
        Says(at("17 09:02"), "Available"),
        Says(at("17 10:00"), "Preparing"),
        Says(at("17 10:05"), "Available"),
        *visit("18 10:00", "BERT", 3_000.0, reason="EmergencyStop"),
        *visit("18 12:00", "CARA", 4_000.0, reason="PowerLoss"),
        *visit("18 16:00", "ANNA"),
        # Charged, unplugged, and its stop never came.
        *(replace(event, end=None, energy=None, over=at("18 17:23"))
          if isinstance(event, Charges) else event for event in visit("18 17:00", "EMIL")),
        *gone("19 12:00", "19 12:02", "clean"),
        *(event for minute in range(0, 60, 10)
          for event in gone(f"20 10:{minute:02}", f"20 10:{minute + 1:02}")),
        *gone("21 08:00", "22 08:00"),
        # A driver charged meanwhile; the charger tells of it when it is back.
        *(replace(event, told=at("22 08:00") + place * timedelta(seconds=5))
          for place, event in enumerate(visit("21 10:00", "ANNA")[1:])),
        *down("Faulted", "24 23:00", "25 05:00", "GroundFailure"),
        *(down("Faulted", *night, "GroundFailure") if night else ()),
    ]  # fmt: skip
    return Month(
        first=first,
        last=last,
        commissioned=at("2 00:00"),
        events=sorted(events, key=told_at),
        exclusions=[
            Leaves_out(at("12 13:55"), at("12 18:00"), ExclusionReason.UTILITY_OUTAGE),
            Leaves_out(at("13 10:00"), at("13 11:00"), ExclusionReason.VANDALISM, approved=False),
            Leaves_out(at("14 12:00"), at("14 13:00"), ExclusionReason.VEHICLE_FAULT),
            Leaves_out(at("16 06:00"), at("16 08:00"), ExclusionReason.NETWORK_PROVIDER),
        ],
        work=(at("10 08:00"), at("10 12:30")),
        silent=(at("11 09:00"), at("11 13:00")),
    )


def told_at(event: Opens | Closes | Says | Asks | Charges) -> datetime:
    """Return when the central system hears of it first."""
    return getattr(event, "told", None) or event.at


def seconds(at: datetime | None) -> float:
    """Return an instant as the pure functions write it."""
    return inf if at is None else at.timestamp()


def history(script: Month) -> ChargerHistory:
    """Return what the pure functions are given of the month."""
    agreement = Agreement(
        1, date(2026, 1, 1), None, {}, in_opening_hours=True,
        excluded=frozenset(CONTRACT_LEAVES_OUT), counts_silent=False,
    )  # fmt: skip
    return ChargerHistory(
        ports={PORT: _port(script)},
        connections=_connections(script.events),
        authorizations=[
            Authorization(seconds(event.at), event.token, event.answer)
            for event in script.events
            if isinstance(event, Asks)
        ],
        rules=Rules(ZONE, parse(OPENING_HOURS), (agreement,), {PORT: frozenset(LENSES)}),
    )


def _port(script: Month) -> PortHistory:
    said = sorted((e for e in script.events if isinstance(e, Says)), key=lambda e: e.at)
    ends = [seconds(event.at) for event in said[1:]] + [inf]
    charged = (event for event in script.events if isinstance(event, Charges))
    return PortHistory(
        statuses=[
            Reported(seconds(event.at), end, event.state, event.error)
            for event, end in zip(said, ends, strict=True)
        ],
        sessions=sorted(_sessions(charged), key=lambda session: session.start),
        exclusions=[
            Excluded(seconds(e.start), seconds(e.end), str(e.reason))
            for e in script.exclusions
            if e.approved
        ],
        planned=[Planned(seconds(script.work[0]), seconds(script.work[1]))],
        silent=[SilentRun(seconds(script.silent[0]), seconds(script.silent[1]))],
    )


def _sessions(charged: Iterable[Charges]) -> Iterable[Session]:
    for key, event in enumerate(charged, 1):
        yield Session(
            seconds(event.at), seconds(event.end or event.over), key, event.token,
            energy=event.energy, reason=event.reason if event.end else "", answer="Accepted",
            abandoned=event.end is None,
        )  # fmt: skip


def _connections(events: Iterable[object]) -> list[Connection]:
    turns = [event for event in events if isinstance(event, Opens | Closes)]
    found = [
        Connection(seconds(opened.at), seconds(closed.at), closed.why)
        for opened, closed in pairwise(turns)
        if isinstance(opened, Opens) and isinstance(closed, Closes)
    ]
    return [*found, Connection(seconds(turns[-1].at), inf)]
