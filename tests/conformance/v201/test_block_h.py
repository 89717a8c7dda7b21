"""H: reservations."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cpms.control.models import Reservation
from tests.conformance.case import Case, case
from tests.conformance.stage import GROUP
from tests.conformance.station import Station
from tests.conformance.v201.states import EVSE, VALID, arrived, asked, copes, reports, token


async def reserves(
    case: Case,
    station: Station,
    evse: int | None = EVSE,
    answer: str = "Accepted",
    seconds: float = 60,
    **more: Any,
) -> int:
    """Have an EVSE, or any, reserved for VALID: entry 0; return the reservation's number."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    request = {"id_token": "VALID", "until": until.isoformat(), "evse": evse, **more}
    with case.proves(0):
        call, command = await asked(case, station, "ReserveNow", "reserve", **request)
        payload = call.payload
        assert payload.get("evseId") == evse
        assert payload.get("connectorType") == more.get("connector_type")
        assert payload["idToken"] == VALID
        group = more.get("group")
        assert payload.get("groupIdToken") == (token(group, "Central") if group else None)
        await call.answer(status=answer)
        await command.ends("accepted" if answer == "Accepted" else "rejected", answer)
        await copes(station)
    said = datetime.fromisoformat(payload["expiryDateTime"])
    assert abs(said - until) < timedelta(milliseconds=2)
    return int(payload["id"])


async def kept(case: Case, number: int) -> Reservation:
    """Return what is kept of a reservation."""
    return await Reservation.objects.aget(charger__identity=case.identity, number=number)


async def reserved(case: Case, **more: Any) -> tuple[Station, int]:
    """Connect, boot, and have CFG reserved."""
    station = await arrived(case)
    number = await reserves(case, station, **more)
    assert (await kept(case, number)).state == Reservation.State.ACTIVE
    await reports(case, station, "Reserved")
    return station, number


async def updated(case: Case, station: Station, number: int, status: str) -> None:
    """Tell what became of the reservation."""
    about = {"reservationId": number, "reservationUpdateStatus": status}
    assert await station.call("ReservationStatusUpdate", **about) == {}
    assert await case.events("reservation_status") == [status]
    while (row := await kept(case, number)).is_live:  # It follows soon, not at once.
        pass
    assert (row.state, row.word) == (Reservation.State(status.lower()), status)


@case("TC_H_01_CSMS")
async def test_an_evse_is_reserved(case: Case) -> None:
    with case.proves(0, of="STATE_Reserved"):
        await reserved(case)


@case("TC_H_07_CSMS")
async def test_a_reservation_expires(case: Case) -> None:
    with case.proves(1):
        station, number = await reserved(case, seconds=2)
    await reports(case, station, "Available")
    with case.proves(2):
        await updated(case, station, number, "Expired")


@case("TC_H_08_CSMS")
async def test_any_evse_is_reserved(case: Case) -> None:
    await reserves(case, await arrived(case), None)


@case("TC_H_14_CSMS")
async def test_as_many_are_reserved_as_there_are(case: Case) -> None:
    station = await arrived(case)
    numbers = {await reserves(case, station, None) for _ in (1, 2)}
    assert len(numbers) == 2
    await reports(case, station, "Reserved", 1, 2)


@case("TC_H_15_CSMS")
async def test_a_connector_of_a_type_is_reserved(case: Case) -> None:
    station = await arrived(case)
    await reserves(case, station, None, connector_type="cCCS2")
    await reports(case, station, "Reserved")


@case("TC_H_17_CSMS")
async def test_a_reservation_is_cancelled(case: Case) -> None:
    station, number = await reserved(case)
    with case.proves(1):
        call, command = await asked(
            case, station, "CancelReservation", "cancel_reservation", number=number
        )
        assert call.payload == {"reservationId": number}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    assert (await kept(case, number)).state == Reservation.State.CANCELLED
    await reports(case, station, "Available")


@case("TC_H_19_CSMS")
async def test_a_group_s_reservation(case: Case) -> None:
    with case.proves(1):
        await reserved(case, group=GROUP)


@case("TC_H_20_CSMS")
async def test_a_faulted_evse_loses_its_reservation(case: Case) -> None:
    station, number = await reserved(case)
    await reports(case, station, "Faulted")
    with case.proves(1):
        await updated(case, station, number, "Removed")


@case("TC_H_22_CSMS")
async def test_a_reservation_is_rejected(case: Case) -> None:
    station = await arrived(case)
    number = await reserves(case, station, answer="Rejected")
    assert (await kept(case, number)).state == Reservation.State.REFUSED
