"""The ports of a charger, each with what is going on at it and what to check."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from inventory.models import Charger, Evse
from monitoring import access, advice, fleet
from monitoring.advice import Advice
from monitoring.effective import State
from monitoring.models import Event, PortState, Session

#: Of more ports than this, those where nothing happens are shown as rows, not as cards.
MOST_CARDS = 6
#: Events of severity up to this may say why a port is faulted.
ERROR = 4
MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """A port's error: the charger's own words, and the advice on it."""

    code: str
    vendor_code: str
    info: str
    advice: Advice


@dataclass(frozen=True, slots=True)
class LivePort:
    """A port with what is going on at it."""

    evse: Evse
    port: fleet.Port
    row: PortState
    session: Session | None
    #: (type, W) of its connectors.
    connectors: list[tuple[str, int | None]]
    problem: Problem | None = None

    @property
    def quiet(self) -> bool:
        """Tell whether there is nothing to see: free, no session, no error."""
        return self.session is None and self.problem is None and self.port.state is State.AVAILABLE


def live_ports(user: User, charger: Charger) -> list[LivePort]:
    """Return the ports, each with its running session; one or two queries."""
    shown = fleet.ports_of(charger)
    sessions = {session.pk: session for session in running(user, charger)}
    told = _told(user, charger, shown)
    return [
        LivePort(
            evse=evse,
            port=port,
            row=(row := fleet.port_row(evse) or PortState(evse=evse)),
            session=sessions.get(port.session_id or 0),
            connectors=[(c.get_type_display(), c.max_power) for c in evse.connectors.all()],
            problem=_problem(row, port.state, told.get(evse.pk)),
        )
        for evse, port in zip(charger.evses.all(), shown, strict=True)
    ]


def running(user: User, charger: Charger) -> list[Session]:
    """Return the sessions that run at the charger's ports, in their order; one query."""
    keys = [port.session_id for port in fleet.ports_of(charger) if port.session_id]
    found = access.sessions(user).select_related("evse").in_bulk(keys) if keys else {}
    return [found[key] for key in keys if key in found]


def of_whole(charger: Charger) -> Problem | None:
    """Return what is wrong with the charger as a whole (1.6's connector 0), if it says so."""
    code = fleet.live_state(charger).error_code
    return Problem(code, "", "", advice.on_fault(code)) if code not in ("", "NoError") else None


def _told(user: User, charger: Charger, shown: Sequence[fleet.Port]) -> dict[int, Event]:
    """Return the latest bad event of each port, if some port is faulted without a code: 2.x."""
    faulted = {port.number for port in shown if port.state is State.FAULTED}
    unexplained = [
        evse.pk
        for evse in charger.evses.all()
        if evse.number in faulted and (row := fleet.port_row(evse)) and not row.error_code
    ]
    if not unexplained:
        return {}
    events = access.events(user).filter(
        charger=charger, evse__in=unexplained, kind="device_event", severity__lte=ERROR
    )
    latest = events.order_by("-at")[:MOST_EVENTS]
    return {event.evse_id: event for event in reversed(latest) if event.evse_id}


def _problem(row: PortState, state: State, event: Event | None) -> Problem | None:
    """Return what is wrong with the port as it last said, if it is."""
    broken = state is State.FAULTED or row.error_code not in ("", "NoError")
    if not broken:
        return None
    if row.error_code or event is None:
        found = advice.on_fault(row.error_code)
        return Problem(row.error_code, row.vendor_error_code, row.info, found)
    return Problem(event.code, "", event.text, advice.on_fault(event.code))
