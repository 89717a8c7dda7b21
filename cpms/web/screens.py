"""Fragments that many pages show alike: made once, sent to all of them over their sockets.

With a large fleet something changes all the time. If each of 200 open dashboards asked for its
fleet list after each change, the server would do little else than render the same list 200
times: a request costs 10 to 15 ms of a core before its view has done anything. So a page says
over its socket which fragments it shows, and gets them from there.

Nothing is read past the usual way: the fragment is what the usual request for it answers, with
the cookie of one of those who watch it. Who may share it is decided here: people who see the
same sites in the same roles, language and preferences. The view agrees by the header
`monitoring.live.SHARED`: it promises that what it shows depends on nothing else about a
person. Without the header, pages ask for themselves. Rights may change at any moment: who a
fragment was made for is looked at again before it is handed out.

The addresses come from pages, and some cost seconds. Nobody's hold up anybody else's: people
take turns (`cpms.web.turns`), and beyond so many fragments their pages ask for themselves.
"""

import asyncio
import gzip
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import orjson
import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import get_language_from_request
from prometheus_client import Counter as Metric
from prometheus_client import Histogram

from cpms.handler import Handler
from cpms.web.audience import Audience
from cpms.web.models import Preferences
from cpms.web.turns import Turns
from inventory.models import Membership
from monitoring import live

log = structlog.get_logger(__name__)

#: Seconds between two renderings of a screen, at least; and at least so many times what the
#: last one took, so that slow ones leave the machine some air.
FASTEST = 0.3
BREATH = 2.0
#: Seconds until what is only a figure (power, an event) is on the screen.
FIGURES = 5.0
#: Renderings at once in this process.
AT_ONCE = 2
#: Seconds after which a rendering no longer keeps others waiting, and when it is given up.
LONGEST = 1.0
GIVEN_UP = 30.0
#: Fragments that one person's pages are shown by this process.
MOST_PER_PERSON = 48
#: What is wrong, or right again; all other kinds can wait for FIGURES.
URGENT = frozenset({"status", "connection"})

