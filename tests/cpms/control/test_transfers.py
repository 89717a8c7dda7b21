"""Files on their way, by what chargers report: late, twice, out of order, never."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cpms import environment
from cpms.control import bulks, commands, transfers
from cpms.control.commands import SYSTEM, Refused
from cpms.control.models import Bulk, Command, FirmwareImage, Transfer
from cpms.control.operations import BadRequest, Operation
from cpms.control.operations.files import GetDiagnostics, GetLog, PublishFirmware, UpdateFirmware
from inventory.models import Charger, ChargerModel
from monitoring.models import Event
from tests import network

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
URL = "https://user:word@files.example.org/fw-2.0.bin?sig=abc"


def later(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def charger() -> Charger:
    model = ChargerModel.objects.create(vendor="Acme", name="One")
    site = network.site(network.tenant())
    return network.charger(site, "CP-1", firmware_version="1.0", model=model)


def asked(charger: Charger, operation: Operation, minute: float = 0, result: str = "") -> Transfer:
    """Ask, and have it sent and accepted in this minute."""
    command = commands.request(charger, operation, SYSTEM)
    Command.objects.filter(pk=command.pk).update(
        state="accepted", sent_at=later(minute), answered_at=later(minute), result=result
    )
    command.refresh_from_db()
    Transfer.objects.filter(command=command).update(asked_at=later(minute))
    transfers.answered(command, Transfer.Kind(command.transfer.kind), {"name": "x"}, later(minute))
    return command.transfer


def tells(charger: Charger, minute: float, *words: str, kind: str = "firmware_status",
          **data: Any) -> None:  # fmt: skip
    for word in words:
        Event.objects.create(
            charger=charger, kind=kind, at=later(minute), received=later(minute), code=word,
            data=data,
        )  # fmt: skip


def boots(charger: Charger, minute: float, version: str) -> None:
    tells(charger, minute, "Accepted", kind="boot", firmware_version=version)


def reviewed(transfer: Transfer, minute: float) -> Transfer:
    transfers.review(transfer.charger_id, later(minute))
    return Transfer.objects.select_related("command").get(pk=transfer.pk)


def told(transfer: Transfer) -> tuple[str, bool | None, str]:
    return transfer.state, transfer.command.verified, transfer.command.evidence


def test_an_update_is_verified_by_the_version_that_it_boots_with(charger: Charger) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL, version="v2.0"))
    tells(charger, 1, "Downloading", "Downloaded", "Installing")
    assert told(reviewed(transfer, 1)) == ("running", None, "")
    boots(charger, 3, "2.0")
    assert told(reviewed(transfer, 3)) == ("done", True, "firmware_version")
    tells(charger, 4, "Installed")
    found = reviewed(transfer, 4)
    assert [step["status"] for step in found.steps] == [
        "Downloading", "Downloaded", "Installing", "Installed",
    ]  # fmt: skip
    assert (found.version_before, found.version_after) == ("1.0", "2.0")
    assert not reviewed(transfer, 70).followed


@pytest.mark.parametrize(
    ("version", "booted", "evidence"),
    [("2.0", "1.5", "firmware_wrong_version"), (None, "1.0", "firmware_unchanged")],
)
def test_another_version_is_no_success(
    charger: Charger, version: str | None, booted: str, evidence: str
) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL, version=version))
    tells(charger, 1, "Installed")
    assert told(reviewed(transfer, 1)) == ("done", None, "")
    boots(charger, 2, booted)
    assert told(reviewed(transfer, 2)) == ("done", False, evidence)
    boots(charger, 9, "2.0")
    assert told(reviewed(transfer, 9))[1] is True


def test_no_boot_within_an_hour_is_no_success(charger: Charger) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL, version="2.0"))
    tells(charger, 1, "Installed")
    reviewed(transfer, 60)
    assert told(reviewed(transfer, 62)) == ("done", False, "no_boot")


def test_a_version_that_ran_before_shows_nothing_until_it_is_installed(charger: Charger) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL, version="1.0"))
    boots(charger, 1, "1.0")
    assert told(reviewed(transfer, 1)) == ("running", None, "")
    tells(charger, 2, "Installed")
    boots(charger, 3, "1.0")
    assert told(reviewed(transfer, 3)) == ("done", True, "firmware_version")


def test_an_update_that_says_nothing_more_is_stalled_and_given_up(charger: Charger) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL))
    tells(charger, 1, "Downloading")
    assert reviewed(transfer, 20).state == "running"
    assert reviewed(transfer, 32).state == "stalled"
    tells(charger, 40, "Downloading")
    found = reviewed(transfer, 40)
    assert (found.state, found.steps[0]["count"]) == ("running", 2)
    assert told(reviewed(transfer, 3 * 24 * 60 + 41)) == ("failed", False, "no_report")


def test_a_failure_is_said_at_once_and_a_later_success_corrects_it(charger: Charger) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL, version="2.0"))
    tells(charger, 1, "Downloading", "DownloadFailed")
    assert told(reviewed(transfer, 1)) == ("failed", False, "transfer_failed")
    tells(charger, 2, "Downloading")
    assert reviewed(transfer, 2).state == "running"
    boots(charger, 3, "2.0")
    assert told(reviewed(transfer, 3)) == ("done", True, "firmware_version")


def test_reports_find_their_transfer_by_number_or_are_the_newest_s(charger: Charger) -> None:
    first = asked(charger, GetLog(request_id=1), 0)
    second = asked(charger, GetLog(request_id=2, log="security"), 5)
    tells(charger, 6, "Uploading", kind="log_status", requestId=1)
    tells(charger, 7, "UploadFailure", kind="log_status")
    tells(charger, 8, "Uploaded", kind="log_status", requestId=99)
    assert reviewed(first, 9).status == "Uploading"
    assert reviewed(second, 9).status == "UploadFailure"


def test_what_was_reported_before_it_was_sent_is_of_another(charger: Charger) -> None:
    tells(charger, -1, "Installed")
    transfer = asked(charger, UpdateFirmware(location=URL))
    assert reviewed(transfer, 1).steps == []


def test_reading_twice_changes_nothing(charger: Charger) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL))
    tells(charger, 1, "Downloading")
    reviewed(transfer, 2)
    assert reviewed(transfer, 2).steps[0]["count"] == 1


def test_where_nothing_is_new_nothing_is_written(
    charger: Charger, django_assert_num_queries: Any
) -> None:
    transfer = asked(charger, UpdateFirmware(location=URL))
    tells(charger, 1, "Downloading")
    reviewed(transfer, 2)
    with django_assert_num_queries(4) as seen:  # With the transaction's own two.
        transfers.review(charger.pk, later(3))
    assert not [query for query in seen.captured_queries if query["sql"].startswith("UPDATE")]


def test_a_newer_one_ends_the_older_where_the_charger_says_so(charger: Charger) -> None:
    first = asked(charger, UpdateFirmware(location=URL), 0)
    asked(charger, UpdateFirmware(location=URL, version="3.0"), 5, "AcceptedCanceled")
    first.refresh_from_db()
    assert first.state == "cancelled"
    assert told(reviewed(first, 6)) == ("cancelled", False, "transfer_cancelled")


def test_a_log_that_is_said_to_be_sent_and_isn_t_there_is_no_success(charger: Charger) -> None:
    transfer = asked(charger, GetLog())
    tells(charger, 1, "Uploaded", kind="log_status")
    assert told(reviewed(transfer, 2)) == ("done", None, "")
    assert told(reviewed(transfer, 4)) == ("done", False, "no_file")
    elsewhere = asked(charger, GetLog(location=URL), 10)
    tells(charger, 11, "Uploaded", kind="log_status")
    assert told(reviewed(elsewhere, 11)) == ("done", True, "log_status")


def test_published_firmware_is_where_the_controller_says(charger: Charger) -> None:
    transfer = asked(charger, PublishFirmware(location=URL, checksum="a" * 32))
    tells(charger, 1, "ChecksumVerified", kind="published_firmware_status")
    tells(charger, 2, "Published", kind="published_firmware_status", location=["http://lc/f"])
    found = reviewed(transfer, 2)
    assert told(found) == ("done", True, "firmware_published")
    assert found.published == ["http://lc/f"]


def test_diagnostics_without_a_name_are_none(charger: Charger) -> None:
    command = commands.request(charger, GetDiagnostics(), SYSTEM)
    Command.objects.filter(pk=command.pk).update(state="accepted", sent_at=NOON)
    command.refresh_from_db()
    transfers.answered(command, Transfer.Kind.DIAGNOSTICS, {}, NOON)
    assert (command.verified, command.evidence) == (False, "nothing_to_send")


def test_what_was_refused_is_over(charger: Charger) -> None:
    command = commands.request(charger, UpdateFirmware(location=URL), SYSTEM)
    Command.objects.filter(pk=command.pk).update(state="rejected", sent_at=NOON)
    command.refresh_from_db()
    transfers.answered(command, Transfer.Kind.FIRMWARE, {}, NOON)
    found = Transfer.objects.get()
    assert (found.state, found.followed) == ("failed", False)


def test_what_was_never_sent_ends_with_its_command(charger: Charger) -> None:
    command = commands.request(charger, UpdateFirmware(location=URL), SYSTEM)
    Command.objects.filter(pk=command.pk).update(state="expired")
    assert transfers.sweep(NOON) == 1
    assert (Transfer.objects.get().state, transfers.sweep(NOON)) == ("failed", 0)


def test_an_address_s_secrets_are_sealed_and_one_of_ours_is_kept_as_a_hash(
    charger: Charger,
) -> None:
    theirs = commands.request(charger, UpdateFirmware(location=URL), SYSTEM)
    assert (
        theirs.request["address"] == "https://user:********@files.example.org/fw-2.0.bin?********"
    )
    assert "location" not in theirs.request
    asked_for = commands.operation_of(
        "update_firmware", theirs.request, bytes(theirs.sealed or b"")
    )
    assert asked_for.location == URL  # type: ignore[attr-defined]
    ours = commands.request(charger, GetLog(), SYSTEM)
    made = commands.operation_of("get_log", ours.request, bytes(ours.sealed or b""))
    token = made.location.rsplit("/", 1)[1]  # type: ignore[attr-defined]
    found = Transfer.objects.get(command=ours)
    assert found.digest is not None
    assert len(found.digest) == 32
    assert token not in str(ours.request)


def test_who_asks_the_same_twice_means_it_once(charger: Charger) -> None:
    commands.request(charger, UpdateFirmware(location=URL), SYSTEM)
    with pytest.raises(commands.Refused, match="under way"):
        commands.request(charger, UpdateFirmware(location=URL), SYSTEM)
    with pytest.raises(BadRequest, match="under way"):
        commands.request(charger, UpdateFirmware(location=URL, version="2"), SYSTEM)
    assert Command.objects.count() == 1


@pytest.mark.parametrize(
    ("ocpp", "files"),
    [
        ("wss://cp.example:9443/ocpp", "https://cp.example:9443/files"),
        ("ws://10.0.0.1/a/ocpp", "http://10.0.0.1/files"),
        ("", ""),
    ],
)
def test_files_are_beside_the_chargers_sockets(ocpp: str, files: str) -> None:
    assert environment.files_url(ocpp) == files


@pytest.mark.parametrize(
    "address",
    [
        "", "file:///etc/passwd", "https://", "http://a b/", "http://x:0/", "javascript:1",
        "http://[::1", "https://exämple.org/f", "http://localhost:9000/files/" + "a" * 43,
        "ftp://x/\n",
    ],
)  # fmt: skip
def test_an_address_that_no_charger_can_use_is_refused(charger: Charger, address: str) -> None:
    with pytest.raises(BadRequest):
        commands.request(charger, GetLog.read({"location": address}), SYSTEM)
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"signature": "YQ=="},
        {"certificate": "-----BEGIN CERTIFICATE-----"},
        {"certificate": "none", "signature": "YQ=="},
        {"certificate": "-----BEGIN CERTIFICATE-----", "signature": "?"},
        {"retrieve_at": "2026-03-02T12:00:00Z", "install_at": "2026-03-02T11:00:00Z"},
        {"retrieve_at": "2026-03-02T12:00:00"},
        {"retries": -1},
        {"image": 1},
    ],
)
def test_an_update_that_makes_no_sense_is_refused(charger: Charger, fields: Any) -> None:
    with pytest.raises(BadRequest):
        commands.request(charger, UpdateFirmware.read({"location": URL, **fields}), SYSTEM)


def test_an_image_brings_its_version_and_signature_and_is_for_its_models(charger: Charger) -> None:
    organisation = charger.site.organisation
    image = FirmwareImage.objects.create(
        organisation=organisation, version="2.0", signature="YQ==",
        certificate="-----BEGIN CERTIFICATE-----",
    )  # fmt: skip
    command = commands.request(charger, UpdateFirmware(image=image.pk), SYSTEM)
    assert command.request["version"] == "2.0"
    assert command.request["signature"] == "YQ=="
    image.fits.add(ChargerModel.objects.create(vendor="Acme", name="Two"))
    with pytest.raises(Refused, match="other models"):
        commands.request(charger, UpdateFirmware(image=image.pk), SYSTEM)
    elsewhere = network.charger(network.site(network.tenant("Südstrom")), "CP-2")
    with pytest.raises(BadRequest, match="no such firmware"):
        commands.request(elsewhere, UpdateFirmware(image=image.pk), SYSTEM)


def test_many_are_asked_at_once_each_at_an_address_of_its_own(charger: Charger) -> None:

    network.charger(charger.site, "CP-2")
    image = FirmwareImage.objects.create(organisation=charger.site.organisation, version="2.0")
    assert charger.model is not None
    image.fits.add(charger.model)
    bulk = bulks.start(
        charger.site.organisation, Charger.objects.all(), UpdateFirmware(image=image.pk), SYSTEM
    )
    assert Bulk.objects.get().size == 2
    assert [command.charger_id for command in bulk.commands.all()] == [charger.pk]
    logs = bulks.start(charger.site.organisation, Charger.objects.all(), GetLog(), SYSTEM)
    digests = Transfer.objects.filter(command__bulk=logs).values_list("digest", flat=True)
    assert len({bytes(digest) for digest in digests if digest}) == 2
