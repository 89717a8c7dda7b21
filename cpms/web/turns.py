"""Whose turn it is where only a few can be served at once: who wants much holds up nobody else."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Turn:
    """Something under way, and the people it is for."""

    people: frozenset[int]
    takes_long: bool = False


class Turns:
    """Serves `at_once` at a time: next is what is for whoever was served longest ago.

    What takes longer than `longest` seconds goes on, but beside the others; nobody has more
    than `at_once` under way, so that what takes long doesn't pile up either.
    """

    def __init__(self, at_once: int, longest: float) -> None:
        self._at_once, self._longest = at_once, longest
        self._free = at_once
        self._under_way: Counter[int] = Counter()
        #: Person -> the number of the turn they had last.
        self._served: dict[int, int] = {}
        self._number = 0
        #: In the order they came; who it is for may change while it waits.
        self._waiting: dict[asyncio.Future[Turn], Collection[int]] = {}

    @asynccontextmanager
    async def of(self, people: Collection[int]) -> AsyncIterator[None]:
        """Wait for a turn for these people, and have it."""
        turn = await self._turn(people)
        timer = asyncio.get_running_loop().call_later(self._longest, self._let_others, turn)
        try:
            yield
        finally:
            timer.cancel()
            self._end(turn)

    async def _turn(self, people: Collection[int]) -> Turn:
        place: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting[place] = people
        self._go_on()
        try:
            return await place
        except asyncio.CancelledError:
            if self._waiting.pop(place, None) is None:  # It was given the turn in that moment.
                self._end(place.result())
            raise

    def _go_on(self) -> None:
        while self._free and (place := self._next()) is not None:
            turn = Turn(frozenset(self._waiting.pop(place)))
            self._free -= 1
            self._number += 1
            self._under_way.update(turn.people)
            self._served.update(dict.fromkeys(turn.people, self._number))
            place.set_result(turn)

    def _next(self) -> asyncio.Future[Turn] | None:
        may = [
            place
            for place, people in self._waiting.items()
            if self._may(people) and not place.cancelled()  # Who left may not have gone yet.
        ]
        return min(may, key=lambda place: self._last(self._waiting[place]), default=None)

    def _may(self, people: Collection[int]) -> bool:
        return any(self._under_way[person] < self._at_once for person in people) or not people

    def _last(self, people: Collection[int]) -> int:
        return min((self._served.get(person, 0) for person in people), default=0)

    def _let_others(self, turn: Turn) -> None:
        turn.takes_long = True
        self._free += 1
        self._go_on()

    def _end(self, turn: Turn) -> None:
        self._under_way -= Counter(turn.people)  # Drops who has nothing under way.
        if not turn.takes_long:
            self._free += 1
        self._go_on()
