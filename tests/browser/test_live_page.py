"""Pages that stay true and stay still: what one sees of the live connection, and keeps."""

import re
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from alerts import engine
from alerts.models import Incident
from inventory.models import Charger, Organisation, Site
from monitoring import live
from tests.alerts.world import NOON, World, make_gateway, minutes, seen_at
from tests.browser.accessibility import violations_everywhere
from tests.browser.conftest import Enter, Server, fault, is_live, tell

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = pytest.mark.browser


@pytest.fixture
def lost(organisation: Organisation, place: Site) -> Incident:
    world = World(organisation, place, make_gateway())
    world.lose(world.charger("CP-LOST"), NOON)
    engine.run(seen_at(NOON + minutes(5)))
    return Incident.objects.get()


def faulted(page: "Page", identity: str) -> "Locator":
    return page.locator("tr", has_text=identity).get_by_text("Faulted", exact=True)


class Proxy:
    """A proxy as offices have them: passes everything on, but for WebSockets."""

    def __init__(self, upstream: int, *, swallow: bool) -> None:
        self.upstream, self.swallow, self.blocks = upstream, swallow, True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (more := client.recv(65536)):
                return
            head += more
        if self.blocks and b"upgrade: websocket" in head.lower():
            if self.swallow:
                client.recv(1)
            else:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        if b"upgrade:" not in head.lower():
            head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"\r\nConnection: close", head)
        server = socket.create_connection(("127.0.0.1", self.upstream))
        server.sendall(head)
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        _pump(server, client)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            end.close()


