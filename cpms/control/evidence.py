"""Whether a charger did what it accepted: judged by what it showed since. (FIELD-NOTES 22)

Pure: `judge` is given a command and what was seen of its charger. All times are aware UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

#: Out of service, or so broken that it says nothing else.
OUT_OF_SERVICE = frozenset({"Unavailable", "Faulted"})
#: Security profiles whose chargers show a key.
BY_KEY = frozenset({1, 2})
#: A charger restarts within this, cold modems and all.
RESTARTS_WITHIN = timedelta(minutes=10)
#: A port says its new status within this.
SHOWS_WITHIN = timedelta(minutes=5)
#: A session begins within this: who starts from afar may still have to plug in, and a charger's
#: connection time-out is seldom longer.
BEGINS_WITHIN = timedelta(minutes=5)
#: A session ends within this.
ENDS_WITHIN = timedelta(minutes=5)
#: What waits for a running session (Scheduled, OnIdle) may wait so long.
WAITS_FOR_SESSIONS = timedelta(hours=24)
#: A message that was asked for comes within this.
SAYS_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that a charger accepted."""

    operation: str
    request: Mapping[str, Any]
    payload: Mapping[str, Any]
    result: str
    sent: datetime
    answered: datetime


@dataclass(frozen=True, slots=True)
class Port:
    """A port now: its status since when, and that of each connector where it has several."""

    status: str
    since: datetime | None
    connectors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """A session of the charger; `heard` is when its first message came."""

    transaction_id: str
    id_token: str
    evse: int | None
    heard: datetime
    ended: datetime | None
    remote_start_id: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a charger now; `opened`: its connection is open since, None: offline.

    `profile` is the security profile of that connection.
    """

    booted: datetime | None = None
    opened: datetime | None = None
    profile: int = 1
    ports: Mapping[int, Port] = field(default_factory=dict)
    sessions: Sequence[Session] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it was done, and what shows it."""

    holds: bool
    evidence: str


def judge(asked: Asked, seen: Seen, now: datetime) -> Verdict | None:
    """Return whether the charger did it; None while that isn't known, or can't be."""
    rule = RULES.get(asked.operation)
    return rule(asked, seen, now) if rule else None


def _overdue(asked: Asked, now: datetime, within: timedelta) -> bool:
    if asked.result == "Scheduled":
        within = WAITS_FOR_SESSIONS
    return now - asked.answered > within


def _reset(asked: Asked, seen: Seen, now: datetime) -> Verdict | None:
    """A charger boots after a reset, or comes back at least; a port only shows a status."""
    if (number := asked.request.get("evse")) is not None:
        port = seen.ports.get(number)
        changed = port is not None and port.since is not None and port.since >= asked.sent
        return Verdict(True, "status") if changed else None
    if seen.booted is not None and seen.booted >= asked.sent:
        return Verdict(True, "boot")
    within = RESTARTS_WITHIN if asked.request.get("at_once") else WAITS_FOR_SESSIONS
    if not _overdue(asked, now, within):
        return None
    if seen.opened is None:
        return Verdict(False, "no_return")
    if seen.opened >= asked.sent:
        return Verdict(True, "reconnected")
    return Verdict(False, "no_restart")


def _change_availability(asked: Asked, seen: Seen, now: datetime) -> Verdict | None:
    number, connector = asked.request.get("evse"), asked.request.get("connector")
    ports = [port for n, port in seen.ports.items() if number is None or n == number]
    said = [port.connectors.get(str(connector), port.status) for port in ports]
    if not said or "Unknown" in said:
        return None
    if asked.request.get("operative"):
        done = "Unavailable" not in said  # One that is broken can't serve, but is back.
    else:
        done = OUT_OF_SERVICE.issuperset(said)
    if done:
        return Verdict(True, "status")
    return Verdict(False, "status_kept") if _overdue(asked, now, SHOWS_WITHIN) else None


def _unlock(asked: Asked, seen: Seen, _now: datetime) -> Verdict | None:
    """A port that is free since shows it; one that isn't says nothing: the plug may stay in."""
    port = seen.ports.get(asked.request.get("evse", 0))
    free = port is not None and port.status == "Available"
    since = port.since if port is not None else None
    return Verdict(True, "status") if free and since and since >= asked.sent else None


def _start(asked: Asked, seen: Seen, now: datetime) -> Verdict | None:
    if any(began(asked, session) for session in seen.sessions):
        return Verdict(True, "session")
    return Verdict(False, "no_session") if _overdue(asked, now, BEGINS_WITHIN) else None


def began(asked: Asked, session: Session) -> bool:
    """Tell whether a session is the one that this start asked for.

    2.x names it by remoteStartId (F01.FR.25); 1.6 has only token, connector and time.
    """
    wanted = asked.payload.get("remoteStartId")
    if wanted is not None and session.remote_start_id is not None:
        return bool(session.remote_start_id == wanted)
    token, port = str(asked.request.get("id_token", "")), asked.request.get("evse")
    return (
        session.heard >= asked.sent
        and session.id_token.upper() == token.upper()
        and (port is None or session.evse in (None, port))
    )


def _stop(asked: Asked, seen: Seen, now: datetime) -> Verdict | None:
    wanted = str(asked.request.get("transaction_id"))
    meant = [session for session in seen.sessions if session.transaction_id == wanted]
    if any(session.ended is not None for session in meant):
        return Verdict(True, "session_ended")
    return Verdict(False, "session_goes_on") if _overdue(asked, now, ENDS_WITHIN) else None


def _trigger(asked: Asked, seen: Seen, now: datetime) -> Verdict | None:
    """The gateway that hears the message says so; silence counts on the same connection only."""
    if asked.request.get("message") == "custom" or not _overdue(asked, now, SAYS_WITHIN):
        return None
    same = seen.opened is not None and seen.opened <= asked.sent
    return Verdict(False, "no_message") if same else None


def _reserve(asked: Asked, seen: Seen, _now: datetime) -> Verdict | None:
    """A port shows that it is reserved: the one that was named, or any; not all chargers do."""
    number = asked.request.get("evse")
    ports = [port for n, port in seen.ports.items() if number in (None, n)]
    shown = any(p.status == "Reserved" and p.since and p.since >= asked.sent for p in ports)
    return Verdict(True, "status") if shown else None


def _change_password(asked: Asked, seen: Seen, _now: datetime) -> Verdict | None:
    """A charger that said that the new key is in force is let in with no other since."""
    came = seen.opened is not None and seen.opened > asked.answered
    by_key = came and seen.profile in BY_KEY and asked.result == "Accepted"
    return Verdict(True, "connection") if by_key else None


RULES: dict[str, Callable[[Asked, Seen, datetime], Verdict | None]] = {
    "reset": _reset,
    "change_availability": _change_availability,
    "unlock": _unlock,
    "start": _start,
    "stop": _stop,
    "trigger": _trigger,
    "reserve": _reserve,
    "change_password": _change_password,
}
#: Operations whose sessions must be looked at.
OF_SESSIONS = frozenset({"start", "stop"})
#: Nothing is looked for longer than this after the answer.
LONGEST = WAITS_FOR_SESSIONS + timedelta(hours=1)
