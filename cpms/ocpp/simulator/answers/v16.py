"""A charger's answers in OCPP 1.6."""

from collections.abc import Callable
from functools import partial

from cpms.ocpp.simulator import acts, limits
from cpms.ocpp.simulator.answers import papers, service, shared, triggers
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.rpc import Json
from cpms.ocpp.simulator.settings import BY_KEY, Setting


def reset(charger: Charger, payload: Json) -> Json:
    """Restart after the answer."""
    stop_reason = f"{payload['type']}Reset"
    charger.agenda.after(1, lambda: acts.restart(charger, "RemoteReset", stop_reason))
    return {"status": "Accepted"}


def change_availability(charger: Charger, payload: Json) -> Json:
    """Take a connector, or with 0 all, into or out of service."""
    ports = service.chosen_ports(charger, payload["connectorId"])
    if ports is None:
        return {"status": "Rejected"}
    operative = payload["type"] == "Operative"
    return {"status": service.change_availability(charger, ports, operative)}


def remote_start(charger: Charger, payload: Json) -> Json:
    """Begin a session."""
    number = payload.get("connectorId")
    started = service.remote_start(charger, number, payload["idTag"], None)
    return {"status": "Accepted" if started else "Rejected"}


def remote_stop(charger: Charger, payload: Json) -> Json:
    """End a session."""
    for port in charger.ports.values():
        if port.session and port.session.transaction_id == payload["transactionId"]:
            service.remote_stop(charger, port)
            return {"status": "Accepted"}
    return {"status": "Rejected"}


def unlock_connector(charger: Charger, payload: Json) -> Json:
    """Release the cable."""
    port = charger.ports.get(payload["connectorId"])
    if port is None:
        return {"status": "NotSupported"}
    service.unlock(charger, port)
    return {"status": "Unlocked"}


def get_configuration(charger: Charger, payload: Json) -> Json:
    """Tell the settings asked for, or all."""
    wanted = payload.get("key") or list(BY_KEY)
    known = [BY_KEY[key] for key in wanted if key in BY_KEY]
    return {
        "configurationKey": [_shown(charger, setting) for setting in known if not setting.secret],
        "unknownKey": [key for key in wanted if key not in BY_KEY],
    }


def change_configuration(charger: Charger, payload: Json) -> Json:
    """Change a setting."""
    setting = BY_KEY.get(payload["key"])
    if setting is None:
        return {"status": "NotSupported"}
    return {"status": charger.settings.change(setting, payload["value"])}


def trigger_message(charger: Charger, payload: Json) -> Json:
    """Send the message asked for."""
    number = payload.get("connectorId", 0)
    return {"status": triggers.pull(charger, payload["requestedMessage"], number)}


def get_local_list_version(charger: Charger, _payload: Json) -> Json:
    """Tell the version of the local list."""
    return {"listVersion": charger.local_list_version}


def send_local_list(charger: Charger, payload: Json) -> Json:
    """Take a new local list, unless it is an older one."""
    newer = payload["listVersion"] > charger.local_list_version
    if payload["updateType"] == "Differential" and not newer:
        return {"status": "VersionMismatch"}
    charger.local_list_version = payload["listVersion"]
    return {"status": "Accepted"}


def reserve_now(charger: Charger, payload: Json) -> Json:
    """Hold a connector for a driver; with 0 any that is free."""
    port = service.port_to_reserve(charger, payload["connectorId"])
    if port is None:
        return {"status": "Rejected"}
    until, reservation = payload["expiryDate"], payload["reservationId"]
    return {"status": service.reserve(charger, port, reservation, until)}


def set_charging_profile(charger: Charger, payload: Json) -> Json:
    """Keep a profile, and obey it."""
    kept = limits.take(charger, payload["connectorId"], payload["csChargingProfiles"])
    return {"status": "Accepted" if kept else "Rejected"}


def clear_charging_profile(charger: Charger, payload: Json) -> Json:
    """Forget profiles, and their limits."""
    cleared = limits.drop(
        charger,
        number=payload.get("id"),
        evse=payload.get("connectorId"),
        purpose=payload.get("chargingProfilePurpose"),
        stack_level=payload.get("stackLevel"),
    )
    return {"status": "Accepted" if cleared else "Unknown"}


def get_composite_schedule(charger: Charger, payload: Json) -> Json:
    """Tell what all profiles together allow."""
    number, unit = payload["connectorId"], payload.get("chargingRateUnit")
    schedule = limits.schedule(charger, number, payload["duration"], unit)
    if schedule is None:
        return {"status": "Rejected"}
    start = schedule.pop("scheduleStart")
    answer = {"status": "Accepted", "connectorId": number, "scheduleStart": start}
    return {**answer, "chargingSchedule": schedule}


def get_diagnostics(charger: Charger, payload: Json) -> Json:
    """Send diagnostics."""
    name = f"{charger.spec.identity}-diagnostics.txt"
    told = partial(_told, "DiagnosticsStatusNotification", None)
    service.send_log(charger, payload["location"], name, told)
    return {"fileName": name}


def get_log(charger: Charger, payload: Json) -> Json:
    """Send a log."""
    name = f"{charger.spec.identity}.log"
    told = partial(_told, "LogStatusNotification", payload["requestId"])
    service.send_log(charger, payload["log"]["remoteLocation"], name, told)
    return {"status": "Accepted", "filename": name}


def update_firmware(charger: Charger, payload: Json) -> Json:
    """Fetch a new firmware, and run it."""
    told = partial(_told, "FirmwareStatusNotification", None)
    steps = ("Downloaded", "Installing", "Installed")
    service.update_firmware(charger, payload["location"], steps, told)
    return {}


def signed_update_firmware(charger: Charger, payload: Json) -> Json:
    """Fetch a new firmware that is signed, and run it."""
    told = partial(_told, "SignedFirmwareStatusNotification", payload["requestId"])
    steps = ("Downloaded", "SignatureVerified", "Installing", "Installed")
    service.update_firmware(charger, payload["firmware"]["location"], steps, told)
    return {"status": "Accepted"}


def _told(action: str, request: int | None, status: str) -> Message:
    """Return the report of a status; uploads fail in two words, by the message."""
    if action == "LogStatusNotification" and status == "UploadFailed":
        status = "UploadFailure"
    return Message(action, {"status": status, **({"requestId": request} if request else {})})


ANSWERS: dict[str, Callable[[Charger, Json], Json]] = {
    **papers.ANSWERS,
    "CancelReservation": shared.cancel_reservation,
    "ChangeAvailability": change_availability,
    "ChangeConfiguration": change_configuration,
    "ClearCache": shared.clear_cache,
    "ClearChargingProfile": clear_charging_profile,
    "DataTransfer": shared.data_transfer,
    "ExtendedTriggerMessage": trigger_message,
    "GetCompositeSchedule": get_composite_schedule,
    "GetConfiguration": get_configuration,
    "GetDiagnostics": get_diagnostics,
    "GetLocalListVersion": get_local_list_version,
    "GetLog": get_log,
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "ReserveNow": reserve_now,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": set_charging_profile,
    "SignedUpdateFirmware": signed_update_firmware,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock_connector,
    "UpdateFirmware": update_firmware,
}


def _shown(charger: Charger, setting: Setting) -> Json:
    value = charger.settings.value(setting)
    return {"key": setting.key, "readonly": setting.readonly, "value": value}
