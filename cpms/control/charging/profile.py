"""A charging profile: how much a charger, a port or a session may draw, and when.

Words are OCPP 2.x's; a profile means the same in 1.6 (§3.13, §5.16), 2.0.1 and 2.1 (part 2, K).
Pure.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Purpose = Literal[
    "ChargingStationMaxProfile",
    "TxDefaultProfile",
    "TxProfile",
    "ChargingStationExternalConstraints",
    "PriorityCharging",
    "LocalGeneration",
]
Kind = Literal["Absolute", "Recurring", "Relative", "Dynamic"]
Recurrency = Literal["Daily", "Weekly"]
Unit = Literal["A", "W"]

#: How long one round of a recurring schedule lasts. (RecurrencyKindEnumType)
ROUND = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}
#: The years that a profile's times may lie in: what is beyond is a slip.
YEARS = range(2000, 2101)

Moment = Annotated[datetime, Meta(tz=True)]
Seconds = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Amount = Annotated[float, Meta(ge=0, le=1e8)]
Place = Annotated[int, Meta(ge=0, le=10_000)]
Phase = Annotated[int, Meta(ge=1, le=3)]


class _Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A part of a profile; as JSON it has only what is said."""


class Period(_Part, frozen=True):
    """From `start`, seconds into the schedule, at most `limit` (in the schedule's unit).

    Amperes are per phase. (ChargingSchedulePeriodType)
    """

    start: Seconds
    limit: Amount
    #: On how many phases; None: 3 where that matters.
    phases: Phase | None = None
    #: The only phase to use, with `phases` = 1 (2.x).
    phase: Phase | None = None


class Schedule(_Part, frozen=True):
    """Limits over time. (ChargingScheduleType)"""

    unit: Unit
    periods: Annotated[list[Period], Meta(min_length=1, max_length=1024)]
    id: Number | None = None
    #: Where the first period begins; Relative profiles have none: their session begins them.
    start: Moment | None = None
    #: Seconds; None: the last period goes on.
    duration: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    #: Below this, in `unit`, charging makes no sense for the vehicle.
    min_rate: Amount | None = None
    #: Recurs by the site's clock on the wall rather than by UTC (2.1).
    local_time: bool = False


class Profile(_Part, frozen=True):
    """One charging profile. (ChargingProfileType)"""

    purpose: Purpose
    kind: Kind
    schedules: Annotated[list[Schedule], Meta(min_length=1, max_length=3)]
    #: Names it at the charger; made where it isn't given. Another with the same replaces it.
    id: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    #: Of profiles with one purpose the highest level counts.
    stack_level: Annotated[int, Meta(ge=0, le=10_000)] = 0
    recurrency: Recurrency | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    #: The session that a TxProfile is for.
    transaction_id: Annotated[str, Meta(min_length=1, max_length=36)] | None = None

    def numbered(self) -> "Profile":
        """Return the profile with numbers of its own where it has none."""
        schedules = [
            one if one.id is not None else msgspec.structs.replace(one, id=index)
            for index, one in enumerate(self.schedules, start=1)
        ]
        number = self.id if self.id is not None else 1 + secrets.randbelow(2**31 - 1)
        return msgspec.structs.replace(self, id=number, schedules=schedules)

    def problems(self) -> Iterator[str]:
        """Yield what makes no sense, each with the paragraph that says so."""
        yield from self._times()
        yield from self._of_kind()
        yield from self._of_purpose()
        for schedule in self.schedules:
            yield from _of_schedule(schedule, self.recurrency)

    def _times(self) -> Iterator[str]:
        starts = [schedule.start for schedule in self.schedules]
        said = [time for time in (self.valid_from, self.valid_to, *starts) if time is not None]
        if any(time.year not in YEARS for time in said):
            yield "A profile's times lie between the years 2000 and 2100."
        elif self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            yield "It ends (valid_to) before it begins (valid_from)."

    def _of_kind(self) -> Iterator[str]:
        begun = all(schedule.start is not None for schedule in self.schedules)
        if self.kind in {"Absolute", "Recurring"} and not begun:
            yield f"A profile that is {self.kind} needs a start (K01.FR.40)."
        if self.kind == "Relative" and any(s.start is not None for s in self.schedules):
            yield "A Relative profile has no start: its session begins it (K01.FR.41)."
        if (self.kind == "Recurring") != (self.recurrency is not None):
            yield (
                "“recurrency” goes with the kind Recurring, and only with it "
                "(1.6 §7.8, RecurrencyKindEnumType)."
            )
        if self.kind == "Dynamic" and any(len(s.periods) > 1 for s in self.schedules):
            yield "A Dynamic profile has one period (2.1, K28)."

    def _of_purpose(self) -> Iterator[str]:
        if self.transaction_id is not None and self.purpose != "TxProfile":
            yield "Only a TxProfile is for one transaction (K01.FR.03)."
        if self.purpose == "ChargingStationExternalConstraints":
            yield "Limits of others are theirs to set, not ours (K01.FR.22)."
        if self.purpose == "ChargingStationMaxProfile" and self.kind == "Relative":
            yield "A charger's maximum can't be Relative: it is no session's (K01.FR.38)."
        if len(self.schedules) > 1 and self.purpose != "TxProfile":
            yield "Only a TxProfile may offer several schedules (ChargingProfileType)."


def _of_schedule(schedule: Schedule, recurrency: str | None) -> Iterator[str]:
    starts = [period.start for period in schedule.periods]
    if starts[0] != 0:
        yield "The first period starts at 0 (K01.FR.31; 1.6 §7.13)."
    if any(later <= earlier for earlier, later in pairwise(starts)):
        yield "Periods follow each other: each starts later than the one before (K01.FR.35)."
    if schedule.duration is not None and starts[-1] >= schedule.duration:
        yield "A period starts after the schedule's duration is over."
    if recurrency and starts[-1] >= ROUND[recurrency].total_seconds():
        yield f"A period starts after the {recurrency.lower()} round is over."
    if any(period.phase is not None and period.phases != 1 for period in schedule.periods):
        yield "Which phase to use is said only where one phase is used (K01.FR.19)."
