"""N09, N10: what a station knows of a customer, reported and cleared."""

from typing import Any

from asgiref.sync import sync_to_async

from cpms.control import customers
from cpms.control.models import Command, CustomerReport, LocalList
from monitoring.models import Event
from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import VALID, arrived, asked

#: How the station names it, and how an operator does.
CERTIFICATE = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa" * 32,
    "issuerKeyHash": "bb" * 32,
    "serialNumber": "01",
}
BY_CERTIFICATE = {
    "hash_algorithm": "SHA256",
    "issuer_name_hash": "aa" * 32,
    "issuer_key_hash": "bb" * 32,
    "serial_number": "01",
}


async def asks(
    case: Case, station: Station, who: dict[str, Any], expected: dict[str, Any], **what: bool
) -> tuple[Any, Any]:
    """Have a customer's data asked for or cleared; return the station's CALL and the command."""
    call, command = await asked(
        case, station, "CustomerInformation", "customer_information", **who, **what
    )
    wanted = {"report": True, "clear": False, **what, **expected}
    assert call.payload == {"requestId": call.payload["requestId"], **wanted}
    return call, command


async def told(case: Case, station: Station, request: int, data: str) -> None:
    """Send the report; it is answered, shown once to who asked, and kept nowhere else."""
    about = {"data": data, "seqNo": 0, "generatedAt": now(), "requestId": request}
    assert await station.call("NotifyCustomerInformation", **about) == {}
    event = await Event.objects.aget(charger__identity=case.identity, kind="customer_information")
    assert data not in str(event.data)
    operator = case.stage.world.operator
    report = await CustomerReport.objects.aget(charger__identity=case.identity, request=request)
    while not report.complete:  # What follows from a message follows soon, not at once.
        await report.arefresh_from_db()
    shown = await sync_to_async(customers.reveal)(report, operator, report.asked_at)
    assert shown == data


async def customer(
    case: Case,
    data: str = "x",
    who: dict[str, Any] | None = None,
    expected: dict[str, Any] | None = None,
    **what: bool,
) -> None:
    """Have a customer's data reported or cleared: entries 0 and 1."""
    station = await arrived(case)
    with case.proves(0):
        call, command = await asks(
            case, station, who or {"id_token": "VALID"}, expected or {"idToken": VALID}, **what
        )
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    with case.proves(1):
        await told(case, station, call.payload["requestId"], data)


@case("TC_N_27_CSMS")
async def test_a_customer_s_data_are_reported(case: Case) -> None:
    await customer(case)


@case("TC_N_28_CSMS")
async def test_there_are_no_data_of_a_customer(case: Case) -> None:
    await customer(case, "no data")


@case("TC_N_29_CSMS")
async def test_reporting_a_customer_s_data_is_rejected(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        call, command = await asks(case, station, {"id_token": "VALID"}, {"idToken": VALID})
        await call.answer(status="Rejected")
        await command.ends("rejected", "Rejected")
        assert not await CustomerReport.objects.filter(charger__identity=case.identity).aexists()


@case("TC_N_30_CSMS")
async def test_a_customer_s_data_are_reported_and_cleared(case: Case) -> None:
    await customer(case, clear=True)


@case("TC_N_31_CSMS")
async def test_there_are_no_data_to_clear(case: Case) -> None:
    await customer(case, "no data", clear=True)


@case("TC_N_32_CSMS")
async def test_a_customer_s_data_are_cleared(case: Case) -> None:
    await customer(case, report=False, clear=True)


@case("TC_N_62_CSMS")
async def test_a_customer_is_named_by_an_identifier(case: Case) -> None:
    name = "OpenChargeAlliance"
    await customer(case, "x", {"identifier": name}, {"customerIdentifier": name}, clear=True)


@case("TC_N_63_CSMS")
async def test_a_customer_is_named_by_a_certificate(case: Case) -> None:
    expected = {"customerCertificate": CERTIFICATE}
    await customer(case, "x", {"certificate": BY_CERTIFICATE}, expected, clear=True)


@case("TC_N_46_CSMS")
async def test_a_cleared_customer_leaves_the_local_list(case: Case) -> None:
    station = await arrived(case)
    full, _sent = await asked(case, station, "SendLocalList", "send_local_list", update="full")
    await full.answer(status="Accepted")
    with case.proves(0):
        call, command = await asks(
            case, station, {"id_token": "VALID"}, {"idToken": VALID}, clear=True
        )
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
    await told(case, station, call.payload["requestId"], "no data")
    with case.proves(1):
        removal = await station.asked("SendLocalList")
        assert removal.payload == {
            "updateType": "Differential",
            "versionNumber": full.payload["versionNumber"] + 1,
            "localAuthorizationList": [{"idToken": VALID}],
        }
        await removal.answer(status="Accepted")
        name = {"charger__identity": case.identity, "operation": "send_local_list"}
        while await Command.objects.filter(state="sent", **name).aexists():
            pass
        assert (
            "VALID" not in (await LocalList.objects.aget(charger__identity=case.identity)).entries
        )