@pytest.fixture(params=["refused", "swallowed"])
def proxy(server: Server, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    made = Proxy(server.port, swallow=request.param == "swallowed")
    yield made
    made.listener.close()


def through(proxy: Proxy, enter: Enter, user: User) -> "Page":
    page = enter(user, "/healthz")
    cookies = page.context.cookies()
    page.context.add_cookies(
        [
            {"name": cookie["name"], "value": cookie["value"], "url": f"http://127.0.0.1:{proxy.port}"}
            for cookie in cookies
        ]
    )  # fmt: skip
    page.goto(f"http://127.0.0.1:{proxy.port}/")
    return page


def test_behind_a_proxy_that_blocks_web_sockets_the_page_polls_and_says_so(
    enter: Enter, operator: User, fleet: list[Charger], proxy: Proxy
) -> None:
    page = through(proxy, enter, operator)
    page.get_by_text("Updates every 15 s: the live connection is blocked").wait_for(timeout=40_000)
    page.get_by_text("Every 15 s", exact=True).last.wait_for()
    fault(fleet[2])
    faulted(page, "CP-3").wait_for(timeout=40_000)
    assert page.get_by_role("alert").filter(has_text="Live connection lost").is_hidden()
    # The next page knows at once; and when the proxy relents, all is live by itself.
    proxy.blocks = False
    page.reload()
    page.get_by_text("Updates every 15 s").wait_for()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    is_live(page)
    assert page.get_by_text("Updates every 15 s").is_hidden()


def test_one_pauses_and_sees_how_much_waits(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.keyboard.press("p")
    page.get_by_text("Paused: no changes yet").wait_for()
    fault(fleet[1])
    fault(fleet[2])
    page.get_by_text("Paused: 2 changes").wait_for()
    assert faulted(page, "CP-3").count() == 0
    assert page.get_by_role("button", name="Resume").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Show now").click()
    faulted(page, "CP-3").wait_for()
    faulted(page, "CP-2").wait_for()
    assert page.get_by_text("Paused").is_hidden()


def test_rows_keep_still_while_one_has_text_selected(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.evaluate(
        """() => {
          const range = document.createRange();
          range.selectNodeContents(document.querySelector("tbody .kw-identity a"));
          getSelection().addRange(range);
        }"""
    )
    fault(fleet[2])
    page.get_by_text("Paused: 1 change").wait_for()
    assert faulted(page, "CP-3").count() == 0
    page.evaluate("getSelection().removeAllRanges()")
    faulted(page, "CP-3").wait_for()
    assert page.get_by_text("Paused").is_hidden()


def test_rows_keep_still_under_a_moving_pointer_and_come_when_it_rests(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    row = page.locator("tbody tr").first.bounding_box()
    assert row
    page.mouse.move(row["x"] + 40, row["y"] + 10)
    fault(fleet[2])
    paused = page.get_by_text("Paused: 1 change")
    for step in range(150):
        page.mouse.move(row["x"] + 40 + step % 20 * 5, row["y"] + 10)
        page.wait_for_timeout(100)
        if paused.is_visible():
            break
    assert paused.is_visible()
    assert faulted(page, "CP-3").count() == 0
    faulted(page, "CP-3").wait_for()


def test_an_ended_session_is_said_at_once_and_one_comes_back_with_what_one_typed(
    enter: Enter, operator: User, lost: Incident, server: Server
) -> None:
    page = enter(operator, f"/incidents/{lost.pk}/")
    is_live(page)
    page.get_by_label("Note").fill("Called the site: the breaker is out.")
    key = next(c["value"] for c in page.context.cookies() if c["name"] == "sessionid")
    Session.objects.filter(pk=key).delete()
    tell(live.org_group(lost.organisation_id or 0), live.incidents())
    dialog = page.get_by_role("dialog", name="You have been signed out")
    dialog.wait_for()
    assert page.get_by_label("Note").input_value().startswith("Called")
    dialog.get_by_role("link", name="Sign in").click()
    page.get_by_label("User name or e-mail").fill("olga")
    page.get_by_label("Password").fill("a good long password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("What you had typed is back").wait_for()
    assert page.url == f"{server.url}/incidents/{lost.pk}/"
    assert page.get_by_label("Note").input_value() == "Called the site: the breaker is out."


def test_signed_in_again_in_another_tab_the_page_goes_on(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    page = enter(operator)
    is_live(page)
    page.evaluate("window.sameDocument = true")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.evaluate("htmx.trigger('#fleet', 'live')")
    dialog = page.get_by_role("dialog", name="You have been signed out")
    dialog.wait_for()
    page.context.add_cookies(cast("Any", cookies))
    dialog.wait_for(state="hidden")
    fault(fleet[2])
    faulted(page, "CP-3").wait_for()
    assert page.evaluate("window.sameDocument")


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_fails_is_said_and_leaves_the_page_as_it_was(
    enter: Enter, operator: User, lost: Incident, status: int
) -> None:
    page = enter(operator, "/incidents/")
    is_live(page)

    def fail(route: "Route") -> None:
        route.fulfill(status=status, body="<h1>Traceback</h1>")

    page.route("**/incidents/", fail)
    tell(live.org_group(lost.organisation_id or 0), live.incidents())
    page.get_by_text(f"can't refresh what you see (error {status})").wait_for()
    assert page.locator("tr", has_text="CP-LOST").is_visible()
    page.unroute("**/incidents/")
    page.get_by_text("can't refresh what you see").wait_for(state="hidden", timeout=30_000)


def test_what_is_gone_is_said(enter: Enter, operator: User, lost: Incident) -> None:
    page = enter(operator, "/incidents/")
    is_live(page)
    page.route("**/incidents/", lambda route: route.fulfill(status=404, body="gone"))
    tell(live.org_group(lost.organisation_id or 0), live.incidents())
    page.get_by_text("gone, or you may not see it any more").wait_for()
    assert page.locator("tr", has_text="CP-LOST").is_visible()


def test_two_browsers_in_different_zones_read_the_same_times(
    enter: Enter, operator: User, fleet: list[Charger]
) -> None:
    read = []
    for zone in ("America/New_York", "Asia/Tokyo"):
        page = enter(operator, timezone_id=zone)
        is_live(page)
        since = page.locator(".kw-cell-since time").first
        read.append((since.inner_text(), since.get_attribute("title")))
    assert read[0] == read[1]
    assert re.search(r"CES?T", read[0][1] or "")


def test_what_is_said_of_the_connection_is_accessible(
    enter: Enter, operator: User, lost: Incident
) -> None:
    page = enter(operator, "/incidents/")
    is_live(page)
    page.route("**/incidents/", lambda route: route.fulfill(status=503, body=""))
    tell(live.org_group(lost.organisation_id or 0), live.incidents())
    page.get_by_text("can't refresh what you see").wait_for()
    page.keyboard.press("p")
    page.get_by_text("Paused").first.wait_for()
    assert violations_everywhere(page) == []
    page.unroute("**/incidents/")
    page.context.clear_cookies()
    page.keyboard.press("p")
    page.get_by_role("dialog", name="You have been signed out").wait_for(timeout=30_000)
    assert violations_everywhere(page) == []
