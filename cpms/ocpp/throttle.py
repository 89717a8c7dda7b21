"""Bounds on how often: token buckets, forgotten when full."""

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Hashable

#: Keys remembered; the longest unused is forgotten first.
MOST_KEYS = 10_000


class Bucket:
    """Lets `rate` per second through, and `burst` at once. Times in seconds of any clock."""

    __slots__ = ("_burst", "_level", "_rate", "_then")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        """Start full."""
        self._rate, self._burst, self._level, self._then = rate, burst, burst, now

    def take(self, now: float, cost: float = 1.0) -> float:
        """Take `cost`; return 0.0, or how long the taker has to wait for it."""
        if now > self._then:
            self._level = min(self._burst, self._level + (now - self._then) * self._rate)
            self._then = now
        self._level -= cost
        return 0.0 if self._level >= 0 else -self._level / self._rate

    def give_back(self) -> None:
        """Undo a `take` of one."""
        self._level = min(self._burst, self._level + 1.0)

    def wait(self, now: float) -> float:
        """Return the seconds until one is there, taking nothing."""
        self.take(now, 0.0)
        return max(0.0, (1.0 - self._level) / self._rate)

    def refuse(self, now: float, cost: float = 1.0) -> bool:
        """Take `cost` if it is there; tell whether it isn't."""
        wait = self.take(now, cost)
        if wait:
            self._level += cost
        return wait > 0


class Throttle:
    """A bucket per key."""

    def __init__(self, rate: float, burst: float) -> None:
        """Let `rate` per second and key through, `burst` at once."""
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def refuses(self, key: Hashable) -> bool:
        """Count one for the key; tell whether it is one too many."""
        now = asyncio.get_running_loop().time()
        bucket = self._buckets.pop(key, None) or Bucket(self._rate, self._burst, now)
        self._buckets[key] = bucket
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        return bucket.refuse(now)

    def spent(self, key: Hashable) -> bool:
        """Tell whether nothing is left for the key; it is counted by `refuses` alone."""
        bucket = self._buckets.get(key)
        return bucket is not None and bucket.wait(asyncio.get_running_loop().time()) > 0

    def give_back(self, key: Hashable) -> None:
        """Undo a `refuses` that let the key through."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.give_back()


def neighbourhood(address: str) -> str:
    """Return what one household has of addresses: an IPv4 address, or an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), 64), strict=False))
