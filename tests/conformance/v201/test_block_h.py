"""H: reservations."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.stage import GROUP
from tests.conformance.station import Station, now
from tests.conformance.v201.states import (
    ACCEPTED,
    EVSE,
    VALID,
    arrived,
    reports,
    sent,
    token,
)

RESERVATION = 7


async def reserves(
    case: Case,
    station: Station,
    evse: int | None = EVSE,
    answer: str = "Accepted",
    state: str = "accepted",
    **more: Any,
) -> None:
    """Have an EVSE, or any, reserved for VALID: entry 0."""
    asked = {"id": RESERVATION, "expiryDateTime": now(60), "idToken": VALID, **more}
    if evse:
        asked["evseId"] = evse
    with case.proves(0):
        await sent(case, station, "ReserveNow", asked, {"status": answer}, state)


async def reserved(case: Case, **more: Any) -> Station:
    """Connect, boot, and have CFG reserved."""
    station = await arrived(case)
    await reserves(case, station, **more)
    await reports(case, station, "Reserved")
    return station


async def updated(case: Case, station: Station, status: str) -> None:
    """Tell what became of the reservation."""
    about = {"reservationId": RESERVATION, "reservationUpdateStatus": status}
    assert await station.call("ReservationStatusUpdate", **about) == {}
    assert await case.events("reservation_status") == [status]


@case("TC_H_01_CSMS")
async def test_an_evse_is_reserved(case: Case) -> None:
    with case.proves(0, of="STATE_Reserved"):
        await reserved(case)


@case("TC_H_07_CSMS")
async def test_a_reservation_expires(case: Case) -> None:
    with case.proves(1):
        station = await reserved(case, expiryDateTime=now(1))
    await reports(case, station, "Available")
    with case.proves(2):
        await updated(case, station, "Expired")


@case("TC_H_08_CSMS")
async def test_any_evse_is_reserved(case: Case) -> None:
    await reserves(case, await arrived(case), None)


@case("TC_H_14_CSMS")
async def test_as_many_are_reserved_as_there_are(case: Case) -> None:
    station = await arrived(case)
    for number in (1, 2):
        await reserves(case, station, None, id=number)
    await reports(case, station, "Reserved", 1, 2)


@case("TC_H_15_CSMS")
async def test_a_connector_of_a_type_is_reserved(case: Case) -> None:
    station = await arrived(case)
    await reserves(case, station, None, connectorType="cCCS2")
    await reports(case, station, "Reserved")


@case("TC_H_17_CSMS")
async def test_a_reservation_is_cancelled(case: Case) -> None:
    station = await reserved(case)
    with case.proves(1):
        asked = {"reservationId": RESERVATION}
        await sent(case, station, "CancelReservation", asked, ACCEPTED)
    await reports(case, station, "Available")


@case("TC_H_19_CSMS")
async def test_a_group_s_reservation(case: Case) -> None:
    with case.proves(1):
        await reserved(case, groupIdToken=token(GROUP, "Central"))


@case("TC_H_20_CSMS")
async def test_a_faulted_evse_loses_its_reservation(case: Case) -> None:
    station = await reserved(case)
    await reports(case, station, "Faulted")
    with case.proves(1):
        await updated(case, station, "Removed")


@case("TC_H_22_CSMS")
async def test_a_reservation_is_rejected(case: Case) -> None:
    await reserves(case, await arrived(case), answer="Rejected", state="rejected")
