"""What is done with the ORM for a gateway: reading commands, and recording how they ended.

In one thread of its own, off the event loop and apart from the facts: few compared to them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from prometheus_client import Counter

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
#: Seconds between tries while the database is away.
RETRY_AFTER = 1.0
#: Follow-ups of chargers' messages that may wait.
MOST_FOLLOWING = 5_000

LOST = Counter("kilowatch_follow_ups_lost_total", "Follow-ups of messages that were dropped.")


class Clerk:
    """Carries out functions that use the ORM, one after the other."""

    def __init__(self) -> None:
        """Start without work."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clerk")
        self._following: set[asyncio.Task[object]] = set()

    async def do(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns; tried again for as long as the database is away."""
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, _apart, work)
            except (OperationalError, InterfaceError) as away:
                log.warning("clerk_waits_for_database", error=str(away).strip())
                await asyncio.sleep(RETRY_AFTER)

    def soon(self, work: Callable[[], object]) -> None:
        """Do what follows from a charger's message when there is time; too much is dropped."""
        if len(self._following) >= MOST_FOLLOWING:
            LOST.inc()
            log.warning("follow_up_lost")
            return
        task = asyncio.get_running_loop().create_task(self.do(work))
        self._following.add(task)
        task.add_done_callback(self._followed)

    def _followed(self, task: "asyncio.Task[object]") -> None:
        self._following.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            log.error("follow_up_failed", exc_info=fault)

    async def stop(self) -> None:
        """Finish what is begun, and hang up."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown(wait=True)


def _apart(work: Callable[[], Result]) -> Result:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
