"""`/files/<token>`: whole or not at all, whatever is sent, and never in the sockets' way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone

from cpms.control import commands, files, transfers
from cpms.control.commands import SYSTEM
from cpms.control.files import Draft
from cpms.control.models import Command, FirmwareImage, StoredFile, Transfer
from cpms.control.operations import Operation
from cpms.control.operations.files import GetDiagnostics, UpdateFirmware
from cpms.ocpp.files import bodies, service, tickets
from cpms.ocpp.simulator import fleet
from cpms.ocpp.simulator import transfers as simulation
from cpms.ocpp.simulator.world import World
from inventory.models import Charger
from tests.cpms.ocpp.conftest import RawCharger, RunningGateway
from tests.cpms.ocpp.test_commands import answer, ended

BODY = b"line one\nline two\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    """A folder of this test's own."""
    settings.FILES = tmp_path / "files"
    settings.FILES_RESERVE_MB = 0
    return tmp_path / "files"


@pytest.fixture
async def ready(charger: Charger, gateway: RunningGateway, settings: Any) -> AsyncIterator["Ready"]:
    """A charger that is connected, and an operator."""
    settings.FILES_PUBLIC_URL = f"http://127.0.0.1:{gateway.port}/files"
    async with gateway.charger("CP-1") as socket:
        await socket.boot()
        yield Ready(charger, gateway, socket)


class Ready:
    """Asks a charger, answers for it, and speaks HTTP for it."""

    def __init__(self, charger: Charger, gateway: RunningGateway, socket: RawCharger) -> None:
        self.charger, self.gateway, self.socket = charger, gateway, socket
        self.address = ""

    async def asks(self, operation: Operation, said: Any) -> Command:
        """Ask, and answer."""
        command = await sync_to_async(commands.request)(self.charger, operation, SYSTEM)
        call = await self.socket.read()
        self.address = call[3]["location"]
        await answer(self.socket, call, said)
        return await ended(command)

    async def diagnostics(self) -> Command:
        """Ask for diagnostics."""
        return await self.asks(GetDiagnostics(), {"fileName": "diag.txt"})

    async def firmware(self, content: bytes) -> Command:
        """Ask for an update to an image of this content."""
        image = await sync_to_async(self.image)(content)
        return await self.asks(UpdateFirmware(image=image.pk), {})

    def image(self, content: bytes) -> FirmwareImage:
        """Store an image."""
        organisation = self.charger.site.organisation
        draft = Draft(10_000_000)
        draft.write(content)
        file = draft.keep(organisation, StoredFile.Kind.FIRMWARE, "fw-2.0.bin")
        file.save()
        return FirmwareImage.objects.create(organisation=organisation, version="2.0", file=file)

    @property
    def path(self) -> str:
        """The address's path."""
        return self.address[self.address.index("/files/") :]

    async def says(self, head: str, body: bytes = b"", *, hang_up: bool = False) -> "Said":
        """Send a request as it is; return what comes back until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.port)
        lines = [*head.split("\n"), "Host: x", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        if hang_up:
            await writer.drain()
            writer.close()
            return Said(b"")
        try:
            found = Said(await asyncio.wait_for(reader.read(), 20))
        except ConnectionResetError:
            found = Said(b"")
        writer.close()
        return found

    async def puts(self, body: bytes, *more: str, behind: str = "", method: str = "PUT") -> "Said":
        """Send a body whole."""
        head = [f"{method} {self.path}{behind} HTTP/1.1", f"Content-Length: {len(body)}", *more]
        return await self.says("\n".join(head), body)

    async def gets(self, *more: str, method: str = "GET") -> "Said":
        """Fetch."""
        return await self.says("\n".join([f"{method} {self.path} HTTP/1.1", *more]))

    async def transfer(self) -> Transfer:
        """Return the newest transfer."""
        related = Transfer.objects.select_related("file", "command")
        return await related.order_by("-id").afirst()  # type: ignore[return-value]


class Said:
    """An HTTP answer."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if raw else 0
        self.headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
        }


def kept(folder: Path) -> list[bytes]:
    """Return the files that are on the disk, drafts and all."""
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def until(holds: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not await sync_to_async(holds)():
            await asyncio.sleep(0.02)


async def test_what_a_charger_puts_is_kept_and_shows_that_the_command_was_done(
    ready: Ready, folder: Path
) -> None:
    command = await ready.diagnostics()
    said = await ready.puts(BODY, "Authorization: Basic Zm9vOmJhcg==", behind="/logs/d%20iag.txt")
    assert (said.status, said.body) == (201, b"Received.\n")
    transfer = await ready.transfer()
    assert transfer.file is not None
    assert (transfer.file.name, transfer.file.size) == ("d iag.txt", len(BODY))
    assert transfer.file.sha256 == sha256(BODY).hexdigest()
    assert kept(folder) == [BODY]
    assert transfer.state == "done"
    command = await Command.objects.aget(pk=command.pk)
    assert (command.verified, command.evidence) == (True, "file_received")
    assert command.payload == {"location": ready.address[: -len(ready.path)] + "/files/********"}
    # Once only.
    assert (await ready.puts(b"something else")).status == 410
    assert kept(folder) == [BODY]


@pytest.mark.parametrize(
    "name", ["diag.zip", "/diag.zip", "?x=y", "/../../etc/diag.zip", "%2F..%5Cdiag.zip"]
)
async def test_a_form_s_file_is_kept_under_a_plain_name(
    ready: Ready, folder: Path, name: str
) -> None:
    await ready.diagnostics()
    form = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="..\\..\\x/d<i>ag.zip"\r\n\r\n'
        + BODY + b"\r\n--b--\r\n"
    )  # fmt: skip
    said = await ready.puts(
        form, "Content-Type: multipart/form-data; boundary=b", behind=name, method="POST"
    )
    assert said.status == 201
    transfer = await ready.transfer()
    assert transfer.file is not None
    assert transfer.file.name == "diag.zip"
    assert kept(folder) == [BODY]


