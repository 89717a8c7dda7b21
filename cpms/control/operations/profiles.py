"""Charging profiles: set, cleared, asked for, and what they allow together."""

import secrets
from datetime import timedelta
from typing import Annotated, ClassVar

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.charging.profile import Amount, Number, Place, Profile, Purpose, Unit
from cpms.control.operations.base import NEWER, V21, BadRequest, Operation


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
            raise BadRequest(
                _("Clear either one profile by its number, or those that fit criteria.")
            )


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
            raise BadRequest(_("Ask either for profiles by their numbers, or by criteria."))


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
