"""Geometry of the KPI pages' drawings, in per cent of their box. Pure.

A drawing says nothing that isn't also written: a point has its words, a level its number.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Room above and below a line, per cent of the height.
MARGIN = 6.0
#: About how many lines a scale has.
TICKS = 4
#: Shades of a heat map but "nothing".
LEVELS = 7
#: A scale spans no less than this share of a rate, or this number of anything else.
LEAST_SPAN, LEAST_COUNT = 0.004, 1.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale: its value and how far down it lies, per cent."""

    value: float
    y: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A value: its place among all values, and where it lies, per cent."""

    index: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line chart: an unbroken stroke ("x,y x,y …") per stretch without a gap."""

    strokes: list[str]
    dots: list[Dot]
    ticks: list[Tick]
    #: How far down the threshold lies; None: there is none.
    threshold: float | None
    #: From the left to the right of each gap.
    gaps: list[tuple[float, float]]


def line(
    values: Sequence[float | None], *, threshold: float | None = None, ceiling: float | None = None
) -> Line:
    """Return the chart of `values` from left to right; None is a gap.

    Nothing lies above `ceiling` (1 for rates). The threshold is always in the picture.
    """
    known = [value for value in [*values, threshold] if value is not None]
    low, high, step = _scale(known, ceiling)
    dots = [
        Dot(index, _across(index, len(values)), _down(value, low, high))
        for index, value in enumerate(values)
        if value is not None
    ]
    return Line(
        strokes=_strokes(dots),
        dots=dots,
        ticks=[Tick(value, _down(value, low, high)) for value in _steps(low, high, step)],
        threshold=None if threshold is None else _down(threshold, low, high),
        gaps=_gaps(values),
    )


def level(value: float, largest: float) -> int:
    """Return the shade of `value`: 0 for nothing, 1 to `LEVELS` for a little to `largest`."""
    if value <= 0 or largest <= 0:
        return 0
    return min(LEVELS, max(1, math.ceil(value / largest * LEVELS)))


def sparse(count: int, most: int) -> list[int]:
    """Return at most `most` of `count` places, the first and evenly on: for names below."""
    if count <= 0:
        return []
    return list(range(0, count, math.ceil(count / most)))


def _across(index: int, count: int) -> float:
    """Return the middle of a place of `count` equal ones."""
    return (index + 0.5) / count * 100


def _down(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low)
    return 100 - MARGIN - share * (100 - 2 * MARGIN)


def _scale(known: Sequence[float], ceiling: float | None) -> tuple[float, float, float]:
    """Return the ends of the scale and its step: 1, 2 or 5 of some power of ten."""
    low, high = (min(known), max(known)) if known else (0.0, ceiling or LEAST_COUNT)
    if ceiling is None:
        low, high = 0.0, max(high, LEAST_COUNT)
    step = _nice(max(high - low, LEAST_SPAN) / TICKS)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if ceiling is not None:
        low, high = max(0.0, min(low, ceiling - step)), min(max(high, low + step), ceiling)
    return low, high, step


def _nice(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)


def _steps(low: float, high: float, step: float) -> list[float]:
    count = math.floor((high - low) / step + 1e-6)
    return [low + index * step for index in range(count + 1)]


def _strokes(dots: Sequence[Dot]) -> list[str]:
    stretches: list[list[Dot]] = []
    for dot in dots:
        if stretches and stretches[-1][-1].index == dot.index - 1:
            stretches[-1].append(dot)
        else:
            stretches.append([dot])
    return [" ".join(f"{dot.x:.2f},{dot.y:.2f}" for dot in found) for found in stretches]


def _gaps(values: Sequence[float | None]) -> list[tuple[float, float]]:
    gaps: list[tuple[float, float]] = []
    width = 100 / len(values) if values else 0.0
    for index, value in enumerate(values):
        if value is not None:
            continue
        if gaps and math.isclose(sum(gaps[-1]), index * width):
            gaps[-1] = (gaps[-1][0], gaps[-1][1] + width)
        else:
            gaps.append((index * width, width))
    return gaps
