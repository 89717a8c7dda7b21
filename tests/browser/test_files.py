"""Firmware and logs in a real browser: an update's steps as they come, and axe's look."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from cpms.control import commands, transfers
from cpms.control.commands import SYSTEM
from cpms.control.files import Draft
from cpms.control.models import Command, FirmwareImage, StoredFile, Transfer
from cpms.control.operations import Operation
from cpms.control.operations.files import GetLog, UpdateFirmware
from inventory.models import Charger, Organisation, Role, Site
from monitoring.models import Event
from tests.browser.accessibility import violations, violations_everywhere
from tests.browser.conftest import Enter, is_live
from tests.network import charger, person

pytestmark = pytest.mark.browser


@pytest.fixture
def station(place: Site) -> Charger:
    """A charger that runs version 1.0."""
    since = datetime.now(UTC) - timedelta(minutes=5)
    return charger(place, "CP-7", since=since, ocpp_version="2.0.1", firmware_version="1.0")


def accepted(station: Charger, operation: Operation) -> Transfer:
    """Ask, and have it accepted."""
    made = commands.request(station, operation, SYSTEM)
    now = datetime.now(UTC)
    Command.objects.filter(pk=made.pk).update(state="accepted", sent_at=now, answered_at=now)
    Transfer.objects.filter(command=made).update(state="running")
    return Transfer.objects.get(command=made)


def says(station: Charger, kind: str, code: str, **data: Any) -> None:
    """Have the charger report, and the report read."""
    now = datetime.now(UTC)
    Event.objects.create(
        charger=station, kind=kind, at=now, received=now, code=code, data=data
    )  # fmt: skip
    transfers.review(station.pk, now)


def test_an_update_is_followed_to_its_end_and_axe_finds_nothing(
    enter: Enter, organisation: Organisation, station: Charger, tmp_path: Path, settings: Any
) -> None:
    settings.FILES, settings.FILES_RESERVE_MB = tmp_path, 0
    FirmwareImage.objects.create(
        organisation=organisation, version="2.0", address="https://host/fw.bin", notes="Mends."
    )
    accepted(station, UpdateFirmware(location="https://host/fw.bin", version="2.0"))
    page = enter(person("olga", Role.OPERATOR, organisation), "/chargers/CP-7/operate/firmware/")
    is_live(page)
    says(station, "firmware_status", "Downloading")
    expect(page.get_by_text("It is fetching the firmware.")).to_be_visible()
    assert violations_everywhere(page) == []
    says(station, "boot", "Accepted", firmware_version="2.0")
    expect(page.get_by_text("Verified: it runs the new version.").first).to_be_attached()
    log = accepted(station, GetLog())
    draft = Draft(1_000)
    draft.write(b"a line\n")
    file = draft.keep(organisation, StoredFile.Kind.LOG, "log.txt")
    file.charger = station
    transfers.arrived(log.pk, file, datetime.now(UTC))
    for path in (
        "chargers/CP-7/operate/logs/",
        f"chargers/CP-7/operate/logs/{file.pk}/",
        "firmware/",
    ):
        page.goto(f"/{path}")
        assert violations(page, path) == []
