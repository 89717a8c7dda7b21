"""What is done with the ORM for a gateway: reading commands, and recording how they ended.

In one thread of its own, off the event loop and apart from the facts: few compared to them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
#: Seconds between tries while the database is away.
RETRY_AFTER = 1.0


class Clerk:
    """Carries out functions that use the ORM, one after the other."""

    def __init__(self) -> None:
        """Start without work."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clerk")

    async def do(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns; tried again for as long as the database is away."""
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, _apart, work)
            except (OperationalError, InterfaceError) as away:
                log.warning("clerk_waits_for_database", error=str(away).strip())
                await asyncio.sleep(RETRY_AFTER)

    async def stop(self) -> None:
        """Finish what is begun, and hang up."""
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown(wait=True)


def _apart(work: Callable[[], Result]) -> Result:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
