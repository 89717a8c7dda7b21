"""Reservation."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v16.states import (
    CONNECTOR,
    VALID,
    arrived,
    authorized,
    charging,
    copes,
    reports,
    sent,
)

RESERVATION = 7


async def reserves(
    case: Case,
    station: Station,
    status: str = "Accepted",
    state: str = "accepted",
    connector: int = CONNECTOR,
    **more: Any,
) -> None:
    """Have a connector reserved for VALID; the station answers with `status`."""
    asked = {
        "connectorId": connector,
        "idTag": VALID,
        "reservationId": RESERVATION,
        "expiryDate": now(60),
        **more,
    }
    await sent(case, station, "ReserveNow", asked, {"status": status}, state)
    if status == "Accepted" and connector:
        await reports(case, station, "Reserved", connector)
    await copes(station)


async def refused(case: Case, status: str) -> None:
    """Have a connector reserved: entries 0 and 1; the station can't."""
    station = await arrived(case)
    if status == "Occupied":
        await reports(case, station, "Preparing")
    with case.proves(0, 1):
        await reserves(case, station, status, "rejected")


@case("TC_046_CSMS")
async def test_a_reserved_connector_is_used(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1):
        await reserves(case, station)
    with case.proves(2):
        await authorized(case, station)
        await charging(case, station, reservationId=RESERVATION)


@case("TC_047_CSMS")
async def test_a_reservation_expires(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        await reserves(case, station, expiryDate=now(1))
    await reports(case, station, "Available")


@case("TC_048_1_CSMS")
async def test_a_faulted_connector_is_not_reserved(case: Case) -> None:
    await refused(case, "Faulted")


@case("TC_048_2_CSMS")
async def test_an_occupied_connector_is_not_reserved(case: Case) -> None:
    await refused(case, "Occupied")


@case("TC_048_3_CSMS")
async def test_an_unavailable_connector_is_not_reserved(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        command = await case.asks("change_availability", operative=False, evse=CONNECTOR)
        call = await station.asked("ChangeAvailability")
        assert call.payload == {"connectorId": CONNECTOR, "type": "Inoperative"}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    await reports(case, station, "Unavailable")
    with case.proves(1):
        await reserves(case, station, "Unavailable", "rejected")


@case("TC_048_4_CSMS")
async def test_a_reservation_is_rejected(case: Case) -> None:
    await refused(case, "Rejected")


@case("TC_049_CSMS")
async def test_the_whole_charger_is_reserved(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await reserves(case, station, connector=0)
    await reports(case, station, "Reserved", 0)


async def cancels(case: Case, station: Station, status: str, state: str) -> None:
    """Have the reservation cancelled; the station answers with `status`."""
    asked = {"reservationId": RESERVATION}
    await sent(case, station, "CancelReservation", asked, {"status": status}, state)
    await copes(station)


@case("TC_051_CSMS")
async def test_a_reservation_is_cancelled(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await reserves(case, station)
    with case.proves(1):
        await cancels(case, station, "Accepted", "accepted")
    await reports(case, station, "Available")


@case("TC_052_CSMS")
async def test_cancelling_a_reservation_is_rejected(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await reserves(case, station)
        await cancels(case, station, "Rejected", "rejected")


@case("TC_053_CSMS")
async def test_another_token_of_the_same_parent_uses_a_reservation(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await reserves(case, station, idTag="VALID-A", parentIdTag="GROUP-1")
    with case.proves(1):
        answer = await station.call("Authorize", idTag="VALID-B")
        assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": "GROUP-1"}
        await charging(case, station, "VALID-B", reservationId=RESERVATION)
