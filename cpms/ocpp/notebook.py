"""What is noted now and written soon, in bulk, over a connection of its own."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import psycopg
import structlog
from psycopg import AsyncConnection

from monitoring.database import connect

log = structlog.get_logger(__name__)

#: Seconds for what is left when the process ends.
LAST_WRITE = 5.0


@dataclass
class Notebook(ABC):
    """Is written by a task of its own, which goes on whatever goes wrong in a write."""

    #: What is in it: the task's name, and in the log.
    name: ClassVar[str]

    dsn: str
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _connection: AsyncConnection[Any] | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Write what is noted, if that can be done in time, and close."""
        with contextlib.suppress(psycopg.Error, OSError):
            async with asyncio.timeout(LAST_WRITE):
                if self._task is not None:
                    self._task.cancel()
                    await asyncio.wait([self._task])
                await self.flush()
        if self._connection is not None:
            await self._connection.close()

    @abstractmethod
    async def _run(self) -> None:
        """Write again and again, each time `_carrying_on`."""

    @abstractmethod
    async def flush(self) -> None:
        """Write what is noted."""

    @contextlib.contextmanager
    def _carrying_on(self) -> Iterator[None]:
        """Log what goes wrong in a write; the next one is tried all the same."""
        event = f"{self.name}_not_written"
        try:
            yield
        except (psycopg.Error, OSError) as error:
            log.warning(event, error=str(error).strip())
        except Exception:  # Ours: nobody else would notice that nothing is written any more.
            log.exception(event)

    async def _connected(self) -> AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self.dsn)
        return self._connection
