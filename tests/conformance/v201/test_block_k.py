"""K: charging profiles, and limits that others set."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import (
    ACCEPTED,
    EVSE,
    VALID,
    Transaction,
    arrived,
    copes,
    has_charging,
    sent,
)

LEVEL, DAY = 0, 86_400


def profile(
    purpose: str = "TxDefaultProfile",
    kind: str = "Absolute",
    limit: float = 6.0,
    number: int = 1,
    **more: Any,
) -> dict[str, Any]:
    """Return a profile of one period."""
    schedule = {
        "id": number,
        "duration": DAY,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit, "numberPhases": 3}],
    }
    times = {} if kind == "Relative" else {"validFrom": now(), "validTo": now(DAY)}
    if kind != "Relative":
        schedule["startSchedule"] = now()
    return {
        "id": number,
        "stackLevel": LEVEL,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": [schedule],
        **times,
        **more,
    }


async def sets(
    case: Case, station: Station, evse: int, wanted: dict[str, Any], answer: str = "Accepted"
) -> None:
    """Have a profile set."""
    asked = {"evseId": evse, "chargingProfile": wanted}
    await sent(case, station, "SetChargingProfile", asked, {"status": answer}, answer.lower())


@case("TC_K_01_CSMS")
async def test_a_default_profile_of_an_evse(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2, 3):
        await sets(case, station, EVSE, profile())


@case("TC_K_02_CSMS")
async def test_a_session_s_profile_without_a_session(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        await sets(case, station, EVSE, profile("TxProfile", "Relative", 7.0), "Rejected")


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


async def clears(case: Case, answer: str, state: str, **which: Any) -> None:
    """Have profiles cleared: entry 0."""
    station = await arrived(case)
    with case.proves(0):
        await sent(case, station, "ClearChargingProfile", which, {"status": answer}, state)


CRITERIA = {
    "evseId": EVSE,
    "chargingProfilePurpose": "TxDefaultProfile",
    "stackLevel": LEVEL,
}


@case("TC_K_06_CSMS")
async def test_profiles_of_a_level_are_cleared(case: Case) -> None:
    await clears(case, "Accepted", "accepted", chargingProfileCriteria=CRITERIA)


@case("TC_K_08_CSMS")
async def test_there_is_no_profile_to_clear(case: Case) -> None:
    await clears(case, "Unknown", "rejected", chargingProfileCriteria=CRITERIA)


@case("TC_K_10_CSMS")
async def test_a_default_profile_of_all_evses(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        await sets(case, station, 0, profile())


@case("TC_K_15_CSMS")
async def test_profiles_are_not_supported(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1):
        asked = {"evseId": EVSE, "chargingProfile": profile()}
        command = await case.sends("SetChargingProfile", asked)
        call = await station.asked("SetChargingProfile")
        assert call.payload == asked
        await call.refuse("NotSupported")
        await command.ends("not_supported", "NotSupported")
        await copes(station)


@case("TC_K_19_CSMS")
async def test_a_recurring_profile(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await sets(case, station, EVSE, profile(kind="Recurring", recurrencyKind="Daily"))


async def asks(
    case: Case,
    station: Station,
    criteria: dict[str, Any],
    evse: int | None = EVSE,
    *reported: int,
    purpose: str = "TxDefaultProfile",
) -> None:
    """Have profiles asked for: entry 0; the station reports them: the last entry."""
    asked: dict[str, Any] = {"requestId": 4, "chargingProfile": criteria}
    if evse is not None:
        asked["evseId"] = evse
    with case.proves(0):
        await sent(case, station, "GetChargingProfiles", asked, ACCEPTED)
    with case.proves(len(case.record.entries) - 1):
        told = reported or (EVSE,)
        for number in told:
            report = {
                "requestId": 4,
                "evseId": number,
                "chargingLimitSource": "CSO",
                "tbc": number != told[-1],
                "chargingProfile": [profile(purpose)],
            }
            assert await station.call("ReportChargingProfiles", **report) == {}
        assert await case.events("charging_profiles") == ["CSO"] * len(told)


@case("TC_K_05_CSMS")
async def test_a_profile_is_cleared_by_its_number(case: Case) -> None:
    station = await arrived(case)
    purpose = {"chargingProfilePurpose": "TxDefaultProfile"}
    await asks(case, station, purpose)
    with case.proves(0):
        await sent(case, station, "ClearChargingProfile", {"chargingProfileId": 1}, ACCEPTED)


@case("TC_K_29_CSMS")
async def test_profiles_of_the_station_are_asked_for(case: Case) -> None:
    transaction = await has_charging(case)
    purpose = {"chargingProfilePurpose": "TxDefaultProfile"}
    await asks(case, transaction.station, purpose, 0)


@case("TC_K_30_CSMS")
async def test_profiles_of_an_evse_are_asked_for(case: Case) -> None:
    purpose = {"chargingProfilePurpose": "TxDefaultProfile"}
    await asks(case, await arrived(case), purpose)


@case("TC_K_31_CSMS")
async def test_profiles_of_wherever_are_asked_for(case: Case) -> None:
    purpose = {"chargingProfilePurpose": "TxDefaultProfile"}
    await asks(case, await arrived(case), purpose, None, 1, 2)


@case("TC_K_32_CSMS")
async def test_a_profile_is_asked_for_by_its_number(case: Case) -> None:
    await asks(case, await arrived(case), {"chargingProfileId": [1]}, None)


@case("TC_K_33_CSMS")
async def test_profiles_of_a_level_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), {"stackLevel": LEVEL})


@case("TC_K_34_CSMS")
async def test_profiles_of_a_source_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), {"chargingLimitSource": ["CSO"]})


@case("TC_K_35_CSMS")
async def test_profiles_of_a_purpose_are_asked_for(case: Case) -> None:
    await asks(case, await arrived(case), {"chargingProfilePurpose": "TxDefaultProfile"})


@case("TC_K_36_CSMS")
async def test_profiles_of_a_purpose_and_level_are_asked_for(case: Case) -> None:
    criteria = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": LEVEL}
    await asks(case, await arrived(case), criteria)


@case("TC_K_52_CSMS")
async def test_limits_of_others_are_among_the_profiles(case: Case) -> None:
    purpose = "ChargingStationExternalConstraints"
    criteria = {"chargingProfilePurpose": purpose}
    await asks(case, await arrived(case), criteria, purpose=purpose)


async def composite(case: Case, evse: int) -> None:
    """Have the composite schedule asked for: entry 0."""
    station = await arrived(case)
    asked = {"evseId": evse, "duration": 300, "chargingRateUnit": "A"}
    schedule = {
        "evseId": evse,
        "duration": 300,
        "scheduleStart": now(),
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    }
    with case.proves(0):
        answer = {**ACCEPTED, "schedule": schedule}
        await sent(case, station, "GetCompositeSchedule", asked, answer)


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
        wanted = profile("TxProfile", "Relative", transactionId=transaction.id)
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
        assert call.payload["chargingProfile"] == wanted
        assert "startSchedule" not in wanted["chargingSchedule"][0]
    await call.answer(status="Accepted")
    await command.ends("accepted", "Accepted")
    about = {"remoteStartId": call.payload["remoteStartId"]}
    answer = await transaction.tells("RemoteStart", info=about, idToken=VALID)
    assert answer["idTokenInfo"]["status"] == "Accepted"
