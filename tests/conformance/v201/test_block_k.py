"""K: charging profiles, and limits that others set."""

import asyncio
from dataclasses import dataclass
from typing import Any

from cpms.control.models import ChargingProfile, Command
from tests.conformance.asking import LOOK_EVERY
from tests.conformance.case import Case, case
from tests.conformance.station import PATIENCE, Station, now
from tests.conformance.v201.states import (
    ACCEPTED,
    EVSE,
    VALID,
    Transaction,
    arrived,
    asked,
    copes,
    has_charging,
)

LEVEL, DAY = 0, 86_400


def profile(
    purpose: str = "TxDefaultProfile",
    kind: str = "Absolute",
    limit: float = 6.0,
    number: int = 1,
    **more: Any,
) -> dict[str, Any]:
    """Return a profile of one period, as it is asked for."""
    period = {"start": 0, "limit": limit, "phases": 3}
    schedule: dict[str, Any] = {"id": number, "duration": DAY, "unit": "A", "periods": [period]}
    times = {} if kind == "Relative" else {"valid_from": now(), "valid_to": now(DAY)}
    if kind != "Relative":
        schedule["start"] = now()
    about = {"id": number, "purpose": purpose, "kind": kind, "stack_level": LEVEL}
    return {**about, "schedules": [schedule], **times, **more}


#: A profile's fields -> OCPP's.
NAMES = {
    "purpose": "chargingProfilePurpose",
    "kind": "chargingProfileKind",
    "stack_level": "stackLevel",
    "schedules": "chargingSchedule",
    "valid_from": "validFrom",
    "valid_to": "validTo",
    "transaction_id": "transactionId",
    "recurrency": "recurrencyKind",
    "start": "startSchedule",
    "unit": "chargingRateUnit",
    "periods": "chargingSchedulePeriod",
    "phases": "numberPhases",
}


