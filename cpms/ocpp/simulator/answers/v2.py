"""A charger's answers in OCPP 2.0.1 and 2.1."""

from collections.abc import Callable
from functools import partial

from cpms.ocpp.simulator import acts, limits
from cpms.ocpp.simulator.answers import (
    customers,
    device_model,
    monitors,
    papers,
    service,
    shared,
    triggers,
)
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.ports import Port
from cpms.ocpp.simulator.rpc import Json


def reset(charger: Charger, payload: Json) -> Json:
    """Restart the whole station at once, or when it is idle; a single EVSE can't be."""
    if "evseId" in payload:
        return {"status": "Rejected"}
    if payload["type"] == "Immediate":
        charger.agenda.after(1, lambda: acts.restart(charger, "RemoteReset", "HardReset"))
        return {"status": "Accepted"}
    busy = any(port.session for port in charger.ports.values())
    charger.agenda.after(1, lambda: acts.restart_when_idle(charger))
    return {"status": "Scheduled" if busy else "Accepted"}


def change_availability(charger: Charger, payload: Json) -> Json:
    """Take an EVSE, or without one all, into or out of service."""
    ports = _ports(charger, payload)
    if ports is None:
        return {"status": "Rejected"}
    operative = payload["operationalStatus"] == "Operative"
    return {"status": service.change_availability(charger, ports, operative)}


def request_start(charger: Charger, payload: Json) -> Json:
    """Begin a session."""
    token, start_id = payload["idToken"]["idToken"], payload["remoteStartId"]
    started = service.remote_start(charger, payload.get("evseId"), token, start_id)
    return {"status": "Accepted" if started else "Rejected"}


def request_stop(charger: Charger, payload: Json) -> Json:
    """End a session."""
    port = _port_of(charger, payload["transactionId"])
    if port is None:
        return {"status": "Rejected"}
    service.remote_stop(charger, port)
    return {"status": "Accepted"}


def unlock_connector(charger: Charger, payload: Json) -> Json:
    """Release the cable, unless a driver's session runs (F05.FR.02)."""
    port = charger.ports.get(payload["evseId"])
    if port is None or payload["connectorId"] != 1:
        return {"status": "UnknownConnector"}
    if port.session is not None:
        return {"status": "OngoingAuthorizedTransaction"}
    return {"status": "Unlocked"}


def get_variables(charger: Charger, payload: Json) -> Json:
    """Tell variables."""
    wanted = payload["getVariableData"]
    return {"getVariableResult": [device_model.read(charger, one) for one in wanted]}


def set_variables(charger: Charger, payload: Json) -> Json:
    """Change variables."""
    wanted = payload["setVariableData"]
    return {"setVariableResult": [device_model.write(charger, one) for one in wanted]}


def get_base_report(charger: Charger, payload: Json) -> Json:
    """Report the device model after the answer."""
    if payload["reportBase"] == "SummaryInventory":
        return {"status": "NotSupported"}
    only_writable = payload["reportBase"] == "ConfigurationInventory"
    return _report(charger, payload, list(device_model.entries(charger, only_writable)))


def get_report(charger: Charger, payload: Json) -> Json:
    """Report a part of the device model after the answer."""
    if "componentCriteria" in payload:
        return {"status": "NotSupported"}
    wanted = payload.get("componentVariable")
    chosen = device_model.chosen(charger, wanted) if wanted else device_model.entries(charger)
    return _report(charger, payload, list(chosen))


def trigger_message(charger: Charger, payload: Json) -> Json:
    """Send the message asked for."""
    number = payload.get("evse", {}).get("id", 0)
    return {"status": triggers.pull(charger, payload["requestedMessage"], number)}


def get_local_list_version(charger: Charger, _payload: Json) -> Json:
    """Tell the version of the local list."""
    return {"versionNumber": charger.local_list_version}


def send_local_list(charger: Charger, payload: Json) -> Json:
    """Take a new local list, unless it is an older one."""
    newer = payload["versionNumber"] > charger.local_list_version
    if payload["updateType"] == "Differential" and not newer:
        return {"status": "VersionMismatch"}
    charger.local_list_version = payload["versionNumber"]
    return {"status": "Accepted"}


def get_transaction_status(charger: Charger, payload: Json) -> Json:
    """Tell whether a session runs and whether messages about sessions wait."""
    waiting = {"messagesInQueue": charger.has_waiting_messages}
    if "transactionId" not in payload:
        return waiting
    return {**waiting, "ongoingIndicator": _port_of(charger, payload["transactionId"]) is not None}


def reserve_now(charger: Charger, payload: Json) -> Json:
    """Hold an EVSE for a driver, or any that is free; kinds of connectors aren't told apart."""
    port = service.port_to_reserve(charger, payload.get("evseId"))
    if port is None:
        return {"status": "Rejected"}
    until, reservation = payload["expiryDateTime"], payload["id"]
    return {"status": service.reserve(charger, port, reservation, until)}


