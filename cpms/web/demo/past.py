"""What the demo's chargers did before anybody looked: made up, and the same for the same charger.

Times are seconds after the past's beginning, powers W, energies Wh. Nothing here is stored;
`cpms.web.demo.pasts` does that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from monitoring.facts import CloseReason, Status

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
DAYS = 90
LENGTH = DAYS * DAY
#: Drivers of a port and day, by day; more of them come by day than by night.
VISITS = {True: 4.0, False: 1.6}
#: Share of the drivers that come in each hour of the day, UTC, of the busiest.
BUSY = (
    *(0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.9),
    *(0.9, 0.8, 0.8, 0.9, 1.0, 1.0, 0.9, 0.7, 0.5, 0.4, 0.3, 0.2),
)
FAULTS = (
    "GroundFailure", "EVCommunicationError", "ConnectorLockFailure", "HighTemperature",
    "PowerMeterFailure",
)  # fmt: skip
STOPS = ("Local", "Local", "EVDisconnected", "Remote")
#: The grid failed at these sites, and that one was worked at as planned: day, from, to (hours).
UTILITY_OUTAGES = {"BER": (62, 13.5, 17.75), "LBA": (77, 8.0, 10.5)}
WORK = {"CGN": (70, 6.0, 10.0), "SAC": (55, 16.0, 19.0)}
#: Days on whose night the gateway was restarted.
RESTARTS = (21, 49, 76)
#: Every so manieth charger has a bad link, was vandalised, failed every driver for a while.
BAD_LINK, VANDALISED, SILENT = (7, 3), (11, 5), (9, 4)
VANDALISM = (48 * DAY + 1.5 * HOUR, 51 * DAY + 9 * HOUR)
SILENCE = (80 * DAY + 7 * HOUR, 83 * DAY + 12 * HOUR)


class Down(NamedTuple):
    """A stretch in which a port wasn't in service."""

    start: float
    end: float
    status: Status
    error: str = ""


class Link(NamedTuple):
    """A connection."""

    opened: float
    closed: float
    reason: CloseReason


class Said(NamedTuple):
    """A status from `at` on."""

    at: float
    status: Status
    error: str = ""


class Charge(NamedTuple):
    """A transaction; what its register counted beside the energy, Wh: below 0 it ran backwards."""

    start: float
    end: float
    token: str
    energy: float
    peak: float
    reason: str
    odd: float = 0.0


class Card(NamedTuple):
    """A card that was held up."""

    at: float
    token: str
    answer: str


@dataclass(slots=True)
class PortPast:
    """What happened at a port, in order."""

    said: list[Said] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)


@dataclass(slots=True)
class Past:
    """What happened at a charger."""

    links: list[Link]
    ports: list[PortPast]


def of(identity: str, ports: int, power: float, *, is_dc: bool) -> Past:
    """Return the past of the charger; `power` is its ports' rating."""
    chance = Random(f"past/{identity}")  # noqa: S311 the same past every time, no secret
    _country, place, serial = identity.split("-")
    number = int(serial)
    gone = sorted(_gone(chance, place, number))
    made = [
        _port(chance, place, number, gone, power, is_dc=is_dc, first=port == 0)
        for port in range(ports)
    ]
    return Past(list(_links(gone)), made)


def _is(number: int, kind: tuple[int, int]) -> bool:
    every, rest = kind
    return number % every == rest


def _gone(chance: Random, place: str, number: int) -> Iterator[tuple[float, float, CloseReason]]:
    """Yield when the charger wasn't connected, and why."""
    for day in RESTARTS:
        yield day * DAY + 2 * HOUR, day * DAY + 2 * HOUR + 2 * MINUTE, CloseReason.GATEWAY_RESTART
    if place in UTILITY_OUTAGES:
        day, start, end = UTILITY_OUTAGES[place]
        yield day * DAY + start * HOUR, day * DAY + end * HOUR, CloseReason.PING_TIMEOUT
    every = DAY / 2 if _is(number, BAD_LINK) else 6 * DAY
    at = chance.expovariate(1 / every)
    while at < LENGTH - HOUR:
        long = chance.random() < 0.06
        lasts = chance.uniform(0.5, 7) * HOUR if long else chance.uniform(3, 120)
        yield at, at + lasts, chance.choice((CloseReason.LOST, CloseReason.PING_TIMEOUT))
        at += lasts + chance.expovariate(1 / every)


