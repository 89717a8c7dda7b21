"""Charging profiles, schedules and vehicles' needs, read from OCPP's messages of any version.

What chargers report need not keep the rules: what can be understood is read, the rest is None.
"""

from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

import msgspec

from cpms.control.charging.composite import VOLTS
from cpms.control.charging.plan import LEAST, MOST, Needs
from cpms.control.charging.profile import Profile, Schedule
from cpms.ocpp import times
from cpms.ocpp.text import clean

Json = dict[str, Any]
Made = TypeVar("Made")
#: Periods read of one schedule, and schedules of one profile. (OCPP allows 1024 and 3)
MOST_PERIODS, MOST_SCHEDULES = 1024, 3


def profile(said: Json, received: datetime, zone: tzinfo = UTC) -> Profile | None:
    """Return a ChargingProfile; None for one that can't be understood."""
    schedules = said.get("chargingSchedule")
    listed = schedules if isinstance(schedules, list) else [schedules]
    number = said.get("chargingProfileId") if "chargingProfileId" in said else said.get("id")
    purpose = said.get("chargingProfilePurpose")
    session = said.get("transactionId")
    return _made(
        Profile,
        id=number,
        purpose={"ChargePointMaxProfile": "ChargingStationMaxProfile"}.get(str(purpose), purpose),
        kind=said.get("chargingProfileKind"),
        stack_level=said.get("stackLevel"),
        recurrency=said.get("recurrencyKind"),
        valid_from=_moment(said.get("validFrom"), received, zone),
        valid_to=_moment(said.get("validTo"), received, zone),
        transaction_id=None if session is None else clean(str(session), 36),
        schedules=[_schedule(one, received, zone) for one in listed[:MOST_SCHEDULES]],
    )


def schedule(said: Json, received: datetime, zone: tzinfo = UTC) -> Schedule | None:
    """Return a ChargingSchedule; None for one that can't be understood."""
    return _made(Schedule, **_schedule(said, received, zone))


def _made(made: type[Made], /, **fields: Any) -> Made | None:
    said = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(said, made)
    except msgspec.ValidationError:
        return None


def _schedule(said: Any, received: datetime, zone: tzinfo) -> Json:
    if not isinstance(said, dict):
        return {}
    periods = (said.get("chargingSchedulePeriod") or [])[:MOST_PERIODS]
    fields = {
        "id": said.get("id"),
        "unit": said.get("chargingRateUnit"),
        "start": _moment(said.get("startSchedule"), received, zone),
        "duration": said.get("duration"),
        "min_rate": said.get("minChargingRate"),
        "local_time": said.get("useLocalTime"),
        # A period without a limit (2.1: a set point) limits nothing that is understood here.
        "periods": [_period(one) for one in periods if "limit" in one],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _period(said: Json) -> Json:
    fields = {
        "start": said.get("startPeriod"),
        "limit": said.get("limit"),
        "phases": said.get("numberPhases"),
        "phase": said.get("phaseToUse"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _moment(said: object, received: datetime, zone: tzinfo) -> datetime | None:
    return times.read(said, zone, received)[0] if said else None


#: Phases of the ways to transfer energy. (EnergyTransferModeEnumType)
AC_PHASES = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}


def needs(said: Json, tuples: object, received: datetime, zone: tzinfo) -> Needs:
    """Return a ChargingNeedsType, with `maxScheduleTuples`, as the plan is made from it."""
    mode = str(said.get("requestedEnergyTransfer"))
    unit: Any = "A" if mode.startswith("AC") else "W"
    phases = AC_PHASES.get(mode, 3) if unit == "A" else None
    alternating, direct = said.get("acChargingParameters"), said.get("dcChargingParameters")
    both = said.get("v2xChargingParameters") or {}
    if alternating:
        most, least = _watts(alternating, "evMaxCurrent", phases), _least(alternating, phases)
    elif unit == "A" and not both:
        most, least = MOST * VOLTS * (phases or 3), LEAST * VOLTS * (phases or 3)
    else:
        most, least = _direct(direct or {}), LEAST * VOLTS * phases if phases else 0.0
    amounts = (alternating or direct or {}).get("energyAmount"), both.get("evTargetEnergyRequest")
    return Needs(
        unit=unit,
        phases=phases,
        energy=next((float(one) for one in amounts if one and one > 0), None),
        departure=_moment(said.get("departureTime"), received, zone),
        most=most or _positive(both.get("maxChargePower")),
        least=least,
        tuples=int(tuples) if isinstance(tuples, int | float) and tuples >= 1 else None,
    )


def _watts(said: Json, name: str, phases: int | None) -> float | None:
    amperes = _positive(said.get(name))
    return None if amperes is None else amperes * VOLTS * (phases or 3)


def _least(said: Json, phases: int | None) -> float:
    return _watts(said, "evMinCurrent", phases) or LEAST * VOLTS * (phases or 3)


def _direct(said: Json) -> float | None:
    """Return the most that a vehicle takes as direct current, W."""
    power = _positive(said.get("evMaxPower"))
    amperes, volts = _positive(said.get("evMaxCurrent")), _positive(said.get("evMaxVoltage"))
    by_current = amperes * volts if amperes and volts else None
    return min((one for one in (power, by_current) if one), default=None)


def _positive(amount: Any) -> float | None:
    return float(amount) if isinstance(amount, int | float) and amount > 0 else None
