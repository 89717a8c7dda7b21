"""Smart Charging."""

from typing import Any

from cpms.control.models import ChargingProfile
from tests.conformance.asking import Asking
from tests.conformance.case import Case, case
from tests.conformance.station import Asked, Station, now
from tests.conformance.v16.states import (
    CONNECTOR,
    VALID,
    arrived,
    has_charging,
    reports,
    starts,
)

ACCEPTED = {"status": "Accepted"}
DAY = 86_400


def profile(number: int, purpose: str, **more: Any) -> dict[str, Any]:
    """Return an absolute profile of one period: 6 A for a day, on level 0."""
    schedule = {
        "unit": "A",
        "start": now(),
        "duration": DAY,
        "periods": [{"start": 0, "limit": 6.0, "phases": 3}],
    }
    about = {"id": number, "purpose": purpose, "kind": "Absolute", "stack_level": 0}
    return {**about, "valid_from": now(), "valid_to": now(DAY), "schedules": [schedule], **more}


def on_the_wire(wanted: dict[str, Any], purpose: str) -> dict[str, Any]:
    """Return the profile as OCPP 1.6 has it."""
    schedule = wanted["schedules"][0]
    session = {"transactionId": int(wanted["transaction_id"])} if "transaction_id" in wanted else {}
    return {
        "chargingProfileId": wanted["id"],
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": wanted["valid_from"],
        "validTo": wanted["valid_to"],
        "chargingSchedule": {
            "duration": DAY,
            "startSchedule": schedule["start"],
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0, "numberPhases": 3}],
        },
        **session,
    }


async def asked(
    case: Case, station: Station, action: str, operation: str, **request: Any
) -> tuple[Asked, Asking]:
    """Have an operation asked for; return the station's CALL, and the command."""
    command = await case.asks(operation, **request)
    return await station.asked(action), command


async def sets(
    case: Case, station: Station, connector: int, wanted: dict[str, Any], purpose: str = ""
) -> None:
    """Have a profile set; it is kept as the station accepted it."""
    call, command = await asked(
        case, station, "SetChargingProfile", "set_profile", evse=connector, profile=wanted
    )
    said = on_the_wire(wanted, purpose or wanted["purpose"])
    assert call.payload == {"connectorId": connector, "csChargingProfiles": said}
    await call.answer(**ACCEPTED)
    await command.ends("accepted", "Accepted")
    assert wanted["id"] in await held(case)


async def held(case: Case) -> list[int]:
    """Return the numbers of the profiles that the station is known to hold."""
    rows = ChargingProfile.objects.filter(charger__identity=case.identity, gone_at=None)
    return [row.number async for row in rows.order_by("number")]


async def clears(case: Case, station: Station, sent: dict[str, Any], **which: Any) -> None:
    """Have profiles cleared."""
    call, command = await asked(case, station, "ClearChargingProfile", "clear_profiles", **which)
    assert call.payload == sent
    await call.answer(**ACCEPTED)
    await command.ends("accepted", "Accepted")


@case("TC_056_CSMS")
async def test_a_default_profile_is_set(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2, 3, 4):
        await sets(case, station, CONNECTOR, profile(1, "TxDefaultProfile"))


@case("TC_057_CSMS")
async def test_a_profile_of_the_session_is_set(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0, 1):
        wanted = profile(1, "TxProfile", transaction_id=str(transaction))
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
            "chargingProfile": on_the_wire(wanted, "TxProfile"),
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
    schedule = on_the_wire(profile(1, "TxProfile"), "TxProfile")["chargingSchedule"]
    wanted = {"evse": CONNECTOR, "duration": 300, "unit": "A"}
    with case.proves(0):
        call, command = await asked(
            case, station, "GetCompositeSchedule", "get_composite", **wanted
        )
        sent = {"connectorId": CONNECTOR, "duration": 300, "chargingRateUnit": "A"}
        assert call.payload == sent
    answer = {**ACCEPTED, "connectorId": CONNECTOR, "scheduleStart": now()}
    await call.answer(**answer, chargingSchedule=schedule)
    await command.ends("accepted", "Accepted")


@case("TC_067_CSMS")
async def test_profiles_are_set_and_cleared(case: Case) -> None:
    station, transaction = await has_charging(case)
    with case.proves(0):
        maximum = profile(1, "ChargingStationMaxProfile")
        await sets(case, station, 0, maximum, "ChargePointMaxProfile")
    with case.proves(1):
        await sets(case, station, CONNECTOR, profile(2, "TxDefaultProfile"))
    with case.proves(2, 3):
        await sets(
            case, station, CONNECTOR, profile(3, "TxProfile", transaction_id=str(transaction))
        )
    with case.proves(4):
        await clears(case, station, {"id": 1}, id=1)
        assert await held(case) == [2, 3]
    with case.proves(5):
        purpose = "TxDefaultProfile"
        sent = {"connectorId": CONNECTOR, "chargingProfilePurpose": purpose, "stackLevel": 0}
        await clears(case, station, sent, evse=CONNECTOR, purpose=purpose, stack_level=0)
        assert await held(case) == [3]
    with case.proves(6):
        await clears(case, station, {})
        assert await held(case) == []
