"""What waits for the writer: messages, each with whoever is to be told of its commit."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Gauge

from monitoring.facts import Fact

log = structlog.get_logger(__name__)

#: Messages that may wait for the writer; beyond it nobody new is let in.
QUEUE_LIMIT = 4_000
#: Messages in one commit.
BATCH_LIMIT = 2_000

QUEUE_DEPTH = Gauge("kilowatch_writer_queue", "Messages waiting for the writer.")


@dataclass(slots=True, eq=False)
class Item:
    """The facts of one message, and whoever is to be told of their commit."""

    facts: Sequence[Fact]
    #: The frame they came from, for quarantine.
    frame: str = ""
    #: Called once: True when they are on disk (or quarantined), False when they are not stored.
    tell: Callable[[bool], None] | None = None
    #: loop.time() until when somebody waits; None: for ever.
    deadline: float | None = None
    settled: bool = False

    def settle(self, stored: bool) -> None:
        """Tell whoever waits, once."""
        if self.settled:
            return
        self.settled = True
        if self.tell is not None:
            try:
                self.tell(stored)
            except Exception:
                log.exception("acknowledgement_failed")

    def expire(self, now: float) -> None:
        """Tell whoever waits that it isn't stored, if it is too late."""
        if self.deadline is not None and now > self.deadline:
            self.settle(stored=False)


class Backlog(deque[Item]):
    """Messages that wait, in the order they came."""

    @property
    def full(self) -> bool:
        """Whether so much waits that nobody new should be let in."""
        return len(self) >= QUEUE_LIMIT

    @property
    def fills_a_batch(self) -> bool:
        """Whether a commit has no room for more than what waits."""
        return len(self) >= BATCH_LIMIT

    def take(self) -> list[Item]:
        """Take out what goes into the next commit; nobody waits any more for what is settled."""
        batch: list[Item] = []
        while self and len(batch) < BATCH_LIMIT:
            item = self.popleft()
            if not item.settled:
                batch.append(item)
        QUEUE_DEPTH.set(len(self))
        return batch
