"""Turns: who wants much waits between the others, and what takes long lets them pass."""

import asyncio

from cpms.web.turns import Turns

GREEDY, MODEST, OTHER = 1, 2, 3


class Stage:
    """Turns whose work ends when the test says so."""

    def __init__(self, at_once: int = 1, longest: float = 1000) -> None:
        self.turns = Turns(at_once, longest)
        self.begun: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        #: Who leaves right before somebody's work ends, and right after.
        self.leaves_before: dict[str, str] = {}
        self.leaves_after: dict[str, str] = {}

    def ask(self, name: str, *people: int) -> None:
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, people))

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self.tasks[name]
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def until(self, begun: int) -> None:
        async with asyncio.timeout(20):
            while len(self.begun) < begun:
                await asyncio.sleep(0.01)

    async def _work(self, name: str, people: tuple[int, ...]) -> None:
        async with self.turns.of(people):
            self.begun.append(name)
            await self._ends[name].wait()
            if leaving := self.leaves_before.get(name):
                self.tasks[leaving].cancel()
        if leaving := self.leaves_after.get(name):
            self.tasks[leaving].cancel()


async def test_who_wants_much_waits_between_the_others() -> None:
    stage = Stage()
    for name in ("a", "b", "c", "d"):
        stage.ask(name, GREEDY)
    stage.ask("modest", MODEST)
    stage.ask("other", OTHER)
    await stage.settle()
    for name in ("a", "modest", "other", "b", "c"):
        assert stage.begun[-1] == name
        await stage.end(name)
    stage.ask("modest again", MODEST)
    await stage.settle()
    await stage.end("d")
    assert stage.begun[-1] == "modest again"
    await stage.end("modest again")


async def test_what_is_for_several_comes_when_the_one_who_waits_longest_is_due() -> None:
    stage = Stage()
    stage.ask("a", GREEDY)
    await stage.settle()
    stage.ask("b", GREEDY)
    stage.ask("of both", GREEDY, MODEST)
    await stage.settle()
    await stage.end("a")
    assert stage.begun == ["a", "of both"]
    await stage.end("of both")
    await stage.end("b")


async def test_what_takes_long_goes_on_beside_the_others_but_does_not_pile_up() -> None:
    stage = Stage(at_once=2, longest=0.01)
    for name in ("slow", "slower", "third"):
        stage.ask(name, GREEDY)
    await stage.until(begun=2)
    for number in range(3):
        stage.ask(f"modest {number}", MODEST)
        await stage.until(begun=3 + number)
        await stage.end(f"modest {number}")
    assert "third" not in stage.begun
    await stage.end("slow")
    assert stage.begun[-1] == "third"
    for name in ("slower", "third"):
        await stage.end(name)


async def test_who_leaves_gives_the_turn_away_whether_waiting_or_just_called() -> None:
    stage = Stage()
    for name in ("first", "left", "waiting", "called", "last"):
        stage.ask(name, GREEDY)
    await stage.settle()
    stage.tasks["left"].cancel()
    await stage.settle()
    stage.leaves_before["first"] = "waiting"
    stage.leaves_after["first"] = "called"
    await stage.end("first")
    assert stage.begun == ["first", "last"]
    await stage.end("last")
