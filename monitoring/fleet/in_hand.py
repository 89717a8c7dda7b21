"""Whether somebody has taken a charger in hand: the rooms above know, and say here how to ask."""

from collections.abc import Callable

from django.db.models import Q

_ways: list[Callable[[], Q]] = []


def by(way: Callable[[], Q]) -> None:
    """Have the chargers that the condition of `way` holds for count as in somebody's hand."""
    _ways.append(way)


def condition() -> Q:
    """Return the condition that somebody has taken a charger in hand."""
    together = Q(pk__in=())  # Where nobody says how to ask, nobody has.
    for way in _ways:
        together |= way()
    return together
