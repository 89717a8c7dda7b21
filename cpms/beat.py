"""Beat that can be started on every node: one at a time has the floor."""

from typing import Any

import structlog
from celery.beat import PersistentScheduler
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from monitoring import signs

log = structlog.get_logger(__name__)

#: The key of the PostgreSQL advisory lock, fixed for good: nodes of two versions must agree.
LOCK = 0x4B57_4245_4154
#: How often, in seconds, one that waits tries again.
WAIT = 5.0


class OneAtATime(PersistentScheduler):
    """Sends tasks only while it holds a lock, which PostgreSQL frees when its session ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._session: BaseDatabaseWrapper | None = None
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, if it is our turn; return the seconds until the next look."""
        if not self.holds_lock():
            return WAIT
        signs.note("beat")
        self._forget_the_future()
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def holds_lock(self) -> bool:
        """Whether the lock is ours, after a try to get it. False while the database is away."""
        try:
            if self._session is not None:
                return self._ask("SELECT 1") == 1
            # A connection of its own: Django's may be closed between two ticks.
            self._session = connections["default"].copy()
            if self._ask(f"SELECT pg_try_advisory_lock({LOCK})") is True:
                log.info("beat_took_over")
                return True
        except Error as problem:
            log.warning("beat_lost_database", problem=str(problem))
        self._give_up()
        return False

    def _forget_the_future(self) -> None:
        """Take back what ran "later": the clock was set back, and Celery would wait until then."""
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at is not None and entry.last_run_at > now:
                entry.last_run_at = now
                self._heap = None

    def _ask(self, query: str) -> object:
        assert self._session is not None
        with self._session.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
        return row and row[0]

    def _give_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def close(self) -> None:
        """Keep the times of the last runs, and free the lock."""
        super().close()
        self._give_up()
