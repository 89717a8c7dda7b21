"""Why a port couldn't serve a driver, as far as the record shows. Pure.

The cause of an outage is that of its first part. What a person finds later stands beside it.
"""

from dataclasses import dataclass

from monitoring.facts import CloseReason
from monitoring.outages.chargex import EMERGENCY_STOP, NO_MEANING, Meaning
from monitoring.outages.kinds import Cause, Kind

#: A charger that stays away longer after a restart of ours has another reason, seconds.
BACK_AFTER_RESTART = 900.0

_OURS = frozenset({CloseReason.GATEWAY_RESTART.value, CloseReason.GATEWAY_DIED.value})
#: OCPP 2.x BootReasonEnumType; of the others (Triggered, Unknown) nothing follows.
_FIRMWARE_BOOT = "firmwareupdate"
_ASKED_BOOTS = frozenset({"triggered"})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the record tells of an outage's beginning, and of its end if it has one."""

    kind: Kind
    #: Seconds from its start to its end, or until now.
    lasted: float = 0.0
    #: Why the connection before it ended.
    close_reason: str = ""
    #: Whether the charger booted before it was back, and the reason it gave.
    booted: bool = False
    boot_reason: str = ""
    #: It was installing firmware.
    updating: bool = False
    #: The charger's own error code, and what it means.
    error_code: str = ""
    meaning: Meaning = NO_MEANING
    #: OCPP's reason of the session that ended with it.
    stop_reason: str = ""


def cause_of(known: Circumstances) -> Cause:
    """Return the cause; `UNKNOWN` where the record doesn't tell."""
    if known.meaning.cause is not None:
        return known.meaning.cause
    if known.meaning.chargex == EMERGENCY_STOP or known.stop_reason.lower() == "emergencystop":
        return Cause.EMERGENCY_STOP
    if known.updating or known.boot_reason.lower() == _FIRMWARE_BOOT:
        return Cause.FIRMWARE
    return _BY_KIND[known.kind](known)


def _offline(known: Circumstances) -> Cause:
    if known.close_reason in _OURS and known.lasted <= BACK_AFTER_RESTART:
        return Cause.OURS
    if known.booted and known.boot_reason.lower() not in _ASKED_BOOTS:
        return Cause.POWER
    return Cause.LINK if known.close_reason else Cause.UNKNOWN


def _faulted(known: Circumstances) -> Cause:
    return Cause.HARDWARE


def _unavailable(known: Circumstances) -> Cause:
    return Cause.HARDWARE if known.error_code else Cause.TAKEN_OUT


def _silent(known: Circumstances) -> Cause:
    return Cause.SILENT


_BY_KIND = {
    Kind.OFFLINE: _offline,
    Kind.FAULTED: _faulted,
    Kind.UNAVAILABLE: _unavailable,
    Kind.SILENT: _silent,
}