def on_the_wire(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return a profile, or a schedule of it, as OCPP 2.0.1 has it."""
    said = {NAMES.get(name, name): value for name, value in wanted.items()}
    for name in ("chargingSchedule", "chargingSchedulePeriod"):
        if name in said:
            said[name] = [on_the_wire(one) for one in said[name]]
    if "limit" in said:
        said["startPeriod"] = said.pop("startSchedule")
    return said


async def sets(
    case: Case, station: Station, evse: int, wanted: dict[str, Any], answer: str = "Accepted"
) -> None:
    """Have a profile set."""
    action, operation = "SetChargingProfile", "set_profile"
    call, command = await asked(case, station, action, operation, evse=evse, profile=wanted)
    assert call.payload == {"evseId": evse, "chargingProfile": on_the_wire(wanted)}
    await call.answer(status=answer)
    await command.ends(answer.lower(), answer)
    await copes(station)
    limit = wanted["schedules"][0]["periods"][0]["limit"]
    kept = [(evse, wanted["id"], limit)] if answer == "Accepted" else []
    assert [one for one in await held(case) if one[1] == wanted["id"]] == kept


async def held(case: Case) -> list[tuple[int, int, float]]:
    """Return EVSE, number and limit of the profiles that the station is known to hold."""
    rows = ChargingProfile.objects.filter(charger__identity=case.identity, gone_at=None)
    return [
        (row.evse, row.number, row.body["schedules"][0]["periods"][0]["limit"])
        async for row in rows.order_by("evse", "number")
    ]


async def holds(case: Case, *numbers: int) -> None:
    """Wait until these are the profiles that the station is known to hold: once it has reported."""
    async with asyncio.timeout(PATIENCE):
        while [number for _evse, number, _limit in await held(case)] != list(numbers):
            await asyncio.sleep(LOOK_EVERY)


@case("TC_K_01_CSMS")
async def test_a_default_profile_of_an_evse(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2, 3):
        await sets(case, station, EVSE, profile())


@case("TC_K_02_CSMS")
async def test_a_session_s_profile_without_a_session(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        unknown = profile("TxProfile", "Relative", 7.0, transaction_id="none-runs")
        await sets(case, station, EVSE, unknown, "Rejected")


@case("TC_K_03_CSMS")
async def test_a_station_s_maximum(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        await sets(case, station, 0, profile("ChargingStationMaxProfile", limit=8.0))


@case("TC_K_04_CSMS")
async def test_a_profile_is_replaced(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2, 3):
        for limit in (8.0, 6.0):
            await sets(case, station, EVSE, profile(limit=limit))


async def clears(
    case: Case, station: Station, sent: dict[str, Any], answer: str = "Accepted", **which: Any
) -> None:
    """Have profiles cleared: entry 0."""
    action, operation = "ClearChargingProfile", "clear_profiles"
    with case.proves(0):
        call, command = await asked(case, station, action, operation, **which)
        assert call.payload == sent
        await call.answer(status=answer)
        await command.ends({"Accepted": "accepted"}.get(answer, "rejected"), answer)
        await copes(station)


CRITERIA: dict[str, Any] = {"evse": EVSE, "purpose": "TxDefaultProfile", "stack_level": LEVEL}
SENT_CRITERIA = {
    "chargingProfileCriteria": {
        "evseId": EVSE,
        "chargingProfilePurpose": "TxDefaultProfile",
        "stackLevel": LEVEL,
    }
}


@case("TC_K_06_CSMS")
async def test_profiles_of_a_level_are_cleared(case: Case) -> None:
    await clears(case, await arrived(case), SENT_CRITERIA, **CRITERIA)


@case("TC_K_08_CSMS")
async def test_there_is_no_profile_to_clear(case: Case) -> None:
    await clears(case, await arrived(case), SENT_CRITERIA, "Unknown", **CRITERIA)


@case("TC_K_10_CSMS")
async def test_a_default_profile_of_all_evses(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        await sets(case, station, 0, profile())


@case("TC_K_15_CSMS")
async def test_profiles_are_not_supported(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1):
        wanted = profile()
        action, operation = "SetChargingProfile", "set_profile"
        call, command = await asked(case, station, action, operation, evse=EVSE, profile=wanted)
        assert call.payload == {"evseId": EVSE, "chargingProfile": on_the_wire(wanted)}
        await call.refuse("NotSupported")
        await command.ends("not_supported", "NotSupported")
        await copes(station)


@case("TC_K_19_CSMS")
async def test_a_recurring_profile(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await sets(case, station, EVSE, profile(kind="Recurring", recurrency="Daily"))


async def asks(
    case: Case,
    station: Station,
    criteria: dict[str, Any],
    evse: int | None = EVSE,
    *reported: int,
    purpose: str = "TxDefaultProfile",
) -> None:
    """Have profiles asked for: entry 0; the station reports them: the last entry."""
    where = {} if evse is None else {"evse": evse}
    action, operation = "GetChargingProfiles", "get_profiles"
    with case.proves(0):
        call, command = await asked(case, station, action, operation, **where, **criteria)
        request = call.payload["requestId"]
        sent = {SENT[name]: value for name, value in criteria.items()}
        where = {} if evse is None else {"evseId": evse}
        assert call.payload == {"requestId": request, "chargingProfile": sent, **where}
        await call.answer(**ACCEPTED)
        await command.ends("accepted", "Accepted")
    with case.proves(len(case.record.entries) - 1):
        told = reported or (EVSE,)
        for number in told:
            report = {
                "requestId": request,
                "evseId": number,
                "chargingLimitSource": "CSO",
                "tbc": number != told[-1],
                "chargingProfile": [on_the_wire(profile(purpose, number=number))],
            }
            assert await station.call("ReportChargingProfiles", **report) == {}
        assert await case.events("charging_profiles") == ["CSO"] * len(told)
        await holds(case, *told)


SENT = {
    "purpose": "chargingProfilePurpose",
    "stack_level": "stackLevel",
    "ids": "chargingProfileId",
    "sources": "chargingLimitSource",
}
DEFAULTS = {"purpose": "TxDefaultProfile"}


@case("TC_K_05_CSMS")
async def test_a_profile_is_cleared_by_its_number(case: Case) -> None:
    station = await arrived(case)
    await asks(case, station, DEFAULTS)
    await clears(case, station, {"chargingProfileId": 1}, id=1)
    await holds(case)


@case("TC_K_29_CSMS")
async def test_profiles_of_the_station_are_asked_for(case: Case) -> None:
    transaction = await has_charging(case)
    await asks(case, transaction.station, DEFAULTS, 0)


@case("TC_K_30_CSMS")
async def test_profiles_of_an_evse_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), DEFAULTS)


@case("TC_K_31_CSMS")
async def test_profiles_of_wherever_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), DEFAULTS, None, 1, 2)


@case("TC_K_32_CSMS")
async def test_a_profile_is_asked_for_by_its_number(case: Case) -> None:
    await asks(case, await arrived(case), {"ids": [1]}, None)


@case("TC_K_33_CSMS")
async def test_profiles_of_a_level_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), {"stack_level": LEVEL})


@case("TC_K_34_CSMS")
async def test_profiles_of_a_source_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), {"sources": ["CSO"]})


@case("TC_K_35_CSMS")
async def test_profiles_of_a_purpose_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), DEFAULTS)


@case("TC_K_36_CSMS")
async def test_profiles_of_a_purpose_and_level_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), {**DEFAULTS, "stack_level": LEVEL})


@case("TC_K_52_CSMS")
async def test_limits_of_others_are_among_the_profiles(case: Case) -> None:
    purpose = "ChargingStationExternalConstraints"
    await asks(case, await arrived(case), {"purpose": purpose}, purpose=purpose)


async def composite(case: Case, evse: int) -> None:
    """Have the composite schedule asked for: entry 0."""
    station = await arrived(case)
    schedule = {
        "evseId": evse,
        "duration": 300,
        "scheduleStart": now(),
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    }
    action, operation = "GetCompositeSchedule", "get_composite"
    wanted = {"evse": evse, "duration": 300, "unit": "A"}
    with case.proves(0):
        call, command = await asked(case, station, action, operation, **wanted)
        assert call.payload == {"evseId": evse, "duration": 300, "chargingRateUnit": "A"}
        await call.answer(**ACCEPTED, schedule=schedule)
        await command.ends("accepted", "Accepted")
        await copes(station)


@case("TC_K_43_CSMS")
async def test_the_schedule_of_an_evse_is_asked_for(case: Case) -> None:
    await composite(case, EVSE)


@case("TC_K_44_CSMS")
async def test_the_schedule_of_the_station_is_asked_for(case: Case) -> None:
    await composite(case, 0)


@case("TC_K_60_CSMS")
async def test_a_profile_of_the_session(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        wanted = profile("TxProfile", "Relative", transaction_id=transaction.id)
        await sets(case, transaction.station, EVSE, wanted)


@case("TC_K_70_CSMS")
async def test_two_profiles(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await sets(case, transaction.station, EVSE, profile())
    with case.proves(1):
        wanted = profile("ChargingStationMaxProfile", number=2)
        await sets(case, transaction.station, 0, wanted)


@case("TC_K_48_CSMS")
async def test_somebody_else_limits_the_station(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        limit = {"chargingLimitSource": "EMS"}
        assert await station.call("NotifyChargingLimit", chargingLimit=limit) == {}
        assert len(await case.events("charging_limit")) == 1


@case("TC_K_50_CSMS")
async def test_the_limit_is_lifted(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        assert await station.call("ClearedChargingLimit", chargingLimitSource="EMS") == {}
        assert await case.events("charging_limit_cleared") == ["EMS"]


@case("TC_K_51_CSMS")
async def test_the_limit_is_lifted_while_charging(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        lifted = {"chargingLimitSource": "EMS"}
        assert await transaction.station.call("ClearedChargingLimit", **lifted) == {}
        assert await transaction.tells("ChargingRateChanged", "Charging") == {}
        assert await case.events("charging_limit_cleared") == ["EMS"]


@case("TC_K_37_CSMS")
async def test_a_session_is_started_with_a_profile(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    wanted = profile("TxProfile", "Relative")
    command = await case.asks("start", id_token="VALID", evse=EVSE, profile=wanted)
    call = await transaction.station.asked("RequestStartTransaction")
    with case.proves(0):
        assert (call.payload["idToken"], call.payload["evseId"]) == (VALID, EVSE)
    with case.proves(1):
        said = call.payload["chargingProfile"]
        assert said == on_the_wire(wanted)
        assert "startSchedule" not in said["chargingSchedule"][0]
    await call.answer(status="Accepted")
    await command.ends("accepted", "Accepted")
    about = {"remoteStartId": call.payload["remoteStartId"]}
    answer = await transaction.tells("RemoteStart", info=about, idToken=VALID)
    assert answer["idTokenInfo"]["status"] == "Accepted"


def needs(**more: Any) -> dict[str, Any]:
    """Return a NotifyEVChargingNeeds of a vehicle that has ten hours."""
    alternating = {"energyAmount": 40_000, "evMinCurrent": 6, "evMaxCurrent": 16}
    said = {
        "requestedEnergyTransfer": "AC_three_phase",
        "acChargingParameters": {**alternating, "evMaxVoltage": 400},
        "departureTime": now(36_000),
    }
    return {"evseId": EVSE, "maxScheduleTuples": 4, "chargingNeeds": said, **more}


def schedule_of(profile: dict[str, Any], more: float = 0.0) -> dict[str, Any]:
    """Return the NotifyEVChargingSchedule of a vehicle that takes what it is given, or more."""
    (given,) = profile["chargingSchedule"]
    periods = [{**p, "limit": p["limit"] + more} for p in given["chargingSchedulePeriod"]]
    told = {**given, "chargingSchedulePeriod": periods}
    return {"timeBase": now(), "evseId": EVSE, "chargingSchedule": told}


@dataclass
class Vehicle:
    """A vehicle that talks ISO 15118, in a transaction."""

    transaction: Transaction

    @classmethod
    async def plugged_in(cls, case: Case) -> "Vehicle":
        """STATE_Authorized, STATE_EVConnectedPreSession."""
        transaction = Transaction(case, await arrived(case))
        await transaction.authorizes()
        await transaction.plugs_in()
        return cls(transaction)

    @property
    def station(self) -> Station:
        return self.transaction.station

    async def says_needs(self) -> str:
        """Say what it needs; return the answer."""
        answer = await self.station.call("NotifyEVChargingNeeds", **needs())
        return str(answer["status"])

    async def is_given(self) -> dict[str, Any]:
        """Take the profile that it is given, which must be its session's; return it."""
        call = await self.station.asked("SetChargingProfile")
        profile: dict[str, Any] = call.payload["chargingProfile"]
        assert call.payload["evseId"] == EVSE
        assert profile["chargingProfilePurpose"] == "TxProfile"
        assert profile["transactionId"] == self.transaction.id
        await call.answer(**ACCEPTED)
        return profile

    async def takes(self, profile: dict[str, Any], more: float = 0.0) -> str:
        """Tell its schedule; return the answer."""
        told = schedule_of(profile, more)
        answer = await self.station.call("NotifyEVChargingSchedule", **told)
        return str(answer["status"])

    async def negotiates(self) -> dict[str, Any]:
        """STATE_ISO15118SmartCharging; return the profile."""
        state = "STATE_ISO15118SmartCharging"
        with self.transaction.case.proves(0, of=state):
            assert await self.says_needs() == "Accepted"
        with self.transaction.case.proves(1, of=state):
            profile = await self.is_given()
        with self.transaction.case.proves(2, of=state):
            assert await self.takes(profile) == "Accepted"
        await self.transaction.tells("ChargingStateChanged", "Charging")
        return profile

    async def is_asked_anew(self, limit: float) -> dict[str, Any]:
        """Have the operator set another profile for the session; return it."""
        wanted = profile("TxProfile", limit=limit, number=1, transaction_id=self.transaction.id)
        command = await self.transaction.case.asks("set_profile", evse=EVSE, profile=wanted)
        given = await self.is_given()
        await command.ends("accepted", "Accepted")
        assert given == on_the_wire(wanted)
        return given


@case("TC_K_53_CSMS")
async def test_a_vehicle_says_what_it_needs_and_is_given_it(case: Case) -> None:
    vehicle = await Vehicle.plugged_in(case)
    with case.proves(0):
        given = await vehicle.negotiates()
        (schedule,) = given["chargingSchedule"]
        (period,) = schedule["chargingSchedulePeriod"]
        assert 6.0 <= period["limit"] < 16.0  # It has time.
    with case.proves(1):
        await copes(vehicle.station)
        asked = Command.objects.filter(charger__identity=case.identity, operation="set_profile")
        assert [command.source async for command in asked] == ["system"]
        assert not vehicle.station.unanswered


@case("TC_K_55_CSMS")
async def test_a_vehicle_that_exceeds_its_profile_is_told_so_and_sent_it_again(case: Case) -> None:
    vehicle = await Vehicle.plugged_in(case)
    with case.proves(0):
        assert await vehicle.says_needs() == "Accepted"
    with case.proves(1):
        given = await vehicle.is_given()
        with case.proves(2):
            assert await vehicle.takes(given, more=10) == "Rejected"
        await vehicle.transaction.tells("ChargingStateChanged", "Charging")
        again = await vehicle.is_given()
        assert again["id"] == given["id"]
    with case.proves(2):
        assert await vehicle.takes(again) == "Accepted"
    await vehicle.transaction.tells("ChargingRateChanged", "Charging")


@case("TC_K_57_CSMS")
async def test_a_vehicle_needs_something_else(case: Case) -> None:
    vehicle = await Vehicle.plugged_in(case)
    await vehicle.negotiates()
    with case.proves(0):
        assert await vehicle.says_needs() == "Accepted"
    with case.proves(1):
        given = await vehicle.is_given()
    with case.proves(2):
        assert await vehicle.takes(given) == "Accepted"


@case("TC_K_58_CSMS")
async def test_the_operator_changes_the_session_s_profile(case: Case) -> None:
    vehicle = await Vehicle.plugged_in(case)
    await vehicle.negotiates()
    with case.proves(0):
        given = await vehicle.is_asked_anew(8.0)
    with case.proves(1):
        assert await vehicle.takes(given) == "Accepted"


@case("TC_K_59_CSMS")
async def test_a_vehicle_says_its_needs_once_the_profile_has_changed(case: Case) -> None:
    vehicle = await Vehicle.plugged_in(case)
    await vehicle.negotiates()
    with case.proves(0):
        await vehicle.is_asked_anew(8.0)
        with case.proves(1):
            assert await vehicle.says_needs() == "Accepted"
        given = await vehicle.is_given()
    with case.proves(2):
        assert await vehicle.takes(given) == "Accepted"
