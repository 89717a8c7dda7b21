"""Reservation."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cpms.control.models import Reservation
from tests.conformance.case import Case, case
from tests.conformance.station import Station
from tests.conformance.v16.states import (
    CONNECTOR,
    VALID,
    arrived,
    authorized,
    charging,
    copes,
    reports,
)

State = Reservation.State


async def reserves(
    case: Case,
    station: Station,
    status: str = "Accepted",
    connector: int | None = CONNECTOR,
    seconds: float = 60,
    **more: Any,
) -> int:
    """Have a connector reserved; the station answers with `status`; return the number."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    about = {"id_token": VALID, "until": until.isoformat(), **more}
    command = await case.asks("reserve", evse=connector, **about)
    call = await station.asked("ReserveNow")
    number = call.payload["reservationId"]
    expiry = datetime.fromisoformat(call.payload.pop("expiryDate"))
    assert abs(expiry - until) < timedelta(milliseconds=2)
    group = {"parentIdTag": more["group"]} if "group" in more else {}
    assert call.payload == {
        "connectorId": connector or 0,
        "idTag": about["id_token"],
        "reservationId": number,
        **group,
    }
    await call.answer(status=status)
    await command.ends("accepted" if status == "Accepted" else "rejected", status)
    row = await kept(case, number)
    assert (row.state, row.word) == (
        State.ACTIVE if status == "Accepted" else State.REFUSED,
        status,
    )
    if status == "Accepted" and connector:
        await reports(case, station, "Reserved", connector)
    await copes(station)
    return int(number)


async def kept(case: Case, number: int) -> Reservation:
    """Return what is kept of a reservation."""
    found = Reservation.objects.select_related("session")
    return await found.aget(charger__identity=case.identity, number=number)


async def used(case: Case, number: int, transaction: int) -> None:
    """See that the transaction used the reservation; that follows soon, not at once."""
    while (row := await kept(case, number)).is_live:
        pass
    assert row.state == State.USED
    assert row.session is not None
    assert row.session.transaction_id == str(transaction)


async def refused(case: Case, status: str) -> None:
    """Have a connector reserved: entries 0 and 1; the station can't."""
    station = await arrived(case)
    if status == "Occupied":
        await reports(case, station, "Preparing")
    with case.proves(0, 1):
        await reserves(case, station, status)


@case("TC_046_CSMS")
async def test_a_reserved_connector_is_used(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1):
        number = await reserves(case, station)
    with case.proves(2):
        await authorized(case, station)
        await used(case, number, await charging(case, station, reservationId=number))


@case("TC_047_CSMS")
async def test_a_reservation_expires(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0, 1, 2):
        await reserves(case, station, seconds=2)
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
        await reserves(case, station, "Unavailable")


@case("TC_048_4_CSMS")
async def test_a_reservation_is_rejected(case: Case) -> None:
    await refused(case, "Rejected")


@case("TC_049_CSMS")
async def test_the_whole_charger_is_reserved(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await reserves(case, station, connector=None)
    await reports(case, station, "Reserved", 0)


async def cancels(case: Case, station: Station, number: int, status: str) -> None:
    """Have the reservation cancelled; the station answers with `status`."""
    command = await case.asks("cancel_reservation", number=number)
    call = await station.asked("CancelReservation")
    assert call.payload == {"reservationId": number}
    await call.answer(status=status)
    await command.ends("accepted" if status == "Accepted" else "rejected", status)
    gone = State.CANCELLED if status == "Accepted" else State.REMOVED
    assert (await kept(case, number)).state == gone
    await copes(station)


@case("TC_051_CSMS")
async def test_a_reservation_is_cancelled(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        number = await reserves(case, station)
    with case.proves(1):
        await cancels(case, station, number, "Accepted")
    await reports(case, station, "Available")


@case("TC_052_CSMS")
async def test_cancelling_a_reservation_is_rejected(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        number = await reserves(case, station)
        await cancels(case, station, number, "Rejected")


@case("TC_053_CSMS")
async def test_another_token_of_the_same_parent_uses_a_reservation(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        number = await reserves(case, station, id_token="VALID-A", group="GROUP-1")
    with case.proves(1):
        answer = await station.call("Authorize", idTag="VALID-B")
        assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": "GROUP-1"}
        started = await charging(case, station, "VALID-B", reservationId=number)
    await used(case, number, started)
