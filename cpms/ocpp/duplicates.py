"""Two sockets, one identity. (steve#357, ocpp-go#314; CVE-2026-24912, -26290, -20748)

The newest authenticated one wins. One that needed no credentials never displaces another
that still answers a ping.
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
    if station.id not in hub.sockets:
        return admission
    keep = not admission.authenticated and await _answers(hub, station.id)
    now = datetime.now(UTC)
    hub.writer.put([_event(station.id, "duplicate_connection", now, admission.peer, keep)])
    if keep:
        log.warning("duplicate_refused", charger=station.identity, peer=admission.peer)
        return Refusal(403, "duplicate", station.identity, admission.peer, station.id)
    if _fights(station.id, now):
        hub.writer.put([_event(station.id, "duplicate_fight", now, admission.peer, keep)])
    return admission


async def _answers(hub: "Gateway", charger_id: int) -> bool:
    """Tell whether the charger's socket is alive, or one that took its place meanwhile."""
    while (held := hub.sockets.get(charger_id)) is not None:
        if await held.alive(PATIENCE):
            return True
        if hub.sockets.get(charger_id) is held:
            return False
    return False


def _event(charger_id: int, kind: str, now: datetime, peer: str, kept: bool) -> EventReported:
    code = "kept_old" if kept else "replaced_old"
    data = {"peer": peer}
    return EventReported(charger_id, kind, now, now, severity=3, code=code, data=data)


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
