"""Recorded frames as a conversation: each CALL with its answer, in one pass. Pure, bounded."""

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

#: Kind, message id and, of a CALL or CALLERROR, action or code of a frame.
BEGINNING = re.compile(
    r'\s*\[\s*(?P<kind>[2-6])\s*,\s*(?P<id>"(?:[^"\\]|\\.)*"|-?\d+)\s*'
    r'(?:,\s*"(?P<word>(?:[^"\\]|\\.){0,100})"(?=\s*[,\]]))?'
)
#: An answer later than this belongs to nothing: no party waits so long.
LATEST = timedelta(minutes=2)
#: Exchanges, and characters in them, that wait for an answer to turn up while one reads on.
MOST_WAITING, MOST_CHARACTERS = 1_000, 4 * 1024 * 1024
#: A CALL without an answer for so long stays without. (30 s is what either side waits.)
PATIENCE = timedelta(seconds=35)


class Frame(NamedTuple):
    """One frame: when (aware UTC), 'in' from the charger or 'out' to it, and its text.

    A 'gap' in place of a direction: its text says how many frames there was no room for.
    """

    at: datetime
    direction: str
    text: str


class Kind(StrEnum):
    """What a frame is, by the first element of its array."""

    CALL = "call"
    RESULT = "result"
    ERROR = "error"
    RESULT_ERROR = "result_error"
    SEND = "send"
    UNREADABLE = "unreadable"
    GAP = "gap"


KINDS = {"2": Kind.CALL, "3": Kind.RESULT, "4": Kind.ERROR, "5": Kind.RESULT_ERROR, "6": Kind.SEND}
ANSWERS = frozenset({Kind.RESULT, Kind.ERROR})
OTHER_WAY = {"in": "out", "out": "in", "gap": "gap"}


@dataclass(frozen=True, slots=True)
class Head:
    """What a frame begins with; `word` is a CALL's action or an error's code."""

    kind: Kind
    id: str = ""
    word: str = ""


class Fate(StrEnum):
    """What became of a CALL, or what a frame is that stands alone."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    STRAY = "stray"
    UNREADABLE = "unreadable"
    GAP = "gap"


@dataclass(slots=True)
class Exchange:
    """A CALL with the answer to it, or a frame that stands alone."""

    frame: Frame
    head: Head
    answer: Frame | None = None
    answer_head: Head | None = None
    #: Nothing can be added to it any more.
    settled: bool = False
    #: It turned out to be the answer to another.
    dead: bool = False

    @property
    def size(self) -> int:
        """Return the characters of it."""
        return len(self.frame.text) + (len(self.answer.text) if self.answer else 0)

    @property
    def latency(self) -> timedelta | None:
        """Return how long the answer took, None without one."""
        return self.answer.at - self.frame.at if self.answer else None

    @property
    def action(self) -> str:
        """Return what is asked for, "" where that isn't known."""
        return self.head.word if self.head.kind in (Kind.CALL, Kind.SEND) else ""

    @property
    def frames(self) -> list[Frame]:
        """Return the one or two frames of it."""
        return [self.frame, self.answer] if self.answer else [self.frame]

    def fate(self, now: datetime) -> Fate:
        """Return what became of it, as far as that is known `now`."""
        if self.answer_head is not None:
            return Fate.REFUSED if self.answer_head.kind is Kind.ERROR else Fate.ANSWERED
        if self.head.kind is Kind.CALL:
            return Fate.WAITING if now - self.frame.at < PATIENCE else Fate.UNANSWERED
        return LONE[self.head.kind]


LONE = {
    Kind.SEND: Fate.UNCONFIRMED,
    Kind.RESULT: Fate.STRAY,
    Kind.ERROR: Fate.STRAY,
    Kind.RESULT_ERROR: Fate.REFUSED,
    Kind.UNREADABLE: Fate.UNREADABLE,
    Kind.GAP: Fate.GAP,
}


#: Stands for a line feed in recorded frames.
LINE_FEED = "\N{SYMBOL FOR LINE FEED}"


def restored(text: str) -> str:
    """Return a recorded frame as it was sent, its line feeds put back."""
    return text.replace(LINE_FEED, "\n")


#: How a frame ends that was cut for its length.
CUT = re.compile(r"… \(\d+ characters\)\Z")


