"""Operations in OCPP 1.6. (§5; Improved security for OCPP 1.6-J)"""

from typing import Any

from cpms.control.operations import BadRequest, Operation, charging, remote
from cpms.ocpp.commands import (
    v16_configuration,
    v16_files,
    v16_local_lists,
    v16_profiles,
    v16_reservations,
    v16_security,
)

Said = tuple[str, dict[str, Any]]

#: Trigger.message -> requestedMessage, and which of the two messages takes it.
TRIGGERS = {
    "boot": "BootNotification",
    "heartbeat": "Heartbeat",
    "status": "StatusNotification",
    "meter_values": "MeterValues",
    "diagnostics_status": "DiagnosticsStatusNotification",
    "firmware_status": "FirmwareStatusNotification",
}
#: Improved security for OCPP 1.6-J §5.5.
EXTENDED = {
    "log_status": "LogStatusNotification",
    "sign_charger_certificate": "SignChargePointCertificate",
}


def reset(asked: remote.Reset) -> Said:
    """§5.14: 1.6 restarts all of a charger."""
    if asked.evse is not None:
        raise BadRequest("OCPP 1.6 can't reset one port: leave the EVSE out.")
    return "Reset", {"type": "Hard" if asked.at_once else "Soft"}


def unlock(asked: remote.Unlock) -> Said:
    """§5.18."""
    return "UnlockConnector", {"connectorId": asked.evse}


def change_availability(asked: remote.ChangeAvailability) -> Said:
    """§5.2: connector 0 is the charger as a whole."""
    kind = "Operative" if asked.operative else "Inoperative"
    return "ChangeAvailability", {"connectorId": asked.evse or 0, "type": kind}


def trigger(asked: remote.Trigger) -> Said:
    """§5.17, and the security extension's own message for what 1.6 hadn't."""
    if asked.message in EXTENDED:
        return "ExtendedTriggerMessage", {"requestedMessage": EXTENDED[asked.message]}
    if asked.message not in TRIGGERS:
        raise BadRequest(f"OCPP 1.6 can't trigger “{asked.message}”.")
    about = {"requestedMessage": TRIGGERS[asked.message], "connectorId": asked.evse}
    return "TriggerMessage", about


def clear_cache(asked: remote.ClearCache) -> Said:
    """§5.4."""
    return "ClearCache", {}


def send_data(asked: remote.SendData) -> Said:
    """§4.3."""
    about = {"vendorId": asked.vendor, "messageId": asked.message, "data": asked.data}
    return "DataTransfer", about


def start(asked: charging.Start) -> Said:
    """§5.11."""
    about = {
        "idTag": asked.id_token,
        "connectorId": asked.evse,
        "chargingProfile": v16_profiles.profile(asked.profile) if asked.profile else None,
    }
    return "RemoteStartTransaction", about


def stop(asked: charging.Stop) -> Said:
    """§5.12: a transaction's id is a number in 1.6."""
    try:
        return "RemoteStopTransaction", {"transactionId": int(asked.transaction_id)}
    except ValueError:
        raise BadRequest("In OCPP 1.6 a transaction's id is a whole number.") from None


TRANSLATORS: dict[type[Operation], Any] = {
    remote.Reset: reset,
    remote.Unlock: unlock,
    remote.ChangeAvailability: change_availability,
    remote.Trigger: trigger,
    remote.ClearCache: clear_cache,
    remote.SendData: send_data,
    charging.Start: start,
    charging.Stop: stop,
    **v16_configuration.TRANSLATORS,
    **v16_profiles.TRANSLATORS,
    **v16_reservations.TRANSLATORS,
    **v16_files.TRANSLATORS,
    **v16_local_lists.TRANSLATORS,
    **v16_security.TRANSLATORS,
}
