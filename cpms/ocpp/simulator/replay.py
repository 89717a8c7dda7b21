"""Playing a recording: the charger's frames at their pace, fitted to the present.

Frames are changed as text, so that what was malformed stays so: message ids become new ones,
times are moved, and transactions are called what the central system calls them this time.
"""

import asyncio
import contextlib
import hashlib
import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cpms.ocpp.simulator.clock import Clock
from cpms.ocpp.simulator.link import Dial, Link, LostError, Target, dial
from cpms.ocpp.simulator.recording import Recording, Step
from cpms.ocpp.simulator.rpc import CALL, CALLERROR, CALLRESULT, compact

#: Seconds that an answer is waited for before the next CALL is sent.
PATIENCE = 30.0
#: Ways in which the answers differed that are told one by one.
MOST_TOLD = 20
HEAD = re.compile(r'(\s*\[\s*[2-6]\s*,\s*)"((?:[^"\\]|\\.)*)"')
TIME = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?)(Z|z|[+-]\d\d:?\d\d)?"')
TRANSACTION = re.compile(r'("transactionId"\s*:\s*)("(?:[^"\\]|\\.)*"|-?\d+)')


@dataclass
class Outcome:
    """How it went: what was sent, and where the answers differ from those recorded."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return it on one line."""
        return ", ".join(f"{what} {count}" for what, count in self.counts.most_common())


class Fitting:
    """Fits recorded frames to the present: `began` is when the first step is played.

    A recorded time T becomes began + (T − the first step's time) / speed.
    """

    def __init__(self, first: datetime, began: datetime, speed: float, run: str) -> None:
        self._first, self._began, self._speed, self._run = first, began, speed, run
        self._transactions: dict[str, str] = {}
        #: The last id, old and new, and how many there were.
        self._last = ("", "")
        self._count = 0

    def frame(self, text: str, message_id: str | None = None) -> str:
        """Return the frame with a message id of its own (or `message_id`), and its times moved.

        A charger that used an id twice in a row does so again.
        """
        fitted = TIME.sub(self._moved, text)
        fitted = TRANSACTION.sub(self._transaction, fitted)
        return HEAD.sub(lambda head: self._head(head, message_id), fitted, count=1)

    def learn(self, recorded: str | None, answer: Any) -> None:
        """Take over what the central system calls a transaction now. (OCPP 1.6 §6.46)"""
        named = TRANSACTION.search(recorded or "")
        new = answer.get("transactionId") if isinstance(answer, dict) else None
        if named is not None and isinstance(new, int):
            self._transactions[named[2]] = str(new)

    def _head(self, head: re.Match[str], message_id: str | None) -> str:
        new = message_id or self._new_id(head[2])
        return f"{head[1]}{json.dumps(new)}"

    def _new_id(self, old: str) -> str:
        if old != self._last[0]:
            self._count += 1
            name = f"{self._run}/{self._count}".encode()
            digest = hashlib.blake2b(name, digest_size=16).hexdigest()
            self._last = (old, digest + old[32:] if len(old) > 36 else digest)
        return self._last[1]

    def _transaction(self, named: re.Match[str]) -> str:
        old = named[2]
        if old not in self._transactions and old.startswith('"') and len(old) > 2:
            name = f"{self._run}/{old}".encode()
            made = hashlib.blake2b(name, digest_size=16).hexdigest()
            self._transactions[old] = json.dumps(made[: max(8, len(old) - 2)])
        return named[1] + self._transactions.get(old, old)

    def _moved(self, written: re.Match[str]) -> str:
        """Return a time moved to the present, written as it was."""
        digits, zone = written[1], written[2] or ""
        try:
            at = datetime.fromisoformat(digits.replace(",", ".") + (zone or "+00:00"))
            moved = self._began + (at - self._first) / self._speed
            local = moved.astimezone(at.tzinfo)
        except (ValueError, OverflowError):
            return written[0]
        return f'"{_as(digits, local)}{zone}"'


def _as(pattern: str, at: datetime) -> str:
    """Write `at` with as many digits as `pattern` has."""
    whole, mark, fraction = re.match(r"([^.,]*)([.,]?)(\d*)", pattern).groups()  # type: ignore[union-attr]
    shape = "%Y-%m-%dT%H:%M:%S" if whole.count(":") == 2 else "%Y-%m-%dT%H:%M"
    digits = f"{at.microsecond:06d}000"[: len(fraction)]
    return f"{at.strftime(shape)}{mark}{digits}"


