"""The live channel of open pages: one WebSocket each, told what changed, never the content.

A page fetches what it shows by HTTP, where every read is scoped; the channel only says when.
Groups are per organisation and per site (`monitoring.live`), chosen by what the user may see
and looked up again every minute, so a right that is taken away stops the news.

The page is told every few seconds that it is alive, and to fetch everything again where news
may have been lost (`cpms.web.pulse`): "live" on a page means that news can really reach it,
through Redis and all.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog
from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import Error as DatabaseError
from django.http import HttpRequest
from prometheus_client import Counter, Gauge
from redis.exceptions import RedisError

from cpms.web.backlog import Backlog
from cpms.web.pulse import pulse
from inventory import access
from inventory.models import Membership
from monitoring import live

log = structlog.get_logger(__name__)

#: Seconds between two announcements that frames are watched; each holds for 25.
ANNOUNCE = 10.0
WATCH_HOLDS = timedelta(seconds=25)
#: Seconds between two messages to a page: at most four a second.
PACE = 0.25
#: Seconds a page may take to accept a message before it is dropped.
PATIENCE = 30.0
#: Seconds between two looks at the session and its rights.
CHECK = 60.0
#: Bytes, and seconds apart, of what a page may send us.
LARGEST_REQUEST = 1_000
SOONEST_REQUEST = 0.1
#: Close codes of ours; the page acts on them (live.js).
SIGNED_OUT = 4401
TRY_LATER = 1013
BAD_REQUEST = 4400

SOCKETS = Gauge("kilowatch_live_sockets", "Open live sockets of pages.")
SENT = Counter("kilowatch_live_messages_total", "Messages sent to pages.", ["type"])
STALLED = Counter("kilowatch_live_stalled_total", "Live sockets dropped because they stalled.")


class LiveConsumer(AsyncConsumer):  # type: ignore[misc]
    """One page's live socket."""

    user: User

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Let signed-in people in, refuse everybody else before the upgrade."""
        self.backlog, self.wake = Backlog(), asyncio.Event()
        self.groups: set[str] = set()
        self.watched: int | None = None
        self.last_request = 0.0
        self.tasks: list[asyncio.Task[None]] = []
        if not self.scope["user"].is_authenticated:
            await self.send({"type": "websocket.close"})
            raise StopConsumer
        self.user = self.scope["user"]
        await self._join(await database_sync_to_async(groups_of)(self.user))
        await self.send({"type": "websocket.accept"})
        SOCKETS.inc()
        self.tasks = [
            asyncio.create_task(self._deliver()),
            asyncio.create_task(self._keep_watching()),
            asyncio.create_task(self._keep_checking()),
        ]
        pulse().join(self)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Take the one thing a page may ask for: {"watch": identity or null}."""
        now = asyncio.get_running_loop().time()
        text = message.get("text") or ""
        asked = _request(text) if len(text) <= LARGEST_REQUEST else None
        if asked is None or now - self.last_request < SOONEST_REQUEST:
            await self._close(BAD_REQUEST)
            return
        self.last_request = now
        await self._watch(asked["watch"])

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """End with the page."""
        raise StopConsumer

    async def live_changed(self, message: dict[str, Any]) -> None:
        """Chargers changed."""
        self.backlog.add_changes(message["chargers"])
        self.wake.set()

    async def live_incidents(self, message: dict[str, Any]) -> None:
        """Incidents changed."""
        self.backlog.incidents = True
        self.wake.set()

    async def live_frames(self, message: dict[str, Any]) -> None:
        """Frames of the watched charger passed."""
        self.backlog.add_frames(message["frames"])
        self.wake.set()

    def is_alive(self) -> None:
        """Tell the page that news can reach it."""
        self.backlog.alive = True
        self.wake.set()

    def has_missed(self) -> None:
        """Tell the page to fetch everything: news may have been lost."""
        self.backlog.resync = True
        self.wake.set()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler at once; Channels' own looks after database connections each time."""
        handler = getattr(self, message["type"].replace(".", "_"))
        await handler(message)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket, and leave nothing behind whatever ends it."""
        self.stalled = False
        self.serving = asyncio.ensure_future(super().__call__(scope, receive, send))
        try:
            await self.serving
        except asyncio.CancelledError:
            if not self.stalled:
                raise
        except (OSError, RedisError) as problem:
            log.warning("live_layer_unreachable", error=str(problem))
            await send({"type": "websocket.close", "code": TRY_LATER})
        finally:
            self.serving.cancel()
            await self._leave_everything()

    async def _deliver(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            for news in self.backlog.take():
                await self._tell(news)
            await asyncio.sleep(PACE)

    async def _tell(self, news: dict[str, Any]) -> None:
        text = orjson.dumps(news).decode()
        try:
            await asyncio.wait_for(
                self.send({"type": "websocket.send", "text": text}), timeout=PATIENCE
            )
        except TimeoutError:
            # No close frame would get through either: the connection is simply let go.
            STALLED.inc()
            log.info("live_socket_stalled", user=self.user.pk)
            self.stalled = True
            self.serving.cancel()
            return
        SENT.labels(news["type"]).inc()

    async def _keep_watching(self) -> None:
        while True:
            await asyncio.sleep(ANNOUNCE)
            await self._announce_watch()

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK)
            try:
                await self._check()
            except (DatabaseError, OSError, RedisError) as problem:
                log.warning("live_rights_not_checked", user=self.user.pk, error=str(problem))

    async def _check(self) -> None:
        user = await database_sync_to_async(session_user)(self.scope["session"].session_key)
        if user is None or user.pk != self.user.pk:
            await self._close(SIGNED_OUT)
            return
        self.user = user
        await self._join(await database_sync_to_async(groups_of)(user))
        if not await database_sync_to_async(still_seen)(user, self.watched):
            await self._watch(None)

    async def _join(self, groups: set[str]) -> None:
        for group in self.groups - groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        for group in groups - self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        self.groups = groups

    async def _watch(self, identity: str | None) -> None:
        if self.watched is not None:
            await self.channel_layer.group_discard(
                live.frames_group(self.watched), self.channel_name
            )
        self.backlog.forget_frames()
        self.watched = await database_sync_to_async(charger_id)(self.user, identity)
        if self.watched is not None:
            await self.channel_layer.group_add(live.frames_group(self.watched), self.channel_name)
            await self._announce_watch()

    async def _announce_watch(self) -> None:
        if self.watched is None:
            return
        news = live.watch(self.watched, datetime.now(UTC) + WATCH_HOLDS)
        try:
            await self.channel_layer.group_send(live.GATEWAYS, news)
        except (OSError, RedisError) as problem:
            log.warning("live_layer_unreachable", error=str(problem))

    async def _close(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code})

    async def _leave_everything(self) -> None:
        tasks = getattr(self, "tasks", [])
        if tasks:
            SOCKETS.dec()
            pulse().leave(self)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        watched: int | None = getattr(self, "watched", None)
        tail = set() if watched is None else {live.frames_group(watched)}
        for group in tail | set(getattr(self, "groups", ())):
            with suppress(OSError, RedisError):
                await self.channel_layer.group_discard(group, self.channel_name)


def _request(text: str) -> dict[str, Any] | None:
    try:
        asked = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict) or set(asked) != {"watch"}:
        return None
    return asked if isinstance(asked["watch"], str | None) else None


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
    found = access.chargers(user).filter(identity__iexact=identity)
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
