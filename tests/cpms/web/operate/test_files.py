"""Firmware and logs on pages: asked for, followed, looked at, kept for the fleet."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cpms.control import commands, transfers
from cpms.control.commands import SYSTEM
from cpms.control.files import Draft
from cpms.control.models import Command, FirmwareImage, StoredFile, Transfer
from cpms.control.operations import Operation
from cpms.control.operations.files import GetLog, UpdateFirmware
from inventory.models import Charger, Role
from monitoring.models import Event, ReportedVariable
from tests import network
from tests.cpms.web.operate.conftest import NOW

URL = "https://user:word@files.example.org/fw.bin"
UGLY = '<b>"\u202eevil\u202c</b>' + "x" * 90


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.FILES = tmp_path
    settings.FILES_RESERVE_MB = 0
    return tmp_path


def asked(charger: Charger, operation: Operation, *words: str, minutes: int = 10) -> Transfer:
    """Ask, have it accepted, and reported on; some minutes ago."""
    command = commands.request(charger, operation, SYSTEM)
    then = NOW - timedelta(minutes=minutes)
    Command.objects.filter(pk=command.pk).update(
        state="accepted", sent_at=then, answered_at=then, action="x"
    )
    kind = "firmware_status" if isinstance(operation, UpdateFirmware) else "log_status"
    Transfer.objects.filter(command=command).update(asked_at=then, state="running")
    for word in words:
        Event.objects.create(charger=charger, kind=kind, at=then, received=then, code=word)
    transfers.review(charger.pk, NOW)
    return Transfer.objects.get(command=command)


def log(charger: Charger, content: bytes, name: str = "diag.txt") -> StoredFile:
    draft = Draft(1_000_000)
    draft.write(content)
    file = draft.keep(charger.site.organisation, StoredFile.Kind.LOG, name)
    file.charger = charger
    return file


def test_an_update_is_shown_step_by_step(station: Charger, client: Client) -> None:
    asked(station, UpdateFirmware(location=URL, version="2.0"), "Downloading", "Downloading")
    page = client.get("/chargers/CP-1/operate/firmware/").content.decode()
    assert "Update to 2.0" in page.replace("<bdi>", "").replace("</bdi>", "")
    assert "It is fetching the firmware." in page
    assert "Said 2 times." in page
    assert "user:********@files.example.org" in page
    assert ":word@" not in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Downloading", "InvalidSignature"), "the signature isn&#x27;t of this file"),
        (("Downloading", "DownloadFailed"), "It could not fetch the firmware."),
        (("Downloading", "InstallationFailed"), "It runs on with what it had."),
        (("Installed",), "the next boot shows whether it runs it"),
        (("Idle",), "It says that it isn&#x27;t at anything"),
        ((UGLY[:40],), "&lt;b&gt;"),
    ],
)
def test_every_report_is_a_sentence(
    station: Charger, client: Client, words: tuple[str, ...], told: str
) -> None:
    asked(station, UpdateFirmware(location=URL), *words)
    page = client.get("/chargers/CP-1/operate/firmware/").content.decode()
    assert told in page
    assert "<b>" not in page


def test_one_that_stalled_says_so(station: Charger, client: Client) -> None:
    asked(station, UpdateFirmware(location=URL), "Downloading", minutes=50)
    page = client.get("/chargers/CP-1/operate/firmware/").content.decode()
    assert "Nothing was heard of it for" in page


def test_a_log_is_listed_looked_at_and_downloaded(station: Charger, client: Client) -> None:
    transfer = asked(station, GetLog(log="security"), "Uploading")
    file = log(station, b"<script>alert(1)</script>\n" + b"x" * 200_000 + b"END", UGLY)
    assert transfers.arrived(transfer.pk, file, NOW)
    page = client.get("/chargers/CP-1/operate/logs/").content.decode()
    assert "Verified: its file is here." in page
    assert "200 kB" in page
    look = client.get(f"/chargers/CP-1/operate/logs/{file.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)" in look
    assert "<script>alert" not in look
    assert "69 kB are left out here" in look
    said = client.get(f"/chargers/CP-1/operate/logs/{file.pk}/download/")
    assert said.headers["Content-Disposition"].startswith("attachment;")
    assert said.headers["X-Content-Type-Options"] == "nosniff"
    assert said.headers["Content-Type"] == "application/octet-stream"
    assert len(said.getvalue()) == file.size
    assert client.get(f"/chargers/CP-1/operate/logs/{file.pk + 1}/").status_code == 404


@pytest.mark.parametrize(
    ("content", "told"), [(b"\x1f\x8b\x08", "It is packed (gzip)"), (bytes(range(256)), "no text")]
)
def test_what_is_no_text_is_not_shown(
    station: Charger, client: Client, content: bytes, told: str
) -> None:
    file = log(station, content)
    file.save()
    assert told in client.get(f"/chargers/CP-1/operate/logs/{file.pk}/").content.decode()


def test_a_log_that_was_removed_says_so(station: Charger, client: Client) -> None:
    file = log(station, b"text")
    file.removed_at = NOW
    file.save()
    look = client.get(f"/chargers/CP-1/operate/logs/{file.pk}/").content.decode()
    assert "This file was removed" in look
    assert client.get(f"/chargers/CP-1/operate/logs/{file.pk}/download/").status_code == 404


def test_the_pages_take_few_queries_however_many_there_are(
    station: Charger, client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        asked(station, UpdateFirmware(location=URL, version=str(number)), "Installed")
        FirmwareImage.objects.create(organisation=station.site.organisation, version=str(number))
        file = log(station, b"text")
        transfers.arrived(asked(station, GetLog()).pk, file, NOW)
    for page in ("chargers/CP-1/operate/firmware/", "chargers/CP-1/operate/logs/", "firmware/"):
        with django_assert_max_num_queries(20):
            assert client.get(f"/{page}").status_code == 200


def test_firmware_is_added_offered_asked_for_and_withdrawn(
    station: Charger, client: Client, folder: Path
) -> None:
    about = {"organisation": station.site.organisation_id, "version": "2.0", "notes": UGLY}
    file = SimpleUploadedFile("fw.bin", b"firmware")
    said = client.post("/firmware/add/", {**about, "file": file}, follow=True)
    assert said.status_code == 200, said.content.decode()[-3000:]
    image = FirmwareImage.objects.get()
    page = said.content.decode()
    assert "fw.bin" in page
    assert "0 of 1" in page
    assert "<b>" not in page
    form = client.get(f"/chargers/CP-1/operate/do/update_firmware/?image={image.pk}")
    assert f'value="{image.pk}" selected' in form.content.decode()
    # A session runs: it is asked once more.
    wish: dict[str, Any] = {"image": image.pk}
    asked_back = client.post("/chargers/CP-1/operate/do/update_firmware/", wish)
    assert not Command.objects.exists()
    assert "may be cut off when it installs" in asked_back.content.decode()
    wish["confirmed"] = [harm.key for harm in asked_back.context["harms"]]
    client.post("/chargers/CP-1/operate/do/update_firmware/", wish)
    command = Command.objects.get()
    assert command.request["version"] == "2.0"
    assert Transfer.objects.get().image == image
    client.post(f"/firmware/{image.pk}/withdraw/")
    assert FirmwareImage.objects.filter(withdrawn_at=None).exists()  # It is under way.
    Transfer.objects.update(state="done")
    client.post(f"/firmware/{image.pk}/withdraw/")
    assert not FirmwareImage.objects.filter(withdrawn_at=None).exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_many_are_updated_at_once_after_a_warning(station: Charger, client: Client) -> None:
    owner = station.site.organisation
    image = FirmwareImage.objects.create(organisation=owner, version="2.0", address="x")
    address = f"/commands/bulk/update_firmware/?organisation={owner.pk}"
    wish: dict[str, Any] = {"image": image.pk}
    warned = client.post(address, wish)
    assert "not in waves" in warned.content.decode()
    assert not Command.objects.exists()
    wish["confirmed"] = [harm.key for harm in warned.context["harms"]]
    client.post(address, wish)
    assert Transfer.objects.get().image == image


def test_an_address_that_the_charger_says_it_can_t_use_is_asked_twice(
    station: Charger, client: Client
) -> None:
    ReportedVariable.objects.create(
        charger=station, component="OCPPCommCtrlr", variable="FileTransferProtocols",
        value="FTP, SFTP", reported_at=NOW,
    )  # fmt: skip
    said = client.post("/chargers/CP-1/operate/do/get_log/", {"log": "diagnostics"})
    assert "It says that it can use ftp, sftp, and the address is http" in said.content.decode()
    assert not Command.objects.exists()
    wish = {"log": "diagnostics", "location": "ftp://u:secret@host/in"}
    client.post("/chargers/CP-1/operate/do/get_log/", wish)
    assert Command.objects.get().request["address"] == "ftp://u:********@host/in"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "Give either a file or the address of one."),
        ({"url": "http://x/f", "signature": "?"}, "go together"),
        ({"url": "x"}, "no address that a charger can use"),
        ({"url": "http://x/f", "version": " "}, "This field is required."),
        ({"file": SimpleUploadedFile("a", b"")}, "The file is empty."),
    ],
)
def test_what_is_wrong_is_said(
    station: Charger, client: Client, wrong: dict[str, Any], told: str
) -> None:
    about = {"organisation": station.site.organisation_id, "version": "2.0"}
    said = client.post("/firmware/add/", {**about, **wrong})
    assert (said.status_code, told in said.content.decode()) == (400, True)
    assert not FirmwareImage.objects.exists()


def test_who_may_not_command_sees_and_changes_nothing(station: Charger) -> None:
    viewer = network.signed_in(network.person("vera", Role.VIEWER, station.site.organisation))
    FirmwareImage.objects.create(organisation=station.site.organisation, version="2.0")
    page = viewer.get("/firmware/").content.decode()
    assert "Add firmware" not in page
    assert "Withdraw" not in page
    assert viewer.post("/firmware/add/", {}).status_code == 403
    image = FirmwareImage.objects.get()
    assert viewer.post(f"/firmware/{image.pk}/withdraw/").status_code == 403
    assert "Get a log" not in viewer.get("/chargers/CP-1/operate/logs/").content.decode()
