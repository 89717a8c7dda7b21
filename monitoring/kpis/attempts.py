"""Attempts to charge, and what came of them: from status spans, sessions and authorizations.

An attempt starts with the first of a plug-in, an accepted authorization, a remote start or a
session on a port. It ends when the port is Available again, or half an hour after the last thing
that happened in it; a running session never times out. Without an Available in between nothing
ends it, so a second try with the cable still in belongs to the first.

The central system learns of most tokens without learning at which port: `assigned` finds out.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from math import inf
from typing import NamedTuple

from monitoring.facts import Status
from monitoring.kpis.history import (
    LEAST_ENERGY,
    Authorization,
    ChargerHistory,
    PortHistory,
    Reported,
    Session,
)


class Outcome(StrEnum):
    """What came of an attempt: success, or why not (KPIS.md, failure taxonomy)."""

    SUCCESS = "success"
    #: The token was refused and nothing followed: no failure of the charger, out of the rate.
    REFUSED = "refused"
    NO_AUTHORIZATION = "no_authorization"
    NOT_STARTED = "not_started"
    NO_ENERGY = "no_energy"
    FAULT = "fault"
    POWER_OR_LINK_LOSS = "power_or_link_loss"
    STUCK_FINISHING = "stuck_finishing"


#: An attempt in which nothing happens for so long is over, seconds.
TIMEOUT = 1_800.0
#: A token is presented at most so long before its cable is plugged in, seconds.
CONNECT = 180.0
#: Who tries again within so long after a failure is at it for the second time, seconds.
AGAIN = 1_800.0
#: A fault may be reported so long after the stop that it caused, seconds.
FAULT_SLACK = 10.0

#: More than any port can deliver, W: the Megawatt Charging System ends at 3.75 MW.
MOST_POWER = 4e6
#: Wh that are believed however short the session: clocks are wrong more often than registers.
MOST_AT_ONCE = 1e6

ACCEPTED = "Accepted"
_FREE = frozenset({Status.AVAILABLE.value, Status.RESERVED.value})
#: The vehicle is connected and waits.
_WAITING = frozenset({Status.PREPARING.value, Status.OCCUPIED.value})
#: Under way for as long as they last.
_CHARGING = frozenset(
    {Status.CHARGING.value, Status.SUSPENDED_EV.value, Status.SUSPENDED_EVSE.value}
)
_BUSY = _WAITING | _CHARGING | {Status.FINISHING.value}
#: Reasons of a stop (OCPP 1.6 Reason, 2.x ReasonEnumType, lower case) that aren't regular.
_FAULTS = frozenset({"emergencystop", "groundfault", "overcurrentfault"})
_LOSSES = frozenset(
    {"powerloss", "powerquality", "reboot", "hardreset", "softreset", "immediatereset"}
)


class Attempt(NamedTuple):
    """An attempt [start, end) at a port; energy in Wh."""

    start: float
    end: float
    outcome: Outcome
    token: str = ""
    session: int | None = None
    energy: float | None = None
    detail: str = ""


@dataclass(slots=True)
class Stretch:
    """Things that happened at a port and belong to one attempt; `end` inf: it isn't over."""

    start: float
    #: The end of the last thing that happened.
    active: float
    end: float = inf
    #: A vehicle was there: it ends at once when the port is Available.
    occupied: bool = False
    sessions: list[Session] = field(default_factory=list)
    accepted: list[Authorization] = field(default_factory=list)


class _Activity(NamedTuple):
    start: float
    end: float
    #: It can start an attempt; else it only goes on with one.
    starts: bool
    cause: Session | Authorization | None = None


