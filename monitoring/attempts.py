"""Attempts to charge, and what came of them: from status spans, sessions and authorizations."""

from enum import StrEnum


class Outcome(StrEnum):
    """What came of an attempt: success, or why not (KPIS.md, failure taxonomy)."""

    SUCCESS = "success"
    #: The token was refused and nothing followed: no failure of the charger, out of the rate.
    REFUSED = "refused"
    NO_AUTHORIZATION = "no_authorization"
    NOT_STARTED = "not_started"
    NO_ENERGY = "no_energy"
    FAULT = "fault"
    POWER_OR_LINK_LOSS = "power_or_link_loss"
    STUCK_FINISHING = "stuck_finishing"
