"""Signs of life of the programs that have no listener: workers and beat.

Each notes in Redis that it lives: workers with Celery's own heartbeat, every two seconds, and
so also when beat sends them nothing to do; beat with each of its rounds. When Redis is lost
the signs are, too, for as long as it is away.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from celery.signals import heartbeat_sent
from redis import RedisError

from monitoring import valkey

log = structlog.get_logger(__name__)

HASH = "signs-of-life"
#: Seconds between two signs that are worth writing.
APART = 2.0
#: Signs older than this many seconds are of programs that were taken down.
FORGET = 3600.0

_last: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Sign:
    """A program, e.g. "worker@host", and when it was last known to live."""

    program: str
    at: datetime


@heartbeat_sent.connect
def worker_lives(sender: Any = None, **_: object) -> None:
    """Note a worker's heartbeat."""
    note(str(sender.eventer.hostname))


def note(program: str) -> None:
    """Note that this program lives now; costs nothing if it did so a moment ago."""
    now = time.monotonic()
    if now - _last.get(program, float("-inf")) < APART:
        return
    _last[program] = now
    try:
        valkey.client().hset(valkey.key(HASH), program, f"{time.time():.3f}")
    except RedisError as problem:
        log.debug("sign_of_life_lost", program=program, error=str(problem))


def read(now: datetime) -> list[Sign]:
    """Return the latest sign of each program in order of its name. Raises `redis.RedisError`."""
    kept: dict[bytes, bytes] = valkey.client().hgetall(valkey.key(HASH))  # type: ignore[assignment]
    signs = [
        Sign(name.decode(), datetime.fromtimestamp(float(at), UTC)) for name, at in kept.items()
    ]
    old = {sign.program for sign in signs if (now - sign.at).total_seconds() > FORGET}
    if old:
        valkey.client().hdel(valkey.key(HASH), *old)
    return sorted((s for s in signs if s.program not in old), key=lambda sign: sign.program)
