"""G: availability."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import (
    CONNECTOR,
    EVSE,
    Transaction,
    arrived,
    asked,
    event,
    has_charging,
    port,
    reports,
)

#: What is made (in)operative: the operation's fields -> ChangeAvailability.evse.
STATION: dict[str, Any] = {}
AN_EVSE = {"evse": EVSE}
A_CONNECTOR = {"evse": EVSE, "connector": CONNECTOR}


async def changes(
    case: Case,
    station: Station,
    status: str,
    what: dict[str, Any],
    answer: str = "Accepted",
) -> dict[str, Any]:
    """Have something made operative or inoperative; return the request."""
    call, command = await asked(
        case, station, "ChangeAvailability", "change_availability",
        operative=status == "Operative", **what,
    )  # fmt: skip
    await call.answer(status=answer)
    await command.ends("accepted", answer)
    return call.payload


def of(what: dict[str, Any]) -> dict[str, int] | None:
    """Return the EVSEType that names it."""
    if not what:
        return None
    return port() if "connector" in what else {"id": EVSE}


@case("TC_G_03_CSMS")
async def test_an_evse_is_made_inoperative(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        with case.proves(0, of="STATE_Unavailable"):
            said = await changes(case, station, "Inoperative", AN_EVSE)
            assert said == {"operationalStatus": "Inoperative", "evse": {"id": EVSE}}
        await reports(case, station, "Unavailable")


async def changed(case: Case, station: Station, status: str, what: dict[str, Any]) -> None:
    """Have it changed, entries 0 and 1, and reported, entry 2."""
    with case.proves(0, 1):
        said = await changes(case, station, status, what)
        assert said["operationalStatus"] == status
        assert said.get("evse") == of(what)
    with case.proves(2):
        state = "Available" if status == "Operative" else "Unavailable"
        await reports(case, station, state, *((EVSE,) if what else (1, 2)))


async def back_in_service(case: Case, what: dict[str, Any]) -> None:
    """Have something that is Unavailable made operative."""
    station = await arrived(case)
    await changes(case, station, "Inoperative", what)
    await reports(case, station, "Unavailable", *((EVSE,) if what else (1, 2)))
    await changed(case, station, "Operative", what)


@case("TC_G_04_CSMS")
async def test_an_evse_is_made_operative(case: Case) -> None:
    await back_in_service(case, AN_EVSE)


@case("TC_G_05_CSMS")
async def test_a_station_is_made_inoperative(case: Case) -> None:
    await changed(case, await arrived(case), "Inoperative", STATION)


@case("TC_G_06_CSMS")
async def test_a_station_is_made_operative(case: Case) -> None:
    await back_in_service(case, STATION)


@case("TC_G_07_CSMS")
async def test_a_connector_is_made_inoperative(case: Case) -> None:
    await changed(case, await arrived(case), "Inoperative", A_CONNECTOR)


@case("TC_G_08_CSMS")
async def test_a_connector_is_made_operative(case: Case) -> None:
    await back_in_service(case, A_CONNECTOR)


async def scheduled(case: Case, what: dict[str, Any], *free: int) -> None:
    """Have something made inoperative while it charges."""
    transaction: Transaction = await has_charging(case)
    station = transaction.station
    with case.proves(0, 1):
        said = await changes(case, station, "Inoperative", what, "Scheduled")
        assert said["operationalStatus"] == "Inoperative"
        assert said.get("evse") == of(what)
    with case.proves(2):
        for evse in free:
            await reports(case, station, "Unavailable", evse)
        await transaction.finishes()
        await reports(case, station, "Unavailable")
        assert (await transaction.row()).ended is not None


@case("TC_G_11_CSMS")
async def test_a_charging_evse_is_made_inoperative(case: Case) -> None:
    await scheduled(case, AN_EVSE)


@case("TC_G_14_CSMS")
async def test_a_charging_station_is_made_inoperative(case: Case) -> None:
    await scheduled(case, STATION, 2)


@case("TC_G_17_CSMS")
async def test_a_charging_connector_is_made_inoperative(case: Case) -> None:
    await scheduled(case, A_CONNECTOR)


@case("TC_G_20_CSMS")
async def test_the_lock_of_a_connector_fails(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        component = {"name": "ConnectorPlugRetentionLock", "evse": port()}
        told = event(component=component, variable={"name": "Problem"}, timestamp=now())
        assert await station.call("NotifyEvent", **told) == {}
        assert "ConnectorPlugRetentionLock.Problem" in await case.events("device_event")
