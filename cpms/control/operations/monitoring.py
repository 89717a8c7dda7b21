"""Monitors: what a charger watches of itself and tells as events. (OCPP 2.0.1 part 2, N)"""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from cpms.control.operations.base import NEWER, BadRequest, Operation
from cpms.control.operations.configuration import (
    MOST,
    Instance,
    Name,
    Number,
    Reporting,
    WantedOnes,
)

MonitorId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
#: 0 danger … 9 debug. (OCPP 2.0.1 part 2, N, severity levels)
Severity = Annotated[int, Meta(ge=0, le=9)]
DAY = timedelta(hours=24)


class Monitor(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What is to be watched of a variable, and how grave it is.

    `value`: the limit of a threshold, the difference of a delta, the seconds of a period.
    """

    component: Name
    component_instance: Instance | None = None
    evse: Number | None = None
    connector: Number | None = None
    name: Name
    instance: Instance | None = None
    type: Literal[
        "UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned",
        "TargetDelta", "TargetDeltaRelative",
    ]  # fmt: skip
    value: float
    severity: Severity
    #: Only while a session runs.
    transaction: bool = False
    #: Of the monitor that this one takes the place of.
    id: MonitorId | None = None

    def check(self) -> None:
        """Refuse a connector of no EVSE, and values that are none."""
        if self.connector is not None and self.evse is None:
            raise BadRequest(_("A connector is one of an EVSE: name the EVSE as well."))
        if not -1e15 < self.value < 1e15:
            raise BadRequest(
                _("“%(name)s”: %(value)s is no value.")
                % {"name": self.name, "value": f"{self.value:g}"}
            )
        if self.type.startswith("Periodic") and self.value <= 0:
            raise BadRequest(_("“%s”: a period is at least a second.") % self.name)


class SetMonitors(Operation, frozen=True):
    """Have variables watched. (OCPP 2.0.1 N04)"""

    name: ClassVar[str] = "set_monitors"
    versions: ClassVar[frozenset[str]] = NEWER
    lasts: ClassVar[timedelta] = DAY

    monitors: Annotated[list[Monitor], Meta(min_length=1, max_length=MOST)]

    def check(self) -> None:
        """Check each."""
        for monitor in self.monitors:
            monitor.check()


class ClearMonitors(Operation, frozen=True):
    """Have variables watched no more. (OCPP 2.0.1 N06)"""

    name: ClassVar[str] = "clear_monitors"
    versions: ClassVar[frozenset[str]] = NEWER
    lasts: ClassVar[timedelta] = DAY

    ids: Annotated[list[MonitorId], Meta(min_length=1, max_length=1000)]


class ReadMonitors(Reporting, frozen=True):
    """Have the charger report its monitors; all of them where nothing is said. (2.0.1 N02)"""

    name: ClassVar[str] = "read_monitors"

    kinds: (
        Annotated[list[Literal["threshold", "delta", "periodic"]], Meta(min_length=1, max_length=3)]
        | None
    ) = None
    settings: WantedOnes | None = None

    def check(self) -> None:
        """Check each component and variable."""
        for wanted in self.settings or ():
            wanted.check()


class SetMonitoringLevel(Operation, frozen=True):
    """Say from which severity on events are told: this and graver. (OCPP 2.0.1 N05)"""

    name: ClassVar[str] = "set_monitoring_level"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = DAY

    severity: Severity


class SetMonitoringBase(Operation, frozen=True):
    """Go back to a set of monitors.

    `all`: what the manufacturer set and what was added; `factory`: only what the manufacturer
    set; `hard_wired`: only what can't be taken away. (OCPP 2.0.1 N03)
    """

    name: ClassVar[str] = "set_monitoring_base"
    versions: ClassVar[frozenset[str]] = NEWER
    repeatable: ClassVar[bool] = True
    lasts: ClassVar[timedelta] = DAY

    base: Literal["all", "factory", "hard_wired"]
