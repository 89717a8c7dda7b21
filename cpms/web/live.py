"""The live channel of open pages: one WebSocket each, told what changed.

A page hears the groups of what its user may see (`monitoring.live`), through its audience
(`cpms.web.audience`). What the user may is looked up again as soon as it changes
(`cpms.web.rights`), when the session ends, and every minute in case that word was lost: a right
that is taken away stops the news. Fragments that many pages show alike come over the socket as
well (`cpms.web.screens`); everything else a page fetches by HTTP.

The page is told every few seconds that it is alive, and to fetch everything again where news
may have been lost (`cpms.web.pulse`): "live" on a page means that news can really reach it,
through Redis and all.

A plain ASGI application: Channels' consumer keeps a task, a queue and a channel per socket and
copies each message for each of them, which is more than all the rest costs.
"""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import Error as DatabaseError
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from prometheus_client import Counter, Gauge
from redis.exceptions import RedisError

from cpms.web.audience import Audience, hub
from cpms.web.screens import Key, Wanted, screens, sight
from inventory import access
from inventory.models import Membership
from monitoring import live

log = structlog.get_logger(__name__)

#: Seconds between two announcements that frames are watched; each holds for 25.
ANNOUNCE = 10.0
WATCH_HOLDS = timedelta(seconds=25)
#: Seconds a page may take to accept a message before it is dropped.
PATIENCE = 30.0
#: Messages that wait for a page; one that lags further fetches everything.
MOST_WAITING = 8
#: Seconds between two looks at the session and its rights, if nothing is said of them.
CHECK = 60.0
#: Tells a page to fetch everything again, now.
FETCH_ALL = '{"type":"resync","within":0}'
#: Bytes of what a page may ask, and how often: so many at once, so many a second.
LARGEST_REQUEST = 32_000
REQUESTS_AT_ONCE, REQUESTS_PER_SECOND = 5.0, 5.0
#: Fragments of a page.
MOST_SHOWN = 12
#: Close codes of ours; the page acts on them (live.js).
SIGNED_OUT = 4401
TRY_LATER = 1013
BAD_REQUEST = 4400

SOCKETS = Gauge("kilowatch_live_sockets", "Open live sockets of pages.")
SENT = Counter("kilowatch_live_messages_total", "Messages sent to pages.", ["type"])
STALLED = Counter("kilowatch_live_stalled_total", "Live sockets dropped because they stalled.")
#: Looking a label up costs more than counting.
SENT_BY_KIND = {
    kind: SENT.labels(kind)
    for kind in ("changed", "incidents", "strangers", "frames", "alive", "resync", "fragment")
}
#: What is still needed of a handshake: to ask our own views as the page would.
KEPT_HEADERS = frozenset({b"host", b"cookie", b"accept-language"})


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """Let signed-in people in, refuse everybody else before the upgrade, serve the socket."""
    await receive()
    headers = [header for header in scope["headers"] if header[0] in KEPT_HEADERS]
    cookies = parse_cookie(dict(headers).get(b"cookie", b"").decode("latin-1"))
    session = cookies.get(settings.SESSION_COOKIE_NAME)
    try:
        user = await database_sync_to_async(session_user)(session)
        if user is None:
            await send({"type": "websocket.close"})
            return
        await _serve(Page(user, session or "", headers, send), receive)
    except (DatabaseError, OSError, RedisError) as problem:
        log.warning("live_not_served", error=str(problem))
        await send({"type": "websocket.close", "code": TRY_LATER})


async def _serve(page: "Page", receive: Any) -> None:
    try:
        await page.open()
        await page.listen(receive)
    finally:
        await page.leave()


