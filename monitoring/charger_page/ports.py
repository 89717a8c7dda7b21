"""The ports of a charger, each with what is going on at it."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from inventory.models import Charger, Evse
from monitoring import fleet
from monitoring.access import sessions
from monitoring.models import PortState, Session


@dataclass(frozen=True, slots=True)
class LivePort:
    """A port with what is going on at it."""

    evse: Evse
    port: fleet.Port
    row: PortState
    session: Session | None
    #: (type, W) of its connectors.
    connectors: list[tuple[str, int | None]]


def live_ports(user: User, charger: Charger) -> list[LivePort]:
    """Return the ports, each with its running session; one query."""
    shown = fleet.ports_of(charger)
    running = sessions(user).in_bulk([port.session_id for port in shown if port.session_id])
    return [
        LivePort(
            evse=evse,
            port=port,
            row=fleet.port_row(evse) or PortState(evse=evse),
            session=running.get(port.session_id) if port.session_id else None,
            connectors=[(c.get_type_display(), c.max_power) for c in evse.connectors.all()],
        )
        for evse, port in zip(charger.evses.all(), shown, strict=True)
    ]
