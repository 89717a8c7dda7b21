"""Fragments that pages share: whose they may be, and what happens when they can't be made."""

import asyncio
import gzip
from dataclasses import replace
from typing import Any

import orjson
import pytest

from cpms.web import screens
from cpms.web.audience import Audience
from cpms.web.screens import Key, Screens, Wanted

FLEET = Wanted("fleet", "/", frozenset({"fleet"}), frozenset())


class Seat:
    """A page that shows screens; of two the one with the lower number is asked for first."""

    def __init__(self, number: int, sight: str = "of olga") -> None:
        self.number, self.sight, self.person = number, sight, number
        self.headers = [(b"cookie", str(number).encode())]
        self.shown: list[str] = []
        self.asks: list[str] = []
        self.looks_again = False

    def __hash__(self) -> int:
        return self.number

    def show(self, element: str, content: bytes) -> None:
        self.shown.append(orjson.loads(gzip.decompress(content))["html"])

    def ask_yourself(self, element: str) -> None:
        self.asks.append(element)

    async def sees(self) -> str:
        return self.sight

    def look_again(self) -> None:
        self.looks_again = True


class Hall:
    """An audience whose news the test tells itself."""

    def __init__(self) -> None:
        self.listeners: set[Any] = set()


@pytest.fixture
def audience() -> Any:
    return Hall()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, tuple[int, bool, bytes]]:
    """What the view answers whom; else their own number."""
    known: dict[bytes, tuple[int, bool, bytes]] = {}

    async def fetch(headers: Any, wanted: Wanted) -> tuple[int, bool, bytes]:
        who = dict(headers)[b"cookie"]
        return known.get(who, (200, True, b"as %s sees it" % who))

    monkeypatch.setattr(screens, "fetch", fetch)
    return known


def key_of(audience: Audience, sight: str = "of olga") -> Key:
    return audience, sight, FLEET


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_what_was_made_for_somebody_who_sees_more_meanwhile_is_nobody_else_s(
    audience: Any, answers: dict[bytes, tuple[int, bool, bytes]]
) -> None:
    theirs, promoted, other = Screens(), Seat(0), Seat(1)
    promoted.sight = "of two tenants"
    theirs.enter(key_of(audience), promoted)
    theirs.enter(key_of(audience), other)
    await until(lambda: other.shown)
    assert other.shown == ["as 1 sees it"]
    assert promoted.looks_again
    for seat in (promoted, other):
        theirs.leave(seat)


async def test_nobody_is_told_to_ask_because_the_only_viewer_has_signed_out(
    audience: Any, answers: dict[bytes, tuple[int, bool, bytes]]
) -> None:
    theirs, seat = Screens(), Seat(0)
    seat.sight, answers[b"0"] = "", (401, False, b"")
    theirs.enter(key_of(audience), seat)
    await until(lambda: seat.looks_again)
    assert not seat.shown
    assert not seat.asks
    theirs.leave(seat)


@pytest.mark.parametrize("answer", [(500, False, b""), (403, False, b""), (200, True, b"\xff")])
async def test_a_fragment_that_cannot_be_made_is_asked_for_by_pages_and_tried_again_for_others(
    audience: Any, answers: dict[bytes, tuple[int, bool, bytes]], answer: tuple[int, bool, bytes]
) -> None:
    theirs, first, second = Screens(), Seat(0), Seat(1)
    theirs.enter(key_of(audience), first)
    await until(lambda: first.shown)
    answers[b"0"] = answers[b"1"] = answer
    for screen in audience.listeners:
        screen.hear({"type": "live.resync"})
    await until(lambda: first.asks)
    answers.clear()
    theirs.enter(key_of(audience), second)
    await until(lambda: second.shown)
    assert second.shown == first.shown[1:]
    for seat in (first, second):
        theirs.leave(seat)


async def test_a_person_s_many_addresses_hold_up_nobody_else(
    audience: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = asyncio.Event()

    async def fetch(headers: Any, wanted: Wanted) -> tuple[int, bool, bytes]:
        if wanted.url != FLEET.url:
            await hangs.wait()
        return 200, True, b"the fleet"

    monkeypatch.setattr(screens, "fetch", fetch)
    monkeypatch.setattr(screens, "LONGEST", 0.05)
    theirs, greedy, modest = Screens(), Seat(0), Seat(1)
    for number in range(screens.MOST_PER_PERSON + 2):
        wanted = replace(FLEET, element=f"f{number}", url=f"/expensive/{number}")
        theirs.enter((audience, "of olga", wanted), greedy)
    assert len(audience.listeners) == screens.MOST_PER_PERSON
    assert greedy.asks == [f"f{screens.MOST_PER_PERSON + n}" for n in range(2)]
    theirs.enter(key_of(audience), modest)
    theirs.enter(key_of(audience), greedy)  # It is there already, but they watch enough.
    await until(lambda: modest.shown)
    assert len(greedy.asks) == 3
    theirs.leave(greedy)
    theirs.enter(key_of(audience), greedy)
    assert greedy.shown == ["the fleet"]
    for seat in (greedy, modest):
        theirs.leave(seat)
    hangs.set()


async def test_a_fragment_that_never_comes_is_asked_for_by_pages(
    audience: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fetch(headers: Any, wanted: Wanted) -> tuple[int, bool, bytes]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(screens, "fetch", fetch)
    monkeypatch.setattr(screens, "GIVEN_UP", 0.05)
    theirs, seat = Screens(), Seat(0)
    theirs.enter(key_of(audience), seat)
    await until(lambda: seat.asks)
    assert seat.asks == ["fleet"]
    assert not seat.shown
    theirs.leave(seat)


async def test_pages_of_two_audiences_leave_no_screen_behind(
    audience: Any, answers: dict[bytes, tuple[int, bool, bytes]]
) -> None:
    later: Any = Hall()
    theirs, first, second = Screens(), Seat(0), Seat(1)
    theirs.enter(key_of(audience), first)
    theirs.enter(key_of(later), second)
    for seat in (first, second):
        theirs.leave(seat)
    assert not audience.listeners
    assert not later.listeners


async def test_a_download_that_somebody_wants_shown_is_left_at_its_first_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        asked.append((await receive())["type"])

    monkeypatch.setattr(screens, "_views", lambda: endless)
    async with asyncio.timeout(20):
        assert await screens.fetch([], FLEET) == (200, False, b"")
    assert asked == ["http.disconnect"]


async def test_a_request_is_carried_to_its_end_though_its_page_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, goes_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await goes_on.wait()
        ended.set()

    monkeypatch.setattr(screens, "_views", lambda: slow)
    asking = asyncio.create_task(screens.fetch([], FLEET))
    async with asyncio.timeout(20):
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        goes_on.set()
        await ended.wait()
