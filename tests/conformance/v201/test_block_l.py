"""L: firmware, installed and published."""

from typing import Any

from cpms.control.models import Transfer
from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v201.states import (
    Transaction,
    arrived,
    booted,
    copes,
    has_charging,
    reports,
    security_event,
    told,
)

LOCATION = "https://files.example.org/firmware.bin"
VERSION = "2.0"
VERIFIED = ("Downloading", "Downloaded", "SignatureVerified")


async def updates(
    case: Case,
    station: Station,
    answer: str = "Accepted",
    state: str = "accepted",
    request: int = 1,
    **more: Any,
) -> None:
    """Have signed firmware installed."""
    signed = {"certificate": "-----BEGIN CERTIFICATE-----", "signature": "c2lnbmVk"}
    command = await case.asks(
        "update_firmware", location=LOCATION, request_id=request, version=VERSION, **signed, **more
    )
    call = await station.asked("UpdateFirmware")
    about = call.payload["firmware"]
    assert call.payload["requestId"] == request
    assert about["location"] == LOCATION
    assert about["signingCertificate"] == signed["certificate"]
    assert about["signature"] == signed["signature"]
    for asked, said in (("retrieve_at", "retrieveDateTime"), ("install_at", "installDateTime")):
        assert asked not in more or about[said] == more[asked]
    await call.answer(status=answer)
    await command.ends(state, answer)
    await copes(station)


async def stands(case: Case, state: str, request: int = 1, *, verified: bool | None) -> None:
    """See what is known of an update by now."""
    await case.reviewed()
    updates = Transfer.objects.select_related("command")
    found = await updates.aget(charger__identity=case.identity, request_id=request)
    assert (found.state, found.command.verified) == (state, verified)


async def firmware(case: Case, station: Station, *statuses: str) -> None:
    """Tell how the update goes."""
    await told(case, station, "firmware_status", "FirmwareStatusNotification", *statuses)


async def installs(
    case: Case,
    station: Station,
    boot: int,
    answered: int,
    *before: str,
    end: str = "Installed",
    request: int = 1,
) -> None:
    """Tell of an update from `before` to its end, with the boot: entries `boot`, `answered`."""
    with case.proves(answered):
        await firmware(case, station, *before, "Installing", "InstallRebooting")
        await station.close()
        station = await case.connect()
        with case.proves(boot):
            await booted(case, station, "FirmwareUpdate", "1.0" if end != "Installed" else VERSION)
        await firmware(case, station, end)
    failed = end == "InstallationFailed"
    await stands(case, "failed" if failed else "done", request, verified=not failed)