def _links(gone: list[tuple[float, float, CloseReason]]) -> Iterator[Link]:
    opened = 0.0
    for start, end, reason in gone:
        if start > opened:
            yield Link(opened, min(start, LENGTH), reason)
            opened = end
        else:
            opened = max(opened, end)
    if opened < LENGTH:
        yield Link(opened, LENGTH, CloseReason.GATEWAY_RESTART)


def _port(
    chance: Random,
    place: str,
    number: int,
    gone: list[tuple[float, float, CloseReason]],
    power: float,
    *,
    is_dc: bool,
    first: bool,
) -> PortPast:
    downs = list(_apart(sorted(_downs(chance, place, number, first=first))))
    past = PortPast(said=[Said(5.0, Status.AVAILABLE)])
    for down in downs:
        past.said += [Said(down.start, down.status, down.error), Said(down.end, Status.AVAILABLE)]
    away = _joined([*((start, end) for start, end, _why in gone), *(down[:2] for down in downs)])
    silent = SILENCE if first and _is(number, SILENT) else (LENGTH, LENGTH)
    for at in _arrivals(chance, VISITS[is_dc], away):
        _visit(chance, past, at, power, fails=silent[0] <= at < silent[1])
    past.said.sort(key=lambda said: said.at)
    return past


def _downs(chance: Random, place: str, number: int, *, first: bool) -> Iterator[Down]:
    if place in WORK:
        day, start, end = WORK[place]
        margin = chance.uniform(5, 20) * MINUTE
        began, ended = day * DAY + start * HOUR + margin, day * DAY + end * HOUR - margin
        yield Down(began, ended, Status.UNAVAILABLE)
    if first and _is(number, VANDALISED):
        yield Down(*VANDALISM, Status.FAULTED, "ConnectorLockFailure")
    at = chance.expovariate(1 / (25 * DAY))
    while at < LENGTH - DAY:
        lasts = chance.uniform(0.3, 9) * HOUR
        if chance.random() < 0.8:
            yield Down(at, at + lasts, Status.FAULTED, chance.choice(FAULTS))
        else:
            yield Down(at, at + lasts / 3, Status.UNAVAILABLE)
        at += lasts + chance.expovariate(1 / (25 * DAY))


def _apart(downs: list[Down]) -> Iterator[Down]:
    """Yield those that leave a minute after the one before."""
    until = 0.0
    for down in downs:
        if down.start > until + MINUTE:
            yield down
            until = down.end


def _joined(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what any of the stretches covers, in order and apart."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _arrivals(chance: Random, visits: float, away: list[tuple[float, float]]) -> Iterator[float]:
    """Yield when drivers come: to a port in service, one after the other."""
    at, place = HOUR, 0
    mean = DAY / visits * sum(BUSY) / len(BUSY)
    while True:
        at += chance.expovariate(1 / mean)
        while place < len(away) and away[place][1] <= at:
            place += 1
        if at >= LENGTH - 3 * HOUR:
            return
        if chance.random() > BUSY[int(at % DAY // HOUR)]:
            continue
        if place < len(away) and away[place][0] < at + 2 * HOUR:
            at = away[place][1]
            continue
        yield at
        at += 100 * MINUTE


def _visit(chance: Random, past: PortPast, at: float, power: float, *, fails: bool) -> None:
    """Add a driver's visit of a hundred minutes at most."""
    token, luck = f"{chance.randrange(900):08X}", chance.random()
    past.said.append(Said(at, Status.PREPARING))
    answer = "Invalid" if luck < 0.01 and not fails else "Accepted"
    past.cards.append(Card(at + chance.uniform(5, 40), token, answer))
    start = at + 60
    if answer == "Invalid" or (fails and luck < 0.5):
        past.said.append(Said(at + 150, Status.AVAILABLE))
        return
    lasts = chance.uniform(12, 75) * MINUTE
    peak = power * chance.uniform(0.35, 0.95)
    energy = peak * chance.uniform(0.45, 0.9) * lasts / 3_600
    reason = chance.choice(STOPS)
    if fails or luck < 0.02:
        lasts, energy = 2 * MINUTE, chance.uniform(0, 60)
    elif luck < 0.03:
        reason = chance.choice(("EmergencyStop", "PowerLoss"))
    odd = 0.0
    if 0.03 <= luck < 0.033:
        odd = chance.choice((-energy - chance.uniform(1e3, 9e4), chance.uniform(2e5, 9e5)))
    past.charges.append(Charge(start, start + lasts, token, energy, peak, reason, odd))
    past.said += [
        Said(start, Status.CHARGING),
        Said(start + lasts, Status.FINISHING),
        Said(start + lasts + chance.uniform(1, 12) * MINUTE, Status.AVAILABLE),
    ]
