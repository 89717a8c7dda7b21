"""Charging profiles in our messages: what follows from the charger's answers.

Whatever door a message came through.
"""

from datetime import UTC
from typing import Any

from cpms.control import composites, profiles
from cpms.control.models import Command
from cpms.control.settlement import Ending
from cpms.ocpp import profiles as reading
from cpms.ocpp import times

State = Command.State
Payload = dict[str, Any]


def was_set(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep a profile that was accepted. (1.6 §5.16, 2.x K01)"""
    said = payload.get("csChargingProfiles") or payload.get("chargingProfile") or {}
    profile = reading.profile(said, ending.at)
    if ending.state == State.ACCEPTED and profile is not None:
        profiles.accepted(command, _place(payload), profile, ending.at)


def came_with_start(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep the profile that a session is started with, where it is known which port's it is."""
    if "chargingProfile" in payload and _place(payload):
        was_set(command, payload, ending)


def were_cleared(command: Command, payload: Payload, ending: Ending) -> None:
    """Take off what was cleared, and what the charger doesn't know. (1.6 §5.5, 2.x K10)"""
    criteria = payload.get("chargingProfileCriteria") or payload
    number = payload.get("chargingProfileId", payload.get("id"))
    purpose = criteria.get("chargingProfilePurpose")
    if purpose == "ChargePointMaxProfile":
        purpose = "ChargingStationMaxProfile"
    which = {
        "number": number,
        "evse": criteria.get("evseId", criteria.get("connectorId")),
        "purpose": purpose,
        "stack_level": criteria.get("stackLevel"),
    }
    said = {name: value for name, value in which.items() if value is not None}
    if ending.state == State.ACCEPTED:
        profiles.cleared(command.charger_id, said, ending.at)
    elif ending.result == "Unknown":
        profiles.cleared(command.charger_id, said, ending.at, known=False)


def were_asked(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep that the charger has none of those asked for. (2.x K09)"""
    if ending.result == "NoProfiles":
        profiles.none_reported(command, payload, ending.at)


def composite_told(command: Command, payload: Payload, ending: Ending) -> None:
    """Keep the composite schedule that the charger told, and hold it against ours. (K08)"""
    response = ending.response or {}
    said = response.get("schedule") or response.get("chargingSchedule") or {}
    schedule = reading.schedule(said, ending.at)
    if ending.state != State.ACCEPTED or schedule is None:
        return
    begun = said.get("scheduleStart") or response.get("scheduleStart")
    start = times.read(begun, UTC, ending.at)[0] if begun else schedule.start
    composites.told(command, _place(payload), schedule, start or ending.at, ending.at)


def _place(payload: Payload) -> int:
    return int(payload.get("evseId") or payload.get("connectorId") or 0)


EFFECTS = {
    "ClearChargingProfile": [were_cleared],
    "GetChargingProfiles": [were_asked],
    "GetCompositeSchedule": [composite_told],
    "SetChargingProfile": [was_set],
}
