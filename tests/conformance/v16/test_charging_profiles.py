"""Smart Charging."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v16.states import (
    CONNECTOR,
    VALID,
    arrived,
    has_charging,
    reports,
    sent,
    starts,
)

ACCEPTED = {"status": "Accepted"}


def profile(number: int, purpose: str, **more: Any) -> dict[str, Any]:
    """Return an absolute profile of one period: 6 A for a day, on level 0."""
    return {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": now(),
        "validTo": now(86_400),
        "chargingSchedule": {
            "duration": 86_400,
            "startSchedule": now(),
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}],
        },
        **more,
    }


async def sets(case: Case, station: Station, connector: int, wanted: dict[str, Any]) -> None:
    """Have a profile set."""
    asked = {"connectorId": connector, "csChargingProfiles": wanted}
    await sent(case, station, "SetChargingProfile", asked, ACCEPTED)


@case("TC_056_CSMS")
async def test_a_default_profile_is_set(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2, 3, 4):
        await sets(case, station, CONNECTOR, profile(1, "TxDefaultProfile"))


@case("TC_057_CSMS")
async def test_a_profile_of_the_session_is_set(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0, 1):
        wanted = profile(1, "TxProfile", transactionId=transaction)
        await sets(case, station, CONNECTOR, wanted)


@case("TC_059_CSMS")
async def test_a_session_is_started_with_a_profile(case: Case) -> None:
    station = await arrived(case)
    wanted = profile(1, "TxProfile")
    with case.proves(0, 1, 2):
        command = await case.asks("start", id_token=VALID, evse=CONNECTOR, profile=wanted)
        call = await station.asked("RemoteStartTransaction")
        assert call.payload == {
            "idTag": VALID,
            "connectorId": CONNECTOR,
            "chargingProfile": wanted,
        }
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    with case.proves(3):
        answer = await station.call("Authorize", idTag=call.payload["idTag"])
        assert answer["idTagInfo"]["status"] == "Accepted"
        await reports(case, station, "Preparing")
        answer = await starts(case, station, VALID, CONNECTOR)
        assert answer["idTagInfo"]["status"] == "Accepted"
    await reports(case, station, "Charging")


@case("TC_066_CSMS")
async def test_the_composite_schedule_is_asked(case: Case) -> None:
    station = await arrived(case)
    asked = {"connectorId": CONNECTOR, "duration": 300, "chargingRateUnit": "A"}
    schedule = profile(1, "TxProfile")["chargingSchedule"]
    answer = {**ACCEPTED, "connectorId": CONNECTOR, "scheduleStart": now()}
    with case.proves(0):
        await sent(
            case, station, "GetCompositeSchedule", asked, {**answer, "chargingSchedule": schedule}
        )


@case("TC_067_CSMS")
async def test_profiles_are_set_and_cleared(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0):
        await sets(case, station, 0, profile(1, "ChargePointMaxProfile"))
    with case.proves(1):
        await sets(case, station, CONNECTOR, profile(2, "TxDefaultProfile"))
    with case.proves(2, 3):
        await sets(case, station, CONNECTOR, profile(3, "TxProfile", transactionId=transaction))
    with case.proves(4):
        await sent(case, station, "ClearChargingProfile", {"id": 1}, ACCEPTED)
    with case.proves(5):
        purpose = {"chargingProfilePurpose": "TxDefaultProfile"}
        criteria = {"connectorId": CONNECTOR, "stackLevel": 0, **purpose}
        await sent(case, station, "ClearChargingProfile", criteria, ACCEPTED)
    with case.proves(6):
        await sent(case, station, "ClearChargingProfile", {}, ACCEPTED)