def set_charging_profile(charger: Charger, payload: Json) -> Json:
    """Keep a profile, and obey it."""
    kept = limits.take(charger, payload["evseId"], payload["chargingProfile"])
    return {"status": "Accepted" if kept else "Rejected"}


def clear_charging_profile(charger: Charger, payload: Json) -> Json:
    """Forget profiles, and their limits."""
    criteria = payload.get("chargingProfileCriteria", {})
    cleared = limits.drop(
        charger,
        number=payload.get("chargingProfileId"),
        evse=criteria.get("evseId"),
        purpose=criteria.get("chargingProfilePurpose"),
        stack_level=criteria.get("stackLevel"),
    )
    return {"status": "Accepted" if cleared else "Unknown"}


def get_charging_profiles(charger: Charger, payload: Json) -> Json:
    """Report profiles after the answer; all are the central system's own."""
    criteria = payload["chargingProfile"]
    found = limits.fitting(
        charger,
        number=criteria.get("chargingProfileId"),
        evse=payload.get("evseId"),
        purpose=criteria.get("chargingProfilePurpose"),
        stack_level=criteria.get("stackLevel"),
    )
    if not found or "CSO" not in criteria.get("chargingLimitSource", ["CSO"]):
        return {"status": "NoProfiles"}
    messages = [
        Message(
            "ReportChargingProfiles",
            {
                "requestId": payload["requestId"],
                "chargingLimitSource": "CSO",
                "evseId": one.evse,
                "chargingProfile": [one.said],
                "tbc": one is not found[-1],
            },
        )
        for one in found
    ]
    charger.agenda.soon(lambda: acts.say_in_turn(charger, messages, 0.0))
    return {"status": "Accepted"}


def get_composite_schedule(charger: Charger, payload: Json) -> Json:
    """Tell what all profiles together allow."""
    number, unit = payload["evseId"], payload.get("chargingRateUnit")
    schedule = limits.schedule(charger, number, payload["duration"], unit)
    if schedule is None:
        return {"status": "Rejected"}
    return {"status": "Accepted", "schedule": {"evseId": number, **schedule}}


def get_log(charger: Charger, payload: Json) -> Json:
    """Send a log."""
    name = f"{charger.spec.identity}.log"
    told = partial(_told, "LogStatusNotification", payload["requestId"])
    service.send_log(charger, payload["log"]["remoteLocation"], name, told)
    return {"status": "Accepted", "filename": name}


def update_firmware(charger: Charger, payload: Json) -> Json:
    """Fetch a new firmware, and run it."""
    signed = ["SignatureVerified"] if "signature" in payload["firmware"] else []
    told = partial(_told, "FirmwareStatusNotification", payload["requestId"])
    steps = ("Downloaded", *signed, "Installing", "Installed")
    service.update_firmware(charger, payload["firmware"]["location"], steps, told)
    return {"status": "Accepted"}


ANSWERS: dict[str, Callable[[Charger, Json], Json]] = {
    **monitors.ANSWERS,
    **papers.ANSWERS,
    "CancelReservation": shared.cancel_reservation,
    "ChangeAvailability": change_availability,
    "ClearCache": shared.clear_cache,
    "ClearChargingProfile": clear_charging_profile,
    "ClearDisplayMessage": customers.clear_display_message,
    "CostUpdated": customers.cost_updated,
    "CustomerInformation": customers.customer_information,
    "DataTransfer": shared.data_transfer,
    "GetBaseReport": get_base_report,
    "GetChargingProfiles": get_charging_profiles,
    "GetCompositeSchedule": get_composite_schedule,
    "GetDisplayMessages": customers.get_display_messages,
    "GetLocalListVersion": get_local_list_version,
    "GetLog": get_log,
    "GetReport": get_report,
    "GetTransactionStatus": get_transaction_status,
    "GetVariables": get_variables,
    "RequestStartTransaction": request_start,
    "RequestStopTransaction": request_stop,
    "ReserveNow": reserve_now,
    "Reset": reset,
    "SendLocalList": send_local_list,
    "SetChargingProfile": set_charging_profile,
    "SetDisplayMessage": customers.set_display_message,
    "SetVariables": set_variables,
    "TriggerMessage": trigger_message,
    "UnlockConnector": unlock_connector,
    "UpdateFirmware": update_firmware,
}


def _ports(charger: Charger, payload: Json) -> list[Port] | None:
    return service.chosen_ports(charger, payload.get("evse", {}).get("id", 0))


def _port_of(charger: Charger, transaction: str) -> Port | None:
    ports = charger.ports.values()
    return next((port for port in ports if port.session and port.session.key == transaction), None)


def _told(action: str, request: int, status: str) -> Message:
    said = "UploadFailure" if status == "UploadFailed" else status
    return Message(action, {"status": said, "requestId": request})


def _report(charger: Charger, payload: Json, entries: list[Json]) -> Json:
    if not entries:
        return {"status": "EmptyResultSet"}
    messages = device_model.report(charger, payload["requestId"], entries)
    charger.agenda.soon(lambda: acts.say_in_turn(charger, messages, 0.0))
    return {"status": "Accepted"}