async def test_what_breaks_off_is_not_kept_and_may_be_sent_again(
    ready: Ready, folder: Path
) -> None:
    await ready.diagnostics()
    head = f"PUT {ready.path} HTTP/1.1\nContent-Length: 1000000"
    await ready.says(head, b"x" * 300_000, hang_up=True)
    await until(lambda: not kept(folder))
    form = await ready.puts(
        b"--b\r\nA: x; filename=a\r\n\r\nhalf", "Content-Type: multipart/form-data; boundary=b"
    )
    assert (form.status, form.body) == (400, b"The form has no end.\n")
    assert (await ready.puts(b"")).status == 400
    part = await ready.puts(BODY, "Content-Range: bytes 0-17/100")
    assert part.status == 400
    assert kept(folder) == []
    assert (await ready.puts(BODY)).status == 201


async def test_what_is_too_large_is_refused_at_its_length_or_on_the_way(
    ready: Ready, folder: Path
) -> None:
    await ready.diagnostics()
    await Transfer.objects.aupdate(limit=400_000)
    huge = await ready.says(f"PUT {ready.path} HTTP/1.1\nContent-Length: 10000000000")
    assert huge.status == 413
    waiting = f"PUT {ready.path} HTTP/1.1\nContent-Length: 10000000000\nExpect: 100-continue"
    assert (await ready.says(waiting)).status == 413
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    chunked = await ready.says(
        f"PUT {ready.path} HTTP/1.1\nTransfer-Encoding: chunked", chunk * 10 + b"0\r\n\r\n"
    )
    assert (chunked.status, chunked.body) == (413, b"At most 400000 bytes.\n")
    assert kept(folder) == []
    assert (await ready.puts(b"x" * 400_000)).status == 201


async def test_of_two_at_once_one_is_kept(ready: Ready, folder: Path) -> None:
    await ready.diagnostics()
    said = await asyncio.gather(*(ready.puts(bytes([65 + n]) * 200_000) for n in range(3)))
    assert sorted(answer.status for answer in said) == [201, 410, 410]
    assert len(kept(folder)) == 1
    assert await StoredFile.objects.acount() == 1


