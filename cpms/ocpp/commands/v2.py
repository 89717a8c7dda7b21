"""Operations in OCPP 2.0.1 and 2.1."""

import secrets
from typing import Any

from cpms.control.operations import Operation, charging, remote
from cpms.ocpp.commands import (
    v2_configuration,
    v2_customers,
    v2_displays,
    v2_files,
    v2_local_lists,
    v2_profiles,
    v2_reservations,
    v2_security,
)

Said = tuple[str, dict[str, Any]]

#: Trigger.message -> requestedMessage. (MessageTriggerEnumType)
TRIGGERS = {
    "boot": "BootNotification",
    "heartbeat": "Heartbeat",
    "status": "StatusNotification",
    "meter_values": "MeterValues",
    "transaction": "TransactionEvent",
    "log_status": "LogStatusNotification",
    "diagnostics_status": "LogStatusNotification",
    "firmware_status": "FirmwareStatusNotification",
    "published_firmware_status": "PublishFirmwareStatusNotification",
    "sign_charger_certificate": "SignChargingStationCertificate",
    "sign_v2g_certificate": "SignV2GCertificate",
    "sign_v2g20_certificate": "SignV2G20Certificate",
    "sign_combined_certificate": "SignCombinedCertificate",
    "custom": "CustomTrigger",
}


def port(evse: int | None, connector: int | None = None) -> dict[str, Any] | None:
    """Return an EVSEType, None for the charger as a whole."""
    if evse is None:
        return None
    return {"id": evse} if connector is None else {"id": evse, "connectorId": connector}


def token(id_token: str, kind: str) -> dict[str, Any]:
    """Return an IdTokenType; its type is text in 2.1, and has the same words."""
    return {"idToken": id_token, "type": kind}


def reset(asked: remote.Reset) -> Said:
    """B11, B12."""
    return "Reset", {"type": "Immediate" if asked.at_once else "OnIdle", "evseId": asked.evse}


def unlock(asked: remote.Unlock) -> Said:
    """F05."""
    return "UnlockConnector", {"evseId": asked.evse, "connectorId": asked.connector}


def change_availability(asked: remote.ChangeAvailability) -> Said:
    """G03, G04."""
    status = "Operative" if asked.operative else "Inoperative"
    about = {"operationalStatus": status, "evse": port(asked.evse, asked.connector)}
    return "ChangeAvailability", about


def trigger(asked: remote.Trigger) -> Said:
    """F06; a status is of a connector (F06.FR.12), the first where none is named."""
    connector = asked.connector
    if asked.message == "status" and asked.evse is not None:
        connector = connector or 1
    about = {
        "requestedMessage": TRIGGERS[asked.message],
        "evse": port(asked.evse, connector),
        "customTrigger": asked.custom,
    }
    return "TriggerMessage", about


def clear_cache(asked: remote.ClearCache) -> Said:
    """C11."""
    return "ClearCache", {}


def send_data(asked: remote.SendData) -> Said:
    """P01."""
    about = {"vendorId": asked.vendor, "messageId": asked.message, "data": asked.data}
    return "DataTransfer", about


def start(asked: charging.Start) -> Said:
    """F01, F02."""
    group = token(asked.group, "Central") if asked.group else None
    given = asked.remote_start_id
    about = {
        "idToken": token(asked.id_token, asked.token_type),
        "remoteStartId": secrets.randbelow(2**31) if given is None else given,
        "evseId": asked.evse,
        "groupIdToken": group,
        "chargingProfile": v2_profiles.profile(asked.profile) if asked.profile else None,
    }
    return "RequestStartTransaction", about


def stop(asked: charging.Stop) -> Said:
    """F03."""
    return "RequestStopTransaction", {"transactionId": asked.transaction_id}


def ask_transaction(asked: charging.AskTransaction) -> Said:
    """E14."""
    return "GetTransactionStatus", {"transactionId": asked.transaction_id}


TRANSLATORS: dict[type[Operation], Any] = {
    remote.Reset: reset,
    remote.Unlock: unlock,
    remote.ChangeAvailability: change_availability,
    remote.Trigger: trigger,
    remote.ClearCache: clear_cache,
    remote.SendData: send_data,
    charging.Start: start,
    charging.Stop: stop,
    charging.AskTransaction: ask_transaction,
    **v2_configuration.TRANSLATORS,
    **v2_profiles.TRANSLATORS,
    **v2_customers.TRANSLATORS,
    **v2_displays.TRANSLATORS,
    **v2_reservations.TRANSLATORS,
    **v2_files.TRANSLATORS,
    **v2_local_lists.TRANSLATORS,
    **v2_security.TRANSLATORS,
}