RENDERED = Histogram("kilowatch_screen_seconds", "Rendering a fragment that pages share.")
UNSHARED = Metric("kilowatch_screens_unshared_total", "Fragments whose view doesn't share them.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fragment of a page, as the page's script asks for it."""

    element: str
    url: str
    #: What it tells of (`data-live`) and of which kinds (`data-live-kinds`; none: any).
    topics: frozenset[str]
    kinds: frozenset[str]


class Viewer(Protocol):
    """A page that shows screens."""

    #: The key of whose page it is.
    person: int
    headers: list[tuple[bytes, bytes]]

    def show(self, element: str, content: bytes) -> None:
        """Take a fragment, compressed; never wait."""

    def ask_yourself(self, element: str) -> None:
        """Take the answer that this fragment isn't shared."""

    async def sees(self) -> str:
        """Return the `sight` that its session has now; "" where it has ended."""

    def look_again(self) -> None:
        """Look at its rights now: they aren't what they were."""


class NotSharedError(Exception):
    """The view doesn't share its fragment, or can't make it now."""


class Screen:
    """A fragment that is kept as it should be for those who view it."""

    def __init__(self, sight: str, wanted: Wanted, audience: Audience) -> None:
        self.sight, self.wanted, self.audience = sight, wanted, audience
        self.viewers: set[Viewer] = set()
        #: How many of the viewers are whose.
        self.people: Counter[int] = Counter()
        self._latest: bytes | None = None
        self._due = float("inf")
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())
        audience.listeners.add(self)

    def enter(self, viewer: Viewer) -> None:
        """Show the viewer what is shown now, and then whatever comes."""
        self.viewers.add(viewer)
        self.people[viewer.person] += 1
        if self._latest is None:
            self.render_within(0)
        else:
            viewer.show(self.wanted.element, self._latest)

    def leave(self, viewer: Viewer) -> None:
        """Show the viewer nothing more."""
        if viewer in self.viewers:
            self.viewers.discard(viewer)
            self.people -= Counter([viewer.person])

    def hear(self, message: Mapping[str, Any]) -> None:
        """Be rendered again if the news concern it."""
        delay = self._delay(message)
        if delay is not None:
            self.render_within(delay)

    def render_within(self, seconds: float) -> None:
        """Be rendered again at the latest then, if the pace allows."""
        self._due = min(self._due, time.monotonic() + seconds)
        self._wake.set()

    def close(self) -> None:
        """End."""
        self.audience.listeners.discard(self)
        self._task.cancel()

    def _delay(self, message: Mapping[str, Any]) -> float | None:
        topics = self.wanted.topics
        match message["type"]:
            case "live.changed":
                return self._soonest(message["chargers"])
            case "live.incidents" | "live.strangers":
                return 0.0 if message["type"].removeprefix("live.") in topics else None
            case "live.resync":
                return 0.0
        return None

    def _soonest(self, chargers: Mapping[str, Mapping[str, Any]]) -> float | None:
        """Look no further than the first of perhaps thousands that makes it urgent."""
        soonest = None
        for identity, change in chargers.items():
            delay = self._delay_of(identity, change)
            if delay == 0.0:
                return delay
            soonest = delay if soonest is None else soonest
        return soonest

    def _delay_of(self, identity: str, change: Mapping[str, Any]) -> float | None:
        kinds, wanted = change["kinds"], self.wanted.kinds
        if wanted and wanted.isdisjoint(kinds):
            return None
        if f"charger:{identity}" in self.wanted.topics:
            return 0.0
        if "fleet" not in self.wanted.topics:
            return None
        return FIGURES if URGENT.isdisjoint(kinds) else 0.0

    async def _run(self) -> None:
        while True:
            await self._until_due()
            self._due = float("inf")
            async with _turns().of(self.people):
                started = time.monotonic()
                await self._render()
            took = time.monotonic() - started
            RENDERED.observe(took)
            await asyncio.sleep(max(FASTEST, took * BREATH) - took)

    async def _until_due(self) -> None:
        while (left := self._due - time.monotonic()) > 0:
            self._wake.clear()
            try:
                async with asyncio.timeout(None if left == float("inf") else left):
                    await self._wake.wait()
            except TimeoutError:
                return

    async def _render(self) -> None:
        try:
            async with asyncio.timeout(GIVEN_UP):
                body = await self._made()
            if body:
                self._hand_out(body)
        except Exception as problem:  # noqa: BLE001 - a view's own; pages are asked to ask
            log.warning("screen_not_rendered", url=self.wanted.url, error=repr(problem))
            self._give_up()

    async def _made(self) -> bytes:
        """Return the fragment as one of the viewers gets it; b"" where nobody is left to ask for.

        Who isn't signed in any more, or sees something else since, is asked to look again: what
        was made for them is nobody else's. Raises NotSharedError where the view doesn't share.
        """
        for viewer in list(self.viewers):
            status, shared, body = await fetch(viewer.headers, self.wanted)
            if await viewer.sees() != self.sight:
                viewer.look_again()
                continue
            if status != HTTPStatus.OK or not shared or b"csrfmiddlewaretoken" in body:
                raise NotSharedError(status)
            return body
        return b""

    def _hand_out(self, body: bytes) -> None:
        wanted = self.wanted
        told = {"type": "fragment", "id": wanted.element, "url": wanted.url, "html": body.decode()}
        self._latest = content = gzip.compress(orjson.dumps(told), compresslevel=3)
        for viewer in list(self.viewers):
            viewer.show(wanted.element, content)

    def _give_up(self) -> None:
        UNSHARED.inc()
        self._latest = None  # Who comes later must not be shown what was.
        for viewer in list(self.viewers):
            viewer.ask_yourself(self.wanted.element)


