"""A session's meter samples, boiled down to what a verdict needs. Pure.

Instants are seconds since the epoch, energies Wh, powers W.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

#: Between two samples further apart nothing is known of the power: the longest interval that
#: chargers are commonly set to, a quarter of an hour, and a bit.
LONGEST_GAP = 1000.0
#: A register may be repeated a little lower: it was read a moment earlier.
JITTER = 20.0


class Point(NamedTuple):
    """A sample: the lifetime register and the power at a moment, None where it has none."""

    at: float
    register: float | None
    power: float | None = None


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the samples of a session come to."""

    #: The first and the last register, and when.
    first: Point | None = None
    last: Point | None = None
    #: What the register counted in all, whatever it fell in between.
    counted: float = 0.0
    #: The register before and after it fell furthest; None: it never fell.
    fall: tuple[float, float] | None = None
    #: Power by time (trapezoids), and how long it was known.
    integrated: float = 0.0
    covered: float = 0.0
    peak: float = 0.0

    @property
    def energy(self) -> float | None:
        """Return what the register says was delivered; None with less than two readings."""
        if self.first is None or self.last is None or self.first.at == self.last.at:
            return None
        return self.counted


def sampled(points: Iterable[Point]) -> Sampled:
    """Return what the samples come to; they may come in any order, and twice."""
    ordered = sorted(set(points), key=lambda point: point.at)
    registers = _registers(ordered)
    steps = [(one, other) for (_, one), (_, other) in pairwise(registers)]
    falls = [step for step in steps if step[1] < step[0] - JITTER]
    integrated, covered = _by_power(ordered)
    return Sampled(
        first=_point(registers[:1]),
        last=_point(registers[-1:]),
        counted=_counted(steps),
        fall=max(falls, key=lambda step: step[0] - step[1], default=None),
        integrated=integrated,
        covered=covered,
        peak=max((point.power for point in ordered if point.power is not None), default=0.0),
    )


def _counted(steps: list[tuple[float, float]]) -> float:
    """Return what the steps add up to; a register that fell began at nothing or goes on."""
    return max(sum(other - one for one, other in steps if other >= one - JITTER), 0.0)


def _registers(ordered: list[Point]) -> list[tuple[float, float]]:
    """Return the registers by time; of several at one moment the highest."""
    found: dict[float, float] = {}
    for point in ordered:
        if point.register is not None:
            found[point.at] = max(point.register, found.get(point.at, point.register))
    return list(found.items())


def _point(registers: list[tuple[float, float]]) -> Point | None:
    return Point(*registers[0]) if registers else None


def _by_power(ordered: list[Point]) -> tuple[float, float]:
    """Return the energy by power and time, and the seconds in which power was known."""
    powers = [(point.at, max(point.power, 0.0)) for point in ordered if point.power is not None]
    energy = covered = 0.0
    for (start, one), (end, other) in pairwise(powers):
        if end - start <= LONGEST_GAP:
            energy += (one + other) / 2 * (end - start) / 3600
            covered += end - start
    return energy, covered
