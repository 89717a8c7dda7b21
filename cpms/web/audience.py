"""Who hears the same news: the open pages of people who may see the same, told together.

News come through the channel layer once per process and group, however many pages are open.
They are merged and put into words once for all pages of an audience: what one page more costs
is sending it the text. Pages that no WebSocket gets through to ask for what was said since
they last asked (`Audience.since`); any process that was asked in the last minute can answer.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import orjson
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from cpms.web.backlog import Backlog
from cpms.web.pulse import pulse
from monitoring import live

#: Seconds between two messages to an audience: at most four a second.
PACE = 0.25
#: Seconds that an audience remembers what it was told, and listens on after its last poll.
REMEMBERED = 60.0
#: Seconds by which pages are told more than they ask for: what was said while they asked.
OVERLAP = 1.0
#: When all pages must fetch everything, each gets this many seconds of its own …
SPREAD_PER_PAGE = 0.02
#: … but the last one waits no longer than this.
LONGEST_SPREAD = 30.0


class Member(Protocol):
    """Somebody who is told: an open page."""

    #: The key of whose page it is.
    person: int

    def tell(self, kind: str, text: str) -> None:
        """Take a message, now; never wait."""

    def look_again(self) -> None:
        """Look at its rights now: they aren't what they were."""


class Listener(Protocol):
    """Somebody who wants the news as they come, not the words for pages."""

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take news of the channel layer; `{"type": "live.resync"}` where some may be lost."""


class Audience:
    """The pages that hear the same groups."""

    def __init__(self, hub: "Hub", groups: frozenset[str]) -> None:
        self.hub, self.groups = hub, groups
        self.members: set[Member] = set()
        self.listeners: set[Listener] = set()
        #: Since when what was said is known to who polls, seconds since the epoch.
        self._remembering_since = time.time()
        self._backlog, self._wake = Backlog(), asyncio.Event()
        self._said: deque[tuple[float, dict[str, Any]]] = deque()
        self._polled = float("-inf")
        self._delivering = asyncio.create_task(self._deliver())

    @property
    def polled_lately(self) -> bool:
        """Whether a page asks for news instead of being told."""
        return time.monotonic() - self._polled < REMEMBERED

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take news of the channel layer."""
        match message["type"]:
            case "live.changed":
                self._backlog.add_changes(message["chargers"])
            case "live.incidents":
                self._backlog.incidents = True
            case "live.strangers":
                self._backlog.strangers = True
            case "live.frames":
                self._backlog.add_frames(message["frames"])
            case "live.resync":
                self._backlog.resync = True
            case "live.alive":
                self._backlog.alive = True
        for listener in self.listeners:
            listener.hear(message)
        self._wake.set()

    def since(self, instant: float) -> list[dict[str, Any]]:
        """Return what was said since then (seconds since the epoch), and go on listening."""
        if not self.polled_lately:  # Then nothing was kept: they may have asked another process.
            self._said.clear()
            self._remembering_since = time.time()
        self._polled = time.monotonic()
        self.hub.close_later()
        if instant - OVERLAP < self._remembering_since:
            return [{"type": "resync", "within": 0}]
        again = Backlog()
        for said_at, message in self._said:
            if said_at >= instant - OVERLAP:
                again.add_message(message)
        return again.take()

    def close(self) -> None:
        """Tell nobody any more."""
        self._delivering.cancel()

    async def _deliver(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            now = time.time()
            for message in self._backlog.take():
                self._say(message, now)
            await asyncio.sleep(PACE)

    def _say(self, message: dict[str, Any], now: float) -> None:
        kind = message["type"]
        if kind == "resync":
            message["within"] = min(LONGEST_SPREAD, self.hub.pages * SPREAD_PER_PAGE)
        elif kind == "alive":
            message["pages"] = self.hub.pages
        text = orjson.dumps(message).decode()
        for member in list(self.members):
            member.tell(kind, text)
        if self.polled_lately and kind != "alive":
            self._said.append((now, message))
        while self._said and self._said[0][0] < now - REMEMBERED:
            self._said.popleft()


class Hub:
    """The audiences of one process; hears each group once."""

    def __init__(self) -> None:
        self._audiences: dict[frozenset[str], Audience] = {}
        self._hearing: dict[str, set[Audience]] = defaultdict(set)
        self._ears: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._opening = asyncio.Lock()
        self._closing: asyncio.TimerHandle | None = None

    @property
    def pages(self) -> int:
        """How many pages this process tells."""
        whole = (audience for groups, audience in self._audiences.items() if _is_whole(groups))
        return sum(len(audience.members) for audience in whole)

    async def audience(self, groups: Iterable[str]) -> Audience:
        """Return the audience of these groups, which hears them from now on.

        Raises OSError or RedisError where the channel layer is away.
        """
        wanted = frozenset(groups)
        async with self._opening:
            try:
                for group in wanted - self._ears.keys():
                    await self._listen(group)
            except BaseException:  # Whoever gives up midway comes back: to nothing left open.
                await self._stop_unheard()
                raise
            if not self._audiences:
                pulse().join(self)
            if wanted not in self._audiences:
                self._audiences[wanted] = opened = Audience(self, wanted)
                for group in wanted:
                    self._hearing[group].add(opened)
        self.close_later()
        return self._audiences[wanted]

    def join(self, audience: Audience, member: Member) -> None:
        """Tell the member what its audience hears; at once that it is live, if that is known."""
        audience.members.add(member)
        if _is_whole(audience.groups) and pulse().is_felt():
            alive = {"type": "alive", "pages": self.pages}
            member.tell("alive", orjson.dumps(alive).decode())

    async def leave(self, audience: Audience, member: Member) -> None:
        """Tell the member nothing more; nobody's audience closes."""
        audience.members.discard(member)
        await self.close_empty()

    def is_alive(self) -> None:
        """Have everybody told that news get here (`Pulse`)."""
        self._tell_all({"type": "live.alive"})

    def has_missed(self) -> None:
        """Have everybody told that news may be lost (`Pulse`)."""
        self._tell_all({"type": "live.resync"})

    def close_later(self) -> None:
        """Look in a while whether an audience that somebody polled has nobody any more."""
        if self._closing is None:
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(REMEMBERED + 1, self._close_now)

    async def close_empty(self) -> None:
        """Close the audiences that nobody belongs to, and stop hearing what nobody wants."""
        async with self._opening:
            for groups, audience in list(self._audiences.items()):
                if not audience.members and not audience.polled_lately:
                    del self._audiences[groups]
                    audience.close()
                    for group in groups:
                        self._hearing[group].discard(audience)
            await self._stop_unheard()
            if not self._audiences:
                pulse().leave(self)

    def _close_now(self) -> None:
        self._closing = None
        if self._audiences:
            self._closing_task = asyncio.create_task(self.close_empty())
            self.close_later()

    def _tell_all(self, message: Mapping[str, Any]) -> None:
        for groups, audience in self._audiences.items():
            if _is_whole(groups):
                audience.hear(message)

    async def _listen(self, group: str) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        self._ears[group] = channel, asyncio.create_task(self._hear(group, channel))

    async def _hear(self, group: str, channel: str) -> None:
        layer = get_channel_layer()
        while True:
            message = await layer.receive(channel)
            if message["type"] == "live.rights":
                self._have_looked_again(frozenset(message["people"]))
                continue
            for audience in self._hearing[group]:
                audience.hear(message)

    def _have_looked_again(self, people: frozenset[int]) -> None:
        told = {member for audience in self._audiences.values() for member in audience.members}
        for member in told:
            if member.person in people:
                member.look_again()

    async def _stop_unheard(self) -> None:
        for group in [group for group in self._ears if not self._hearing[group]]:
            await self._stop_listening(group)

    async def _stop_listening(self, group: str) -> None:
        del self._hearing[group]
        channel, ear = self._ears.pop(group)
        with suppress(OSError, RedisError):
            await get_channel_layer().group_discard(group, channel)
        ear.cancel()
        await asyncio.gather(ear, return_exceptions=True)


def _is_whole(groups: frozenset[str]) -> bool:
    """Tell whether these are a person's groups, not a tail of frames."""
    return live.EVERYBODY in groups


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
