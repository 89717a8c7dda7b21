"""Firmware and chargers' files over REST."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cpms.control import commands, firmware, serving
from cpms.control.commands import SYSTEM
from cpms.control.files import Draft
from cpms.control.firmware import About, Upload
from cpms.control.models import FirmwareImage, StoredFile, Transfer
from cpms.control.operations import BadRequest
from cpms.control.operations.files import GetLog, UpdateFirmware
from inventory.models import Charger, ChargerModel, Role
from tests import network
from tests.api import Api

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CONTENT = b"\x7fELF" + b"x" * 1000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.FILES = tmp_path
    settings.FILES_RESERVE_MB = 0
    return tmp_path


@pytest.fixture
def charger() -> Charger:
    model = ChargerModel.objects.create(vendor="Acme", name="One")
    site = network.site(network.tenant())
    return network.charger(site, "CP-1", firmware_version="1.0", model=model)


def api(charger: Charger, role: Role = Role.OPERATOR) -> Api:
    return Api.of(network.person(f"a-{role}", role, charger.site.organisation))


def body(charger: Charger, **more: Any) -> dict[str, Any]:
    return {"organisation": charger.site.organisation_id, "version": "2.0", **more}


def form(api: Api, data: dict[str, Any]) -> Any:
    return api.client.post("/api/v1/firmware/", data, headers=api.headers)


def test_an_image_with_its_file_is_kept_downloaded_and_withdrawn(
    charger: Charger, folder: Path
) -> None:
    operator = api(charger)
    file = SimpleUploadedFile("../../fw<2>.bin", CONTENT)
    said = form(operator, body(charger, models=[charger.model_id], notes="Mends it.", file=file))
    assert said.status_code == 201, said.content
    made = said.json()
    assert (made["name"], made["size"]) == ("fw2.bin", len(CONTENT))
    assert made["sha256"] == sha256(CONTENT).hexdigest()
    assert made["models"] == [charger.model_id]
    download = operator.get(f"firmware/{made['id']}/file/")
    assert download.raw == CONTENT
    assert download.headers["Content-Disposition"] == 'attachment; filename="fw2.bin"'
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert operator.delete(f"firmware/{made['id']}/").status == 204
    assert operator.get("firmware/").body["results"] == []
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_an_image_at_another_s_address_is_kept_without_showing_its_secrets(
    charger: Charger,
) -> None:
    operator = api(charger)
    made = operator.post("firmware/", body(charger, url="ftp://u:secret@host/f.bin")).body
    assert made["address"] == "ftp://u:********@host/f.bin"
    image = FirmwareImage.objects.get()
    assert b"secret" not in bytes(image.sealed_url or b"")
    assert image.location() == "ftp://u:secret@host/f.bin"
    command = commands.request(charger, UpdateFirmware(image=image.pk), SYSTEM)
    asked = commands.operation_of("update_firmware", command.request, bytes(command.sealed or b""))
    assert asked.location == "ftp://u:secret@host/f.bin"  # type: ignore[attr-defined]
    refused = operator.delete(f"firmware/{image.pk}/")
    assert (refused.status, "being updated" in refused.body["detail"]) == (409, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"url": "file:///etc/passwd"},
        {"url": "https://x/f", "signature": "YQ=="},
        {"url": "https://x/f", "signature": "YQ==", "certificate": "-----BEGIN CERTIFICATE-----"},
        {"url": "https://x/f", "version": "  "},
        {"url": "https://x/f", "md5": "short"},
        {"url": "https://x/f", "models": [10**9]},
        {"url": "https://x/f", "unknown": 1},
        {"url": "https://x/f", "notes": "a\0b"},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    charger: Charger, wrong: dict[str, Any], folder: Path
) -> None:
    said = api(charger).post("firmware/", body(charger, **wrong))
    assert said.status in {400, 422}, said.body
    assert not FirmwareImage.objects.exists()


@pytest.mark.parametrize(("most", "quota", "content"), [(0, 100, b"x"), (1, 0, b"x"), (1, 1, b"")])
def test_what_has_no_room_is_refused_and_nothing_is_kept(
    charger: Charger, settings: Any, folder: Path, most: int, quota: int, content: bytes
) -> None:
    settings.FIRMWARE_MAX_MB, settings.FILES_QUOTA_MB = most, quota
    who = network.person("olga", Role.OPERATOR)
    with pytest.raises(BadRequest):
        firmware.add(charger.site.organisation, About("2.0"), who, Upload("f.bin", [content]), NOON)
    assert not StoredFile.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_who_may_not_command_may_not_add_firmware(charger: Charger) -> None:
    viewer = api(charger, Role.VIEWER)
    assert viewer.post("firmware/", body(charger, url="https://x/f")).status == 403
    elsewhere = api(network.charger(network.site(network.tenant("Südstrom")), "CP-2"), Role.LEAD)
    assert elsewhere.post("firmware/", body(charger, url="https://x/f")).status == 400


def test_a_charger_s_files_and_transfers_are_listed_and_downloaded(charger: Charger) -> None:
    command = commands.request(charger, GetLog(log="security"), SYSTEM)
    draft = Draft(1000)
    draft.write(b"a log\n")
    file = draft.keep(charger.site.organisation, StoredFile.Kind.LOG, "a.txt")
    file.charger = charger
    file.save()
    Transfer.objects.update(file=file, steps=[{"status": "Uploading"}])
    viewer = api(charger, Role.VIEWER)
    listed = viewer.get("chargers/cp-1/files/").body["results"]
    assert [(row["name"], row["size"], row["command"]) for row in listed] == [
        ("a.txt", 6, str(command.pk))
    ]
    said = viewer.get(f"chargers/CP-1/files/{file.pk}/content/")
    assert said.raw == b"a log\n"
    transfers = viewer.get("chargers/CP-1/transfers/", kind="log").body["results"]
    assert [(row["log"], row["steps"]) for row in transfers] == [
        ("security", [{"status": "Uploading"}])
    ]
    StoredFile.objects.update(removed_at=NOON)
    assert viewer.get(f"chargers/CP-1/files/{file.pk}/content/").status == 404


@pytest.mark.parametrize(
    ("content", "is_text", "packed"),
    [
        (b"plain\r\ntext \xc3\xa4\n", True, ""),
        (b"\x1f\x8b\x08\x00zip", False, "gzip"),
        (b"PK\x03\x04rest", False, "zip"),
        (bytes(range(256)), False, ""),
        (b"", True, ""),
    ],
)
def test_what_is_text_can_be_looked_at(
    charger: Charger, content: bytes, is_text: bool, packed: str
) -> None:
    found = serving.look(kept(charger, content))
    assert (found.is_text, found.packed) == (is_text, packed)


def test_of_a_long_text_both_ends_are_shown_without_what_would_do_something(
    charger: Charger,
) -> None:
    found = serving.look(kept(charger, b"\x1b[31m<script>\n" + b"a" * 200_000 + b"the end"))
    assert found.first.startswith("\ufffd[31m<script>\n")
    assert found.last.endswith("the end")
    assert found.left_out == 200_021 - 2 * serving.SHOWN


def kept(charger: Charger, content: bytes) -> StoredFile:
    draft = Draft(1_000_000)
    draft.write(content)
    file = draft.keep(charger.site.organisation, StoredFile.Kind.LOG, "a")
    file.save()
    return file
