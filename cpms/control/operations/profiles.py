"""Charging profiles: how much a charger, a port or a session may draw, and when.

Words are OCPP 2.x's; a profile means the same in 1.6 (§3.13, §5.16), 2.0.1 and 2.1 (part 2, K).
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from cpms.control.operations.base import NEWER, V21, BadRequest, Operation

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

#: Purposes and kinds that 2.1 brought.
NEW_PURPOSES = frozenset({"PriorityCharging", "LocalGeneration"})
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


def _refuse(problems: list[str]) -> None:
    if problems:
        raise BadRequest(" ".join(problems))


class SetProfile(Operation, frozen=True):
    """Limit a charger (`evse` 0), one port, or the session there. (1.6 §5.16, 2.x K01)"""

    name: ClassVar[str] = "set_profile"
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    #: 0: the charger as a whole, or all its ports for a TxDefaultProfile.
    evse: Place
    profile: Profile

    def completed(self) -> "SetProfile":
        """Number what has no number."""
        return msgspec.structs.replace(self, profile=self.profile.numbered())

    def check(self) -> None:
        """Refuse a profile that OCPP doesn't allow, or not there."""
        problems, purpose = list(self.profile.problems()), self.profile.purpose
        if purpose == "ChargingStationMaxProfile" and self.evse:
            problems.append("A charger's maximum is set on EVSE 0 (1.6 §3.13.1, 2.x §K.3.2).")
        if purpose == "TxProfile" and not self.evse:
            problems.append("A TxProfile is for one EVSE, not for 0 (K01.FR.16).")
        if purpose == "TxProfile" and self.profile.transaction_id is None:
            problems.append("A TxProfile needs the transaction that it is for (K01.FR.03).")
        _refuse(problems)


def check_for_start(profile: Profile) -> None:
    """Refuse a profile that a session can't be started with. (1.6 §5.11, 2.x F01, K05)"""
    problems = list(profile.problems())
    if profile.purpose != "TxProfile" or profile.transaction_id is not None:
        problems.append(
            "A session is started with a TxProfile, without a transaction: there is none yet."
        )
    _refuse(problems)


class ClearProfiles(Operation, frozen=True):
    """Have profiles taken away: one by its number, or all that fit. (1.6 §5.5, 2.x K10)"""

    name: ClassVar[str] = "clear_profiles"
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = timedelta(hours=24)

    id: Number | None = None
    #: 0: those of the charger as a whole.
    evse: Place | None = None
    purpose: Purpose | None = None
    stack_level: Annotated[int, Meta(ge=0, le=10_000)] | None = None

    def check(self) -> None:
        """Refuse a number beside criteria: nobody could say which counts."""
        criteria = (self.evse, self.purpose, self.stack_level)
        if self.id is not None and any(one is not None for one in criteria):
            raise BadRequest("Clear either one profile by its number, or those that fit criteria.")


class AskProfiles(Operation, frozen=True):
    """Ask which profiles a charger holds; reports follow. (2.x K09)"""

    name: ClassVar[str] = "get_profiles"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True

    #: 0: those of the charger as a whole; None: all.
    evse: Place | None = None
    purpose: Purpose | None = None
    stack_level: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    ids: Annotated[list[Number], Meta(min_length=1, max_length=100)] | None = None
    #: CSO, EMS, SO, Other; 2.1 knows more.
    sources: Annotated[list[Annotated[str, Meta(max_length=20)]], Meta(max_length=4)] | None = None
    #: Names the reports; made where it isn't given.
    request_id: Number | None = None

    def completed(self) -> "AskProfiles":
        """Name the reports."""
        if self.request_id is not None:
            return self
        return msgspec.structs.replace(self, request_id=1 + secrets.randbelow(2**31 - 1))

    def check(self) -> None:
        """Refuse numbers beside criteria. (K09.FR.03: at least one; see the translation)"""
        criteria = (self.purpose, self.stack_level, self.sources)
        if self.ids is not None and any(one is not None for one in criteria):
            raise BadRequest("Ask either for profiles by their numbers, or by criteria.")


class AskComposite(Operation, frozen=True):
    """Ask what all profiles together allow from now on. (1.6 §5.7, 2.x K08)"""

    name: ClassVar[str] = "get_composite"
    repeatable: ClassVar[bool] = True

    #: 0: the charger as a whole.
    evse: Place
    #: Seconds.
    duration: Annotated[int, Meta(ge=1, le=7 * 86_400)] = 86_400
    unit: Unit | None = None


class UsePriority(Operation, frozen=True):
    """Let a session charge first, or no longer. (2.1 K21)"""

    name: ClassVar[str] = "use_priority"
    versions: ClassVar[frozenset[str]] = frozenset({V21})
    repeatable: ClassVar[bool] = True

    transaction_id: Annotated[str, Meta(min_length=1, max_length=36)]
    active: bool


class UpdateDynamic(Operation, frozen=True):
    """Give a dynamic profile its limit of now. (2.1 K28)"""

    name: ClassVar[str] = "update_dynamic"
    versions: ClassVar[frozenset[str]] = frozenset({V21})
    repeatable: ClassVar[bool] = True

    id: Number
    limit: Amount