class Page:
    """One page's live socket."""

    def __init__(
        self, user: User, session: str, headers: list[tuple[bytes, bytes]], send: Any
    ) -> None:
        self.user, self.session, self.headers = user, session, headers
        self.person = user.pk
        self._send = send
        self._audience: Audience | None = None
        self._watched: int | None = None
        self._tail: Audience | None = None
        self._wanted: frozenset[Wanted] = frozenset()
        self._waiting: deque[tuple[str, str, str | bytes]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._requests, self._asked_at = REQUESTS_AT_ONCE, 0.0
        self._serving: asyncio.Task[Any] | None = None
        self._stalled = self._left = self._rights_changed = False

    async def open(self) -> None:
        """Join the audience and accept the socket."""
        self._serving = asyncio.current_task()
        await self._join(await database_sync_to_async(groups_of)(self.user))
        await self._send({"type": "websocket.accept"})
        SOCKETS.inc()
        assert self._audience
        hub().join(self._audience, self)
        # What was taken away before it belonged there could not be told.
        self._check_within(0)

    async def listen(self, receive: Any) -> None:
        """Take what the page asks until it leaves, or is let go because it stalls."""
        try:
            while (message := await receive())["type"] == "websocket.receive":
                if not await self._take(message.get("text") or ""):
                    await self._send({"type": "websocket.close", "code": BAD_REQUEST})
        except asyncio.CancelledError:
            if not self._stalled:
                raise

    async def leave(self) -> None:
        """Leave nothing behind, whatever ended it."""
        self._left = True
        for timer in self._timers.values():
            timer.cancel()
        tasks = [task for task in (self._sending, *self._looking.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        screens().leave(self)
        for audience in filter(None, (self._audience, self._tail)):
            with suppress(OSError, RedisError):
                await hub().leave(audience, self)
        if self._audience is not None:
            SOCKETS.dec()

    # --- To the page -----------------------------------------------------------------------

    def tell(self, kind: str, text: str) -> None:
        """Have it told; one that lags is told to fetch everything instead (`audience.Member`)."""
        if sum(late[0] != "fragment" for late in self._waiting) >= MOST_WAITING:
            # Fragments stay: they come only once, and of each only the latest waits.
            self._waiting = deque(late for late in self._waiting if late[0] == "fragment")
            kind, text = "resync", FETCH_ALL
        self._queue(kind, kind, text)

    def show(self, element: str, content: bytes) -> None:
        """Have it shown; only the latest, if it lags (`screens.Viewer`)."""
        for late in [late for late in self._waiting if late[1] == element]:
            self._waiting.remove(late)
        self._queue("fragment", element, content)

    def ask_yourself(self, element: str) -> None:
        """Have it ask for a fragment itself from now on (`screens.Viewer`)."""
        text = orjson.dumps({"type": "unshared", "id": element}).decode()
        self._queue("fragment", element, text)

    async def sees(self) -> str:
        """Return the `sight` of its session now; "" where it has ended (`screens.Viewer`)."""
        now: str = await database_sync_to_async(self._sight)()
        return now

    def look_again(self) -> None:
        """Look at its rights now, unless it has left meanwhile (`screens.Viewer`).

        Two looks at once could end with what the first one saw: the one under way goes on.
        """
        self._rights_changed = True
        looking = self._looking.get("check")
        if not self._left and (looking is None or looking.done()):
            self._check_within(0)

    def _queue(self, kind: str, about: str, content: str | bytes) -> None:
        self._waiting.append((kind, about, content))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                kind, _about, content = self._waiting.popleft()
                form = "text" if isinstance(content, str) else "bytes"
                async with asyncio.timeout(PATIENCE):
                    await self._send({"type": "websocket.send", form: content})
                SENT_BY_KIND[kind].inc()
        except TimeoutError:
            self._let_go()
        except OSError:  # uvicorn's ClientDisconnected is one: it has left meanwhile
            self._waiting.clear()
        finally:
            self._sending = None

    def _let_go(self) -> None:
        """Drop a page that stalls: no close frame would get through either."""
        STALLED.inc()
        log.info("live_socket_stalled", user=self.user.pk)
        self._stalled = True
        if self._serving is not None:
            self._serving.cancel()

    # --- From the page ---------------------------------------------------------------------

    async def _take(self, text: str) -> bool:
        """Take {"watch": identity or null, "show": [fragments]}; False if it makes no sense."""
        now = asyncio.get_running_loop().time()
        earned = (now - self._asked_at) * REQUESTS_PER_SECOND
        self._requests, self._asked_at = min(REQUESTS_AT_ONCE, self._requests + earned) - 1, now
        asked = _request(text) if len(text) <= LARGEST_REQUEST else None
        if asked is None or self._requests < 0:
            return False
        if "watch" in asked:
            await self._watch(await database_sync_to_async(charger_id)(self.user, asked["watch"]))
        if "show" in asked:
            self._wanted = frozenset(asked["show"])
            await self._show()
        return True

    async def _show(self) -> None:
        """Enter the screens of the fragments that the page shows, leave all others."""
        mine = await self.sees() if self._wanted else ""
        shown: list[Key] = []
        if self._audience is not None and mine:
            shown = [(self._audience, mine, wanted) for wanted in self._wanted]
        screens().leave(self, keep=shown)
        for key in shown:
            screens().enter(key, self)

    def _sight(self) -> str:
        user = session_user(self.session)
        if user is None:
            return ""
        request = HttpRequest()
        headers = {name: value.decode("latin-1") for name, value in self.headers}
        request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", "")
        request.COOKIES = parse_cookie(headers.get(b"cookie", ""))
        return sight(user, request)

    async def _watch(self, charger: int | None) -> None:
        if self._tail is not None:
            await hub().leave(self._tail, self)
        self._watched, self._tail = charger, None
        if charger is not None:
            self._tail = await hub().audience([live.frames_group(charger)])
            hub().join(self._tail, self)
            await self._announce()

    async def _announce(self) -> None:
        """Have the gateways send the charger's frames; again every few seconds."""
        if self._watched is None:
            return
        news = live.watch(self._watched, datetime.now(UTC) + WATCH_HOLDS)
        try:
            await get_channel_layer().group_send(live.GATEWAYS, news)
        except (OSError, RedisError) as problem:
            log.warning("live_layer_unreachable", error=str(problem))
        self._later("announce", ANNOUNCE, self._announce)

    # --- Rights ----------------------------------------------------------------------------

    def _check_within(self, seconds: float) -> None:
        self._later("check", min(CHECK, seconds), self._check)

    def _later(self, name: str, seconds: float, what: Any) -> None:
        if earlier := self._timers.pop(name, None):
            earlier.cancel()

        def start() -> None:
            self._looking[name] = asyncio.create_task(what())

        self._timers[name] = asyncio.get_running_loop().call_later(seconds, start)

    async def _check(self) -> None:
        self._rights_changed = True
        try:
            while self._rights_changed:
                self._rights_changed = False
                await self._look_at_rights()
            left = await database_sync_to_async(seconds_left)(self.session)
        except (DatabaseError, OSError, RedisError) as problem:
            log.warning("live_rights_not_checked", user=self.user.pk, error=str(problem))
            left = CHECK
        self._check_within(left)

    async def _look_at_rights(self) -> None:
        user = await database_sync_to_async(session_user)(self.session)
        if user is None or user.pk != self.user.pk:
            await self._send({"type": "websocket.close", "code": SIGNED_OUT})
            return
        self.user = user
        before = self._audience
        await self._join(await database_sync_to_async(groups_of)(user))
        if self._audience is not before:
            self.tell("resync", FETCH_ALL)
        await self._show()
        if not await database_sync_to_async(still_seen)(user, self._watched):
            await self._watch(None)

    async def _join(self, groups: set[str]) -> None:
        before = self._audience
        if before is not None and before.groups == groups:
            return
        self._audience = await hub().audience(groups)
        if before is not None:
            hub().join(self._audience, self)
            await hub().leave(before, self)


def _request(text: str) -> dict[str, Any] | None:
    """Return what a page asks, with its fragments as `Wanted`; None if it makes no sense."""
    try:
        asked = orjson.loads(text)
        if not isinstance(asked, dict) or not asked or asked.keys() - {"watch", "show"}:
            return None
        if not isinstance(asked.get("watch"), str | None) or "\0" in (asked.get("watch") or ""):
            return None
        if "show" in asked:
            asked["show"] = [_wanted(*fields) for fields in asked["show"][:MOST_SHOWN]]
    except (orjson.JSONDecodeError, TypeError, ValueError, AttributeError):
        return None
    return asked


def _wanted(element: str, url: str, topics: str, kinds: str) -> Wanted:
    """Return a fragment; raises ValueError for one that is not ours, TypeError for no text."""
    if not isinstance(element, str):
        raise TypeError(element)
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError(url)
    return Wanted(element, url, frozenset(topics.split()), frozenset(kinds.split()))


def groups_of(user: User) -> set[str]:
    """Return the groups whose news concern what the user may see."""
    if user.is_superuser:
        whole = set(access.organisations(user).values_list("pk", flat=True))
        return {live.EVERYBODY, *map(live.org_group, whole)}
    mine = Membership.objects.filter(user_id=user.pk)
    whole = set(mine.filter(sites=None).values_list("organisation", flat=True))
    named = mine.exclude(sites=None).values_list("sites", flat=True)
    return {live.EVERYBODY, *map(live.org_group, whole), *map(live.site_group, named)}


def charger_id(user: User, identity: str | None) -> int | None:
    """Return the key of the charger if the user may see it, now."""
    if not identity:
        return None
    found = access.with_identity(access.chargers(user), identity)
    return found.values_list("pk", flat=True).first()


def still_seen(user: User, watched: int | None) -> bool:
    """Tell whether the user may still see the charger they watch."""
    return watched is None or access.chargers(user).filter(pk=watched).exists()


def session_user(session_key: str | None) -> User | None:
    """Return who the session belongs to, or None if it has ended or its user may not sign in."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None


def seconds_left(session_key: str) -> float:
    """Return after how many seconds the session ends: the page is told at once."""
    ends = Session.objects.filter(pk=session_key).values_list("expire_date", flat=True).first()
    return max(0.2, (ends - datetime.now(UTC)).total_seconds() + 0.1) if ends else 0.2
