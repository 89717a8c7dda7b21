"""The staff-facing listener in a process of its own, and a browser signed in to it."""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import expect

from cpms import embedded
from inventory.models import Charger, Organisation, Role, Site
from monitoring import live
from monitoring.facts import Status
from monitoring.models import PortState
from tests import network
from tests.bench.stage import free_port
from tests.network import charger, person, site, tenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


Enter = Callable[..., "Page"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
STARTS_WITHIN = 40.0
#: Milliseconds that a page may take for anything, on the slowest machine.
PATIENCE = 30_000


@dataclass
class Server:
    """The web process; it can be stopped and started again on the same port."""

    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "cpms.asgi:web"),
                *("--port", str(self.port), "--ws", "websockets-sansio", "--log-level", "warning"),
            ],
            env=self.environment,
        )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail("The web process doesn't start.")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return bool(urlopen(f"{self.url}/healthz", timeout=1).status == 200)
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        """Kill it: a page must not need a goodbye."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture(scope="package")
def server(django_db_setup: None) -> Iterator[Server]:
    """The web process, on this worker's database."""
    sockets, database = connection.settings_dict["HOST"], connection.settings_dict["NAME"]
    port = free_port()
    server = Server(
        port,
        {
            **os.environ,
            "KILOWATCH_ROLE": "web",
            "DJANGO_SETTINGS_MODULE": "cpms.settings",
            "DATABASE_URL": f"postgresql://kilowatch@/{database}?host={sockets}",
            "REDIS_URL": embedded.urls(Path(os.environ["DATA"]))[1],
            "DEBUG": "1",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "OCPP_PORT": str(free_port()),
        },
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def browser(django_db_setup: None) -> Iterator["Browser"]:
    """Chromium. Without it the test is skipped, in CI it fails.

    Playwright's loop runs in this thread until the last test here, and Django then takes
    every query for one from asynchronous code: it is told otherwise meanwhile. It also keeps
    connections apart for that loop, and they are closed before it ends.
    """
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("No Chromium here: install Debian's `chromium` to run the browser tests.")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        connections.close_all()
        chromium.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A page in a fresh browser profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def enter(
    browser: "Browser", server: Server, transactional_db: None
) -> Iterator[Callable[..., "Page"]]:
    """Return a function that opens a page with a user's session, in a fresh profile.

    What the page's console says of errors fails the test: a broken script, a violation of the
    content policy. Errors of a lost connection are the browser's own and are let pass, and so are
    the two that htmx says of a request that the next one replaced (`hx-sync`), as it should.
    """
    contexts = []
    complaints: list[str] = []

    def complain(message: Any) -> None:
        lost = any(said in message.text for said in ("Failed to load", "WebSocket connection"))
        if message.type == "error" and not lost:
            complaints.append(message.text)

    def open_page(user: User, path: str = "/", **options: Any) -> "Page":
        options = {"viewport": {"width": 1440, "height": 900}, "base_url": server.url} | options
        context = browser.new_context(**options)
        contexts.append(context)
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": server.url}]
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not _but_of_replaced(complaints)


def _but_of_replaced(complaints: list[str]) -> list[str]:
    """Return complaints without the pairs of a replaced request; a failed one says another."""
    left = list(complaints)
    for aborted in [said for said in complaints if said.startswith("htmx:sendAbort")]:
        left.remove(aborted)
        left.remove(aborted.replace("htmx:sendAbort", "htmx:afterRequest", 1))
    return left


def tell(group: str, message: dict[str, Any]) -> None:
    """Send pages a message; from a thread, as Playwright's loop runs in this one."""

    async def send() -> None:
        await get_channel_layer().group_send(group, message)

    thread = threading.Thread(target=lambda: asyncio.run(send()))
    thread.start()
    thread.join()


def is_live(page: "Page") -> None:
    """Wait until the page says that it is live."""
    page.wait_for_selector("[data-live-indicator].is-live", state="attached")


@pytest.fixture
def organisation(transactional_db: None) -> Organisation:
    """Whose network the pages show."""
    return tenant()


@pytest.fixture
def place(organisation: Organisation) -> Site:
    """A site of it."""
    return site(organisation, "Ostbahnhof")


@pytest.fixture
def operator(organisation: Organisation) -> User:
    """Who looks at the pages."""
    return person("olga", Role.OPERATOR, organisation)


@pytest.fixture
def fleet(place: Site) -> list[Charger]:
    """Three chargers that have been fine for an hour."""
    since = datetime.now(UTC) - timedelta(hours=1)
    made = [
        charger(place, f"CP-{number}", Status.AVAILABLE, Status.AVAILABLE, since=since)
        for number in (1, 2, 3)
    ]
    for one in made:
        network.connection(one, since)
    return made


def fault(one: Charger, error: str = "GroundFailure") -> None:
    """Let port 1 fault, and tell the open pages, as the writer does."""
    PortState.objects.filter(evse__charger=one, evse__number=1).update(
        status=Status.FAULTED, error_code=error, since=datetime.now(UTC)
    )
    announce(one, "status")


def announce(one: Charger, *kinds: live.Kind) -> None:
    """Tell the open pages that a charger has changed."""
    change: live.Change = {"site": one.site_id, "ports": [1], "kinds": list(kinds)}
    tell(live.org_group(one.site.organisation_id), live.changed({one.identity: change}))
