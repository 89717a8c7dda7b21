"""Geometry of a sparkline: values in order, as strokes in a box of 100 by 24."""

from collections.abc import Sequence

WIDTH = 100.0
HEIGHT = 24.0
#: Room for the stroke, above and below.
MARGIN = 2.0


def strokes(values: Sequence[float | None]) -> list[str]:
    """Return the points ("x,y x,y …") of each unbroken stretch; None is a gap.

    A stretch of one value is drawn as a short dash. Equal values lie in the middle.
    """
    known = [value for value in values if value is not None]
    if not known:
        return []
    low, high = min(known), max(known)
    step = WIDTH / max(len(values) - 1, 1)
    found: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            found.append([])
            continue
        found[-1].append(f"{index * step:.1f},{_height(value, low, high):.1f}")
    return [" ".join(stretch if len(stretch) > 1 else stretch * 2) for stretch in found if stretch]


def _height(value: float, low: float, high: float) -> float:
    if low == high:
        return HEIGHT / 2
    return HEIGHT - MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * MARGIN)
