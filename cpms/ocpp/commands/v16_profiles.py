"""Charging profiles in OCPP 1.6. (§3.13, §5.5, §5.7, §5.16)"""

from typing import Any

from cpms.control.charging.profile import Period, Profile, Schedule
from cpms.control.operations import BadRequest, Operation, profiles
from cpms.ocpp.commands.limits import said, tenths, without_none

Said = tuple[str, dict[str, Any]]

PURPOSES = {
    "ChargingStationMaxProfile": "ChargePointMaxProfile",
    "TxDefaultProfile": "TxDefaultProfile",
    "TxProfile": "TxProfile",
}


def profile(wanted: Profile) -> dict[str, Any]:
    """Return a ChargingProfile (§7.8); raise `BadRequest` for what 1.6 hasn't."""
    if len(wanted.schedules) > 1:
        raise BadRequest("In OCPP 1.6 a profile has one schedule.")
    if wanted.kind == "Dynamic":
        raise BadRequest("OCPP 1.6 has no dynamic profiles.")
    about = {
        "chargingProfileId": wanted.id,
        "transactionId": _transaction(wanted.transaction_id),
        "stackLevel": wanted.stack_level,
        "chargingProfilePurpose": _purpose(wanted.purpose),
        "chargingProfileKind": wanted.kind,
        "recurrencyKind": wanted.recurrency,
        "validFrom": said(wanted.valid_from),
        "validTo": said(wanted.valid_to),
        "chargingSchedule": _schedule(wanted.schedules[0]),
    }
    return without_none(about)


def _purpose(purpose: str) -> str:
    if purpose not in PURPOSES:
        raise BadRequest(f"OCPP 1.6 has no {purpose}.")
    return PURPOSES[purpose]


def _transaction(said: str | None) -> int | None:
    try:
        return None if said is None else int(said)
    except ValueError:
        raise BadRequest("In OCPP 1.6 a transaction's id is a whole number.") from None


def _schedule(wanted: Schedule) -> dict[str, Any]:
    if wanted.local_time:
        raise BadRequest("In OCPP 1.6 a schedule recurs by UTC, not by the local time.")
    return without_none(
        {
            "duration": wanted.duration,
            "startSchedule": said(wanted.start),
            "chargingRateUnit": wanted.unit,
            "chargingSchedulePeriod": [_period(period) for period in wanted.periods],
            "minChargingRate": tenths(wanted.min_rate),
        }
    )


def _period(wanted: Period) -> dict[str, Any]:
    if wanted.phase is not None:
        raise BadRequest("OCPP 1.6 can't say which phase to use.")
    limit = {"startPeriod": wanted.start, "limit": tenths(wanted.limit)}
    return without_none({**limit, "numberPhases": wanted.phases})


def set_profile(asked: profiles.SetProfile) -> Said:
    """§5.16."""
    about = {"connectorId": asked.evse, "csChargingProfiles": profile(asked.profile)}
    return "SetChargingProfile", about


def clear_profiles(asked: profiles.ClearProfiles) -> Said:
    """§5.5: without any field, all are cleared."""
    purpose = _purpose(asked.purpose) if asked.purpose else None
    about = {
        "id": asked.id,
        "connectorId": asked.evse,
        "chargingProfilePurpose": purpose,
        "stackLevel": asked.stack_level,
    }
    return "ClearChargingProfile", about


def ask_composite(asked: profiles.AskComposite) -> Said:
    """§5.7."""
    about = {
        "connectorId": asked.evse,
        "duration": asked.duration,
        "chargingRateUnit": asked.unit,
    }
    return "GetCompositeSchedule", about


TRANSLATORS: dict[type[Operation], Any] = {
    profiles.SetProfile: set_profile,
    profiles.ClearProfiles: clear_profiles,
    profiles.AskComposite: ask_composite,
}
