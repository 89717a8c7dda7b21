"""A charger as the gateway knows it: what handlers may look up."""

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

from cpms.control.authorization import Decision, decide
from cpms.ocpp.fares import Fares
from cpms.ocpp.rulebook import Rulebook
from cpms.ocpp.throttle import Bucket
from cpms.ocpp.times import Clock
from cpms.ocpp.tokens import Tokens
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
    rulebook: Rulebook = field(default_factory=Rulebook)
    fares: Fares = field(default_factory=Fares)
    #: Vendors' messages that are kept; times are received ones.
    vendor_messages: Bucket = field(default_factory=lambda: Bucket(0.5, 100.0, 0.0))
    clock: Clock = field(default_factory=Clock)
    version: str = "1.6"
    #: The last BootNotification was answered Accepted (2.x: needed to talk).
    accepted: bool = False
    #: Actions that our CALLs on this connection have asked it for.
    invited: set[str] = field(default_factory=set)
    #: When it asked to have certificates signed, over this connection.
    asked_to_sign: list[datetime] = field(default_factory=list)
    #: The security profile that it accepted, and hasn't come with yet.
    coming_profile: int | None = None
    #: EVSE -> the last TxProfile that was sent there, as OCPP 2.x says it, while its session runs.
    given: dict[int, dict[str, Any]] = field(default_factory=dict)

    def invite(self, action: str, payload: dict[str, Any]) -> None:
        """Note what our CALL asks the charger to send of its own."""
        if action == "TriggerMessage":
            wanted = str(payload.get("requestedMessage"))
            self.invited.add("SignCertificate" if wanted.startswith("Sign") else wanted)
        elif action in {"GetBaseReport", "GetReport"}:
            self.invited.add("NotifyReport")
        elif action == "SetChargingProfile" and "chargingProfile" in payload:
            profile = payload["chargingProfile"]
            if profile.get("chargingProfilePurpose") == "TxProfile":
                self.given[int(payload["evseId"])] = profile

    def session_over(self, transaction_id: str) -> None:
        """Forget the profile of a session."""
        gone = [e for e, p in self.given.items() if p.get("transactionId") == transaction_id]
        for evse in gone:
            del self.given[evse]

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

    def authorize(self, id_token: str, now: datetime, starting: str = "") -> Decision:
        """Return whether a token may charge here; `starting`: the transaction that it starts."""
        token = self.tokens.find(self.organisation_id, id_token)
        busy = bool(
            starting
            and token is not None
            and token.one_at_a_time
            and self.tokens.busy(self.organisation_id, id_token, self.id, starting)
        )
        return decide(
            token, self.id, self.site_id, now,
            busy=busy, accept_unknown=self.accept_unknown_tokens,
        )  # fmt: skip
