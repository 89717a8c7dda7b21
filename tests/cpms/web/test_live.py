"""The live socket: who gets in, what they are told, and what ends it."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError, connections
from django.http import HttpRequest
from django.test import Client
from redis.exceptions import ConnectionError as RedisConnectionError

from cpms.web import audience, rights, screens
from cpms.web import live as socket
from cpms.web import pulse as beats
from cpms.web.models import Preferences
from cpms.web.routing import websocket
from inventory.models import Charger, Membership, Organisation, Role, Site
from monitoring import live
from tests.network import charger, person, signed_in, site, tenant

pytestmark = pytest.mark.django_db(transaction=True)

CHANGE: live.Change = {"site": 1, "ports": [1], "kinds": ["status"]}


class Page:
    """A page's live socket, as the browser has it."""

    def __init__(
        self, cookie: str = "", origin: str = "http://testserver", path: str = "/ws/live/"
    ):
        headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
        if cookie:
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()))
        scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b""}
        self.wire: Any = ApplicationCommunicator(websocket, scope)

    async def open(self) -> bool:
        """Return whether the socket was accepted."""
        await self.wire.send_input({"type": "websocket.connect"})
        answer = await self.wire.receive_output(20)
        return bool(answer["type"] == "websocket.accept")

    async def news(self, kind: str, within: float = 20) -> dict[str, Any]:
        """Return the next message of this kind."""
        while True:
            message = await self.wire.receive_output(within)
            assert message["type"] == "websocket.send", message
            told: dict[str, Any] = orjson.loads(message["text"])
            if told["type"] == kind:
                return told

    async def silent(self, kind: str, seconds: float = 0.6) -> bool:
        """Return whether no message of this kind comes."""
        try:
            await asyncio.wait_for(self.news(kind, seconds), seconds)
        except TimeoutError:
            return True
        return False

    async def say(self, text: str) -> None:
        """Send what the page asks."""
        await self.wire.send_input({"type": "websocket.receive", "text": text})

    async def close_code(self) -> int:
        """Return the code that the socket is closed with."""
        while True:
            message = await self.wire.receive_output(20)
            if message["type"] == "websocket.close":
                return int(message["code"])

    async def leave(self) -> None:
        """Close the tab."""
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wire.wait(20)


@pytest.fixture(autouse=True)
async def no_connections_left() -> AsyncIterator[None]:
    """Close the database connection of the thread that asynchronous code asks from."""
    yield
    await sync_to_async(connections.close_all)()


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def organisation() -> Organisation:
    return tenant()


@pytest.fixture
def place(organisation: Organisation) -> Site:
    return site(organisation)


@pytest.fixture
def known(place: Site) -> Charger:
    return charger(place, "CP-1")


@pytest.fixture
def operator(organisation: Organisation) -> User:
    return person("olga", Role.OPERATOR, organisation)


@pytest.fixture
async def page(operator: User) -> AsyncIterator[Page]:
    opened = Page(await sync_to_async(cookie_of)(operator))
    assert await opened.open()
    await opened.news("alive")
    yield opened
    await opened.leave()


async def tell(group: str, message: dict[str, Any]) -> None:
    await get_channel_layer().group_send(group, message)


async def test_nobody_gets_in_without_a_session() -> None:
    assert not await Page().open()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://[bad"])
async def test_another_site_s_page_does_not_get_in_with_our_cookie(
    operator: User, origin: str
) -> None:
    cookie = await sync_to_async(cookie_of)(operator)
    assert not await Page(cookie, origin).open()


async def test_there_is_no_other_socket(operator: User) -> None:
    cookie = await sync_to_async(cookie_of)(operator)
    assert not await Page(cookie, path="/ws/other/").open()


async def test_a_change_of_my_organisation_is_told_within_a_second(
    page: Page, organisation: Organisation
) -> None:
    await tell(live.org_group(organisation.pk), live.changed({"CP-1": CHANGE}))
    told = await page.news("changed", 1)
    assert told["chargers"] == {"CP-1": {"site": 1, "ports": [1], "kinds": ["status"]}}


async def test_another_tenant_s_change_is_not_told(page: Page) -> None:
    other = await sync_to_async(tenant)("Other")
    await tell(live.org_group(other.pk), live.changed({"THEIRS": CHANGE}))
    assert await page.silent("changed")


