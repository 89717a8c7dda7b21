"""Pages that are left alone: what a browser holds on to after hours of boards and news."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.bench import stage
from tests.bench.table import Table
from tests.browser.growth import Held, held

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response, WebSocketRoute

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Seconds for each of a wall's boards, and between two looks at one.
ROTATION, LOOKS = 20, 10
#: A page may hold on to no more nodes and listeners than at first, give or take those of a
#: request under way. The bytes of JavaScript include what V8 compiles meanwhile, some 300 KB;
#: one fragment's text kept from each update would be tens of megabytes.
NODES, LISTENERS, HEAP = 200, 20, 1_000_000
EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)

#: Lets the page live on through one piece of news, or one board.
Step = Callable[["Page", int], None]


def run(table: Table, quick: bool) -> None:
    """Let a wall turn its boards, a fleet page and a charger's page hear news, for hours."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        table.add("pages left alone for hours", "no Chromium here", "–")
        return
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread.
    boards, news = (120, 60) if quick else (1_500, 600)
    fleet = _fleet()
    port = stage.free_port()
    command = ["-m", "uvicorn", "cpms.asgi:web", "--port", str(port), "--log-level", "warning"]
    with (
        stage.server(command, port, KILOWATCH_ROLE="web"),
        sync_playwright() as playwright,
        _browser(playwright, program) as browser,
    ):
        night = _Night(browser, f"http://127.0.0.1:{port}", fleet)
        _measure(table, "a wall", night.wall(), night.look, boards)
        _measure(table, "the fleet page", night.page("/"), night.tell, news)
        path = f"/chargers/{fleet[0].identity}/"
        _measure(table, "a charger's page", night.page(path), night.tell, news)


def _fleet() -> list[Any]:
    from tests.bench.crowd import seed

    return seed(200, 2, 40, now=datetime.now(UTC), prefix="NIGHT").chargers


@contextmanager
def _browser(playwright: Any, program: str) -> Iterator["Browser"]:
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    try:
        yield browser
    finally:
        browser.close()


def _measure(table: Table, name: str, page: "Page", step: Step, times: int) -> None:
    """Compare what the page holds on to after a tenth of the steps, and after all of them."""
    warm = max(20, times // 10)
    early = _after(page, step, range(warm))
    grown = _after(page, step, range(warm, warm + times)) - early
    page.context.close()
    table.add(
        f"{name} after {times:,} more updates: nodes, listeners, JavaScript more than at first",
        f"{grown.nodes:+}, {grown.listeners:+}, {grown.heap / 1000:+.0f} KB",
        f"≤ {NODES}, ≤ {LISTENERS}, ≤ {HEAP / 1000:.0f} KB",
        grown.nodes <= NODES and grown.listeners <= LISTENERS and grown.heap <= HEAP,
    )


def _after(page: "Page", step: Step, numbers: range) -> Held:
    for number in numbers:
        step(page, number)
    return held(page)


class _Night:
    """Opens pages whose time goes on only when told to, and that hear what is told here."""

    def __init__(self, browser: "Browser", url: str, chargers: list[Any]) -> None:
        self.browser, self.url, self.chargers = browser, url, chargers
        self._socket: WebSocketRoute | None = None
        #: Boards and fragments that came.
        self._came = 0

    def wall(self) -> "Page":
        """Open a wall with all boards."""
        from cpms.web.kiosk import links
        from cpms.web.models import KioskLink

        token, place = links.new_token(), self.chargers[0].site
        KioskLink.objects.create(
            name="Night", organisation=place.organisation, digest=links.digest(token), site=place,
            boards=[board.value for board in KioskLink.Board], rotation=ROTATION,
        )  # fmt: skip
        page = self._opened(f"/kiosk/{token}/")
        page.locator(".board").wait_for()
        return page

    def page(self, path: str) -> "Page":
        """Open a page as somebody who sees everything."""
        from django.contrib.auth.models import User
        from django.test import Client

        client = Client()
        client.force_login(User.objects.get_or_create(username="night", is_superuser=True)[0])
        page = self._opened(path, client.cookies["sessionid"].value)
        page.wait_for_selector("[data-live-indicator].is-live", state="attached")
        return page

    def _opened(self, path: str, session: str = "") -> "Page":
        context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        if session:
            context.add_cookies([{"name": "sessionid", "value": session, "url": self.url}])
        page = context.new_page()
        page.clock.install(time=EVENING)
        page.clock.pause_at(EVENING + timedelta(seconds=1))
        page.on("response", self._count)
        page.route_web_socket(re.compile("/ws/live/"), self._hold)
        page.goto(self.url + path)
        return page

    def _count(self, answer: "Response") -> None:
        self._came += "/board/" in answer.url or "hx-request" in answer.request.headers

    def look(self, page: "Page", _number: int) -> None:
        """Let time go by until the wall has read a board; every other time it is the next."""
        before = self._came
        while self._came == before:
            self._live_on(page, before)

    def _live_on(self, page: "Page", before: int) -> None:
        """Let the page's time go by, and give what it asks for then a moment to come."""
        page.clock.run_for(LOOKS * 1000)
        for _moment in range(50):
            if self._came != before:
                return
            page.wait_for_timeout(10)

    def _hold(self, socket: "WebSocketRoute") -> None:
        """Be the server: live, and sharing nothing, so that the page asks for its fragments."""

        def answer(text: str | bytes) -> None:
            for element, *_asked in json.loads(text).get("show", ()):
                socket.send(json.dumps({"type": "unshared", "id": element}))

        self._socket = socket
        socket.on_message(answer)
        socket.send(json.dumps({"type": "alive", "pages": 1}))

    def tell(self, page: "Page", number: int) -> None:
        """Let the first charger fault or recover, and the page show it."""
        from monitoring.facts import Status
        from monitoring.models import PortState

        first = self.chargers[0]
        status = Status.FAULTED if number % 2 else Status.AVAILABLE
        PortState.objects.filter(evse__charger=first, evse__number=1).update(status=status)
        kinds = ["status", "connection", "meter", "session", "event"]
        change = {first.identity: {"site": first.site_id, "ports": [1], "kinds": kinds}}
        assert self._socket
        before = self._came
        while self._came == before:
            self._socket.send(json.dumps({"type": "changed", "chargers": change}))
            self._live_on(page, before)
