"""What looks like an attack at the door: kept as security events of the charger it is about.

The events have OCPP's own names (2.0.1 part 2, appendix 1) where there is one.
"""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from cpms.ocpp.directory import DirectoryAway
from cpms.ocpp.text import clean, printable
from cpms.ocpp.throttle import neighbourhood
from monitoring.facts import EventReported

if TYPE_CHECKING:
    from cpms.ocpp.gateway import Gateway
    from cpms.ocpp.tls.shown import Shown

log = structlog.get_logger(__name__)

#: Look-ups of names on certificates that don't count, at once.
MOST_LOOKED_UP = 20
SERIOUS = 2
BAD_CERTIFICATE = "InvalidChargingStationCertificate"
DOWNGRADE = "SecurityProfileTooLow"

#: Why a certificate doesn't count.
BAD = {
    "expired": "The certificate that it showed has expired.",
    "not_yet": "The certificate that it showed is not valid yet.",
    "revoked": "The certificate that it showed was revoked.",
    "name": "The certificate that it showed is another's.",
    "organisation": "The certificate that it showed names another organisation.",
    "untrusted": "The certificate that it showed is by nobody whom we trust.",
}
#: What a charger did that comes with less than it should.
LESS = {
    "certificate": "It came without the certificate that its security profile asks for.",
    "profile": "It came over a line that its security profile doesn't allow.",
}


class Suspicions:
    """Notes them, a few a minute for each charger."""

    def __init__(self, hub: "Gateway") -> None:
        """Note through this gateway's writer."""
        self._hub = hub
        self._tasks: set[asyncio.Task[None]] = set()

    def certificate(self, peer: str, shown: "Shown", why: str) -> None:
        """Note a certificate with which nobody gets as far as saying a name of their own."""
        until = shown.not_after.isoformat()
        self._hub.arrivals.note(
            "tls_certificate", peer, shown.common_name, why=why, tls=True, until=until
        )
        if len(self._tasks) < MOST_LOOKED_UP and not self._hub.unknown.refuses(neighbourhood(peer)):
            task = asyncio.get_running_loop().create_task(self._look_up(peer, shown, why))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _look_up(self, peer: str, shown: "Shown", why: str) -> None:
        for name in sorted(shown.names)[:3]:
            if "\0" in name:
                continue
            try:
                station = await self._hub.directory.find(name)
            except DirectoryAway:
                return
            if station is not None:
                self.tell(station.id, BAD_CERTIFICATE, BAD[why], peer, shown)
                return

    def tell(
        self, charger_id: int, event: str, text: str, peer: str, shown: "Shown | None" = None
    ) -> None:
        """Note a security event of a charger."""
        if self._hub.knocks.refuses((charger_id, event)) or self._hub.writer.full:
            return
        now = datetime.now(UTC)
        data: dict[str, Any] = {"peer": peer, "by": "gateway"}
        if shown is not None:
            data |= {
                "name": printable(shown.common_name)[:100],
                "fingerprint": shown.fingerprint,
                "until": shown.not_after.isoformat(),
            }
        log.warning("security_event", charger_id=charger_id, event_type=event, peer=peer)
        told = EventReported(charger_id, "security_event", now, now, severity=SERIOUS, code=event)
        told.text, told.data = clean(text, 1000), data
        self._hub.writer.put([told])