@case("TC_L_01_CSMS")
async def test_firmware_is_installed(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await updates(case, station)
    await installs(case, station, 1, 2, *VERIFIED)


@case("TC_L_02_CSMS")
async def test_firmware_is_installed_later(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await updates(case, station, install_at=now(60))
    await installs(case, station, 1, 2, *VERIFIED, "InstallScheduled")


@case("TC_L_03_CSMS")
async def test_firmware_is_downloaded_later(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await updates(case, station, retrieve_at=now(60))
    await installs(case, station, 1, 2, "DownloadScheduled", *VERIFIED)


@case("TC_L_04_CSMS")
async def test_the_certificate_is_revoked(case: Case) -> None:
    with case.proves(0):
        await updates(case, await arrived(case), "RevokedCertificate", "rejected")


@case("TC_L_05_CSMS")
async def test_the_certificate_is_invalid(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await updates(case, station, "InvalidCertificate", "rejected")
        await security_event(case, station, "InvalidFirmwareSigningCertificate")


async def fails(case: Case, *statuses: str) -> Station:
    """Tell of an update that fails: entry 0."""
    station = await arrived(case)
    with case.proves(0):
        await updates(case, station)
        await firmware(case, station, *statuses)
        await stands(case, "failed", verified=False)
    return station


@case("TC_L_06_CSMS")
async def test_the_signature_is_invalid(case: Case) -> None:
    station = await fails(case, "Downloading", "Downloaded", "InvalidSignature")
    with case.proves(0):
        await security_event(case, station, "InvalidFirmwareSignature")


@case("TC_L_07_CSMS")
async def test_the_download_fails(case: Case) -> None:
    await fails(case, "Downloading", "DownloadFailed")


@case("TC_L_08_CSMS")
async def test_the_installation_s_verification_fails(case: Case) -> None:
    await fails(case, *VERIFIED, "Installing", "InstallVerificationFailed")


@case("TC_L_09_CSMS")
async def test_the_installation_fails(case: Case) -> None:
    station = await arrived(case)
    await updates(case, station)
    await installs(case, station, 0, 1, *VERIFIED, end="InstallationFailed")


async def second(case: Case, answer: str, state: str, *statuses: str) -> None:
    """Have a second update asked for while the first downloads."""
    station = await arrived(case)
    await updates(case, station)
    await firmware(case, station, "Downloading")
    await updates(case, station, answer, state, request=2)
    gone = state == "accepted"
    await stands(case, "cancelled" if gone else "running", verified=False if gone else None)
    installed = 2 if state == "accepted" else 1
    await installs(case, station, 0, 1, *statuses, request=installed)


@case("TC_L_10_CSMS")
async def test_a_second_update_takes_the_first_s_place(case: Case) -> None:
    await second(case, "AcceptedCanceled", "accepted", *VERIFIED)


@case("TC_L_11_CSMS")
async def test_the_first_update_can_t_be_cancelled(case: Case) -> None:
    await second(case, "Rejected", "rejected", *VERIFIED[1:])


@case("TC_L_13_CSMS")
async def test_an_update_waits_for_the_session(case: Case) -> None:
    transaction: Transaction = await has_charging(case)
    with case.proves(0):
        await updates(case, transaction.station)
    with case.proves(2):
        await firmware(case, transaction.station, "DownloadScheduled")
        await reports(case, transaction.station, "Unavailable", 2)
        await transaction.finishes()
    await installs(case, transaction.station, 1, 2, *VERIFIED)


async def publishes(case: Case, entry: int, *statuses: str) -> None:
    """Have firmware published, and told how it goes."""
    station = await arrived(case)
    asked = {"location": LOCATION, "checksum": "aa" * 16}
    with case.proves(entry):
        command = await case.asks("publish_firmware", request_id=3, **asked)
        call = await station.asked("PublishFirmware")
        assert call.payload == {"requestId": 3, **asked}
        await call.answer(status="Accepted")
        await command.ends("accepted", "Accepted")
        kind, action = "published_firmware_status", "PublishFirmwareStatusNotification"
        await told(case, station, kind, action, *statuses)
        done = statuses[-1] == "Published"
        await stands(case, "done" if done else "failed", 3, verified=done)


@case("TC_L_17_CSMS")
async def test_firmware_is_published(case: Case) -> None:
    with case.proves(0):
        await publishes(case, 1, "Downloading", "Downloaded", "ChecksumVerified", "Published")


@case("TC_L_19_CSMS")
async def test_the_checksum_is_invalid(case: Case) -> None:
    await publishes(case, 0, "Downloading", "Downloaded", "InvalidChecksum")


@case("TC_L_20_CSMS")
async def test_publishing_fails(case: Case) -> None:
    await publishes(case, 0, "Downloading", "Downloaded", "ChecksumVerified", "PublishFailed")


@case("TC_L_24_CSMS")
async def test_the_download_to_publish_fails(case: Case) -> None:
    await publishes(case, 0, "Downloading", "DownloadFailed")


async def unpublishes(case: Case, answer: str, state: str) -> None:
    """Have firmware unpublished: entry 0."""
    station = await arrived(case)
    with case.proves(0):
        command = await case.asks("unpublish_firmware", checksum="aa" * 16)
        call = await station.asked("UnpublishFirmware")
        assert call.payload == {"checksum": "aa" * 16}
        await call.answer(status=answer)
        assert (await command.ends(state, answer)).verified is (
            True if state == "accepted" else None
        )
        await copes(station)


@case("TC_L_21_CSMS")
async def test_firmware_is_unpublished(case: Case) -> None:
    await unpublishes(case, "Unpublished", "accepted")


@case("TC_L_22_CSMS")
async def test_there_is_no_firmware(case: Case) -> None:
    await unpublishes(case, "NoFirmware", "rejected")


@case("TC_L_23_CSMS")
async def test_the_download_goes_on(case: Case) -> None:
    await unpublishes(case, "DownloadOngoing", "failed")
