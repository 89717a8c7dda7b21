"""Connecting the first charger in Chromium, against a real gateway and a simulated charger."""

import base64
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from inventory.models import Charger
from tests.browser.accessibility import violations, violations_everywhere
from tests.browser.conftest import (
    STARTS_WITHIN,
    Enter,
    Server,
    is_live,
)
from tests.network import charger, site, tenant

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

#: Milliseconds for a charger to get somewhere, on a machine that is busy.
SOON = 60_000


@pytest.fixture
def ocpp_port(server: Server) -> int:
    """The gateway's port, as the web process names it."""
    return int(server.environment["OCPP_PORT"])


@pytest.fixture
def gateway(ocpp_port: int, process_env: dict[str, str]) -> Iterator[int]:
    """A gateway process on this worker's database; its port."""
    environment = {**process_env, "KILOWATCH_ROLE": "gateway"}
    command = [sys.executable, "manage.py", "gateway", "--host", "127.0.0.1"]
    with _running([*command, "--port", str(ocpp_port)], environment):
        deadline = time.monotonic() + STARTS_WITHIN
        while not _answers(ocpp_port):
            assert time.monotonic() < deadline, "The gateway doesn't start."
            time.sleep(0.1)
        yield ocpp_port


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        return bool(urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).status == 200)
    except (URLError, OSError):
        return False


def knock(port: int, identity: str, key: str) -> None:
    """Knock as a charger that is refused."""
    basic = base64.b64encode(f"{identity}:{key}".encode()).decode()
    with pytest.raises(InvalidStatus):
        connect(
            f"ws://127.0.0.1:{port}/ocpp/{identity}",
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers={"Authorization": f"Basic {basic}"},
        )


def stopped_at(page: "Page", *words: str) -> None:
    """Wait until the page says what is wrong in these words."""
    for said in words:
        expect(page.locator(".kw-outcome.tone-bad")).to_contain_text(said, timeout=SOON)


@pytest.fixture
def admin(transactional_db: None) -> User:
    """The only person there is."""
    return User.objects.create_superuser("admin", "admin@example.org", "a good long password")


@pytest.mark.timeout(400)  # Three processes start for it.
def test_from_an_empty_installation_to_the_first_charger_live(
    enter: Enter, admin: User, gateway: int, process_env: dict[str, str]
) -> None:
    page = enter(admin, "/")
    page.get_by_role("link", name="Connect the first charger").click()
    page.get_by_label("Name of the organisation").fill("Städtische Werke")
    page.get_by_label("Name", exact=True).fill("Depot")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Identity", exact=True).fill("CP 1")
    expect(page.locator(".kw-verdict.tone-bad")).to_contain_text("no blank")
    page.get_by_label("Identity", exact=True).fill("CP-001")
    expect(page.locator(".kw-verdict.tone-good")).to_contain_text("Free")
    page.get_by_role("button", name="Make it").click()

    key = page.locator(".kw-key").inner_text()
    page.wait_for_load_state()  # Buttons work from then on.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_role("button", name="Copy the key")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == key
    expect(page.locator(".kw-typed")).to_contain_text(f"ws://localhost:{gateway}/ocpp/CP-001")
    expect(page).to_have_url(re.compile("/connect/charger/CP-001/$"))
    expect(page.locator(".kw-outcome")).to_contain_text("Waiting for its first knock")
    is_live(page)

    with socket.create_connection(("127.0.0.1", gateway)) as line:
        line.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        stopped_at(page, "Encryption", "spoke TLS to the plain port", "write ws://")
    knock(gateway, "CP-0O1", key)
    stopped_at(page, "Address and identity", "connected as “CP-0O1”", "letter O")
    knock(gateway, "CP-001", key[:19])
    stopped_at(page, "Password", "wrong length: 19 bytes")
    simulate = [sys.executable, "manage.py", "simulate", "--version", "1.6"]
    simulate += ["--url", f"ws://127.0.0.1:{gateway}/ocpp/"]
    with _running([*simulate, "--identity", "CP-001", "--password", key], process_env):
        expect(page.locator(".kw-outcome.tone-good")).to_contain_text(
            "CP-001 is connected and speaks", timeout=SOON
        )
        expect(page.locator(".kw-steps > .is-done")).to_have_count(9)
        page.reload()
        assert key not in page.content()
        assert violations(page) == []
        page.get_by_role("button", name="Put it into operation").click()
        expect(page.locator(".kw-toast")).to_contain_text("in operation")
        page.get_by_role("link", name="Open the charger").click()
        expect(page.get_by_role("heading", name="CP-001")).to_be_visible()
    assert Charger.objects.get().lifecycle == "active"


def test_the_pages_of_the_guide_are_accessible(enter: Enter, admin: User) -> None:
    place = site(tenant(), "Depot")
    charger(place, "CP-1", since=None, security_profile=1)
    for path in ("/connect/", f"/connect/{place.pk}/", "/connect/charger/CP-1/"):
        assert violations_everywhere(enter(admin, path)) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_ugly_names_do_not_burst_the_layout(enter: Enter, admin: User, width: int) -> None:
    place = site(tenant(), "W" * 120, address="x" * 200, city="<b>\u202eCity" * 6)
    charger(place, "X" * 48, since=None)
    page = enter(admin, f"/connect/charger/{'X' * 48}/", viewport={"width": width, "height": 900})
    for path in (None, "/connect/", f"/connect/{place.pk}/"):
        if path:
            page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