#: Audience, sight, fragment: pages of the same sight may for a moment be of two audiences.
Key = tuple[Audience, str, Wanted]


class Screens:
    """The screens of one process, by who may share them and what they show."""

    def __init__(self) -> None:
        self._screens: dict[Key, Screen] = {}

    def enter(self, key: Key, viewer: Viewer) -> None:
        """Show the viewer the screen, from what it is now on, unless they watch too many."""
        audience, sight, wanted = key
        screen = self._screens.get(key)
        if screen is not None and viewer in screen.viewers:
            return
        if self._watched_by(viewer.person) >= MOST_PER_PERSON:
            viewer.ask_yourself(wanted.element)
            return
        if screen is None:
            screen = self._screens[key] = Screen(sight, wanted, audience)
        screen.enter(viewer)

    def leave(self, viewer: Viewer, keep: Iterable[Key] = ()) -> None:
        """Show the viewer nothing but what is to be kept; screens without viewers end."""
        kept = set(keep)
        for key, screen in list(self._screens.items()):
            if key not in kept:
                screen.leave(viewer)
            if not screen.viewers:
                screen.close()
                del self._screens[key]

    def _watched_by(self, person: int) -> int:
        return sum(person in screen.people for screen in self._screens.values())


async def fetch(headers: list[tuple[bytes, bytes]], wanted: Wanted) -> tuple[int, bool, bytes]:
    """Ask our own views for a fragment, as the page itself would: status, shared, body."""
    scheme = "https" if settings.SECURE_SSL_REDIRECT else "http"
    asked = urlsplit(wanted.url)
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": scheme,
        "path": asked.path, "raw_path": asked.path.encode(), "root_path": "",
        "query_string": asked.query.encode(), "client": ("127.0.0.1", 0), "server": None,
        "headers": [
            *headers,
            (b"hx-request", b"true"),
            (b"hx-target", wanted.element.encode("latin-1", "replace")),
        ],
    }  # fmt: skip
    answer: dict[str, Any] = {}
    body: list[bytes] = []
    arrivals: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    arrivals.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.update(message)
            if not _is_shared(answer):  # Nobody gets it, and a download may be endless.
                arrivals.put_nowait({"type": "http.disconnect"})
        elif _is_shared(answer):
            body.append(message.get("body", b""))

    asking = asyncio.create_task(_views()(scope, arrivals.get, send))
    _asking.add(asking)
    asking.add_done_callback(_asking.discard)
    # Cancelled in its midst a request would keep its database connection for ever.
    await asyncio.shield(asking)
    return answer["status"], _is_shared(answer), b"".join(body)


def _is_shared(answer: Mapping[str, Any]) -> bool:
    return any(name.lower() == live.SHARED.lower().encode() for name, _value in answer["headers"])


@cache
def _views() -> Handler:
    return Handler()


def sight(user: User, request: HttpRequest) -> str:
    """Return what two people have in common who see the same: sites, roles, language, wishes."""
    mine = Membership.objects.filter(user_id=user.pk)
    rights = mine.order_by("organisation").values_list("organisation", "role", "sites")
    wishes: dict[str, Any] = {**(Preferences.objects.filter(pk=user.pk).values().first() or {})}
    wishes.pop("user_id", None)
    sees = (
        *(user.is_superuser, user.is_staff),
        sorted(rights, key=repr),
        get_language_from_request(request),
        sorted(wishes.items()),
    )
    return sha256(repr(sees).encode()).hexdigest()


#: Requests on their way, also those that nobody waits for any more.
_asking: set[asyncio.Task[None]] = set()
_screens: WeakKeyDictionary[asyncio.AbstractEventLoop, Screens] = WeakKeyDictionary()
_served: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()


def screens() -> Screens:
    """Return the screens of the running event loop."""
    return _screens.setdefault(asyncio.get_running_loop(), Screens())


def _turns() -> Turns:
    return _served.setdefault(asyncio.get_running_loop(), Turns(AT_ONCE, LONGEST))