async def test_a_burst_of_changes_is_told_in_few_messages(
    page: Page, organisation: Organisation
) -> None:
    for number in range(50):
        await tell(live.org_group(organisation.pk), live.changed({f"CP-{number}": CHANGE}))
    seen: set[str] = set()
    messages = 0
    while len(seen) < 50:
        seen |= set((await page.news("changed"))["chargers"])
        messages += 1
    assert messages <= 4


async def test_incidents_are_told(page: Page, organisation: Organisation) -> None:
    await tell(live.org_group(organisation.pk), live.incidents())
    assert await page.news("incidents", 1)


async def test_a_member_of_one_site_is_told_of_that_site_only(
    organisation: Organisation, place: Site
) -> None:
    user = await sync_to_async(person)("tom", Role.CONTRACTOR, organisation, sites=(place,))
    groups = await sync_to_async(socket.groups_of)(user)
    assert groups == {live.site_group(place.pk), live.EVERYBODY}


def test_a_superuser_is_told_of_every_organisation(organisation: Organisation) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "a good long password")
    assert socket.groups_of(root) == {live.org_group(organisation.pk), live.EVERYBODY}


async def test_frames_are_told_of_the_charger_that_is_watched(page: Page, known: Charger) -> None:
    frame: live.LiveFrame = {"at": "2026-03-02T12:00:00Z", "direction": "in", "text": "[2]"}
    await page.say('{"watch": "cp-1"}')
    await asyncio.sleep(0.3)
    await tell(live.frames_group(known.pk), live.frames("CP-1", [frame]))
    assert (await page.news("frames", 1))["frames"] == [frame]
    await page.say('{"watch": null}')
    await asyncio.sleep(0.3)
    await tell(live.frames_group(known.pk), live.frames("CP-1", [frame]))
    assert await page.silent("frames")


async def test_gateways_hear_that_somebody_watches(page: Page, known: Charger) -> None:
    layer = get_channel_layer()
    gateway = await layer.new_channel()
    await layer.group_add(live.GATEWAYS, gateway)
    await page.say('{"watch": "CP-1"}')
    heard = await asyncio.wait_for(layer.receive(gateway), 2)
    assert heard["type"] == "watch.frames"
    assert heard["charger_id"] == known.pk


async def test_another_tenant_s_frames_cannot_be_watched(page: Page) -> None:
    place = await sync_to_async(lambda: site(tenant("Other")))()
    theirs = await sync_to_async(charger)(place, "THEIRS")
    await page.say('{"watch": "THEIRS"}')
    await asyncio.sleep(0.3)
    frame: live.LiveFrame = {"at": "2026-03-02T12:00:00Z", "direction": "in", "text": "[2]"}
    await tell(live.frames_group(theirs.pk), live.frames("THEIRS", [frame]))
    assert await page.silent("frames")


@pytest.mark.parametrize(
    "text",
    [
        *("nonsense", "[]", '{"watch": 1}', '{"watch": "CP\\u0000"}', '{"other": "x"}', ""),
        '{"watch": "' + "x" * 40_000 + '"}',
    ],
)
async def test_nonsense_from_a_page_closes_its_socket(operator: User, text: str) -> None:
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    await page.say(text)
    assert await page.close_code() == socket.BAD_REQUEST
    await page.leave()


async def test_a_flood_of_requests_closes_the_socket(operator: User) -> None:
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    for _ in range(20):
        await page.say('{"watch": null}')
    assert await page.close_code() == socket.BAD_REQUEST
    await page.leave()


async def test_signs_of_life_go_on(operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "BEAT", 0.05)
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    signs = [await page.news("alive", 2) for _ in range(3)]
    assert signs == [{"type": "alive", "pages": 1}] * 3
    await page.leave()


async def test_a_second_page_is_alive_at_once(page: Page, operator: User) -> None:
    second = Page(await sync_to_async(cookie_of)(operator))
    assert await second.open()
    assert await second.news("alive", 0.5) == {"type": "alive", "pages": 2}
    await second.leave()


