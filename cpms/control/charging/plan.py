"""What a vehicle is given: as little as fills it until it leaves, and never more than allowed.

The rule, in a sentence: the vehicle charges at the lowest steady power with which it has its
energy a tenth before its departure, and as fast as it and the site's limits allow where it
doesn't say when it leaves or what it needs, or where the time is short. (OCPP 2.0.1 K15, K17)

Pure. Times are aware; energy Wh, power W, current A per phase.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from cpms.control.charging.compare import Span
from cpms.control.charging.composite import VOLTS, Supply
from cpms.control.charging.profile import Period, Profile, Schedule, Unit

#: The share of the time that is planned with: drivers leave early, meters differ.
SHARE_OF_TIME = 0.9
#: How far is planned, and the least that is.
LONGEST, SHORTEST = timedelta(hours=24), timedelta(minutes=5)
#: Amperes below which a vehicle doesn't charge. (IEC 61851-1)
LEAST = 6.0
#: Amperes of a vehicle that doesn't say; its charger allows what it can.
MOST = 32.0
#: Periods where the vehicle doesn't say how many it takes.
MOST_PERIODS = 12

Reason = Literal["spread", "fast", "short"]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a vehicle says that it needs and can."""

    unit: Unit
    phases: int | None = None
    #: Wh until `departure`.
    energy: float | None = None
    departure: datetime | None = None
    #: Its most and least, W.
    most: float | None = None
    least: float = 0.0
    #: Periods that it understands.
    tuples: int | None = None

    @property
    def supply(self) -> Supply:
        """How its amperes become watts."""
        return Supply(VOLTS, self.phases or 3)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the vehicle is given from `start` on, and why so."""

    start: datetime
    duration: timedelta
    spans: tuple[Span, ...]
    reason: Reason

    @property
    def energy(self) -> float:
        """What it can take by the plan, Wh."""
        return sum((s.watts or 0.0) * _hours(s) for s in self.spans)


def horizon(needs: Needs, now: datetime) -> timedelta:
    """Return how far to plan: until it leaves, a day at most."""
    if needs.departure is None or needs.departure <= now:
        return LONGEST
    return min(max(needs.departure - now, SHORTEST), LONGEST)


def plan(needs: Needs, ceiling: Sequence[Span], now: datetime) -> Plan:
    """Return the plan; `ceiling` is what the site's limits allow for `horizon` from now."""
    most = needs.most if needs.most is not None else needs.supply.watts(MOST, "A", None)
    allowed = [s._replace(watts=most if s.watts is None else min(s.watts, most)) for s in ceiling]
    level, reason = _level(needs, allowed, now)
    level = min(max(level, needs.least), most)
    given = [s._replace(watts=min(s.watts or 0.0, level)) for s in allowed]
    fitted = _fitted(_merged(given), needs.tuples or MOST_PERIODS)
    return Plan(now, horizon(needs, now), tuple(fitted), reason)


def _level(needs: Needs, allowed: Sequence[Span], now: datetime) -> tuple[float, Reason]:
    """Return the least steady power that is enough, W, infinite where the most is wanted."""
    leaves = needs.departure is not None and now < needs.departure <= now + LONGEST
    if not needs.energy or not leaves:
        return math.inf, "fast"
    wanted = needs.energy / SHARE_OF_TIME
    # Under a level, spans that allow less give all they can: those are taken off, lowest first.
    rest, hours = wanted, sum(map(_hours, allowed))
    for span in sorted(allowed, key=lambda s: s.watts or 0.0):
        watts = span.watts or 0.0
        if hours > 0 and rest / hours <= watts:
            return rest / hours, "spread"
        rest, hours = rest - watts * _hours(span), hours - _hours(span)
    return math.inf, "short"


def _hours(span: Span) -> float:
    return (span.end - span.start) / timedelta(hours=1)


def _merged(given: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in given:
        if merged and merged[-1].watts == span.watts:
            merged[-1] = merged[-1]._replace(end=span.end)
        else:
            merged.append(span)
    return merged


def _fitted(given: list[Span], most: int) -> list[Span]:
    """Join neighbours, the most alike first, at the lower of both, until there are few enough."""
    while len(given) > max(most, 1):
        gaps = [abs((a.watts or 0) - (b.watts or 0)) for a, b in pairwise(given)]
        index = gaps.index(min(gaps))
        one, other = given[index], given[index + 1]
        joined = Span(one.start, other.end, min(one.watts or 0.0, other.watts or 0.0))
        given = _merged([*given[:index], joined, *given[index + 2 :]])
    return given


def profile(made: Plan, needs: Needs, transaction_id: str, number: int) -> Profile:
    """Return the session's profile that says the plan. (K15.FR.05)"""
    periods = [
        Period(
            start=round((span.start - made.start).total_seconds()),
            limit=_tenths(needs.supply.in_unit(span.watts or 0.0, needs.unit, None)),
            phases=needs.phases if needs.unit == "A" else None,
        )
        for span in made.spans
    ]
    schedule = Schedule(
        id=1,
        unit=needs.unit,
        start=made.start,
        duration=round(made.duration.total_seconds()),
        periods=periods,
    )
    return Profile(
        id=number,
        purpose="TxProfile",
        kind="Absolute",
        transaction_id=transaction_id,
        schedules=[schedule],
    )


def _tenths(amount: float) -> float:
    return math.floor(round(amount * 10, 6)) / 10
