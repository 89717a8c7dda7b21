"""Charging needs, schedules, limits and profiles that chargers report. (2.0.1 part 2, K)

Each is kept as an event, before it is answered; what else follows from it may be lost with the
gateway, and comes again with the next report or vehicle.
"""

from datetime import datetime, timedelta
from functools import partial

import msgspec

from cpms.control import profiles, vehicles
from cpms.control.charging.compare import exceeded, spans
from cpms.control.charging.composite import Supply
from cpms.control.charging.profile import Schedule
from cpms.ocpp import profiles as reading
from cpms.ocpp.notes import fit, note
from cpms.ocpp.outcome import Answer, Outcome, Refused
from cpms.ocpp.station import Station
from cpms.ocpp.text import clean, storable

#: Profiles read of one report.
MOST_PROFILES = 100
#: Schedules read of one limit.
MOST_SCHEDULES = 3
LONGEST = timedelta(days=1)
#: More than any EVSE's number; what is beyond doesn't fit the column.
MOST_EVSE = 10_000


def charging_limit(station: Station, payload: Answer, received: datetime) -> Outcome:
    """K11, K12: something else than we limits the charger, or one EVSE."""
    limit = payload["chargingLimit"]
    source = clean(limit.get("chargingLimitSource"), 20) or "Other"
    said = (payload.get("chargingSchedule") or [])[:MOST_SCHEDULES]
    read = [reading.schedule(one, received, station.zone) for one in said]
    schedules = [_begun(one, received) for one in read if one is not None]
    evse = _evse(payload)
    keep = partial(
        profiles.limited, station.id, evse, source, schedules, received,
        grid_critical=limit.get("isGridCritical"),
    )  # fmt: skip
    fact = note(station, "charging_limit", received, payload, evse=evse)
    return Outcome({}, [fact], then=keep)


def _begun(schedule: Schedule, received: datetime) -> Schedule:
    """Return a schedule with a start: one that says none begins now."""
    return schedule if schedule.start else msgspec.structs.replace(schedule, start=received)


def cleared_charging_limit(station: Station, payload: Answer, received: datetime) -> Outcome:
    """K13: that limit is over."""
    source = clean(payload.get("chargingLimitSource"), 20) or "Other"
    evse = _evse(payload) if payload.get("evseId") is not None else None
    lift = partial(profiles.limit_lifted, station.id, source, received, evse)
    fact = note(station, "charging_limit_cleared", received, payload, evse=evse, code=source)
    return Outcome({}, [fact], then=lift)


def charging_profiles(station: Station, payload: Answer, received: datetime) -> Outcome:
    """K09: some of the profiles that the charger holds; others may come before or after."""
    source, evse = clean(payload["chargingLimitSource"], 20) or "Other", _evse(payload)
    said = payload["chargingProfile"][:MOST_PROFILES]
    read = [reading.profile(one, received, station.zone) for one in said]
    known = [one for one in read if one is not None]

    def keep() -> None:
        profiles.reported(station.id, evse, source, known, received)
        if not payload.get("tbc"):
            profiles.reported_all(station.id, int(payload["requestId"]), received)

    fact = note(station, "charging_profiles", received, payload, evse=evse, code=source)
    return Outcome({}, [fact], then=keep)


def charging_needs(station: Station, payload: Answer, received: datetime) -> Outcome:
    """K15, K17: a vehicle says what it needs; a profile for its session follows.

    Accepted promises one within a minute; a vehicle that can't be planned for is told so, and
    charges by the charger's other profiles. (K15.FR.03, FR.04)
    """
    evse, said = _evse(payload), payload["chargingNeeds"]
    needs = reading.needs(said, payload.get("maxScheduleTuples"), received, station.zone)
    fact = note(station, "charging_needs", received, payload, evse=evse)
    if not evse or needs.most is None:
        # 2.1 has a word for it: there is no profile, charge as you may.
        status = "NoChargingProfile" if station.version == "2.1" else "Rejected"
        info = {"reasonCode": "NoData", "additionalInfo": "The needs say no limits to plan by."}
        return Outcome({"status": status, "statusInfo": info}, [fact])
    told = storable(fit({"chargingNeeds": said}))
    give = partial(vehicles.needed, station.id, evse, needs, told, received)
    return Outcome({"status": "Accepted"}, [fact], then=give)


def charging_schedule(station: Station, payload: Answer, received: datetime) -> Outcome:
    """K15–K17: what a vehicle makes of its profile; one that exceeds it is sent it again.

    Accepted says that it was received and keeps to the profile; where we know of none, that it
    was received. (K15.FR.11, FR.12)
    """
    evse = _evse(payload)
    theirs = reading.schedule(payload["chargingSchedule"], received, station.zone)
    if theirs is None:
        raise Refused("PropertyConstraintViolation", "The schedule can't be understood.")
    moment = station.clock.moment(payload.get("timeBase"), received)
    fits = not _exceeds(station, evse, theirs, moment.at)
    fact = note(station, "charging_schedule", received, payload, evse=evse, moment=moment)
    said = {"timeBase": payload["timeBase"], "chargingSchedule": payload["chargingSchedule"]}
    told = storable(fit(said))
    keep = partial(vehicles.scheduled, station.id, evse, told, received, fits=fits)
    return Outcome({"status": "Accepted" if fits else "Rejected"}, [fact], then=keep)


def _exceeds(station: Station, evse: int, theirs: Schedule, base: datetime) -> bool:
    """Tell whether a vehicle's schedule allows more than the profile that its session got."""
    given = station.given.get(evse)
    profile = reading.profile(given, base, station.zone) if given else None
    if profile is None:
        return False
    ours, supply = profile.schedules[0], Supply()
    begun = theirs.start or base
    mine = spans(ours, ours.start or begun, begun + LONGEST, supply)
    return exceeded(spans(theirs, begun, begun + LONGEST, supply), mine) is not None


def _evse(payload: Answer) -> int:
    """Return the EVSE's number, 0 for the charger as a whole or a number that is none."""
    number = int(payload.get("evseId") or 0)
    return number if 0 < number <= MOST_EVSE else 0
