"""What a form asks of: one charger with its ports and whom it serves now, or many chargers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from cpms.web.durations import spoken
from inventory.models import Charger
from monitoring import access, fleet
from monitoring.decimals import decimals
from monitoring.effective import State
from monitoring.models import Session
from monitoring.templatetags.monitoring import masked

#: Open sessions of one charger that are looked at.
MOST_SESSIONS = 200


@dataclass(frozen=True, slots=True)
class Running:
    """A session that hasn't ended; energy in Wh, `token` masked."""

    key: int
    transaction_id: str
    port: int | None
    token: str
    started: datetime
    energy: float | None
    #: A later one began at its port: most likely it is over, and nobody said so.
    is_left_over: bool = False

    def told(self, now: datetime) -> str:
        """Say whose it is, for how long, and how much energy it got."""
        who = self.token or _("nobody known")
        parts = [who, spoken(now - self.started)]
        if self.energy is not None:
            parts.append(f"{decimals(self.energy / 1000, 2)} kWh")
        if self.is_left_over:
            parts.append(_("most likely over: a later one began there"))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Port:
    """A port as it is now."""

    number: int
    state: State
    #: Numbers of its connectors.
    connectors: tuple[int, ...]
    session: Running | None


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an operation is asked of; without a `charger` it is many of them."""

    now: datetime
    charger: Charger | None = None
    online: bool = False
    #: The OCPP versions spoken; none: not known yet.
    versions: frozenset[str] = frozenset()
    ports: tuple[Port, ...] = ()
    running: tuple[Running, ...] = ()
    #: Who asks; None in tests and for many chargers.
    user: User | None = None
    #: Of many: how many chargers, how many sessions run there, and at how many chargers.
    size: int = 1
    sessions: int = 0
    busy: int = 0
    #: Of many: whose they are.
    organisation_id: int | None = None

    @property
    def is_old(self) -> bool:
        """Whether it speaks OCPP 1.6 and nothing else."""
        return self.versions == frozenset({"1.6"})


def of_charger(user: User, charger: Charger, now: datetime) -> Target:
    """Return a charger that was fetched with its state and `evses__connectors`; one query."""
    running = tuple(sessions(user, charger))
    by_port = {session.port: session for session in reversed(running)}
    ports = tuple(
        Port(
            number=evse.number,
            state=port.state,
            connectors=tuple(connector.number for connector in evse.connectors.all()),
            session=by_port.get(evse.number),
        )
        for evse, port in zip(charger.evses.all(), fleet.ports_of(charger), strict=True)
    )
    versions = frozenset({charger.ocpp_version} - {""})
    online = fleet.live_state(charger).online
    return Target(now, charger, online, versions, ports, running, user)


def sessions(user: User, charger: Charger) -> Iterable[Running]:
    """Yield the sessions of a charger that haven't ended, the latest first."""
    found = access.sessions(user).filter(charger=charger, ended=None).select_related("evse")
    ports: set[int | None] = {None}
    for session in found.order_by("-started")[:MOST_SESSIONS]:
        port = session.evse.number if session.evse else None
        yield _running(session, left_over=port in ports - {None})
        ports.add(port)


def _running(session: Session, *, left_over: bool) -> Running:
    return Running(
        is_left_over=left_over,
        key=session.pk,
        transaction_id=session.transaction_id,
        port=session.evse.number if session.evse else None,
        token=masked(session.id_token),
        started=session.started,
        energy=session.energy,
    )
