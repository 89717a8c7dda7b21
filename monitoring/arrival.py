"""How far a charger has come on its way in, step by step, and where it stopped. Pure.

The steps before the socket is open are told from what the gateway noted at the door (`Knock`),
those after it from what is known of the charger (`Seen`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

#: A trace of somebody else at the door counts as this charger's for so long.
RECENT = timedelta(minutes=15)
#: So long after it connected, or booted, we say that something is missing.
PATIENCE = timedelta(seconds=45)
#: A clock further off than this is wrong.
CLOCK_BOUND = timedelta(seconds=60)
#: Heartbeats may be so many intervals late.
LATE = 1.5


class Step(StrEnum):
    """The steps, in their order; the clock is looked at along the way."""

    TCP = "tcp"
    TLS = "tls"
    REQUEST = "request"
    CREDENTIALS = "credentials"
    SUBPROTOCOL = "subprotocol"
    BOOT = "boot"
    STATUS = "status"
    HEARTBEAT = "heartbeat"
    CLOCK = "clock"


ENTRANCE = (Step.TCP, Step.TLS, Step.REQUEST, Step.CREDENTIALS, Step.SUBPROTOCOL)
#: Outcome of a knock -> the step that it failed at. (monitoring.models.ConnectionAttempt)
STOPS: dict[str, Step] = {
    "network": Step.TCP,
    "tls_on_plain": Step.TLS,
    "plain_on_tls": Step.TLS,
    "tls_failed": Step.TLS,
    "tls_certificate": Step.TLS,
    "silent": Step.REQUEST,
    "cut_off": Step.REQUEST,
    "not_http": Step.REQUEST,
    "no_upgrade": Step.REQUEST,
    "bad_upgrade": Step.REQUEST,
    "path": Step.REQUEST,
    "unknown": Step.REQUEST,
    "busy": Step.REQUEST,
    "username": Step.CREDENTIALS,
    "credentials": Step.CREDENTIALS,
    "profile": Step.CREDENTIALS,
    "certificate": Step.CREDENTIALS,
    "throttled": Step.CREDENTIALS,
    "duplicate": Step.CREDENTIALS,
    "subprotocol": Step.SUBPROTOCOL,
}
#: What a load balancer's look and a port scan leave as well: the last thing to suspect.
WEAK = frozenset({"silent", "cut_off"})

#: Lifecycles -> how the boot is answered where that isn't Accepted.
HELD = {"planned": "pending", "pending": "pending"}
TURNED_AWAY = {"suspended": "rejected", "decommissioned": "rejected"}


@dataclass(frozen=True, slots=True)
class Knock:
    """What became of somebody at the door, the last time; `whose` it is by its name."""

    outcome: str
    at: datetime
    count: int
    peer: str
    identity: str
    whose: Literal["own", "alike", "nobody"]
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Port:
    """A port, and the status it reported; None: none yet."""

    number: int
    status: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the charger; `since` it is online, or offline."""

    online: bool
    since: datetime | None
    lifecycle: str
    booted_at: datetime | None
    #: Seconds.
    heartbeat_interval: int
    ports: Sequence[Port]
    clock_offset_ms: int | None