def shortened(text: str, longest: int) -> str:
    """Return the text, cut to `longest` characters where it has more, and saying so."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def is_cut(text: str) -> bool:
    """Tell whether a recorded frame was cut for its length."""
    return CUT.search(text[-40:]) is not None


def head_of(frame: Frame) -> Head:
    """Return what the frame is, as far as its beginning tells."""
    if frame.direction == "gap":
        return Head(Kind.GAP)
    seen = BEGINNING.match(frame.text)
    if seen is None:
        return Head(Kind.UNREADABLE)
    return Head(KINDS[seen["kind"]], seen["id"].strip('"'), seen["word"] or "")


def exchanges(frames: Iterable[Frame], newest_first: bool = False) -> Iterator[Exchange]:
    """Yield the exchanges that `frames` (in order of time) make, in the order of their CALLs.

    Ids are used again: the answer is the next one under the id that goes the other way. What
    waits for its other half is bounded by `LATEST`, `MOST_WAITING` and `MOST_CHARACTERS`.
    """
    queue = _Backward() if newest_first else _Forward()
    for frame in frames:
        queue.add(frame, head_of(frame))
        yield from queue.ready(frame.at)
    yield from queue.rest()


class _Queue(ABC):
    """Exchanges in the order they are yielded in; the first waits until it is settled."""

    def __init__(self) -> None:
        self._queue: deque[Exchange] = deque()
        self._characters = 0
        #: (way of the answer, id) -> the exchange that lacks its other half.
        self._open: dict[tuple[str, str], Exchange] = {}

    @abstractmethod
    def add(self, frame: Frame, head: Head) -> None:
        """Take the next frame."""

    def ready(self, at: datetime) -> Iterator[Exchange]:
        """Yield what is complete once frames of `at` are reached."""
        while self._queue and (self._queue[0].settled or self._is_late(at)):
            yield from self._pop()

    def rest(self) -> Iterator[Exchange]:
        """Yield what is left."""
        while self._queue:
            yield from self._pop()

    def _is_late(self, at: datetime) -> bool:
        full = len(self._queue) > MOST_WAITING or self._characters > MOST_CHARACTERS
        return full or abs(at - self._queue[0].frame.at) > LATEST

    def _pop(self) -> Iterator[Exchange]:
        first = self._queue.popleft()
        self._characters -= first.size
        key = self._key(first)
        if self._open.get(key) is first:
            del self._open[key]
        if not first.dead:
            yield first

    def _key(self, exchange: Exchange) -> tuple[str, str]:
        way, head = exchange.frame.direction, exchange.head
        return (way if head.kind in ANSWERS else OTHER_WAY[way], head.id)

    def _append(self, exchange: Exchange) -> None:
        self._queue.append(exchange)
        self._characters += exchange.size

    def _await(self, exchange: Exchange) -> None:
        """Let it wait for its other half; whoever waited under the same id waits in vain."""
        key = self._key(exchange)
        if (older := self._open.get(key)) is not None:
            older.settled = True
        self._open[key] = exchange
        self._append(exchange)

    def _taken(self, frame: Frame, key: tuple[str, str]) -> Exchange | None:
        """Return what waits for `frame` as its other half, if that isn't too long ago."""
        waiting = self._open.pop(key, None)
        if waiting is None:
            return None
        waiting.settled = True
        return waiting if abs(frame.at - waiting.frame.at) <= LATEST else None


class _Forward(_Queue):
    def add(self, frame: Frame, head: Head) -> None:
        if head.kind is Kind.CALL:
            self._await(Exchange(frame, head))
            return
        asked = self._taken(frame, (frame.direction, head.id)) if head.kind in ANSWERS else None
        if asked is None:
            self._append(Exchange(frame, head, settled=True))
            return
        asked.answer, asked.answer_head = frame, head
        self._characters += len(frame.text)


class _Backward(_Queue):
    def add(self, frame: Frame, head: Head) -> None:
        if head.kind in ANSWERS:
            self._await(Exchange(frame, head))
            return
        exchange = Exchange(frame, head, settled=True)
        if head.kind is Kind.CALL:
            answer = self._taken(frame, (OTHER_WAY[frame.direction], head.id))
            if answer is not None:
                answer.dead = True
                exchange.answer, exchange.answer_head = answer.frame, answer.head
        self._append(exchange)


def about(frames: Iterable[Frame], action: str, newest_first: bool) -> Iterator[Frame]:
    """Yield, of frames in order of time, CALLs of `action` and what answers each."""
    return _about_backward(frames, action) if newest_first else _about_forward(frames, action)


def _about_forward(frames: Iterable[Frame], action: str) -> Iterator[Frame]:
    waiting: dict[tuple[str, str], datetime] = {}
    for frame in frames:
        head = head_of(frame)
        if head.kind in (Kind.CALL, Kind.SEND):
            answer = (OTHER_WAY[frame.direction], head.id)
            waiting.pop(answer, None)
            if head.word == action:
                waiting[answer] = frame.at
                yield frame
        elif head.kind in ANSWERS:
            asked = waiting.pop((frame.direction, head.id), None)
            if asked is not None and frame.at - asked <= LATEST:
                yield frame
        if len(waiting) > MOST_WAITING:
            del waiting[next(iter(waiting))]


@dataclass(slots=True)
class _Held:
    """A frame of which it isn't known yet whether it is wanted."""

    frame: Frame
    wanted: bool | None = None


def _about_backward(frames: Iterable[Frame], action: str) -> Iterator[Frame]:
    """Hold answers back until their CALL is met, and with them what comes after them."""
    held: deque[_Held] = deque()
    answers: dict[tuple[str, str], _Held] = {}
    for frame in frames:
        head = head_of(frame)
        if head.kind in ANSWERS:
            _hold_answer(_Held(frame), (frame.direction, head.id), held, answers)
        elif head.kind in (Kind.CALL, Kind.SEND):
            answer = answers.pop((OTHER_WAY[frame.direction], head.id), None)
            if answer is not None:
                answer.wanted = head.word == action and answer.frame.at - frame.at <= LATEST
            if head.word == action:
                held.append(_Held(frame, wanted=True))
        yield from _released(held, answers, frame.at)
    yield from (entry.frame for entry in held if entry.wanted)


def _hold_answer(
    entry: _Held,
    key: tuple[str, str],
    held: deque[_Held],
    answers: dict[tuple[str, str], _Held],
) -> None:
    held.append(entry)
    if (newer := answers.get(key)) is not None:
        newer.wanted = False
    answers[key] = entry


def _released(
    held: deque[_Held], answers: dict[tuple[str, str], _Held], at: datetime
) -> Iterator[Frame]:
    while held:
        first = held[0]
        if first.wanted is None and len(held) <= MOST_WAITING and first.frame.at - at <= LATEST:
            return
        held.popleft()
        key = (first.frame.direction, head_of(first.frame).id)
        if answers.get(key) is first:
            del answers[key]
        if first.wanted:
            yield first.frame
