"""What happened: connections, status, sessions, meters, events, frames, and KPIs from them."""

from monitoring.models.arrivals import ConnectionAttempt
from monitoring.models.connections import ChargerState, ConnectionSpan, Gateway, PingDay
from monitoring.models.effective import EffectiveState
from monitoring.models.events import Event, QuarantinedFact, SchemaBreakage
from monitoring.models.frames import FrameSegment
from monitoring.models.kpis import (
    Attempt,
    DailyConnectivity,
    DailyKpi,
    DirtyDay,
    QuarterHours,
    RecordStart,
    RollupState,
)
from monitoring.models.meters import MeterSample
from monitoring.models.outages import (
    ErrorMeaning,
    Exclusion,
    ExclusionEntry,
    MaintenanceWindow,
    Outage,
    OutageChange,
    SilentRun,
)
from monitoring.models.ports import PortState, StatusSpan
from monitoring.models.reconciliation import SessionReconciliation, SessionToReconcile
from monitoring.models.running import RunningConnectivity, RunningKpi, RunningState
from monitoring.models.sessions import Session
from monitoring.models.sightings import BlockedAddress, Sighting
from monitoring.models.site_days import SiteConnectivity, SiteDaysState, SiteKpi
from monitoring.models.variables import ReportedVariable, VariableChange

__all__ = [
    "Attempt",
    "BlockedAddress",
    "ChargerState",
    "ConnectionAttempt",
    "ConnectionSpan",
    "DailyConnectivity",
    "DailyKpi",
    "DirtyDay",
    "EffectiveState",
    "ErrorMeaning",
    "Event",
    "Exclusion",
    "ExclusionEntry",
    "FrameSegment",
    "Gateway",
    "MaintenanceWindow",
    "MeterSample",
    "Outage",
    "OutageChange",
    "PingDay",
    "PortState",
    "QuarantinedFact",
    "QuarterHours",
    "RecordStart",
    "ReportedVariable",
    "RollupState",
    "RunningConnectivity",
    "RunningKpi",
    "RunningState",
    "SchemaBreakage",
    "Session",
    "SessionReconciliation",
    "SessionToReconcile",
    "Sighting",
    "SilentRun",
    "SiteConnectivity",
    "SiteDaysState",
    "SiteKpi",
    "StatusSpan",
    "VariableChange",
]