State = Literal["done", "current", "failed", "waiting"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A step: how it stands, since when, why, and by which knock."""

    step: Step
    state: State
    at: datetime | None = None
    why: str = ""
    knock: Knock | None = None
    numbers: tuple[int, ...] = ()


def progress(seen: Seen, knocks: Iterable[Knock], now: datetime) -> list[Mark]:
    """Return the steps in their order."""
    known = list(knocks)
    if seen.online:
        entered = [Mark(step, "done", seen.since) for step in ENTRANCE]
        return _with_current([*entered, *_inside(seen, known, now)])
    stop = reason(seen, known, now)
    if stop is not None:
        return _stopped(stop)
    if seen.since is not None:
        return [Mark(Step.TCP, "failed", seen.since, "gone"), *_later(Step.TCP)]
    return _with_current([Mark(step, "waiting") for step in Step])


def reason(seen: Seen, knocks: Sequence[Knock], now: datetime) -> Knock | None:
    """Return the knock that says best why the charger isn't connected, or None."""
    later = [k for k in failures(knocks) if seen.since is None or k.at > seen.since]
    since = [knock for knock in later if knock.whose == "own"]
    fresh = [k for k in later if now - k.at < RECENT and k.whose != "own"]
    alike = [k for k in fresh if k.whose == "alike"]
    nobody = [] if seen.since else [k for k in fresh if k.whose == "nobody"]
    strong = [knock for knock in nobody if knock.outcome not in WEAK]
    recent = [knock for knock in since if now - knock.at < RECENT]
    for suspects in (recent + alike, since, strong, nobody):
        if suspects:
            return max(suspects, key=lambda knock: knock.at)
    return None


def failures(knocks: Iterable[Knock]) -> list[Knock]:
    """Return the knocks that weren't let in, the latest first."""
    return sorted((k for k in knocks if k.outcome in STOPS), key=lambda k: k.at, reverse=True)


def stop_of(knock: Knock) -> Step:
    """Return the step at which a knock failed; too low a profile may be TLS that is missing."""
    if knock.outcome == "profile" and not knock.said.get("tls"):
        return Step.TLS
    return STOPS[knock.outcome]


def is_whole(marks: Iterable[Mark]) -> bool:
    """Tell whether everything is done; a clock that was never told isn't waited for."""
    return all(m.state == "done" or (m.step is Step.CLOCK and m.state == "waiting") for m in marks)


def _stopped(stop: Knock) -> list[Mark]:
    at = ENTRANCE.index(stop_of(stop))
    before = [Mark(step, "done", stop.at) for step in ENTRANCE[:at]]
    failed = Mark(ENTRANCE[at], "failed", stop.at, stop.outcome, stop)
    return [*before, failed, *_later(ENTRANCE[at])]


def _later(step: Step) -> list[Mark]:
    steps = list(Step)
    return [Mark(later, "waiting") for later in steps[steps.index(step) + 1 :]]


def _with_current(marks: list[Mark]) -> list[Mark]:
    """Make the first step that waits the current one, unless one before it failed."""
    for number, mark in enumerate(marks):
        if mark.state in {"failed", "current"}:
            return marks
        if mark.state == "waiting" and mark.step is not Step.CLOCK:
            current = Mark(mark.step, "current", mark.at, mark.why, mark.knock, mark.numbers)
            return [*marks[:number], current, *marks[number + 1 :]]
    return marks


def _inside(seen: Seen, knocks: Sequence[Knock], now: datetime) -> list[Mark]:
    own = {knock.outcome: knock for knock in knocks if knock.whose == "own"}
    boot = _boot(seen, own, now)
    return [
        boot,
        _status(seen, boot, now),
        _heartbeat(seen, own.get("heartbeat"), now),
        _clock(seen),
    ]


def _boot(seen: Seen, own: dict[str, Knock], now: datetime) -> Mark:
    unreadable = own.get("boot_unreadable")
    if unreadable and (seen.booted_at is None or unreadable.at > seen.booted_at):
        return Mark(Step.BOOT, "failed", unreadable.at, "boot_unreadable", unreadable)
    if seen.booted_at is None:
        late = seen.since is not None and now - seen.since > PATIENCE
        return Mark(Step.BOOT, "waiting", None, "no_boot" if late else "")
    refused = HELD.get(seen.lifecycle) or TURNED_AWAY.get(seen.lifecycle)
    if refused:
        return Mark(Step.BOOT, "failed", seen.booted_at, refused)
    answered = own.get("boot")
    if answered and answered.said.get("answer") in {"Pending", "Rejected"}:
        return Mark(Step.BOOT, "waiting", None, "boots_again", answered)
    return Mark(Step.BOOT, "done", seen.booted_at)


def _status(seen: Seen, boot: Mark, now: datetime) -> Mark:
    silent = [port.number for port in seen.ports if port.status is None]
    told = [port.since for port in seen.ports if port.status is not None and port.since]
    if told and not silent:
        return Mark(Step.STATUS, "done", max(told))
    late = boot.state == "done" and _since(seen, now) > PATIENCE
    why = "missing" if told else ("no_status" if late else "")
    return Mark(Step.STATUS, "waiting", None, why, None, tuple(silent))


def _heartbeat(seen: Seen, beat: Knock | None, now: datetime) -> Mark:
    if beat is not None and seen.since is not None and beat.at >= seen.since:
        return Mark(Step.HEARTBEAT, "done", beat.at)
    late = _since(seen, now) > timedelta(seconds=LATE * seen.heartbeat_interval)
    return Mark(
        Step.HEARTBEAT, "failed" if late else "waiting", None, "no_heartbeat" if late else ""
    )


def _since(seen: Seen, now: datetime) -> timedelta:
    """Return for how long it has been connected, and booted."""
    if seen.since is None:
        return timedelta(0)
    return now - max(seen.since, seen.booted_at or seen.since)


def _clock(seen: Seen) -> Mark:
    if seen.clock_offset_ms is None:
        return Mark(Step.CLOCK, "waiting")
    wrong = abs(seen.clock_offset_ms) > CLOCK_BOUND / timedelta(milliseconds=1)
    return Mark(Step.CLOCK, "failed" if wrong else "done", None, "clock" if wrong else "")