async def test_who_sends_too_slowly_is_sent_away(
    ready: Ready, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready.diagnostics()
    monkeypatch.setattr(bodies, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(bodies.pieces, "__defaults__", (0.1,))
    said = await ready.says(f"PUT {ready.path} HTTP/1.1\nContent-Length: 1000", b"x")
    assert said.status == 408
    assert kept(folder) == []


async def test_a_full_disk_and_a_full_quota_are_said(
    ready: Ready, folder: Path, settings: Any
) -> None:
    await ready.diagnostics()
    settings.FILES_RESERVE_MB = 100_000_000_000
    assert (await ready.puts(BODY)).status == 507
    settings.FILES_RESERVE_MB = 0
    settings.FILES_QUOTA_MB = 1
    assert (await ready.puts(b"x" * 1_000_001)).status == 507
    assert kept(folder) == []
    assert (await ready.puts(BODY)).status == 201


async def test_the_database_away_is_worth_another_try(
    ready: Ready, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready.diagnostics()

    def away(*_: Any) -> Any:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(service, "BETWEEN_TRIES", 0.01)
        patch.setattr(transfers, "arrived", away)
        said = await ready.puts(BODY)
        assert (said.status, said.headers["retry-after"]) == (503, "60")
        patch.setattr(tickets, "find", away)
        assert (await ready.puts(BODY)).status == 503
    assert kept(folder) == []
    assert (await ready.puts(BODY)).status == 201


async def test_addresses_that_nobody_gave_out_are_all_alike_and_soon_refused(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready.diagnostics()
    good = ready.address
    answers = []
    for path in (
        "/files/",
        "/files/x",
        "/files/" + "A" * 43,
        "/files/" + "A" * 43 + "/x",
        "/files/%00",
    ):
        ready.address = path
        answers.append(await ready.gets())
    assert {(said.status, said.body) for said in answers} == {
        (404, b"There is nothing at this address.\n")
    }
    for _ in range(30):
        said = await ready.gets()
    assert (said.status, said.headers["retry-after"]) == (429, "60")
    ready.address = good
    assert (await ready.puts(BODY)).status == 429


async def test_many_chargers_of_one_household_are_no_guessers(ready: Ready) -> None:
    await ready.firmware(b"x" * 1000)
    said = await asyncio.gather(*(ready.gets() for _ in range(60)))
    assert {answer.status for answer in said} <= {200, 503}


async def test_an_address_is_for_one_way_for_a_time_and_not_for_what_was_cancelled(
    ready: Ready, folder: Path
) -> None:
    await ready.diagnostics()
    said = await ready.gets()
    assert (said.status, said.headers["allow"]) == (405, "POST, PUT")
    assert (await ready.gets(method="DELETE")).status == 405
    await Transfer.objects.aupdate(state="cancelled")
    assert (await ready.puts(BODY)).status == 410
    await Transfer.objects.aupdate(state="running", expires_at=timezone.now() - timedelta(1))
    assert (await ready.puts(BODY)).body == b"This address has expired.\n"
    assert kept(folder) == []


async def test_firmware_is_fetched_whole_in_parts_and_again_until_it_is_installed(
    ready: Ready,
) -> None:
    content = bytes(range(256)) * 1000
    await ready.firmware(content)
    whole = await ready.gets()
    assert (whole.status, whole.body == content) == (200, True)
    assert whole.headers["content-disposition"] == 'attachment; filename="fw-2.0.bin"'
    etag = whole.headers["etag"]
    part = await ready.gets("Range: bytes=100000-", f"If-Range: {etag}")
    assert (part.status, part.body == content[100_000:]) == (206, True)
    assert part.headers["content-range"] == "bytes 100000-255999/256000"
    other = await ready.gets("Range: bytes=0-9", 'If-Range: "another"')
    assert (other.status, len(other.body)) == (200, 256_000)
    assert (await ready.gets("Range: bytes=256000-")).status == 416
    assert (await ready.gets(f"If-None-Match: {etag}")).status == 304
    head = await ready.gets(method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "256000")
    assert (await ready.puts(BODY)).status == 405
    await until(lambda: Transfer.objects.filter(fetched=256_000).exists())
    await Transfer.objects.aupdate(state="done")
    assert (await ready.gets()).status == 410


async def test_who_leaves_in_the_middle_of_a_download_holds_nothing(ready: Ready) -> None:
    await ready.firmware(b"x" * 8_000_000)
    reader, writer = await asyncio.open_connection("127.0.0.1", ready.gateway.port)
    writer.write(f"GET {ready.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readexactly(1000)
    writer.close()
    await until(lambda: Transfer.objects.filter(fetched__gt=0, fetched__lt=8_000_000).exists())


async def test_sockets_answer_while_files_come_and_go(ready: Ready) -> None:
    await ready.diagnostics()
    head = f"PUT {ready.path} HTTP/1.1\nContent-Length: 30000000"
    sending = asyncio.create_task(ready.says(head, b"x" * 30_000_000))
    slowest, loop = 0.0, asyncio.get_running_loop()
    while not sending.done():
        begun = loop.time()
        await ready.socket.call("Heartbeat", {})
        slowest = max(slowest, loop.time() - begun)
        await asyncio.sleep(0.01)
    assert (await sending).status == 201
    assert slowest < 2.0


async def test_a_simulated_charger_sends_and_fetches_for_real(ready: Ready, folder: Path) -> None:
    [simulated] = fleet.chargers_for(fleet.make_specs(1)[0], World("ws://unused"))
    await ready.diagnostics()
    assert await simulation.send(simulated, ready.address, "SIM.log")
    found = (await ready.transfer()).file
    assert found is not None
    assert (found.name, b"firmware" in kept(folder)[0]) == ("SIM.log", True)
    assert not await simulation.send(simulated, ready.address, "again.log")
    await ready.firmware(b"x" * 1000)
    name = await simulation.fetch(simulated, ready.address)
    assert (name, simulation.version_in(name or "")) == ("fw-2.0.bin", "2.0")
    assert await simulation.fetch(simulated, "https://files.example.org/fw-3.1.bin") == "fw-3.1.bin"


async def test_a_body_for_another_page_is_bounded(ready: Ready) -> None:
    said = await ready.says("POST /anything HTTP/1.1\nContent-Length: 100000000000", b"x" * 1000)
    assert said.status == 413


def test_checksums_and_retention(charger: Charger, folder: Path, settings: Any) -> None:
    organisation = charger.site.organisation
    draft = Draft(100)
    draft.write(BODY)
    file = draft.keep(organisation, StoredFile.Kind.LOG, "a.txt")
    file.stored_at = timezone.now() - timedelta(days=91)
    file.save()
    assert file.md5 == md5(BODY, usedforsecurity=False).hexdigest()
    assert files.used(organisation) == len(BODY)
    (folder / "kept" / "zz").mkdir()
    stray = folder / "kept" / "zz" / "stray"
    stray.write_bytes(b"nobody's")
    assert files.forget(timezone.now()) == 1
    assert kept(folder) == [b"nobody's"]
    assert files.forget(timezone.now() + timedelta(days=2)) == 0
    assert kept(folder) == []
    file.refresh_from_db()
    assert file.removed_at is not None
    assert files.used(organisation) == 0
