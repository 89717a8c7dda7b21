"""Firmware Management and logs, plain and signed."""

from cpms.control.models import Transfer
from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v16.states import arrived, booted, reports

LOCATION = "https://files.example.org/firmware.bin"
VERSION = "2.0"
UPLOAD = "https://files.example.org/upload"


async def tells(case: Case, station: Station, kind: str, action: str, *statuses: str) -> None:
    """Send a status each; all are answered with nothing, and kept."""
    known = await case.events(kind)
    for status in statuses:
        assert await station.call(action, status=status) == {}
    assert await case.events(kind) == [*known, *statuses]


async def firmware(case: Case, station: Station, *statuses: str) -> None:
    """Tell how the update goes."""
    await tells(case, station, "firmware_status", "FirmwareStatusNotification", *statuses)


async def updates(case: Case) -> Station:
    """Have the firmware updated."""
    station = await arrived(case)
    command = await case.asks("update_firmware", location=LOCATION, version=VERSION)
    call = await station.asked("UpdateFirmware")
    assert call.payload["location"] == LOCATION
    assert set(call.payload) == {"location", "retrieveDate"}
    await call.answer()
    await command.ends("accepted")
    return station


async def stands(case: Case, state: str, *, verified: bool | None) -> None:
    """See what is known of the transfer by now."""
    await case.reviewed()
    transfers = Transfer.objects.select_related("command")
    found = await transfers.aget(charger__identity=case.identity)
    assert (found.state, found.command.verified) == (state, verified)


async def installs(case: Case, end: str) -> None:
    """Tell of an update from the download to its end."""
    with case.proves(0):
        station = await updates(case)
        await firmware(case, station, "Downloading", "Downloaded")
        await reports(case, station, "Unavailable", 1, 2)
        await firmware(case, station, "Installing")
        await station.close()
        station = await case.connect()
        await booted(case, station, VERSION if end == "Installed" else "1.0")
        await firmware(case, station, end)
        done = end == "Installed"
        await stands(case, "done" if done else "failed", verified=done)


@case("TC_044_1_CSMS")
async def test_firmware_is_installed(case: Case) -> None:
    with case.proves(1):
        await installs(case, "Installed")


@case("TC_044_2_CSMS")
async def test_the_download_fails(case: Case) -> None:
    with case.proves(0):
        await firmware(case, await updates(case), "Downloading", "DownloadFailed")
        await stands(case, "failed", verified=False)


@case("TC_044_3_CSMS")
async def test_the_installation_fails(case: Case) -> None:
    await installs(case, "InstallationFailed")


async def diagnostics(case: Case) -> Station:
    """Have diagnostics sent to us."""
    station = await arrived(case)
    command = await case.asks("get_diagnostics", location=UPLOAD)
    call = await station.asked("GetDiagnostics")
    assert call.payload == {"location": UPLOAD}
    await call.answer(fileName="diagnostics.zip")
    await command.ends("accepted")
    return station


async def uploads(case: Case, station: Station, end: str) -> None:
    """Tell of the upload."""
    kind, action = "diagnostics_status", "DiagnosticsStatusNotification"
    await tells(case, station, kind, action, "Uploading", end)
    done = end == "Uploaded"
    await stands(case, "done" if done else "failed", verified=done)


@case("TC_045_2_CSMS")
async def test_the_upload_of_diagnostics_fails(case: Case) -> None:
    with case.proves(0):
        await uploads(case, await diagnostics(case), "UploadFailed")


@case("TC_079_CSMS")
async def test_the_security_log_is_sent(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        command = await case.asks("get_log", log="security", location=UPLOAD, request_id=4)
        call = await station.asked("GetLog")
        log = {"remoteLocation": UPLOAD}
        assert call.payload == {"logType": "SecurityLog", "requestId": 4, "log": log}
        await call.answer(status="Accepted", filename="log.zip")
        await command.ends("accepted", "Accepted")
    with case.proves(1):
        await tells(case, station, "log_status", "LogStatusNotification", "Uploading", "Uploaded")
        await stands(case, "done", verified=True)


async def signed(case: Case, signature: str) -> Station:
    """Have signed firmware installed."""
    station = await arrived(case)
    certificate = "-----BEGIN CERTIFICATE-----"
    command = await case.asks(
        "update_firmware",
        location=LOCATION,
        version=VERSION,
        certificate=certificate,
        signature=signature,
    )
    call = await station.asked("SignedUpdateFirmware")
    about = call.payload["firmware"]
    assert about["location"] == LOCATION
    assert (about["signingCertificate"], about["signature"]) == (certificate, signature)
    await call.answer(status="Accepted")
    await command.ends("accepted", "Accepted")
    return station


async def signed_firmware(case: Case, station: Station, *statuses: str) -> None:
    """Tell how the signed update goes."""
    await tells(case, station, "firmware_status", "SignedFirmwareStatusNotification", *statuses)


@case("TC_080_CSMS")
async def test_signed_firmware_is_installed(case: Case) -> None:
    with case.proves(0):
        station = await signed(case, "cmlnaHQ=")
    with case.proves(1):
        await signed_firmware(case, station, "Downloading", "Downloaded", "SignatureVerified")
        await reports(case, station, "Unavailable", 1, 2)
        await signed_firmware(case, station, "Installing", "InstallRebooting")
        await station.close()
        station = await case.connect()
        await booted(case, station, VERSION)
        told = {"type": "FirmwareUpdated", "timestamp": now()}
        assert await station.call("SecurityEventNotification", **told) == {}
        await signed_firmware(case, station, "Installed")
        assert await case.events("security_event") == ["FirmwareUpdated"]
        await stands(case, "done", verified=True)


@case("TC_081_CSMS")
async def test_a_wrong_signature(case: Case) -> None:
    with case.proves(0):
        station = await signed(case, "d3Jvbmc=")
    with case.proves(1):
        await signed_firmware(case, station, "Downloading", "Downloaded", "InvalidSignature")
        await stands(case, "failed", verified=False)


@case("TC_045_1_CSMS")
async def test_diagnostics_are_sent(case: Case) -> None:
    with case.proves(0):
        station = await diagnostics(case)
    with case.proves(1):
        await uploads(case, station, "Uploaded")
