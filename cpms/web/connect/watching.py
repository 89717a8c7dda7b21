"""What the page shows that watches a charger come in: its steps, in words, and what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cpms.web.connect.address import Address
from cpms.web.connect.case import Case, Words
from cpms.web.connect.words import of_knock, words
from inventory import quirks
from inventory.models import Charger
from monitoring import arrival
from monitoring import words as reported
from monitoring.access import connection_attempts, connections, port_states
from monitoring.arrival import Knock, Mark, Port, Seen, Step
from monitoring.facts import Status
from monitoring.models import ChargerState, ConnectionAttempt
from monitoring.nearest import Nearest

#: Strangers at the door who are looked at, and traces beside the main one that are told.
MOST_STRANGERS, MOST_TRACES = 200, 5

LABELS: dict[Step, Promise] = {
    Step.TCP: _("It reaches us"),
    Step.TLS: _("Encryption"),
    Step.REQUEST: _("Address and identity"),
    Step.CREDENTIALS: _("Password"),
    Step.SUBPROTOCOL: _("OCPP version"),
    Step.BOOT: _("Boot"),
    Step.STATUS: _("Status of its connectors"),
    Step.HEARTBEAT: _("Heartbeat"),
    Step.CLOCK: _("Clock"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A step as the stepper draws it."""

    label: str
    state: str
    at: datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What else was seen at the door."""

    knock: Knock
    words: Words


@dataclass(frozen=True, slots=True)
class Watched:
    """The page's state: its lines, what it stopped at, and whether it is there."""

    lines: list[Line]
    stopped: Mark | None
    label: str
    words: Words
    traces: list[Trace]
    whole: bool
    online: bool
    knocked: bool
    peer: str


def watch(user: User, charger: Charger, now: datetime) -> Watched:
    """Return how far the charger has come, as `user` may see it."""
    seen, case = _seen(user, charger), case_of(user, charger)
    knocks = _knocks(user, charger)
    marks = arrival.progress(seen, knocks, now)
    stopped = next((mark for mark in marks if mark.state == "failed"), None)
    spoken = stopped or next((mark for mark in marks if mark.why), None)
    return Watched(
        lines=[_line(mark, case, seen, _latest(seen, knocks, stopped)) for mark in marks],
        stopped=stopped,
        label=str(LABELS[spoken.step]) if spoken else "",
        words=words(spoken, case) if spoken else Words("", ""),
        traces=_traces(seen, knocks, stopped.knock if stopped else None, case, now),
        whole=arrival.is_whole(marks),
        online=seen.online,
        knocked=any(knock.whose == "own" for knock in knocks),
        peer=next((knock.peer for knock in knocks if knock.whose == "own"), ""),
    )


def case_of(user: User, charger: Charger) -> Case:
    """Return what the words about a charger need to know."""
    last = connections(user).filter(charger=charger).order_by("-opened").first()
    return Case(
        address=Address(settings.OCPP_PUBLIC_URL, charger.identity),
        plain_port=settings.OCPP_PORT,
        profile=charger.security_profile,
        lifecycle=charger.get_lifecycle_display(),
        heartbeat_interval=_quirks(charger).heartbeat_interval,
        clock_offset_ms=_state(charger).clock_offset,
        close_words=reported.closing(last.close_reason) if last else "",
    )


def _quirks(charger: Charger) -> quirks.Quirks:
    try:
        return quirks.parse(charger.model.quirks if charger.model else {})
    except quirks.BadQuirk:
        return quirks.Quirks()


def _state(charger: Charger) -> ChargerState:
    return getattr(charger, "state", None) or ChargerState(charger=charger)


def _seen(user: User, charger: Charger) -> Seen:
    state = _state(charger)
    known = {row.evse_id: row for row in port_states(user).filter(evse__charger=charger)}
    ports = []
    for evse in charger.evses.all():
        row = known.get(evse.pk)
        told = row is not None and row.status != Status.UNKNOWN
        ports.append(
            Port(evse.number, row.status if row and told else None, row.since if row else None)
        )
    return Seen(
        online=state.online,
        since=state.since,
        lifecycle=charger.lifecycle,
        booted_at=state.booted_at,
        heartbeat_interval=_quirks(charger).heartbeat_interval,
        ports=ports,
        clock_offset_ms=state.clock_offset,
    )


def _knocks(user: User, charger: Charger) -> list[Knock]:
    """Return the charger's own knocks, and of the latest strangers those who may be it."""
    attempts = connection_attempts(user)
    own = attempts.filter(charger=charger) | attempts.filter(identity=charger.identity.lower())
    found = [_knock(attempt, "own") for attempt in own]
    strangers = attempts.filter(charger=None).exclude(identity=charger.identity.lower())
    near = Nearest([charger.identity])
    for attempt in strangers.order_by("-last_at")[:MOST_STRANGERS]:
        if not attempt.identity:
            found.append(_knock(attempt, "nobody"))
        elif near.of(attempt.identity):
            found.append(_knock(attempt, "alike"))
        elif attempt.outcome == "path":
            found.append(_knock(attempt, "nobody"))
    return sorted(found, key=lambda knock: knock.at, reverse=True)


def _knock(attempt: ConnectionAttempt, whose: str) -> Knock:
    return Knock(
        outcome=attempt.outcome,
        at=attempt.last_at,
        count=attempt.count,
        peer=attempt.peer,
        identity=str(attempt.said.get("identity", attempt.identity)),
        whose=whose,  # type: ignore[arg-type]  # by its callers
        said=attempt.said,
    )


def _latest(seen: Seen, knocks: list[Knock], stopped: Mark | None) -> Knock | None:
    """Return the knock that tells of the steps that are done."""
    if not seen.online:
        return stopped.knock if stopped else None
    return next((k for k in knocks if k.whose == "own" and k.outcome == "entered"), None)


def _line(mark: Mark, case: Case, seen: Seen, knock: Knock | None) -> Line:
    detail = words(mark, case).what
    if not detail and mark.state == "done":
        detail = _ports(seen) if mark.step is Step.STATUS else _told(mark, knock)
    return Line(str(LABELS[mark.step]), mark.state, mark.at, detail)


def _ports(seen: Seen) -> str:
    return ", ".join(f"{port.number}: {port.status}" for port in seen.ports)


def _told(mark: Mark, knock: Knock | None) -> str:
    """Return what was seen at a step of the entrance that is done."""
    if knock is None:
        return ""
    said = knock.said
    if mark.step is Step.TCP:
        return knock.peer
    if mark.step is Step.TLS:
        return "TLS" if said.get("tls") else str(_("none: the connection is in the open"))
    if mark.step is Step.REQUEST:
        return str(said.get("path", ""))
    if mark.step is Step.SUBPROTOCOL:
        return f"OCPP {said.get('version', '')}"
    return ""


def _traces(
    seen: Seen, knocks: list[Knock], told: Knock | None, case: Case, now: datetime
) -> list[Trace]:
    """Return what else was seen lately, or went wrong before it came in."""
    since = now - timedelta(hours=24)
    others = [
        knock
        for knock in arrival.failures(knocks)
        if knock is not told
        and knock.at > (since if knock.whose == "own" else now - arrival.RECENT)
        and not (seen.online and knock.whose != "own")
    ]
    return [Trace(knock, of_knock(knock, case)) for knock in others[:MOST_TRACES]]
