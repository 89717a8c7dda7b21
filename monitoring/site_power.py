"""A site's power over a day, from what its sessions delivered.

A session's energy is spread evenly over its time: less than the meter's samples know, but it
costs a few rows for each session instead of one for each port and minute. Pure.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Delivery(NamedTuple):
    """What one session delivered: seconds since the epoch, Wh."""

    start: float
    end: float
    energy: float


def mean_powers(
    deliveries: Iterable[Delivery], start: float, width: float, count: int
) -> list[float]:
    """Return the mean power (W) in each of `count` buckets of `width` seconds from `start`."""
    energies = [0.0] * count
    for began, ended, energy in deliveries:
        lasted = ended - began
        if lasted <= 0 or energy <= 0:
            continue
        first = max(int((began - start) // width), 0)
        last = min(int((ended - start) // width), count - 1)
        for bucket in range(first, last + 1):
            left = start + bucket * width
            inside = min(ended, left + width) - max(began, left)
            energies[bucket] += energy * max(inside, 0.0) / lasted
    return [energy * 3600 / width for energy in energies]
