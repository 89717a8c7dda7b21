"""What we ask of a charger unasked: its boot if we know none, and whether it hears us at all."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from cpms.ocpp.calls import NoAnswer
from monitoring.facts import EventReported

if TYPE_CHECKING:
    from cpms.ocpp.charger_socket import ChargerSocket

log = structlog.get_logger(__name__)

#: Seconds after connecting until we ask for a boot that we know nothing of.
BOOT_PATIENCE = 10.0
#: … and then until a charger that we never knew is asked for a heartbeat: who connects it wants
#: to see at once that it hears us.
FIRST_PROBE = 5.0
#: Seconds a charger has to answer, twice in a row, before it is deaf.
PATIENCE = 30.0


async def look_after(held: "ChargerSocket", first: bool) -> None:
    """Ask for the boot if none is known, then ask every so often whether it hears us.

    Any answer will do, NotSupported as well. (mobilityhouse#626: a deaf charger sends
    heartbeats and answers nothing.)
    `first`: it had never booted when it connected.
    """
    await asyncio.sleep(BOOT_PATIENCE)
    if not held.station.booted:
        await _trigger(held, "BootNotification")
    if first and held.station.quirks.probe_interval:
        await asyncio.sleep(FIRST_PROBE)
        await hears(held)
    while held.station.quirks.probe_interval:
        await asyncio.sleep(held.station.quirks.probe_interval)
        if await hears(held):
            _tell(held, deaf=False)
        elif not await hears(held):
            _tell(held, deaf=True)


async def _trigger(held: "ChargerSocket", message: str) -> None:
    try:
        await held.calls.call("TriggerMessage", {"requestedMessage": message})
    except NoAnswer as silence:
        log.info("trigger_unanswered", charger=held.station.identity, why=str(silence))


async def hears(held: "ChargerSocket") -> bool:
    """Tell whether the charger answers a CALL, whatever it says."""
    try:
        await held.calls.call("TriggerMessage", {"requestedMessage": "Heartbeat"}, PATIENCE)
    except NoAnswer:
        return False
    return True


def _tell(held: "ChargerSocket", deaf: bool) -> None:
    """Report the change, if it is one."""
    if held.deaf == deaf:
        return
    held.deaf = deaf
    now = datetime.now(UTC)
    kind = "deaf" if deaf else "hears_again"
    severity = 2 if deaf else 6
    held.hub.writer.put([EventReported(held.station.id, kind, now, now, severity=severity)])
    log.warning(kind, charger=held.station.identity)
