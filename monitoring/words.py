"""What chargers report in codes, in an operator's words."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.facts import CloseReason, Status

#: OCPP 1.6 §7.6 ChargePointErrorCode, and 2.x codes of the same meaning.
ERRORS: dict[str, Promise] = {
    "ConnectorLockFailure": _("connector lock failed"),
    "EVCommunicationError": _("no communication with the vehicle"),
    "GroundFailure": _("ground fault"),
    "HighTemperature": _("too hot inside"),
    "InternalError": _("internal error"),
    "LocalListConflict": _("local token list conflict"),
    "OtherError": _("other error"),
    "OverCurrentFailure": _("over-current"),
    "OverVoltage": _("over-voltage"),
    "PowerMeterFailure": _("power meter unreachable"),
    "PowerSwitchFailure": _("power switch failed"),
    "ReaderFailure": _("card reader failed"),
    "ResetFailure": _("could not reset itself"),
    "UnderVoltage": _("under-voltage"),
    "WeakSignal": _("weak mobile signal"),
}

CLOSINGS: dict[str, Promise] = {
    CloseReason.CLEAN: _("the charger closed the connection"),
    CloseReason.LOST: _("the connection broke off"),
    CloseReason.PING_TIMEOUT: _("it stopped answering"),
    CloseReason.REPLACED: _("replaced by a newer connection"),
    CloseReason.GATEWAY_RESTART: _("our gateway was restarted"),
    CloseReason.GATEWAY_DIED: _("our gateway failed"),
    CloseReason.PROTOCOL_ERROR: _("closed after a protocol error"),
    CloseReason.KICKED: _("we closed the connection"),
}

#: What a status means where the effective state is coarser.
STATUSES: dict[str, Promise] = {
    Status.PREPARING: _("plugged in, not started"),
    Status.SUSPENDED_EV: _("vehicle takes no energy"),
    Status.SUSPENDED_EVSE: _("charger gives no energy"),
    Status.FINISHING: _("finished, still plugged in"),
}

#: OCPP 1.6 §7.33 Reason and 2.0.1 §3.96 ReasonEnumType.
STOP_REASONS: dict[str, Promise] = {
    "DeAuthorized": _("token no longer valid"),
    "EmergencyStop": _("emergency stop"),
    "EnergyLimitReached": _("energy limit reached"),
    "EVDisconnected": _("unplugged"),
    "GroundFault": _("ground fault"),
    "HardReset": _("reset"),
    "ImmediateReset": _("reset"),
    "Local": _("stopped at the charger"),
    "LocalOutOfCredit": _("out of credit"),
    "MasterPass": _("master pass"),
    "Other": _("another reason"),
    "OvercurrentFault": _("over-current"),
    "PowerLoss": _("power lost"),
    "PowerQuality": _("bad power quality"),
    "Reboot": _("the charger rebooted"),
    "Remote": _("stopped remotely"),
    "ReqEnergyTransferRejected": _("the vehicle's way of charging is not allowed"),
    "SOCLimitReached": _("state of charge reached"),
    "SoftReset": _("reset"),
    "StoppedByEV": _("stopped by the vehicle"),
    "TimeLimitReached": _("time limit reached"),
    "Timeout": _("timed out"),
    "UnlockCommand": _("unlocked remotely"),
}


#: What is odd about a session (`Session.flags`).
FLAGS: dict[str, Promise] = {
    "abandoned": _("never stopped, closed by us"),
    "bad_time": _("told at no real time"),
    "meter_backwards": _("meter ran backwards"),
    "no_start": _("its start never came"),
    "no_zone": _("times without a zone"),
    "reconciled": _("stop found later"),
    "seq_gap": _("messages are missing"),
}

#: What an event is called (`Event.kind`), and "firmware": a boot with another version.
EVENTS: dict[str, Promise] = {
    "answer_refused": _("It could not read our answer"),
    "boot": _("Booted"),
    "certificate_request": _("Asked for a certificate"),
    "contract_refused": _("Contract of a car refused"),
    "deaf": _("Stopped hearing us"),
    "device_event": _("Reported"),
    "diagnostics_status": _("Diagnostics upload"),
    "duplicate_connection": _("Two connections with its identity"),
    "duplicate_fight": _("Two clients displace each other"),
    "firmware": _("New firmware"),
    "firmware_status": _("Firmware update"),
    "hears_again": _("Hears us again"),
    "identity_mismatch": _("Says it is another charger"),
    "log_status": _("Log upload"),
    "orphan_stop": _("Stop without a session"),
    "published_firmware_status": _("Firmware publishing"),
    "security_event": _("Security event"),
}

#: OCPP 2.0.1 §3.9 BootReasonEnumType.
BOOT_REASONS: dict[str, Promise] = {
    "ApplicationReset": _("its software restarted"),
    "FirmwareUpdate": _("after a firmware update"),
    "LocalReset": _("reset on site"),
    "PowerUp": _("power came back"),
    "RemoteReset": _("reset remotely"),
    "ScheduledReset": _("planned reset"),
    "Triggered": _("asked to by us"),
    "Unknown": _("reason unknown"),
    "Watchdog": _("it had hung: watchdog"),
}


def error(code: str, vendor_code: str = "", info: str = "") -> str:
    """Return an error in words, with the charger's own code and text; "" where there is none.

    What the charger wrote is in it as it came: escape it where it is shown.
    """
    named = "" if code in ("", "NoError") else str(ERRORS.get(code, code))
    own = vendor_code if vendor_code not in ("", "0", code) else ""
    return " · ".join(part for part in (named, own, info) if part)


def closing(reason: str) -> str:
    """Return why a connection ended, in words."""
    return str(CLOSINGS.get(reason, ""))


def status(reported: str) -> str:
    """Return what a status means beyond its effective state; "" where that says it all."""
    return str(STATUSES.get(reported, ""))


def stop_reason(code: str) -> str:
    """Return why a session ended, in words."""
    return str(STOP_REASONS.get(code, code))


def flag(name: str) -> str:
    """Return what is odd about a session, in words."""
    return str(FLAGS.get(name, name))


#: OCPP 1.6 §7.2 AuthorizationStatus and 2.0.1 §3.6 AuthorizationStatusEnumType.
ANSWERS: dict[str, Promise] = {
    "Accepted": _("token accepted"),
    "Blocked": _("token blocked"),
    "ConcurrentTx": _("token charges elsewhere"),
    "Expired": _("token expired"),
    "Invalid": _("token unknown"),
    "NoCredit": _("no credit"),
    "NotAllowedTypeEVSE": _("token not for this kind of port"),
    "NotAtThisLocation": _("token not for this place"),
    "NotAtThisTime": _("token not for this time"),
    "Unknown": _("token unknown"),
}


def clock(offset: int) -> str:
    """Return how far a clock is off, in its largest unit; `offset` in ms, positive: ahead."""
    seconds = abs(offset) // 1000
    said = f"{seconds} s"
    if seconds >= 120:
        said = f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
    return (gettext("%(time)s fast") if offset > 0 else gettext("%(time)s slow")) % {"time": said}


def answer(code: str) -> str:
    """Return what a token was answered with, in words."""
    return str(ANSWERS.get(code, code))


def event_kind(kind: str) -> str:
    """Return what an event is called."""
    return str(EVENTS.get(kind, kind.replace("_", " ")))


def boot_reason(code: str) -> str:
    """Return why a charger booted, in words; "" where it didn't say."""
    return str(BOOT_REASONS.get(code, code))


#: An RPC frame's message type, and the action of a CALL or the code of an error.
_FRAME = re.compile(r'\s*\[\s*([2-6])\s*,\s*"[^"]*"\s*(?:,\s*"([^"]{1,60})")?')


def payload(text: str) -> str:
    """Return what follows a frame's type, id and action or code; all of what isn't a frame."""
    named = _FRAME.match(text)
    return text if named is None else text[named.end() :].lstrip(", ")


def frame(text: str) -> str:
    """Return what a frame is: a CALL's action, or that it answers. frames.js says the same."""
    named = _FRAME.match(text)
    if named is None:
        return gettext("not OCPP")
    kind, word = named.groups(default="")
    if kind in ("2", "6"):
        return str(word) or gettext("not OCPP")
    return gettext("answer") if kind == "3" else gettext("error %(code)s") % {"code": word}