class Port:
    """A port's history, made quick to ask."""

    def __init__(self, history: PortHistory, least_energy: float = LEAST_ENERGY) -> None:
        """Join equal neighbours: a status that is reported again has not changed."""
        #: The least that a successful session delivers, Wh.
        self.least_energy = least_energy
        self.statuses = list(joined(history.statuses))
        self.vehicles = list(_vehicles(self.statuses))
        self.sessions = history.sessions
        self._starts = [span.start for span in self.statuses]
        self._freed = [span.start for span in self.statuses if span.state == Status.AVAILABLE]
        self._plugged = [span.start for span, new in self.vehicles if new]
        self._session_starts = [session.start for session in self.sessions]
        self._session_ends = list(accumulate((s.end for s in self.sessions), max))
        self._by_token: dict[str, list[Session]] = defaultdict(list)
        for session in self.sessions:
            for token in {session.token.lower(), session.stop_token.lower()} - {""}:
                self._by_token[token].append(session)

    def at(self, instant: float) -> Reported | None:
        """Return the span that contains the instant."""
        place = bisect_right(self._starts, instant) - 1
        span = self.statuses[place] if place >= 0 else None
        return span if span is not None and instant < span.end else None

    def is_free(self, instant: float) -> bool:
        """Tell whether the port is Available."""
        span = self.at(instant)
        return span is not None and span.state == Status.AVAILABLE

    def freed_after(self, instant: float) -> float:
        """Return when the port next becomes Available; inf if it doesn't."""
        return _next(self._freed, instant)

    def plugged_after(self, instant: float) -> float:
        """Return when a vehicle is next plugged in; inf if none is."""
        return _next(self._plugged, instant)

    def in_session(self, instant: float) -> bool:
        """Tell whether a session runs."""
        started = bisect_right(self._session_starts, instant)
        return started > 0 and self._session_ends[started - 1] > instant

    def sessions_with(self, token: str) -> Sequence[Session]:
        """Return the sessions started or stopped with a token, whatever its case."""
        return self._by_token.get(token.lower(), ())

    def spans(self, start: float, end: float) -> Iterator[Reported]:
        """Yield the spans that touch [start, end]."""
        for place in range(max(bisect_right(self._starts, start) - 1, 0), len(self.statuses)):
            span = self.statuses[place]
            if span.start > end:
                break
            if span.end > start:
                yield span

    def charged(self, session: Session) -> bool:
        """Tell whether energy flowed in the session, metered or not."""
        if _delivered(self, session) or (session.energy or 0.0) > 0.0:
            return True
        spans = self.spans(session.start, session.end)
        return any(span.state == Status.CHARGING for span in spans)

    def fault_of(self, session: Session) -> Reported | None:
        """Return the Faulted span that the session ended with, give or take `FAULT_SLACK`."""
        earliest = max(session.start, session.end - FAULT_SLACK)
        for span in self.spans(earliest, session.end + FAULT_SLACK):
            if span.state == Status.FAULTED:
                return span
        return None


def ports_of(history: ChargerHistory) -> dict[int, Port]:
    """Return the charger's ports by their key."""
    least = history.rules.least_energy
    return {key: Port(port, least) for key, port in history.ports.items()}


def believed(session: Session) -> float:
    """Return the Wh of a session: none where its meter says what can't be."""
    energy = session.energy or 0.0
    most = max(MOST_AT_ONCE, MOST_POWER * (session.end - session.start) / 3_600)
    return energy if 0.0 < energy <= most else 0.0


def stretches(port: Port, accepted: Iterable[Authorization]) -> list[Stretch]:
    """Return the attempts of a port, in order, not yet judged.

    A stretch only depends on what happened since `TIMEOUT` before its start.
    """
    found: list[Stretch] = []
    for activity in sorted(_activities(port, accepted), key=lambda activity: activity[:2]):
        if not found or activity.start >= found[-1].end:
            if not activity.starts:
                continue
            found.append(Stretch(activity.start, activity.end))
        _extend(port, found[-1], activity)
    return found


def judged(port: Port, stretch: Stretch, refused: Sequence[Authorization]) -> Attempt:
    """Return what came of an attempt that is over."""
    for session in stretch.sessions:
        if _successful(port, session):
            return _attempt(stretch, Outcome.SUCCESS, session)
    if stretch.sessions:
        session = stretch.sessions[-1]
        return _attempt(stretch, *_failure(port, stretch, session))
    return _never_started(port, stretch, refused)


