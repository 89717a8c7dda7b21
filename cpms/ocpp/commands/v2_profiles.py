"""Charging profiles in OCPP 2.0.1 and 2.1. (Part 2, K)"""

from typing import Any

from cpms.control.charging.profile import Period, Profile, Schedule
from cpms.control.operations import BadRequest, Operation, profiles
from cpms.ocpp.commands.limits import said, tenths, without_none

Said = tuple[str, dict[str, Any]]


def profile(wanted: Profile) -> dict[str, Any]:
    """Return a ChargingProfileType; what 2.0.1 hasn't of it, its schema refuses."""
    about = {
        "id": wanted.id,
        "stackLevel": wanted.stack_level,
        "chargingProfilePurpose": wanted.purpose,
        "chargingProfileKind": wanted.kind,
        "recurrencyKind": wanted.recurrency,
        "validFrom": said(wanted.valid_from),
        "validTo": said(wanted.valid_to),
        "transactionId": wanted.transaction_id,
        "chargingSchedule": [_schedule(schedule) for schedule in wanted.schedules],
    }
    return without_none(about)


def _schedule(wanted: Schedule) -> dict[str, Any]:
    return without_none(
        {
            "id": wanted.id,
            "startSchedule": said(wanted.start),
            "duration": wanted.duration,
            "chargingRateUnit": wanted.unit,
            "chargingSchedulePeriod": [_period(period) for period in wanted.periods],
            "minChargingRate": tenths(wanted.min_rate),
            "useLocalTime": wanted.local_time or None,
        }
    )


def _period(wanted: Period) -> dict[str, Any]:
    limit = {"startPeriod": wanted.start, "limit": tenths(wanted.limit)}
    return without_none({**limit, "numberPhases": wanted.phases, "phaseToUse": wanted.phase})


def set_profile(asked: profiles.SetProfile) -> Said:
    """K01."""
    return "SetChargingProfile", {"evseId": asked.evse, "chargingProfile": profile(asked.profile)}


def clear_profiles(asked: profiles.ClearProfiles) -> Said:
    """K10: by number, or by at least one criterion (K10.FR.02)."""
    criteria = without_none(
        {
            "evseId": asked.evse,
            "chargingProfilePurpose": asked.purpose,
            "stackLevel": asked.stack_level,
        }
    )
    if asked.id is None and not criteria:
        raise BadRequest(
            "OCPP 2.x clears by a number, a port, a purpose or a level, not all at once "
            "(K10.FR.02): name a purpose, one after the other."
        )
    about = {"chargingProfileId": asked.id, "chargingProfileCriteria": criteria or None}
    return "ClearChargingProfile", about


def ask_profiles(asked: profiles.AskProfiles) -> Said:
    """K09: at least one of the criteria is said (K09.FR.03)."""
    criteria = without_none(
        {
            "chargingProfilePurpose": asked.purpose,
            "stackLevel": asked.stack_level,
            "chargingProfileId": asked.ids,
            "chargingLimitSource": asked.sources,
        }
    )
    if not criteria and asked.evse is None:
        raise BadRequest("Name at least one criterion: port, purpose, level, source or numbers.")
    about = {"requestId": asked.request_id, "evseId": asked.evse, "chargingProfile": criteria}
    return "GetChargingProfiles", about


def ask_composite(asked: profiles.AskComposite) -> Said:
    """K08."""
    about = {"evseId": asked.evse, "duration": asked.duration, "chargingRateUnit": asked.unit}
    return "GetCompositeSchedule", about


def use_priority(asked: profiles.UsePriority) -> Said:
    """2.1 K21."""
    about = {"transactionId": asked.transaction_id, "activate": asked.active}
    return "UsePriorityCharging", about


def update_dynamic(asked: profiles.UpdateDynamic) -> Said:
    """2.1 K28."""
    update = {"limit": tenths(asked.limit)}
    return "UpdateDynamicSchedule", {"chargingProfileId": asked.id, "scheduleUpdate": update}


TRANSLATORS: dict[type[Operation], Any] = {
    profiles.SetProfile: set_profile,
    profiles.ClearProfiles: clear_profiles,
    profiles.AskProfiles: ask_profiles,
    profiles.AskComposite: ask_composite,
    profiles.UsePriority: use_priority,
    profiles.UpdateDynamic: update_dynamic,
}