async def test_pages_fetch_everything_again_when_news_may_have_been_lost(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = get_channel_layer()
    real = layer.send
    lost = False

    async def lose_one(channel: str, message: dict[str, Any]) -> None:
        nonlocal lost
        if not lost:
            lost = True
            raise RedisConnectionError("Connection reset by peer")
        await real(channel, message)

    monkeypatch.setattr(layer, "send", lose_one, raising=False)
    await page.news("resync", 5)
    assert lost


def leave_organisation(user: User) -> None:
    Membership.objects.filter(user=user).delete()


def move_to_another_site(user: User) -> None:
    mine = Membership.objects.get(user=user)
    mine.sites.set([site(mine.organisation, "Elsewhere")])


def hand_over(user: User) -> None:
    mine = Membership.objects.get(user=user)
    mine.user = person("nora", Role.VIEWER)
    mine.save()


def move_to_another_organisation(user: User) -> None:
    mine = Membership.objects.get(user=user)
    mine.organisation = tenant("Other")
    mine.save()


async def is_deaf(page: Page, organisation: Organisation) -> bool:
    """Return whether the page no longer hears of its organisation."""
    await tell(live.org_group(organisation.pk), live.changed({"CP-1": CHANGE}))
    return await page.silent("changed")


@pytest.mark.parametrize(
    "take_away",
    [leave_organisation, move_to_another_site, hand_over, move_to_another_organisation],
)
async def test_a_right_that_is_taken_away_stops_the_news_at_once(
    page: Page, operator: User, organisation: Organisation, take_away: Callable[[User], None]
) -> None:
    await sync_to_async(take_away)(operator)
    assert await page.news("resync") == {"type": "resync", "within": 0}
    assert await is_deaf(page, organisation)


async def test_a_site_that_is_closed_to_a_member_stops_its_news_at_once(
    organisation: Organisation, place: Site
) -> None:
    tom = await sync_to_async(person)("tom", Role.CONTRACTOR, organisation, sites=(place,))
    other = await sync_to_async(site)(organisation, "Elsewhere")
    await sync_to_async(lambda: tom.memberships.get().sites.add(other))()
    page = Page(await sync_to_async(cookie_of)(tom))
    await page.open()
    await sync_to_async(place.memberships.clear)()
    await page.news("resync")
    await tell(live.site_group(place.pk), live.changed({"CP-1": CHANGE}))
    assert await page.silent("changed")
    await page.leave()


async def test_what_is_taken_away_while_the_page_opens_stops_the_news_as_well(
    operator: User, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.groups_of

    def ask(user: User) -> set[str]:
        groups = real(user)
        leave_organisation(user)
        return groups

    monkeypatch.setattr(socket, "groups_of", ask)
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    await page.news("resync")
    assert await is_deaf(page, organisation)
    await page.leave()


async def test_another_s_rights_are_not_a_page_s_business(
    page: Page, operator: User, organisation: Organisation
) -> None:
    colleague = await sync_to_async(person)("ole", Role.OPERATOR, organisation)
    await sync_to_async(leave_organisation)(colleague)
    assert not await is_deaf(page, organisation)


def deactivate(user: User, _browser: Client) -> None:
    user.is_active = False
    user.save()


def delete(user: User, _browser: Client) -> None:
    user.delete()


def change_password(user: User, _browser: Client) -> None:
    user.set_password("another good long password")
    user.save()


def sign_out(_user: User, browser: Client) -> None:
    browser.post("/accounts/logout/")


@pytest.mark.parametrize("end", [deactivate, delete, change_password, sign_out])
async def test_an_account_or_session_that_ends_closes_the_socket_at_once(
    operator: User, end: Callable[[User, Client], None]
) -> None:
    browser = await sync_to_async(signed_in)(operator)
    page = Page(browser.cookies[settings.SESSION_COOKIE_NAME].value)
    await page.open()
    await page.news("alive")
    await sync_to_async(end)(operator, browser)
    assert await page.close_code() == socket.SIGNED_OUT
    await page.leave()


async def test_signing_in_elsewhere_is_no_change_of_rights(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[set[int]] = []
    monkeypatch.setattr(rights, "announce", told.append)
    await sync_to_async(cookie_of)(operator)
    assert not told


async def test_a_word_that_the_channel_layer_loses_does_not_keep_rights_from_changing(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_group: str, _message: dict[str, Any]) -> None:
        raise RedisConnectionError("Connection refused")

    monkeypatch.setattr(get_channel_layer(), "group_send", fail, raising=False)
    await sync_to_async(leave_organisation)(operator)
    assert not await Membership.objects.filter(user=operator).aexists()


async def test_rights_that_change_while_they_are_looked_at_are_looked_at_again_afterwards(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    gate = asyncio.Event()

    async def look() -> None:
        looks.append("begun")
        await gate.wait()
        looks.append("ended")

    async def send(message: dict[str, Any]) -> None:
        pass

    page = socket.Page(operator, "", [], send)
    monkeypatch.setattr(page, "_look_at_rights", look)
    monkeypatch.setattr(socket, "seconds_left", lambda _session: 60.0)
    page.look_again()
    while not looks:
        await asyncio.sleep(0.01)
    page.look_again()
    page.look_again()
    gate.set()
    while not page._timers["check"].when() > asyncio.get_running_loop().time() + 30:
        await asyncio.sleep(0.01)
    assert looks == ["begun", "ended"] * 2
    await page.leave()


async def test_a_page_that_no_word_reaches_looks_at_its_account_by_itself(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "CHECK", 0.05)
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    await sync_to_async(User.objects.filter(pk=operator.pk).update)(is_active=False)
    assert await page.close_code() == socket.SIGNED_OUT
    await page.leave()


async def test_a_page_that_no_word_reaches_looks_at_its_rights_by_itself(
    operator: User, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "CHECK", 0.05)
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    other = await sync_to_async(tenant)("Other")
    mine = Membership.objects.filter(user=operator)
    await sync_to_async(mine.update)(organisation=other)
    await page.news("resync")
    assert await is_deaf(page, organisation)
    await page.leave()


async def test_a_right_that_is_taken_away_stops_the_frames_that_one_watches(
    page: Page, operator: User, known: Charger
) -> None:
    await page.say('{"watch": "CP-1"}')
    await asyncio.sleep(0.3)
    await sync_to_async(leave_organisation)(operator)
    await page.news("resync")
    await asyncio.sleep(0.3)
    frame: live.LiveFrame = {"at": "2026-03-02T12:00:00Z", "direction": "in", "text": "[2]"}
    await tell(live.frames_group(known.pk), live.frames("CP-1", [frame]))
    assert await page.silent("frames")


async def test_rights_are_looked_at_again_after_the_database_was_away(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "CHECK", 0.05)
    real, away = socket.session_user, [False]

    def ask(session_key: str | None) -> User | None:
        if away[0]:
            raise OperationalError("the database system is shutting down")
        return real(session_key)

    monkeypatch.setattr(socket, "session_user", ask)
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    away[0] = True
    await asyncio.sleep(0.2)
    away[0] = False
    await sync_to_async(User.objects.filter(pk=operator.pk).update)(is_active=False)
    assert await page.close_code() == socket.SIGNED_OUT
    await page.leave()


async def test_a_page_that_stalls_is_let_go(
    operator: User, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PATIENCE", 0.3)
    cookie = await sync_to_async(cookie_of)(operator)
    arrivals: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await arrivals.put({"type": "websocket.connect"})

    stalled = False

    async def send(message: dict[str, Any]) -> None:
        nonlocal stalled
        if message["type"] == "websocket.send":
            stalled = True
            await asyncio.sleep(60)

    scope = Page(cookie).wire.scope
    await asyncio.wait_for(websocket(scope, arrivals.get, send), 5)
    assert stalled


async def test_without_the_channel_layer_a_page_is_told_to_try_later(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(prefix: str = "") -> str:
        raise RedisConnectionError("Connection refused")

    cookie = await sync_to_async(cookie_of)(operator)
    monkeypatch.setattr(get_channel_layer(), "new_channel", fail, raising=False)
    page = Page(cookie)
    assert not await page.open()
    await page.wire.wait(3)


async def test_groups_that_were_opened_before_the_channel_layer_failed_are_closed(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = get_channel_layer()
    right = layer.group_add
    opened: list[str] = []

    async def fail_second(group: str, channel: str) -> None:
        if opened:
            raise RedisConnectionError("Connection reset by peer")
        opened.append(group)
        await right(group, channel)

    hub = audience.Hub()
    with monkeypatch.context() as broken:
        broken.setattr(layer, "group_add", fail_second, raising=False)
        with pytest.raises(RedisConnectionError):
            await hub.audience(["one", "two"])
    assert opened
    assert not layer.groups
    assert not hub._ears
    await hub.audience(["one", "two"])
    assert len(layer.groups) == 2
    await hub.close_empty()
    assert not layer.groups


async def test_a_socket_that_ends_leaves_its_groups(
    operator: User, organisation: Organisation
) -> None:
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    await page.leave()
    assert not get_channel_layer().groups


FLEET = ["fleet", "/places/", "fleet incidents", ""]


def showing(*fragments: list[str]) -> str:
    return orjson.dumps({"show": fragments}).decode()


async def fragment(page: Page, within: float = 30) -> dict[str, Any]:
    """Return the next fragment that comes over the socket."""
    while True:
        message = await page.wire.receive_output(within)
        if "bytes" in message:
            shown: dict[str, Any] = orjson.loads(gzip.decompress(message["bytes"]))
            return shown


async def test_a_fragment_that_pages_share_is_made_once_and_sent_to_all(
    page: Page, operator: User, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = screens.fetch

    async def count(headers: Any, wanted: screens.Wanted) -> tuple[int, bool, bytes]:
        made.append(wanted.url)
        return await real(headers, wanted)

    monkeypatch.setattr(screens, "fetch", count)
    second = Page(await sync_to_async(cookie_of)(operator))
    await second.open()
    await page.say(showing(FLEET))
    assert 'id="places"' in (await fragment(page))["html"]
    await second.say(showing(FLEET))
    await fragment(second)
    made.clear()
    await tell(live.org_group(organisation.pk), live.changed({"CP-1": CHANGE}))
    first, other = await fragment(page), await fragment(second)
    assert first == other
    assert first["url"] == "/places/"
    assert made == ["/places/"]
    await second.leave()


async def test_a_fragment_is_not_shared_with_another_tenant_or_another_role(
    page: Page, organisation: Organisation, place: Site
) -> None:
    def sight_of(user: User, language: str = "en") -> str:
        request = HttpRequest()
        request.META["HTTP_ACCEPT_LANGUAGE"] = language
        return screens.sight(user, request)

    def sights() -> list[str]:
        olga, again = User.objects.get(username="olga"), person("ole", Role.OPERATOR, organisation)
        same = [sight_of(olga), sight_of(again)]
        others = [
            person("vera", Role.VIEWER, organisation),
            person("otto", Role.OPERATOR, tenant("Other")),
            person("tom", Role.OPERATOR, organisation, sites=(place,)),
        ]
        Preferences.objects.create(user=again, time_zone="Asia/Tokyo")
        return [
            *same,
            *map(sight_of, [*others, User.objects.get(pk=again.pk)]),
            sight_of(olga, "de"),
        ]

    olga, again, *others = await sync_to_async(sights)()
    assert olga == again
    assert len({olga, *others}) == 6


async def test_a_page_asks_itself_for_what_its_view_does_not_share(page: Page) -> None:
    await page.say(showing(["kpis", "/kpis/", "fleet", ""]))
    assert (await page.news("unshared"))["id"] == "kpis"


async def test_a_page_with_many_filters_is_heard(page: Page) -> None:
    await page.say(showing(["kpis", "/kpis/?filters=" + "x" * 6_000, "fleet", ""]))
    assert (await page.news("unshared"))["id"] == "kpis"


@pytest.mark.parametrize(
    "wanted",
    [
        ["x"],
        [1, 2, 3, 4],
        [["x"], "/", "", ""],
        [None, "/", "", ""],
        ["x", "https://evil.example/", "", ""],
        ["x", "//evil.example/", "", ""],
    ],
)
async def test_a_page_can_only_show_fragments_of_ours(operator: User, wanted: list[Any]) -> None:
    page = Page(await sync_to_async(cookie_of)(operator))
    await page.open()
    await page.say(showing(wanted))
    assert await page.close_code() == socket.BAD_REQUEST
    await page.leave()


async def test_a_page_that_lags_is_told_to_fetch_everything(operator: User) -> None:
    held: list[dict[str, Any]] = []
    gate = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        await gate.wait()
        held.append(message)

    page = socket.Page(operator, "", [], send)
    for number in range(socket.MOST_WAITING + 3):
        page.tell("changed", str(number))
    gate.set()
    while page._waiting:
        await asyncio.sleep(0.01)
    assert orjson.loads(held[-3]["text"])["type"] == "resync"
    await page.leave()


async def test_a_page_that_has_left_is_not_looked_at_again(operator: User) -> None:
    async def send(message: dict[str, Any]) -> None:
        pass

    page = socket.Page(operator, "", [], send)
    await page.leave()
    page.look_again()
    assert not page._timers


async def test_all_pages_are_told_to_fetch_again_but_not_in_the_same_instant(
    page: Page, operator: User
) -> None:
    others = [Page(await sync_to_async(cookie_of)(operator)) for _ in range(4)]
    for other in others:
        await other.open()
    audience.hub().has_missed()
    told = await page.news("resync")
    assert told["within"] == pytest.approx(5 * audience.SPREAD_PER_PAGE)
    for other in others:
        await other.leave()


async def test_the_session_s_end_is_told_at_once(operator: User) -> None:
    cookie = await sync_to_async(cookie_of)(operator)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    await sync_to_async(Session.objects.filter(pk=cookie).update)(expire_date=soon)
    page = Page(cookie)
    await page.open()
    assert await page.close_code() == socket.SIGNED_OUT
    await page.leave()
