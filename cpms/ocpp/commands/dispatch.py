"""Commands on their way: claimed when a charger is free, sent, awaited, settled.

One errand per charger at a time holds its turn to be called. Whatever happens to us, a CALL goes
out only for a row that says so; what a gateway that dies had out is settled by the sweep
(`cpms.control.commands.lose`).
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import structlog
from prometheus_client import Counter, Histogram

from cpms.control import commands, settlement, vault
from cpms.control.models import Command
from cpms.control.operations import BadRequest
from cpms.control.operations.configuration import SetClock
from cpms.control.settlement import Ending
from cpms.ocpp import frames
from cpms.ocpp.calls import PATIENCE, Gone, NoAnswer
from cpms.ocpp.commands import composed, parts, planning, translation, verdict
from cpms.ocpp.commands.claims import Claim, Claims
from cpms.ocpp.commands.clerk import Clerk
from cpms.ocpp.commands.effects import PREPARATIONS, follow
from cpms.ocpp.commands.translation import Call
from monitoring.database import connect
from monitoring.masking import masked

if TYPE_CHECKING:
    from cpms.ocpp.charger_socket import ChargerSocket
    from cpms.ocpp.gateway import Gateway

log = structlog.get_logger(__name__)

Answer = frames.CallResult | frames.CallError
#: A CALL, and what became of it.
Done = tuple[Call, Ending]
#: Seconds between looks for what waits, beside the nudges.
LOOK_EVERY = 5.0
#: Seconds after connecting until a charger is sent what waits: it boots first.
FIRST_AFTER = 1.0
#: Chargers served at once of those that many commands wait for.
AT_ONCE = 200
#: Seconds after which a command of many messages is said to go on: else it were given up.
STILL_OUT_EVERY = 60.0

COMMANDS = Counter("kilowatch_commands_total", "Commands that ended.", ["name", "state"])
ANSWERED_IN = Histogram("kilowatch_command_answer_seconds", "From the CALL to its answer.")


class Dispatcher:
    """Sends what waits for the chargers of this gateway."""

    def __init__(self, hub: "Gateway", dsn: str, clerk: Clerk) -> None:
        """Serve the chargers of `hub`; `clerk` keeps what becomes of it."""
        self._hub, self._dsn, self._clerk = hub, dsn, clerk
        #: Makes long messages of what is stored, so that settling others needn't wait.
        self._composer = Clerk()
        self._claims = Claims(dsn, hub.id)
        #: charger id -> its errand; whoever is nudged meanwhile looks once more.
        self._errands: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        #: Chargers whose errand waits for its turn among many.
        self._queued: set[int] = set()
        self._crowd = asyncio.Semaphore(AT_ONCE)
        self._looking = asyncio.Event()
        #: Commands that are settled anew by answers after their time.
        self._late: set[asyncio.Task[None]] = set()

    def nudge(self, charger_id: int) -> None:
        """See at once whether something waits for a charger of ours."""
        if charger_id not in self._hub.sockets:
            return
        self._again.add(charger_id)
        if charger_id in self._queued:  # Somebody waits for this one: `_served` begins it anew.
            self._queued.discard(charger_id)
            self._errands[charger_id].cancel()
        elif charger_id not in self._errands:
            errand = asyncio.get_running_loop().create_task(self._serve(charger_id))
            self._errands[charger_id] = errand
            errand.add_done_callback(partial(self._served, charger_id))

    def arrived(self, charger_id: int) -> None:
        """See soon whether something waits for a charger that has just come."""
        asyncio.get_running_loop().call_later(FIRST_AFTER, self._one_of_many, charger_id)

    async def listen(self) -> None:
        """Hear what PostgreSQL notifies of; come back when it was away."""
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await connection.execute(f"LISTEN {commands.CHANNEL}")
                    async for notice in connection.notifies():
                        self._noticed(notice.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("command_nudges_away", error=str(error).strip())
                await asyncio.sleep(1.0)

    def _noticed(self, payload: str) -> None:
        if payload.isdigit():
            self.nudge(int(payload))
        else:
            self._looking.set()

    async def look(self) -> None:
        """Look for what waits, every few seconds and when many are nudged at once."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._looking.wait(), LOOK_EVERY)
            self._looking.clear()
            if not self._hub.sockets:
                continue
            try:
                for charger_id in await self._claims.waiting():
                    self._one_of_many(charger_id)
            except (psycopg.Error, OSError) as error:
                log.warning("commands_not_looked_for", error=str(error).strip())

    def _one_of_many(self, charger_id: int) -> None:
        """Serve a charger when it is its turn among many."""
        if charger_id not in self._hub.sockets or charger_id in self._errands:
            return
        self._again.add(charger_id)
        self._queued.add(charger_id)
        errand = asyncio.get_running_loop().create_task(self._serve_in_crowd(charger_id))
        self._errands[charger_id] = errand
        errand.add_done_callback(partial(self._served, charger_id))

    async def _serve_in_crowd(self, charger_id: int) -> None:
        async with self._crowd:
            self._queued.discard(charger_id)
            await self._serve(charger_id)

    def _served(self, charger_id: int, errand: "asyncio.Task[None]") -> None:
        del self._errands[charger_id]
        self._queued.discard(charger_id)
        if not errand.cancelled() and (fault := errand.exception()):
            log.error("errand_failed", charger_id=charger_id, exc_info=fault)
            self._again.discard(charger_id)
        elif charger_id in self._again and not self._hub.stopping:
            self.nudge(charger_id)

    async def _serve(self, charger_id: int) -> None:
        """Send what waits for a charger, one after the other, while it is ours."""
        while charger_id in self._again:
            held = self._hub.sockets.get(charger_id)
            self._again.discard(charger_id)
            if held is None or not held.settled_in(FIRST_AFTER):
                return  # `arrived` comes back to it.
            try:
                async with held.calls.turn():
                    if self._hub.sockets.get(charger_id) is not held:
                        continue  # Another socket took its place while we waited for our turn.
                    claim = await self._claims.next(charger_id)
                    if claim is None:
                        continue
                    await self._carry_out(held, claim)
            except (psycopg.Error, OSError) as error:
                log.warning("command_not_claimed", charger=charger_id, error=str(error).strip())
                return  # `look` comes back to it.
            self._again.add(charger_id)

    async def _carry_out(self, held: "ChargerSocket", claim: Claim) -> None:
        """Send a claimed command and settle it with what comes of it."""
        try:
            calls = await self._plan(held, claim)
            for call in calls:
                await self._prepare(claim, call)
        except (BadRequest, vault.Lost) as problem:
            await self._settle(claim, verdict.of_impossible(datetime.now(UTC), str(problem)))
            return
        except Exception as fault:  # Nothing went out: that is said at once.
            log.exception("command_not_prepared", command=str(claim.id))
            why = f"It could not be prepared: {type(fault).__name__}."
            await self._settle(claim, verdict.of_impossible(datetime.now(UTC), why))
            return
        done = await self._exchange(held, claim, calls)
        await self._end(held, claim, calls, done)

    async def _end(
        self, held: "ChargerSocket", claim: Claim, calls: Sequence[Call], done: Sequence[Done]
    ) -> None:
        """Settle a command with what came of each of its messages."""
        ending = verdict.joined([end for _call, end in done], len(calls), parts.joined)
        version = held.station.version
        await self._settle(claim, ending, partial(_conclude, version, calls, done))
        if ending.state not in verdict.SILENT:
            held.triggers.settled(claim.id, accepted=ending.state == Command.State.ACCEPTED)
        self._hub.broadcast.commanded(held.station)

    def _came_late(
        self,
        held: "ChargerSocket",
        claim: Claim,
        calls: Sequence[Call],
        done: Sequence[Done],
        answer: Answer,
    ) -> None:
        """Settle a command anew whose last message is answered after its time."""
        call, _silence = done[-1]
        known = [*done[:-1], (call, _meaning(held.station.version, call, answer))]
        task = asyncio.get_running_loop().create_task(self._end(held, claim, calls, known))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _plan(self, held: "ChargerSocket", claim: Claim) -> list[Call]:
        """Return the CALLs of a claimed command; raise `BadRequest`, `vault.Lost`.

        Where it must be known first how much the charger takes at once, it is asked.
        """
        station = held.station
        if claim.operation in composed.COMPOSED:
            asked = commands.operation_of(claim.operation, claim.request, claim.sealed)
            now = datetime.now(UTC)
            make = partial(composed.calls, claim.charger_id, asked, station.version, now)
            return await self._composer.do(make)
        calls = _calls(claim, station.version)
        if not claim.operation or not planning.concerns(claim.operation, station.quirks, calls):
            return calls
        revise = partial(planning.revised, claim.charger_id, station.quirks, claim.operation, calls)
        calls, question = await self._clerk.do(revise)
        if question is None:
            return calls
        ending = await self._ending(held, str(uuid4()), question)
        learn = partial(planning.learn, claim.charger_id, question, ending)
        await self._clerk.do(learn)
        return (await self._clerk.do(revise)).calls

    async def _exchange(
        self, held: "ChargerSocket", claim: Claim, calls: Sequence[Call]
    ) -> list[Done]:
        """Send the CALLs of a command one after the other, until one isn't answered."""
        done: list[Done] = []
        loop = asyncio.get_running_loop()
        said = loop.time()
        for call in calls:
            if done and loop.time() - said >= STILL_OUT_EVERY:
                await self._clerk.do(partial(commands.still_out, claim.id))
                said = loop.time()
            if claim.operation != SetClock.name:  # Its clock shows whether it did, no message.
                held.triggers.asked(claim.id, call.action, call.payload)
            message_id = str(uuid4()) if done else claim.message_id
            done.append((call, await self._ending(held, message_id, call)))
            state = done[-1][1].state
            if state == Command.State.TIMED_OUT and len(done) == len(calls):
                late = partial(self._came_late, held, claim, calls, done)
                held.calls.expect_late(message_id, late)
            refused = call.action in composed.STEPWISE and state != Command.State.ACCEPTED
            if refused or state in verdict.SILENT:
                break
        return done

    async def _prepare(self, claim: Claim, call: Call) -> None:
        """Do what must be done before it goes out; raise `BadRequest` where that can't be."""
        for prepare in PREPARATIONS.get(call.action, ()):
            await self._clerk.do(partial(prepare, claim.charger_id, call.action, call.payload))

    async def _ending(self, held: "ChargerSocket", message_id: str, call: Call) -> Ending:
        loop = asyncio.get_running_loop()
        sent = loop.time()
        try:
            answer = await held.calls.send(message_id, call.action, call.payload, PATIENCE)
        except Gone:
            return verdict.of_loss(datetime.now(UTC))
        except NoAnswer:
            return verdict.of_silence(datetime.now(UTC))
        ANSWERED_IN.observe(loop.time() - sent)
        ending = _meaning(held.station.version, call, answer)
        why = verdict.unreadable(ending)
        if why and held.station.version == "2.1":
            await held.calls.refuse_answer(message_id, why)
        return ending

    async def _settle(
        self, claim: Claim, ending: Ending, then: Callable[[Command], None] | None = None
    ) -> None:
        settled = await self._clerk.do(
            partial(settlement.settle, claim.id, ending, commands.MOST_ATTEMPTS, then)
        )
        if settled is not None:
            COMMANDS.labels(settled.name, settled.state).inc()

    async def stop(self) -> None:
        """Give up what is out: the sweep settles it."""
        tasks = [*self._errands.values(), *self._late]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._composer.stop()
        await self._claims.close()


def _calls(claim: Claim, version: str) -> list[Call]:
    """Return the CALLs of a claimed command; raise `BadRequest`, `vault.Lost`."""
    if claim.operation:
        asked = commands.operation_of(claim.operation, claim.request, claim.sealed)
        return translation.calls(asked, version)
    call = Call(claim.action, commands.payload_of(claim.payload or {}, claim.sealed))
    translation.check(version, *call)
    return [call]


def _meaning(version: str, call: Call, answer: Answer) -> Ending:
    """Return what a charger's answer to a CALL means."""
    at = datetime.now(UTC)
    if isinstance(answer, frames.CallError):
        return verdict.of_refusal(answer, at)
    return verdict.of_answer(version, call.action, answer, at)


def _conclude(version: str, calls: Sequence[Call], done: Sequence[Done], command: Command) -> None:
    """Keep what went out, and do what follows from each answer."""
    command.action = calls[0].action
    command.payload = masked(parts.joined([call.payload for call in calls]))
    command.ocpp_version = version
    for call, ending in done:
        follow(call.action, call.payload, ending, command)