def authenticated(stretch: Stretch, attempt: Attempt) -> bool:
    """Tell whether the attempt that came of the stretch had an accepted token, or needed none."""
    unasked = {Outcome.REFUSED, Outcome.NO_AUTHORIZATION}
    return attempt.outcome not in unasked and bool(stretch.sessions or stretch.accepted)


def ended_well(port: Port, stretch: Stretch) -> bool:
    """Tell whether energy started to flow and that ended regularly, however little it was."""
    return any(_regular(port, session) and port.charged(session) for session in stretch.sessions)


def repeated(attempts: Sequence[Attempt]) -> list[bool]:
    """Tell of each attempt at a site, at any port, whether it was the driver's second, or later.

    So it is where an attempt with the same token began before and failed, and lasted into the
    `AGAIN` seconds before it. An attempt without a token is always a first.
    """
    failed: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.outcome not in {Outcome.SUCCESS, Outcome.REFUSED} and attempt.token:
            failed[attempt.token.lower()].append(attempt)
    return [
        any(
            before.start < attempt.start <= before.end + AGAIN
            for before in failed[attempt.token.lower()]
        )
        for attempt in attempts
    ]


def assigned(
    ports: Mapping[int, Port], authorizations: Iterable[Authorization]
) -> dict[int, list[Authorization]]:
    """Return the authorizations by the port they were meant for.

    That is the port it named; else that of the session with the same token; else the one whose
    vehicle waits, the latest first; else the next that a vehicle is plugged in at; else the only
    port there is. An authorization that fits none is left out.
    """
    found: dict[int, list[Authorization]] = {key: [] for key in ports}
    for authorization in authorizations:
        key = _port_for(ports, authorization)
        if key is not None:
            found[key].append(authorization)
    return found


def joined(spans: Iterable[Reported]) -> Iterator[Reported]:
    """Yield the spans, neighbours of one state as one."""
    last: Reported | None = None
    for span in spans:
        if last is not None and last.state == span.state and last.end == span.start:
            last = Reported(last.start, span.end, last.state, last.error or span.error)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _vehicles(statuses: Iterable[Reported]) -> Iterator[tuple[Reported, bool]]:
    """Yield each span with a vehicle, and whether the vehicle is new.

    The same one stays through Faulted or Unavailable until the port was free.
    """
    new = True
    for span in statuses:
        if span.state in _BUSY:
            yield span, new and span.state != Status.FINISHING
            new = False
        elif span.state in _FREE:
            new = True


def _next(instants: Sequence[float], after: float) -> float:
    place = bisect_right(instants, after)
    return instants[place] if place < len(instants) else inf


def _activities(port: Port, accepted: Iterable[Authorization]) -> Iterator[_Activity]:
    for span, new in port.vehicles:
        yield _Activity(span.start, span.end if span.state in _CHARGING else span.start, new)
    for session in port.sessions:
        yield _Activity(session.start, max(session.start, session.end), True, session)
    for authorization in accepted:
        yield _Activity(authorization.at, authorization.at, True, authorization)


def _extend(port: Port, stretch: Stretch, activity: _Activity) -> None:
    stretch.active = max(stretch.active, activity.end)
    match activity.cause:
        case Session():
            stretch.sessions.append(activity.cause)
        case Authorization():
            stretch.accepted.append(activity.cause)
    if not isinstance(activity.cause, Authorization):
        stretch.occupied = True
    stretch.end = _end(port, stretch)


def _end(port: Port, stretch: Stretch) -> float:
    if stretch.occupied and port.is_free(stretch.active):
        return stretch.active
    return min(port.freed_after(stretch.active), stretch.active + TIMEOUT)


def _attempt(
    stretch: Stretch, outcome: Outcome, session: Session | None = None, detail: str = ""
) -> Attempt:
    tokens = [s.token for s in stretch.sessions] + [a.token for a in stretch.accepted]
    energies = [believed(s) for s in stretch.sessions if s.energy is not None]
    return Attempt(
        stretch.start,
        stretch.end,
        outcome,
        next(filter(None, tokens), ""),
        session.key if session is not None else None,
        sum(energies) if energies else None,
        detail,
    )


