"""Two sockets, one identity. (steve#357, ocpp-go#314; CVE-2026-24912, -26290, -20748)

The newest authenticated one wins. One that needed no credentials never displaces another
that still answers a ping, at this gateway or at another.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from cpms.ocpp.handshake import Admission, Refusal
from monitoring.facts import EventReported

if TYPE_CHECKING:
    from cpms.ocpp.gateway import Gateway

log = structlog.get_logger(__name__)

#: Seconds the old socket has to answer.
PATIENCE = 3.0
#: This many displacements within a minute are two clients fighting for one identity.
FIGHT = 3
WITHIN = timedelta(seconds=60)
#: Chargers whose displacements are remembered.
MOST = 10_000

_displaced: dict[int, deque[datetime]] = {}


async def contest(hub: "Gateway", admission: Admission) -> Admission | Refusal:
    """Let the newcomer in, or keep the socket that is there; raise an event either way."""
    station = admission.station
    if station.id not in hub.sockets and await _lives_elsewhere(hub, admission):
        return _refuse(hub, admission)
    if station.id not in hub.sockets:  # Nor did anybody come while we asked.
        return admission
    if not admission.authenticated and await _answers(hub, station.id):
        return _refuse(hub, admission)
    displaced(hub, station.id, admission.peer)
    return admission


async def _lives_elsewhere(hub: "Gateway", admission: Admission) -> bool:
    """Ask the gateway that holds the charger; it closes its socket when it hears of a newer."""
    station = admission.station
    if admission.authenticated or station.held_by in {None, hub.id}:
        return False
    return await hub.broadcast.lives_elsewhere(station.id, station.held_by, PATIENCE + 1.0)


def _refuse(hub: "Gateway", admission: Admission) -> Refusal:
    station = admission.station
    if not hub.knocks.refuses(station.id):
        _tell(hub, station.id, "duplicate_connection", "kept_old", admission.peer)
        log.warning("duplicate_refused", charger=station.identity, peer=admission.peer)
    return Refusal(403, "duplicate", station.identity, admission.peer, station.id)


def displaced(hub: "Gateway", charger_id: int, peer: str) -> None:
    """Raise the events of a socket that lost its place to a newer one."""
    if not hub.knocks.refuses(charger_id):
        _tell(hub, charger_id, "duplicate_connection", "replaced_old", peer)
    if _fights(charger_id, datetime.now(UTC)):
        _tell(hub, charger_id, "duplicate_fight", "replaced_old", peer)


async def _answers(hub: "Gateway", charger_id: int) -> bool:
    """Tell whether the charger's socket is alive, or one that took its place meanwhile."""
    while (held := hub.sockets.get(charger_id)) is not None:
        if await held.alive(PATIENCE):
            return True
        if hub.sockets.get(charger_id) is held:
            return False
    return False


def _tell(hub: "Gateway", charger_id: int, kind: str, code: str, peer: str) -> None:
    now = datetime.now(UTC)
    data = {"peer": peer} if peer else {}
    hub.writer.put([EventReported(charger_id, kind, now, now, severity=3, code=code, data=data)])


def _fights(charger_id: int, now: datetime) -> bool:
    """Note a displacement; tell whether it makes a fight, once per fight."""
    if len(_displaced) > MOST:
        _displaced.clear()
    times = _displaced.setdefault(charger_id, deque(maxlen=FIGHT))
    times.append(now)
    fights = len(times) == FIGHT and now - times[0] < WITHIN
    if fights:
        times.clear()
    return fights
