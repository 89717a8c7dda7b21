"""A charger as the gateway knows it: what handlers may look up."""

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

from cpms.ocpp.times import Clock
from inventory.models import Lifecycle
from inventory.quirks import Quirks

#: Lifecycle -> how BootNotification is answered.
BOOT_ANSWERS = {
    Lifecycle.PLANNED: "Pending",
    Lifecycle.PENDING: "Pending",
    Lifecycle.COMMISSIONING: "Accepted",
    Lifecycle.ACTIVE: "Accepted",
    Lifecycle.SUSPENDED: "Rejected",
    Lifecycle.DECOMMISSIONED: "Rejected",
}


class TokenInfo(NamedTuple):
    """What is known of a token: its status in lower case, expiry (aware) and group."""

    status: str
    expires_at: datetime | None
    group: str


class Tokens:
    """The tokens of all organisations, kept in memory."""

    def __init__(self) -> None:
        """Know none."""
        self.known: dict[tuple[int, str], TokenInfo] = {}

    def find(self, organisation_id: int, id_token: str) -> TokenInfo | None:
        """Return what is known of `id_token`, whatever its case."""
        return self.known.get((organisation_id, id_token.upper()))


@dataclass(slots=True, eq=False)
class Station:
    """A charger: inventory's row, and what its messages taught us since it connected."""

    id: int
    identity: str
    organisation_id: int
    site_id: int
    lifecycle: str
    security_profile: int
    password_digest: bytes | None
    quirks: Quirks
    vendor: str
    model: str
    serial_number: str
    accept_unknown_tokens: bool
    #: It has booted at some time; then the last known boot stands.
    booted: bool
    zone: tzinfo = UTC
    #: Of a key that was sent to it and may be in force by now.
    next_password_digest: bytes | None = None
    #: The gateway, alive, that held its connection when it was looked up.
    held_by: UUID | None = None
    tokens: Tokens = field(default_factory=Tokens)
    clock: Clock = field(default_factory=Clock)
    version: str = "1.6"
    #: The last BootNotification was answered Accepted (2.x: needed to talk).
    accepted: bool = False
    #: Actions that our CALLs on this connection have asked it for.
    invited: set[str] = field(default_factory=set)

    def invite(self, action: str, payload: dict[str, Any]) -> None:
        """Note what our CALL asks the charger to send of its own."""
        if action == "TriggerMessage":
            wanted = str(payload.get("requestedMessage"))
            self.invited.add("SignCertificate" if wanted.startswith("Sign") else wanted)
        elif action in {"GetBaseReport", "GetReport"}:
            self.invited.add("NotifyReport")

    def may_send(self, action: str) -> bool:
        """Tell whether a 2.x charger may send `action`: not all may, before they are accepted.

        While its boot is Pending it sends what we asked for. (OCPP 2.0.1 B02.FR.09, B03.FR.07)
        """
        if self.accepted or action == "BootNotification":
            return True
        return action in self.invited and self.boot_answer() == "Pending"

    def boot_answer(self) -> str:
        """Return Accepted, Pending or Rejected."""
        return BOOT_ANSWERS[Lifecycle(self.lifecycle)]

    def heartbeat_interval(self) -> int:
        """Return seconds; spread by ±10 % so that a fleet that returned at once doesn't beat so.

        The same for one charger always.
        """
        share = (zlib.crc32(self.identity.encode()) % 201 - 100) / 1000
        return max(1, round(self.quirks.heartbeat_interval * (1 + share)))

    def authorize(self, id_token: str, now: datetime) -> tuple[str, TokenInfo | None]:
        """Return Accepted, Blocked, Expired or Invalid for a token, and what is known of it."""
        token = self.tokens.find(self.organisation_id, id_token)
        if token is None:
            return ("Accepted" if self.accept_unknown_tokens else "Invalid"), None
        if token.status == "accepted" and token.expires_at and token.expires_at <= now:
            return "Expired", token
        return token.status.capitalize(), token
