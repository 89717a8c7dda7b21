"""B: boots, their answers, resets, the subprotocol."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from inventory.models import Lifecycle
from tests.conformance.case import Case, case
from tests.conformance.station import PATIENCE, Station, now
from tests.conformance.v201.states import (
    EVSE,
    Transaction,
    arrived,
    asked,
    booted,
    boots,
    has_charging,
    reports,
)


@case("TC_B_01_CSMS")
async def test_a_cold_boot(case: Case) -> None:
    station = await case.connect()
    with case.proves(0):
        await booted(case, station)
        assert await case.events("boot") == ["Accepted"]


async def pending(case: Case) -> Station:
    """Connect a charger that the operator has put into `pending`: its boot is Pending, entry 0."""
    await case.charger()
    await puts(case, Lifecycle.PENDING)
    station = await case.connect()
    with case.proves(0):
        assert await boots(station) == "Pending"
        assert await case.events("boot") == ["Pending"]
    return station


async def puts(case: Case, lifecycle: Lifecycle) -> None:
    """Have the operator put the charger into a part of its life."""
    answer = await case.stage.operator.send(
        "PATCH", f"chargers/{case.identity}/", {"lifecycle": lifecycle}
    )
    assert (answer.status, answer.body["lifecycle"]) == (200, lifecycle)


async def released(case: Case, station: Station, reason: str) -> None:
    """Have the charger released, and boot until it is accepted."""
    await puts(case, Lifecycle.ACTIVE)
    async with asyncio.timeout(PATIENCE):
        while await boots(station, reason) != "Accepted":
            await asyncio.sleep(0.05)  # The gateway hears of it within seconds.
    assert (await case.events("boot"))[-1] == "Accepted"
    await reports(case, station, "Available", 1, 2)


@case("TC_B_02_CSMS")
async def test_a_pending_charger_is_released(case: Case) -> None:
    station = await pending(case)
    with case.proves(1):
        await released(case, station, "PowerUp")


@case("TC_B_30_CSMS")
async def test_a_pending_charger_may_report_nothing(case: Case) -> None:
    station = await pending(case)
    with case.proves(1):
        status = {"connectorStatus": "Available", "evseId": 1, "connectorId": 1}
        code = await station.refused("StatusNotification", timestamp=now(), **status)
        assert code == "SecurityError"
        assert (await case.port()).status == "Unknown"


@case("TC_B_31_CSMS")
async def test_a_pending_charger_is_asked_to_boot(case: Case) -> None:
    station = await pending(case)
    with case.proves(1):
        call, command = await asked(case, station, "TriggerMessage", "trigger", message="boot")
        assert call.payload == {"requestedMessage": "BootNotification"}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    with case.proves(2):
        await released(case, station, "Triggered")


async def resets(
    case: Case, station: Station, answer: str, *, at_once: bool = False, evse: int | None = None
) -> None:
    """Have the station, or an EVSE, reset; it answers with `answer`."""
    request = {"at_once": at_once} | ({"evse": evse} if evse else {})
    call, command = await asked(case, station, "Reset", "reset", **request)
    about = {"evseId": evse} if evse else {}
    assert call.payload == {"type": "Immediate" if at_once else "OnIdle", **about}
    await call.answer(status=answer)
    await command.ends("accepted", answer)


@case("TC_B_20_CSMS")
async def test_an_idle_station_is_reset(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await resets(case, station, "Accepted")
    await station.close()
    with case.proves(1):
        await booted(case, await case.connect(), "RemoteReset")


async def driver_leaves(transaction: Transaction) -> None:
    """End it as a driver does."""
    await transaction.tells("StopAuthorized")
    await transaction.ends("EVCommunicationLost", "EVDisconnected")


@case("TC_B_21_CSMS")
async def test_a_charging_station_is_reset_when_idle(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await resets(case, transaction.station, "Scheduled")
    await driver_leaves(transaction)
    await transaction.station.close()
    with case.proves(1):
        await booted(case, await case.connect(), "ScheduledReset")


@case("TC_B_22_CSMS")
async def test_a_charging_station_is_reset_at_once(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await resets(case, transaction.station, "Accepted", at_once=True)
    await transaction.ends("ResetCommand", "ImmediateReset")
    await transaction.station.close()
    with case.proves(1):
        await booted(case, await case.connect(), "RemoteReset")


@case("TC_B_25_CSMS")
async def test_an_idle_evse_is_reset(case: Case) -> None:
    with case.proves(0):
        await resets(case, await arrived(case), "Accepted", evse=EVSE)


@case("TC_B_26_CSMS")
async def test_a_charging_evse_is_reset_when_idle(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await resets(case, transaction.station, "Scheduled", evse=EVSE)
    await driver_leaves(transaction)


@case("TC_B_27_CSMS")
async def test_a_charging_evse_is_reset_at_once(case: Case) -> None:
    transaction = await has_charging(case)
    with case.proves(0):
        await resets(case, transaction.station, "Accepted", at_once=True, evse=EVSE)
    await transaction.ends("ResetCommand", "ImmediateReset")


@case("TC_B_58_CSMS")
async def test_the_subprotocol_is_negotiated(case: Case) -> None:
    with case.proves(0):
        with pytest.raises(InvalidStatus) as refused:
            await case.connect(subprotocols=["ocpp0.1"])
        assert refused.value.response.status_code == 400
    with case.proves(1):
        station = await case.connect(subprotocols=["ocpp0.1", "ocpp2.0.1"])
        response = station.socket.response
        assert response is not None
        assert response.headers["Sec-WebSocket-Protocol"] == "ocpp2.0.1"
        await booted(case, station)