class Player:
    """Plays one recording to a central system."""

    def __init__(
        self,
        recording: Recording,
        target: Callable[[str], Target],
        speed: float = 1.0,
        clock: Clock | None = None,
        dial: Dial = dial,
    ) -> None:
        """`target` gives whom to call and how, for a version."""
        self.outcome = Outcome()
        self._recording, self._target, self._speed = recording, target, speed
        self._clock, self._dial = clock or Clock(), dial
        self._first = recording.steps[0].at
        self._began = self._clock.now()
        run = f"{recording.identity}/{self._began.isoformat()}"
        self._fit = Fitting(self._first, self._began, speed, run)
        self._answers = _answers(recording)
        self._link: Link | None = None
        self._reader: asyncio.Task[None] | None = None
        self._version = ""
        self._waiting: dict[str, asyncio.Future[list[Any]]] = {}
        self._replies: set[asyncio.Task[None]] = set()

    async def play(self) -> Outcome:
        """Play it to its end; raises RefusedError or UnreachableError at the door."""
        doing = {"open": self._open, "call": self._call, "say": self._say, "close": self._close}
        try:
            for step in self._recording.steps:
                await self._wait_for(step.at)
                if step.do == "skip":
                    self.outcome.counts["not played"] += 1
                elif step.do in doing:
                    await doing[step.do](step)
        finally:
            await self._hang_up(clean=True)
        return self.outcome

    async def _wait_for(self, at: datetime) -> None:
        due = self._began + (at - self._first) / self._speed
        wait = (due - self._clock.now()) / timedelta(seconds=1)
        if wait > 0:
            await self._clock.sleep(wait)

    async def _open(self, step: Step) -> None:
        await self._hang_up(clean=False)
        first = not self._version
        self._version = step.version
        await self._connect()
        if first and self._recording.needs_boot:
            text = compact([CALL, "boot", "BootNotification", self._recording.boot])
            await self._call(Step(step.at, "call", frame=text))

    async def _connect(self) -> None:
        self._link = await self._dial(self._target(self._version))
        self._reader = asyncio.create_task(self._read(self._link))
        self.outcome.counts["connected"] += 1

    async def _close(self, step: Step) -> None:
        await self._hang_up(step.clean)
        self._version = self._version or "-"

    async def _hang_up(self, clean: bool) -> None:
        link, self._link = self._link, None
        if link is None or self._reader is None:
            return
        if clean:
            await link.close()
        else:
            link.drop()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        for reply in self._replies:
            reply.cancel()

    async def _say(self, step: Step) -> None:
        await self._send(self._fit.frame(step.frame or ""))
        self.outcome.counts["sent"] += 1

    async def _call(self, step: Step) -> None:
        text = self._fit.frame(step.frame or "")
        answer = await self._asked(text)
        self.outcome.counts["sent"] += 1
        if answer is None:
            self.outcome.counts["unanswered"] += 1
        elif answer[0] == CALLRESULT:
            self._fit.learn(step.answer, answer[2])
        self._compare(step, text, answer)

    async def _asked(self, text: str) -> list[Any] | None:
        """Send a CALL, wait for its answer; None without one."""
        message_id = _id_of(text)
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        try:
            await self._send(text)
            return await asyncio.wait_for(future, PATIENCE)
        except (TimeoutError, LostError):
            return None
        finally:
            self._waiting.pop(message_id, None)

    async def _send(self, text: str) -> None:
        """Send a frame; dial again first where the central system has hung up on us."""
        if self._link is None and self._version in {"", "-"}:
            return
        if self._link is None:
            await self._connect()
        assert self._link is not None
        try:
            await self._link.send(text)
        except LostError:
            self.outcome.counts["lost"] += 1
            self._link = None

    def _compare(self, step: Step, text: str, answer: list[Any] | None) -> None:
        if step.answer is None:
            return
        recorded, now = _gist(_loaded(step.answer)), _gist(answer)
        same = recorded == now
        self.outcome.counts["answered as recorded" if same else "answered otherwise"] += 1
        if not same and len(self.outcome.differences) < MOST_TOLD:
            at = step.at.astimezone(UTC)
            action = text.split('"', 4)[3:4] or [""]
            said = f"{at:%H:%M:%S} {action[0]}: recorded {recorded}, now {now}"
            self.outcome.differences.append(said)

    async def _read(self, link: Link) -> None:
        try:
            while True:
                self._take(link, await link.recv())
        except LostError:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(LostError())
            if self._link is link:
                self._link = None

    def _take(self, link: Link, text: str | bytes) -> None:
        message = _loaded(text)
        if not isinstance(message, list) or len(message) < 3:
            return
        waiting = self._waiting.get(str(message[1]))
        if message[0] == CALL and len(message) == 4:
            reply = asyncio.create_task(self._reply(link, str(message[1]), str(message[2])))
            self._replies.add(reply)
            reply.add_done_callback(self._replies.discard)
        elif waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def _reply(self, link: Link, message_id: str, action: str) -> None:
        """Answer as it did then: the answers of an action in their turn, the last one for good."""
        recorded = self._answers.get(action)
        if not recorded:
            refusal = [CALLERROR, message_id, "NotSupported", "Not in the recording.", {}]
            await link.send(compact(refusal))
            return
        step = recorded.popleft() if len(recorded) > 1 else recorded[0]
        if step.frame is None:
            return
        await self._clock.sleep(step.after / self._speed)
        with contextlib.suppress(LostError):
            await link.send(self._fit.frame(step.frame, message_id))
        self.outcome.counts["commands answered"] += 1


def _answers(recording: Recording) -> dict[str, deque[Step]]:
    answers: dict[str, deque[Step]] = defaultdict(deque)
    for step in recording.steps:
        if step.do == "answer":
            answers[step.action].append(step)
    return answers


def _id_of(text: str) -> str:
    head = HEAD.match(text)
    if head is not None:
        return str(json.loads(f'"{head[2]}"', strict=False))
    number = re.match(r"\s*\[\s*[2-6]\s*,\s*(-?\d+)", text)
    return number[1] if number else "-1"


def _loaded(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _gist(answer: Any) -> str:
    """Return what an answer comes to: an error's code, the statuses in it, or that it is one."""
    if not isinstance(answer, list) or len(answer) < 3:
        return "no answer"
    if answer[0] == CALLERROR:
        return f"error {answer[2]}"
    return ", ".join(sorted(_statuses(answer[2]))) or "an answer"


def _statuses(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["status"])] if "status" in value else []
        return own + [found for part in value.values() for found in _statuses(part)]
    if isinstance(value, list):
        return [found for part in value for found in _statuses(part)]
    return []