def _successful(port: Port, session: Session) -> bool:
    return _regular(port, session) and _delivered(port, session)


def _regular(port: Port, session: Session) -> bool:
    """Tell whether the driver, the vehicle, an operator or a limit ended the session."""
    regular = session.reason.lower() not in _FAULTS | _LOSSES and not session.abandoned
    return regular and port.fault_of(session) is None


def _delivered(port: Port, session: Session) -> bool:
    return session.energy is not None and session.energy >= port.least_energy


def _failure(port: Port, stretch: Stretch, session: Session) -> tuple[Outcome, Session, str]:
    reason = session.reason.lower()
    fault = port.fault_of(session)
    if _refused(port, session):
        answer = session.answer if session.answer != ACCEPTED else ""
        return Outcome.REFUSED, session, answer or session.reason
    if reason in _FAULTS or fault is not None:
        return Outcome.FAULT, session, (fault.error if fault else "") or session.reason
    if reason in _LOSSES:
        return Outcome.POWER_OR_LINK_LOSS, session, session.reason
    if session.abandoned:
        return _abandoned(port, session), session, ""
    if not session.token and not stretch.accepted:
        return Outcome.NO_AUTHORIZATION, session, session.reason
    return Outcome.NO_ENERGY, session, session.reason


def _refused(port: Port, session: Session) -> bool:
    invalid = session.answer not in {"", ACCEPTED} or session.reason.lower() == "deauthorized"
    return invalid and not _delivered(port, session)


def _abandoned(port: Port, session: Session) -> Outcome:
    before = [span.state for span in port.spans(session.start, session.end)]
    busy = [state for state in before if state in _BUSY]
    if busy and busy[-1] == Status.FINISHING:
        return Outcome.STUCK_FINISHING
    return Outcome.POWER_OR_LINK_LOSS


def _never_started(port: Port, stretch: Stretch, refused: Sequence[Authorization]) -> Attempt:
    for span in port.spans(stretch.start, stretch.end):
        if span.state == Status.FAULTED and span.start >= stretch.start:
            return _attempt(stretch, Outcome.FAULT, detail=span.error)
    if stretch.accepted:
        refusals = [a.start for a in stretch.accepted if a.start not in {"", ACCEPTED}]
        return _attempt(stretch, Outcome.NOT_STARTED, detail=refusals[-1] if refusals else "")
    for authorization in refused:
        if stretch.start - CONNECT <= authorization.at <= stretch.end:
            return _attempt(stretch, Outcome.REFUSED, detail=authorization.answer)._replace(
                token=authorization.token
            )
    return _attempt(stretch, Outcome.NO_AUTHORIZATION)


def _port_for(ports: Mapping[int, Port], authorization: Authorization) -> int | None:
    if authorization.port in ports:
        return authorization.port
    for find in (_by_token, _by_waiting, _by_next):
        ranked = [
            (rank, key)
            for key, port in ports.items()
            if (rank := find(port, authorization)) is not None
        ]
        if ranked:
            return min(ranked)[1]
    return next(iter(ports)) if len(ports) == 1 else None


def _by_token(port: Port, authorization: Authorization) -> float | None:
    """Return how long after the authorization its session starts; 0 if it runs already."""
    at = authorization.at
    waits = [
        max(session.start - at, 0.0)
        for session in port.sessions_with(authorization.token)
        if session.start - TIMEOUT <= at <= session.end
    ]
    return min(waits, default=None)


def _by_waiting(port: Port, authorization: Authorization) -> float | None:
    """Return for how long the port's vehicle has waited; None if none waits."""
    span = port.at(authorization.at)
    if span is None or span.state not in _WAITING or port.in_session(authorization.at):
        return None
    return authorization.at - span.start


def _by_next(port: Port, authorization: Authorization) -> float | None:
    """Return how soon after the authorization a vehicle is plugged in."""
    wait = port.plugged_after(authorization.at) - authorization.at
    return wait if wait <= CONNECT else None
