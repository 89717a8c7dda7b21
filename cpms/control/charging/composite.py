"""The composite of stacked charging profiles: what a port may draw when, and by which profile.

Of the profiles with one purpose the highest stack level counts, where it has a limit at that
time; of the purposes the least counts. A session's own profile stands in for the default.
(OCPP 1.6 §3.13.2, §3.13.3; 2.0.1 part 2, K §3.2–3.5; 2.1 K21)

Pure. Times are aware; limits are watts, or amperes per phase.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from heapq import nsmallest
from itertools import pairwise

from cpms.control.charging.profile import ROUND, Period, Profile, Purpose, Schedule, Unit

MAXIMUM: Purpose = "ChargingStationMaxProfile"
DEFAULT: Purpose = "TxDefaultProfile"
SESSION: Purpose = "TxProfile"
EXTERNAL: Purpose = "ChargingStationExternalConstraints"
PRIORITY: Purpose = "PriorityCharging"
LOCAL: Purpose = "LocalGeneration"
#: Volts from a phase to neutral, and phases, where nobody says otherwise. (K §3.7: 3 phases)
VOLTS, PHASES = 230.0, 3
#: Rounds of a recurring profile that are looked at, and changes worked out, at most.
MOST_ROUNDS, MOST_CHANGES = 400, 1_000


@dataclass(frozen=True, slots=True)
class Layer:
    """A profile in force; `evse` 0: of the charger as a whole, or of all its ports."""

    evse: int
    profile: Profile
    #: Whose limit it is: CSO, EMS, SO, Other …
    source: str = "CSO"


@dataclass(frozen=True, slots=True)
class Supply:
    """How amperes become watts: volts from phase to neutral, and phases where none are said."""

    volts: float = VOLTS
    phases: int = PHASES

    def watts(self, limit: float, unit: Unit, phases: int | None) -> float:
        """Return a limit as watts."""
        return limit if unit == "W" else limit * self.volts * (phases or self.phases)

    def in_unit(self, watts: float, unit: Unit, phases: int | None) -> float:
        """Return watts as a limit in `unit`."""
        return watts if unit == "W" else watts / self.volts / (phases or self.phases)


@dataclass(frozen=True, slots=True)
class Running:
    """The session on the port."""

    transaction_id: str
    started: datetime
    #: It was let charge first. (2.1 K21)
    priority: bool = False


@dataclass(frozen=True, slots=True)
class Port:
    """What is asked about: a port, or the charger as a whole (0)."""

    evse: int
    running: Running | None = None
    supply: Supply = field(default_factory=Supply)
    #: The site's time zone, for schedules by local time. (2.1 useLocalTime)
    zone: tzinfo = UTC
    #: Where none runs: when one is supposed to begin, for profiles that count from there.
    begins: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """What one profile allows at a time."""

    layer: Layer
    watts: float
    period: Period
    unit: Unit

    @property
    def phases(self) -> int | None:
        """On how many phases, where it is said."""
        return self.period.phases


@dataclass(frozen=True, slots=True)
class Step:
    """From `start` until `end`: what counts, and what would if it weren't there.

    `by` is empty where nothing limits.
    """

    start: datetime
    end: datetime
    #: The least, and what was added to it by local generation.
    by: Limit | None = None
    added: Limit | None = None
    #: Hidden below it in its own stack.
    below: Limit | None = None
    #: Of the other purposes, none of which is less.
    others: tuple[Limit, ...] = ()

    @property
    def watts(self) -> float | None:
        """The limit, W; None where there is none."""
        if self.by is None:
            return None
        return self.by.watts + (self.added.watts if self.added else 0.0)

    def amperes(self, supply: Supply) -> float | None:
        """The limit, A per phase; None where there is none."""
        watts = self.watts
        if watts is None or self.by is None:
            return None
        return supply.in_unit(watts, "A", self.by.phases)

    def said_like(self, other: "Step") -> bool:
        """Whether the same profiles say the same."""
        return (self.by, self.added, self.below, self.others) == (
            other.by, other.added, other.below, other.others,
        )  # fmt: skip


def composite(
    layers: Sequence[Layer], port: Port, start: datetime, duration: timedelta
) -> list[Step]:
    """Return what is allowed from `start` on, in steps that follow each other without a gap.

    Of schedules with very many periods it ends early: after `MOST_CHANGES` changes.
    """
    end = start + duration
    port = port if port.begins else replace(port, begins=start)
    spread = [_Spread.of(layer, port, start, end) for layer in layers if _concerns(layer, port)]
    changes = {time for one in spread for time in one.changes(start, end)}
    times = sorted({start, end, *nsmallest(MOST_CHANGES, changes)})
    if len(changes) > MOST_CHANGES:
        times.pop()
    return _joined(_step(spread, port, begin, until) for begin, until in pairwise(times))


def condensed(steps: Iterable[Step]) -> list[Step]:
    """Return steps for words: together where only what doesn't count changes."""
    found: list[Step] = []
    for step in steps:
        last = found[-1] if found else None
        if last and (last.by, last.added, last.below) == (step.by, step.added, step.below):
            others = tuple(other for other in last.others if other in step.others)
            found[-1] = replace(last, end=step.end, others=others)
        else:
            found.append(step)
    return found


def at(layers: Sequence[Layer], port: Port, moment: datetime) -> Step:
    """Return what is allowed at a moment."""
    return composite(layers, port, moment, timedelta(seconds=1))[0]


def _joined(steps: Iterable[Step]) -> list[Step]:
    joined: list[Step] = []
    for step in steps:
        if joined and joined[-1].said_like(step):
            joined[-1] = replace(joined[-1], end=step.end)
        else:
            joined.append(step)
    return joined


