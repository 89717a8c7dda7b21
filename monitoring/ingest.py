"""The writer: facts in, group commits out. One per gateway process.

Whatever arrives while a commit runs goes into the next one. A message is acknowledged after
its commit; a message that the database refuses is cut out by bisection and quarantined, and
its neighbours are stored. While the database is away messages wait: a caller has one at a time
and reads no more from its socket meanwhile, so the queue is no longer than there are sockets.
"""

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram
from psycopg import AsyncConnection

from monitoring import facts as f
from monitoring import partitions, quarantine, statements
from monitoring.backlog import Backlog, Item
from monitoring.database import AWAY, RETRY_EVERY, committed, connect, hang_up, refuses
from monitoring.memory import Memory
from monitoring.plan import METER_EVERY, Plan, ports_named
from monitoring.statements.connections import Seen

log = structlog.get_logger(__name__)

#: A message is tried so often by itself: the first refusal may be for what was remembered wrong.
TRIES = 2
#: Session ids taken from the sequence at once; its INCREMENT BY.
ID_BLOCK = 1_000
#: A commit that takes longer than this is given up, seconds: the database hangs.
STALLED = 15.0
#: Under load the writer waits this long for company before it commits, seconds.
COALESCE = 0.003

COMMIT_SECONDS = Histogram(
    "kilowatch_commit_seconds",
    "Time of one group commit.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
BATCH_MESSAGES = Histogram(
    "kilowatch_commit_messages",
    "Messages in one group commit.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)
DATABASE_AWAY = Counter("kilowatch_database_away_total", "Commits put off: no database.")


@dataclass(slots=True)
class _Seen:
    at: datetime
    clock_offset: int | None = None
    rtt: float | None = None


@dataclass
class Writer:
    """Stores facts in group commits over one connection, in the order they came.

    `on_commit` is called with the facts of each commit, after it.
    """

    dsn: str
    gateway_id: UUID
    on_commit: Callable[[list[f.Fact]], None] = lambda facts: None
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        """Prepare an empty queue."""
        self._queue = Backlog()
        self._wake = asyncio.Event()
        self._connection: AsyncConnection[Any] | None = None
        self._ids: deque[int] = deque()
        self._partitions: set[tuple[str, date]] = set()
        self._seen: dict[UUID, _Seen] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._busy = False
        self._meters_due = False
        self._meter_timer: asyncio.TimerHandle | None = None
        #: Transaction id of the commit under way.
        self._xid: str | None = None

    def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="writer")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """A gateway that can't write must not go on: end the process, to be started afresh."""
        if not self._stopping and not task.cancelled():
            log.critical("writer_died", error=repr(task.exception()))
            signal.raise_signal(signal.SIGTERM)

    async def stop(self, patience: float = 5.0) -> None:
        """Write what is queued, for at most `patience` seconds, and close the connection."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._task, patience)
        if self._connection is not None:
            await self._connection.close()

    def store(
        self,
        facts: Sequence[f.Fact],
        frame: str,
        tell: Callable[[bool], None],
        patience: float = 20.0,
    ) -> None:
        """Queue the facts of a message; `tell` is called when they are on disk.

        Or with False, `patience` seconds later at the soonest, when they could not be: then
        they are not stored, and the message may be sent again.
        """
        self._put(Item(facts, frame, tell, asyncio.get_running_loop().time() + patience))

    def put(self, facts: Sequence[f.Fact]) -> None:
        """Queue facts nobody waits for, whatever the queue's length."""
        self._put(Item(facts))

    def seen(self, token: UUID, at: datetime, clock_offset: int | None, rtt: float | None) -> None:
        """Note a connection's last proof of life; written in bulk by `flush_seen`."""
        self._seen[token] = _Seen(at, clock_offset, rtt)

    @property
    def full(self) -> bool:
        """Whether so much waits that nobody new should be let in."""
        return self._queue.full

    @property
    def depth(self) -> int:
        """Messages that wait."""
        return len(self._queue)

    def _put(self, item: Item) -> None:
        self._queue.append(item)
        self._wake.set()

    async def _run(self) -> None:
        while not (self._stopping and not self._queue and not self._seen):
            await self._wake.wait()
            self._wake.clear()
            while self._queue or self._seen or self._meters_due:
                if self._busy and not self._queue.fills_a_batch:
                    await asyncio.sleep(COALESCE)
                batch = self._queue.take()
                started = time.monotonic()
                await self._commit(batch)
                self._busy = len(self._queue) > 8
                COMMIT_SECONDS.observe(time.monotonic() - started)
                BATCH_MESSAGES.observe(len(batch))

    def flush_seen(self) -> None:
        """Have the noted proofs of life written with the next commit."""
        if self._seen:
            self._wake.set()

    async def _commit(self, batch: list[Item], tries: int = 1) -> None:
        """Write the batch; keep trying while the database is away; bisect what it refuses."""
        while True:
            try:
                await self._write_in_time(await self._connected(), batch)
            except Exception as error:  # noqa: BLE001 a fact we can't even plan is refused as well
                self._forget(batch)
                if refuses(error):
                    await self._refused(batch, error, tries)
                    return
                if await self._away(error, batch):
                    break
                batch = [item for item in batch if not item.settled]
            else:
                break
        self._acknowledge(batch)

    async def _write_in_time(self, connection: AsyncConnection[Any], batch: list[Item]) -> None:
        watchdog = asyncio.get_running_loop().call_later(STALLED, hang_up, connection)
        try:
            await self._write(connection, batch)
        finally:
            watchdog.cancel()

    async def _write(self, connection: AsyncConnection[Any], batch: list[Item]) -> None:
        facts = [fact for item in batch for fact in item.facts]
        try:
            # Few round trips: between three busy processes on two cores each costs milliseconds.
            async with connection.pipeline():
                await connection.execute("BEGIN")
                begun = await connection.execute("SELECT pg_current_xact_id()::text")
                plan = await self._plan(connection, facts)
                await statements.write(connection, plan, self.gateway_id, self._take_seen())
            (self._xid,) = await begun.fetchone() or (None,)
            await statements.copy(connection, plan)
            await connection.execute("COMMIT")
            self._xid = None
            self._written(plan)
        except BaseException as error:
            if refuses(error) and not isinstance(error, asyncio.CancelledError):
                await connection.execute("ROLLBACK")
            else:
                await connection.close()  # it may never answer again
            raise

    def _written(self, plan: Plan) -> None:
        """Forget what needn't be known any more; come back for readings that were left."""
        unwritten = self.memory.unwritten
        for evse_id in plan.ports:
            unwritten.pop(evse_id, None)
        gone = {c.charger_id for c in plan.connections if isinstance(c, f.Disconnected)}
        self.memory.forget(gone)
        if unwritten and self._meter_timer is None:
            loop = asyncio.get_running_loop()
            self._meter_timer = loop.call_later(METER_EVERY.total_seconds(), self._flush_meters)
        self._meters_due = False

    def _flush_meters(self) -> None:
        self._meter_timer = None
        self._meters_due = True
        self._wake.set()

    def _take_seen(self) -> list[Seen]:
        seen, self._seen = self._seen, {}
        return [(token, s.at, s.clock_offset, s.rtt) for token, s in seen.items()]

    async def _plan(self, connection: AsyncConnection[Any], facts: list[f.Fact]) -> Plan:
        # Another gateway may have held it since.
        self.memory.forget(fact.charger_id for fact in facts if isinstance(fact, f.Connected))
        await self.memory.ensure(connection, {fact.charger_id for fact in facts})
        await self._discover(connection, facts)
        await self._make_partitions(connection, facts)
        known = await self._known_starts(connection, facts)
        if len(self._ids) < len(facts):
            await self._take_ids(connection, len(facts))
        plan = Plan(self.memory, self._ids.popleft, known)
        for fact in facts:
            plan.add(fact)
        if self._meters_due:
            plan.flush_meters()
        return plan

    async def _known_starts(
        self, connection: AsyncConnection[Any], facts: list[f.Fact]
    ) -> dict[tuple[int, str], str]:
        """Look up which starts are sessions already; take back what a failed try named them."""
        starts = []
        for fact in facts:
            if isinstance(fact, f.SessionChanged) and fact.start_key:
                fact.transaction_id = ""
                starts.append((fact.charger_id, fact.start_key))
        return await statements.known_starts(connection, starts) if starts else {}

    async def _discover(self, connection: AsyncConnection[Any], facts: list[f.Fact]) -> None:
        chargers = self.memory.chargers
        unknown = {
            (charger_id, number)
            for fact in facts
            for charger_id, number in ports_named(fact)
            if number not in chargers[charger_id].ports
        }
        if unknown:
            await self.memory.discover(connection, sorted(unknown))

    async def _make_partitions(self, connection: AsyncConnection[Any], facts: list[f.Fact]) -> None:
        for fact in facts:
            if isinstance(fact, f.MetersSampled):
                await self.ensure_partition(connection, "monitoring_metersample", fact.at)

    async def ensure_partition(
        self, connection: AsyncConnection[Any], table: str, at: datetime
    ) -> None:
        """Make the partition that `at` falls into, if this writer hasn't seen it yet."""
        day = at.astimezone(UTC).date()
        if (table, day) not in self._partitions:
            await connection.execute(partitions.create(table, day))
            self._partitions.add((table, day))

    async def _take_ids(self, connection: AsyncConnection[Any], wanted: int) -> None:
        blocks = wanted // ID_BLOCK + 1
        cursor = await connection.execute(
            "SELECT nextval('monitoring_session_id') FROM generate_series(1, %s)", (blocks,)
        )
        for (first,) in await cursor.fetchall():
            self._ids.extend(range(first, first + ID_BLOCK))

    def _forget(self, batch: list[Item]) -> None:
        self._partitions.clear()
        self.memory.forget({fact.charger_id for item in batch for fact in item.facts})

    def _acknowledge(self, batch: list[Item]) -> None:
        for item in batch:
            item.settle(stored=True)
        try:
            self.on_commit([fact for item in batch for fact in item.facts])
        except Exception:
            log.exception("on_commit_failed")

    async def _refused(self, batch: list[Item], error: Exception, tries: int) -> None:
        """Halve the batch until the message that the database refuses stands alone."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
        elif batch and tries < TRIES:
            await self._commit(batch, tries + 1)
        elif batch:
            await self._quarantine(batch[0], error)

    async def _quarantine(self, item: Item, error: Exception) -> None:
        """Keep the message where nothing is asked of it; if not even there, say it isn't stored."""
        row = quarantine.row(item.facts, item.frame, error, datetime.now(UTC))
        quarantine.report(item.facts, error)
        while not item.settled:
            try:
                await (await self._connected()).execute(quarantine.KEEP, row)
            except AWAY as away:
                if refuses(away):
                    log.exception("quarantine_refused", charger=item.facts[0].charger_id)
                    item.settle(stored=False)
                    return
                await self._away(away, [item])
            else:
                break
        self._acknowledge([item])

    async def _connected(self) -> AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self.dsn)
        return self._connection

    async def _away(self, error: Exception, batch: list[Item]) -> bool:
        """Wait for the database; tell whether the batch turns out to be committed after all."""
        DATABASE_AWAY.inc()
        if self._connection is not None:
            await self._connection.close()
        log.warning("database_away", error=str(error).strip(), waiting=len(self._queue))
        xid, self._xid = self._xid, None
        while True:
            await asyncio.sleep(RETRY_EVERY)
            now = asyncio.get_running_loop().time()
            for item in (*batch, *self._queue):
                item.expire(now)
            if self._stopping:
                raise asyncio.CancelledError
            try:
                connection = await self._connected()
                return xid is not None and await committed(connection, xid)
            except AWAY:
                continue
