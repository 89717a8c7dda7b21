"""Whether a token may charge: one rule, asked by every message that presents one. Pure."""

from datetime import datetime
from typing import NamedTuple

#: OCPP 2.x AuthorizationStatusEnumType, as far as we say it.
ACCEPTED, BLOCKED, EXPIRED, INVALID = "Accepted", "Blocked", "Expired", "Invalid"
UNKNOWN, ELSEWHERE, NOT_HERE = "Unknown", "ConcurrentTx", "NotAtThisLocation"

#: Status words as tokens are stored with -> what is answered.
STORED = {"accepted": ACCEPTED, "blocked": BLOCKED, "expired": EXPIRED, "invalid": INVALID}


class Known(NamedTuple):
    """What is known of a token: its status as stored, expiry (aware), group and limits."""

    status: str
    expires_at: datetime | None = None
    group: str = ""
    #: It ends anybody's session. (OCPP 2.0.1 C16)
    master_pass: bool = False
    #: It charges in one place at a time.
    one_at_a_time: bool = False
    #: As in RFC 5646, for the charger's display.
    language: str = ""
    #: It may charge only at these sites and chargers; None: everywhere.
    sites: frozenset[int] | None = None
    chargers: frozenset[int] = frozenset()

    def belongs_at(self, charger_id: int, site_id: int) -> bool:
        """Tell whether a charger is one where it may charge."""
        return self.sites is None or site_id in self.sites or charger_id in self.chargers


class Decision(NamedTuple):
    """The answer to a token, and what is known of it."""

    status: str
    token: Known | None

    @property
    def accepted(self) -> bool:
        """Whether it may charge."""
        return self.status == ACCEPTED


def decide(
    token: Known | None,
    charger_id: int,
    site_id: int,
    now: datetime,
    *,
    busy: bool = False,
    accept_unknown: bool = False,
) -> Decision:
    """Return whether the token may charge at a charger at `now` (aware).

    `busy`: it charges elsewhere already; that counts only for a start of a token that charges in
    one place at a time. (OCPP 1.6 §7.2, 2.0.1 part 2 §3.6)
    """
    if token is None:
        return Decision(ACCEPTED if accept_unknown else UNKNOWN, None)
    if token.status != "accepted":
        return Decision(STORED.get(token.status, INVALID), token)
    if token.expires_at is not None and token.expires_at <= now:
        return Decision(EXPIRED, token)
    if not token.belongs_at(charger_id, site_id):
        return Decision(NOT_HERE, token)
    if busy and token.one_at_a_time:
        return Decision(ELSEWHERE, token)
    return Decision(ACCEPTED, token)
