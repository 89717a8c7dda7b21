"""An unknown charger knocks, an operator adopts it, and it is there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from inventory.models import Charger, Role
from monitoring.models import Sighting
from tests.bench.stage import free_port
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter, Server
from tests.network import NOON, charger, person, site, tenant

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
KEY = "00112233445566778899aabbccddeeff00112233"


@pytest.fixture
def lead(transactional_db: None) -> User:
    return person("lena", Role.LEAD, tenant("Nordstrom"))


@pytest.fixture
def stranger(server: Server, lead: User) -> Iterator[None]:
    """A gateway, and a simulated charger nobody knows that knocks at it."""
    port = free_port()
    environment = {**server.environment, "KILOWATCH_ROLE": "gateway"}
    gateway = [sys.executable, str(MANAGE), "gateway", "--host=127.0.0.1", f"--port={port}"]
    simulate = [sys.executable, str(MANAGE), "simulate", "--identity=NEW-1", f"--password={KEY}"]
    simulate += ["--version=1.6", f"--url=ws://127.0.0.1:{port}/ocpp/"]
    processes = [subprocess.Popen(command, env=environment) for command in (gateway, simulate)]
    yield
    for process in processes[::-1]:
        process.terminate()
        process.wait(20)


def test_a_charger_that_knocks_is_adopted_and_connects_by_itself(
    enter: Enter, lead: User, stranger: None
) -> None:
    site(lead.memberships.get().organisation, "Depot")
    page = enter(lead, "/sightings/")
    for _ in range(40):
        if page.get_by_role("link", name="NEW-1", exact=True).count():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    page.get_by_role("link", name="NEW-1", exact=True).click()
    page.get_by_text("No charger on file is called so.").wait_for()
    page.get_by_label("Let it in with the key it uses: it connects by itself").check()
    page.get_by_role("button", name="Adopt").click()
    page.get_by_role("dialog").get_by_role("button", name="Adopt").click()
    page.get_by_role("heading", name="NEW-1").wait_for()
    page.set_default_timeout(60_000)  # It tries again after up to some 20 s.
    page.get_by_text("Available").first.wait_for()
    assert Charger.objects.get().state.online
    page.goto("/sightings/")
    page.get_by_text("Nobody unknown").wait_for()


def test_one_links_a_misspelt_one_and_takes_it_back(enter: Enter, lead: User) -> None:
    charger(site(lead.memberships.get().organisation), "DE-BER-0001")
    Sighting.objects.create(
        identity="DE-BER-O001", reason="unknown", peer="192.0.2.1", first_seen=NOON,
        last_seen=NOON, said={"subprotocols": "ocpp1.6", "key": "none"},
    )  # fmt: skip
    page = enter(lead, "/sightings/")
    page.get_by_role("link", name="Decide about DE-BER-O001").click()
    assert page.get_by_label("Charger", exact=True).input_value() == "DE-BER-0001"
    page.get_by_role("button", name="Have it set right there").click()
    page.get_by_text("have the identity at the charger set to DE-BER-0001").first.wait_for()
    page.get_by_role("link", name="Sightings").first.click()
    page.get_by_role("link", name="To be set right there").click()
    page.get_by_role("link", name="DE-BER-O001", exact=True).click()
    page.get_by_role("button", name="Take the link back").click()
    page.get_by_role("button", name="Block this name").wait_for()


def test_axe_finds_nothing_wrong_with_sightings(enter: Enter, lead: User) -> None:
    one = charger(site(lead.memberships.get().organisation), "CP-1")
    for number, reason in enumerate(Sighting.Reason.values):
        Sighting.objects.create(
            identity=f"{'X' * 90}{number}", reason=reason, peer="2001:db8::1", first_seen=NOON,
            last_seen=NOON, said={"path": "<b>\u202e" + "y" * 190, "user_agent": "z" * 200},
            charger=None if reason == "unknown" else one,
        )  # fmt: skip
    page = enter(lead, "/sightings/")
    assert violations_everywhere(page) == []
    page.goto(f"/sightings/{Sighting.objects.get(reason='unknown').pk}/")
    assert violations_everywhere(page) == []
