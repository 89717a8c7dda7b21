"""/healthz: the process lives. /readyz: what it needs can be reached.

The checks run in a thread of their own, one at a time: a database that hangs makes us not
ready, and takes no more than that one thread.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from functools import wraps

import structlog
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis import RedisError

from monitoring import valkey

log = structlog.get_logger(__name__)

OK = "ok"
UNREACHABLE = "unreachable"
#: Seconds: the longest wait for a check, and how long an answer stands.
PATIENCE = 3.0
FRESH = 1.0


class NotReadyError(Exception):
    """Something is there, yet not as it must be; the message says what."""


def database() -> None:
    """Raise unless the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def redis() -> None:
    """Raise unless Redis answers."""
    valkey.client().ping()


def migrations() -> None:
    """Raise `NotReadyError` unless every migration of this version is applied."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReadyError("migrations are missing")


def once(check: Callable[[], None]) -> Callable[[], None]:
    """Return `check` without what it costs to repeat: what was right stays right."""
    passed = False

    @wraps(check)
    def checked() -> None:
        nonlocal passed
        if not passed:
            check()
            passed = True

    return checked


CHECKS: dict[str, Callable[[], None]] = {
    "database": database,
    "redis": redis,
    "migrations": once(migrations),
}
_thread = ThreadPoolExecutor(1, "readiness")
_latest: tuple[float, dict[str, str]] | None = None


def readiness() -> dict[str, str]:
    """Return "ok" or what is wrong for each check, at most a second old."""
    global _latest  # noqa: PLW0603 the answer that stands, in this process
    if _latest is None or _latest[0] < time.monotonic() - FRESH:
        found = ask(CHECKS)
        _latest = (time.monotonic(), found)
    return _latest[1]


def ask(checks: dict[str, Callable[[], None]]) -> dict[str, str]:
    """Return the outcome of each of the checks."""
    waiting = {name: _thread.submit(_outcome, name, check) for name, check in checks.items()}
    deadline = time.monotonic() + PATIENCE
    return {name: _awaited(future, deadline) for name, future in waiting.items()}


def _awaited(future: "Future[str]", deadline: float) -> str:
    try:
        return future.result(max(0.0, deadline - time.monotonic()))
    except TooSlow:
        future.cancel()
        return UNREACHABLE


def _outcome(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except NotReadyError as problem:
        return str(problem)
    except (DatabaseError, RedisError, OSError) as error:
        log.warning("not_ready", check=name, error=str(error).strip())
        return UNREACHABLE
    finally:
        connection.close()
    return OK
