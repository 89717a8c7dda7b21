"""Firmware Management and logs, plain and signed."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v16.states import arrived, booted, reports, sent

LOCATION = "https://files.example.org/firmware.bin"
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
    asked = {"location": LOCATION, "retrieveDate": now()}
    await sent(case, station, "UpdateFirmware", asked, {})
    return station


async def installs(case: Case, end: str) -> None:
    """Tell of an update from the download to its end."""
    with case.proves(0):
        station = await updates(case)
        await firmware(case, station, "Downloading", "Downloaded")
        await reports(case, station, "Unavailable", 1, 2)
        await firmware(case, station, "Installing")
        await station.close()
        station = await case.connect()
        await booted(case, station)
        await firmware(case, station, end)


@case("TC_044_1_CSMS")
async def test_firmware_is_installed(case: Case) -> None:
    with case.proves(1):
        await installs(case, "Installed")


@case("TC_044_2_CSMS")
async def test_the_download_fails(case: Case) -> None:
    with case.proves(0):
        await firmware(case, await updates(case), "Downloading", "DownloadFailed")


@case("TC_044_3_CSMS")
async def test_the_installation_fails(case: Case) -> None:
    await installs(case, "InstallationFailed")


async def diagnostics(case: Case) -> Station:
    """Have diagnostics sent to us."""
    station = await arrived(case)
    await sent(
        case, station, "GetDiagnostics", {"location": UPLOAD}, {"fileName": "diagnostics.zip"}
    )
    return station


async def uploads(case: Case, station: Station, end: str) -> None:
    """Tell of the upload."""
    kind, action = "diagnostics_status", "DiagnosticsStatusNotification"
    await tells(case, station, kind, action, "Uploading", end)


@case("TC_045_2_CSMS")
async def test_the_upload_of_diagnostics_fails(case: Case) -> None:
    with case.proves(0):
        await uploads(case, await diagnostics(case), "UploadFailed")


@case("TC_079_CSMS")
async def test_the_security_log_is_sent(case: Case) -> None:
    station = await arrived(case)
    asked = {"logType": "SecurityLog", "requestId": 4, "log": {"remoteLocation": UPLOAD}}
    with case.proves(0):
        await sent(case, station, "GetLog", asked, {"status": "Accepted", "filename": "log.zip"})
    with case.proves(1):
        await tells(case, station, "log_status", "LogStatusNotification", "Uploading", "Uploaded")


async def signed(case: Case, signature: str) -> Station:
    """Have signed firmware installed."""
    station = await arrived(case)
    about: dict[str, Any] = {
        "location": LOCATION,
        "retrieveDateTime": now(),
        "signingCertificate": "-----BEGIN CERTIFICATE-----",
        "signature": signature,
    }
    asked = {"requestId": 5, "firmware": about}
    await sent(case, station, "SignedUpdateFirmware", asked, {"status": "Accepted"})
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
        await booted(case, station)
        told = {"type": "FirmwareUpdated", "timestamp": now()}
        assert await station.call("SecurityEventNotification", **told) == {}
        await signed_firmware(case, station, "Installed")
        assert await case.events("security_event") == ["FirmwareUpdated"]


@case("TC_081_CSMS")
async def test_a_wrong_signature(case: Case) -> None:
    with case.proves(0):
        station = await signed(case, "d3Jvbmc=")
    with case.proves(1):
        await signed_firmware(case, station, "Downloading", "Downloaded", "InvalidSignature")


@case("TC_045_1_CSMS")
async def test_diagnostics_are_sent(case: Case) -> None:
    with case.proves(0):
        station = await diagnostics(case)
    with case.proves(1):
        await uploads(case, station, "Uploaded")
