"""N: logs, asked for by operators."""

from cpms.control.models import Transfer
from tests.conformance.case import Case, case
from tests.conformance.station import Station
from tests.conformance.v201.states import arrived, copes

UPLOAD = "https://files.example.org/upload"
KINDS = {"diagnostics": "DiagnosticsLog", "security": "SecurityLog"}


async def asks_log(case: Case, station: Station, kind: str, number: int, answer: str) -> None:
    """Have a log asked for."""
    command = await case.asks("get_log", log=kind, location=UPLOAD, request_id=number)
    call = await station.asked("GetLog")
    log = {"remoteLocation": UPLOAD}
    assert call.payload == {"logType": KINDS[kind], "requestId": number, "log": log}
    await call.answer(status=answer)
    await command.ends("rejected" if answer == "Rejected" else "accepted", answer)
    await copes(station)


async def stands(case: Case, number: int, state: str) -> None:
    """See what is known of a transfer."""
    found = await Transfer.objects.aget(charger__identity=case.identity, request_id=number)
    assert found.state == state


async def uploads(case: Case, station: Station, *statuses: tuple[str, int]) -> None:
    """Tell how uploads go: statuses of requests."""
    known = await case.events("log_status")
    for status, number in statuses:
        told = {"status": status, "requestId": number}
        assert await station.call("LogStatusNotification", **told) == {}
    assert await case.events("log_status") == [*known, *(status for status, _ in statuses)]
    await case.reviewed()


async def log_sent(case: Case, kind: str) -> None:
    """Have a log asked for, and sent."""
    station = await arrived(case)
    with case.proves(0):
        await asks_log(case, station, kind, 1, "Accepted")
    with case.proves(1):
        await uploads(case, station, ("Uploading", 1), ("Uploaded", 1))
        await stands(case, 1, "done")


@case("TC_N_25_CSMS")
async def test_the_diagnostics_log_is_sent(case: Case) -> None:
    await log_sent(case, "diagnostics")


@case("TC_N_35_CSMS")
async def test_the_security_log_is_sent(case: Case) -> None:
    await log_sent(case, "security")


@case("TC_N_34_CSMS")
async def test_a_log_is_rejected(case: Case) -> None:
    with case.proves(0):
        await asks_log(case, await arrived(case), "diagnostics", 1, "Rejected")
        await stands(case, 1, "failed")


@case("TC_N_36_CSMS")
async def test_a_second_log_takes_the_first_s_place(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await asks_log(case, station, "diagnostics", 1, "Accepted")
        await uploads(case, station, ("Uploading", 1))
        await asks_log(case, station, "diagnostics", 2, "AcceptedCanceled")
        await uploads(case, station, ("AcceptedCanceled", 1), ("Uploading", 2), ("Uploaded", 2))
        await stands(case, 1, "cancelled")
        await stands(case, 2, "done")
