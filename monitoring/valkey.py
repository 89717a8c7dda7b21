"""A connection to Redis (Valkey) for short questions: answered soon, or an error."""

from functools import cache

import redis
from django.conf import settings

#: Seconds.
PATIENCE = 2.0


@cache
def client() -> redis.Redis:
    """Return this process's client; its calls raise `redis.RedisError`, after PATIENCE at most."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    )


def key(name: str) -> str:
    """Return the key of this installation that is called `name`."""
    return f"{settings.REDIS_PREFIX}:{name}"