def _concerns(layer: Layer, port: Port) -> bool:
    """Whether a profile says something of the port; of the charger itself (0) no session's do."""
    purpose, running = layer.profile.purpose, port.running
    if purpose == SESSION:
        named = layer.profile.transaction_id
        its_own = running is not None and named in (None, running.transaction_id)
        return its_own and layer.evse == port.evse
    if purpose == PRIORITY:
        return running is not None and running.priority and layer.evse in (0, port.evse)
    if port.evse == 0 and purpose == DEFAULT:
        return False  # It is each port's, not the sum's.
    return layer.evse in (0, port.evse)


@dataclass(frozen=True, slots=True)
class _Spread:
    """A layer over the span that is asked about."""

    layer: Layer
    #: The spans that its schedule fills, and when its periods start, seconds into each.
    rounds: tuple[tuple[datetime, datetime], ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, layer: Layer, port: Port, start: datetime, end: datetime) -> "_Spread":
        """Spread a layer out."""
        starts = tuple(period.start for period in layer.profile.schedules[0].periods)
        return cls(layer, tuple(_rounds(layer.profile, port, start, end)), starts)

    def changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the times between `start` and `end` at which it may begin to say another."""
        profile = self.layer.profile
        bounds = [time for time in (profile.valid_from, profile.valid_to) if time is not None]
        for begin, until in self.rounds:
            bounds += [begin, until]
            bounds += [begin + timedelta(seconds=seconds) for seconds in self.starts]
        yield from (time for time in bounds if start < time < end)

    def limit(self, port: Port, moment: datetime) -> Limit | None:
        """Return what it allows at a moment; None where it says nothing then."""
        profile, schedule = self.layer.profile, self.layer.profile.schedules[0]
        if profile.valid_from is not None and moment < profile.valid_from:
            return None
        if profile.valid_to is not None and moment >= profile.valid_to:
            return None
        for begin, end in self.rounds:
            index = bisect(self.starts, (moment - begin).total_seconds()) - 1
            if begin <= moment < end and index >= 0:
                period = schedule.periods[index]
                watts = port.supply.watts(period.limit, schedule.unit, period.phases)
                return Limit(self.layer, watts, period, schedule.unit)
        return None


def _step(layers: Sequence[_Spread], port: Port, start: datetime, end: datetime) -> Step:
    """Return what counts between two times at which nothing changes."""
    stacks: dict[str, list[Limit]] = {}
    for layer in layers:
        limit = layer.limit(port, start)
        if limit is not None:
            stacks.setdefault(limit.layer.profile.purpose, []).append(limit)
    for stack in stacks.values():
        stack.sort(key=_rank, reverse=True)
    added = stacks.pop(LOCAL, [None])[0]
    # A session charged first, or with a profile of its own, leaves the default aside.
    for purpose in (PRIORITY, SESSION):
        if purpose in stacks:
            for other in {PRIORITY, SESSION, DEFAULT} - {purpose}:
                stacks.pop(other, None)
    if not stacks:
        return Step(start, end)
    leading = sorted((stack[0] for stack in stacks.values()), key=lambda limit: limit.watts)
    stack = stacks[leading[0].layer.profile.purpose]
    below = stack[1] if len(stack) > 1 else None
    # What the site makes itself comes on top of what the grid allows, not of what a session may.
    grid = leading[0].layer.profile.purpose in {MAXIMUM, EXTERNAL}
    return Step(start, end, leading[0], added if grid else None, below, tuple(leading[1:]))


def _rank(limit: Limit) -> tuple[int, int, float]:
    """Sort a stack: by level; of one level the port's own; then the least."""
    return limit.layer.profile.stack_level, limit.layer.evse, -limit.watts


def _rounds(
    profile: Profile, port: Port, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans that a profile's schedule fills between `start` and `end`.

    A Relative one begins with the session; without one it is shown as if it began at `start`.
    """
    schedule = profile.schedules[0]
    if profile.kind == "Relative":
        begun = port.running.started if port.running else port.begins or start
        yield begun, _until(schedule, begun, end)
    elif profile.kind == "Recurring" and profile.recurrency and schedule.start:
        yield from _recurring(profile.recurrency, schedule, port.zone, start, end)
    else:
        begun = schedule.start or profile.valid_from or start
        yield begun, _until(schedule, begun, end)


def _until(schedule: Schedule, begun: datetime, end: datetime) -> datetime:
    """Return when a schedule is over; one without a duration goes on beyond `end`."""
    if schedule.duration is None:
        return max(end, begun) + timedelta(days=1)
    return begun + timedelta(seconds=schedule.duration)


def _recurring(
    recurrency: str, schedule: Schedule, zone: tzinfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the rounds of a day or week that touch the span, from the first on.

    A round is over when its duration is, or the next begins. The rounds follow UTC, unless the
    schedule is by local time: then each begins at the same time on the wall. (2.1 useLocalTime)
    """
    assert schedule.start is not None
    first, length = schedule.start.astimezone(UTC), ROUND[recurrency]
    number = max(0, (start - first) // length - 1)
    for index in range(number, number + MOST_ROUNDS):
        begun = _nth(first, length * index, zone if schedule.local_time else UTC)
        over = _nth(first, length * (index + 1), zone if schedule.local_time else UTC)
        if begun >= end:
            return
        if schedule.duration is not None:
            over = min(over, begun + timedelta(seconds=schedule.duration))
        if over > start:
            yield begun, over


def _nth(first: datetime, later: timedelta, zone: tzinfo) -> datetime:
    """Return a time that is so many days later on the wall of a zone."""
    wall = first.astimezone(zone).replace(tzinfo=None) + later
    return wall.replace(tzinfo=zone).astimezone(UTC)
