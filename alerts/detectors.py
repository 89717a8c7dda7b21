"""What can be wrong: one visible table of detectors.

A detector is a set-based query for everything that is wrong *now*, however long it has been.
When that is worth an incident is for the rules and the engine to say.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts.models import DetectorName, Severity
from alerts.rules import Settings
from inventory.models import Charger, Lifecycle
from monitoring.facts import CloseReason, Status
from monitoring.models import ChargerState, ConnectionSpan, Gateway, PortState, StatusSpan

#: After we ourselves were away, chargers get this long to come back and to say how they are.
SETTLE = timedelta(seconds=60)
#: A clock that is off by more is wrong.
CLOCK_BOUND = timedelta(seconds=60)
#: Closings that are our doing, not the charger's.
OURS = (CloseReason.GATEWAY_DIED, CloseReason.GATEWAY_RESTART)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a detector must know of the moment and of ourselves.

    `reachable_since`: always some gateway lived since then; None: there is none now.
    `watching_since`: the engine has been looking without a break since then.
    """

    now: datetime
    reachable_since: datetime | None
    watching_since: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now.

    `since` is when it went wrong; hold-off is counted from `held_from`, and before
    `not_before` no incident is opened (None: never, though an open one stays open).
    """

    subject: str
    since: datetime
    held_from: datetime
    not_before: datetime | None
    organisation_id: int | None = None
    site_id: int | None = None
    charger_id: int | None = None
    evse_id: int | None = None
    code: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)

    def key(self, detector: DetectorName) -> str:
        """Return what an incident about the same thing has in common with this."""
        return f"{detector}:{self.charger_id or '-'}:{self.evse_id or '-'}"


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of trouble. `examine` looks closer at findings that are about to be opened."""

    name: DetectorName
    headline: str | Promise
    description: str | Promise
    find: Callable[[Situation], Iterable[Finding]]
    settings: Settings
    #: Nothing can be said about it while there is no gateway.
    needs_gateway: bool = True
    #: Organisations have their own rule; else it is about the installation itself.
    per_organisation: bool = True
    #: Its findings have error codes, some of which may be ignored.
    has_codes: bool = False
    examine: Callable[[Sequence[Finding], Situation], Iterable[Finding]] | None = None


def find_offline(situation: Situation) -> Iterable[Finding]:
    """Return active chargers that were connected and aren't; since their last proof of life."""
    reachable = situation.reachable_since or situation.now
    blind_until = max(reachable, situation.watching_since)
    for state in _of_active_chargers(ChargerState.objects.filter(online=False)):
        if state.since is not None:
            yield Finding(
                **_place(state.charger),
                subject=state.charger.identity,
                since=state.since,
                held_from=max(state.since, reachable),
                not_before=blind_until + SETTLE,
            )


def examine_offline(findings: Sequence[Finding], situation: Situation) -> Iterable[Finding]:
    """Add the last connection; leave out chargers that a gateway of ours dropped just now."""
    connections = ConnectionSpan.objects.filter(charger__in=[f.charger_id for f in findings])
    latest = connections.order_by("charger_id", "-opened").distinct("charger_id")
    latest = latest.select_related("gateway")
    last = {connection.charger_id: connection for connection in latest}
    for finding in findings:
        connection = last.get(finding.charger_id or 0)
        if connection is None:
            yield finding
        elif not _dropped_by_us(connection, situation.now):
            yield replace(finding, evidence=_connection_evidence(connection))


def _dropped_by_us(connection: ConnectionSpan, now: datetime) -> bool:
    if connection.close_reason == CloseReason.GATEWAY_DIED and connection.gateway.lease_until > now:
        return True  # It was only cut off from the database, and may hold the charger still.
    noticed = connection.noticed or connection.closed
    return connection.close_reason in OURS and noticed is not None and now < noticed + SETTLE


def _connection_evidence(connection: ConnectionSpan) -> dict[str, Any]:
    return {
        "connection": connection.pk,
        "connected": connection.opened.isoformat(),
        "last_proof_of_life": connection.closed.isoformat() if connection.closed else None,
        "close_reason": connection.close_reason,
        "peer": connection.peer,
        "missed_pings": connection.missed_pings,
    }


def find_faulted(situation: Situation) -> Iterable[Finding]:
    """Return ports of active chargers, and chargers, that say they are faulted.

    Hold-off counts from when we were told: what a charger replays of last night is past. An
    offline charger's fault keeps its incident, but opens none: it is offline first of all.
    """
    for port in _faulted_ports():
        charger = port.evse.charger
        yield Finding(
            **_place(charger),
            evse_id=port.evse_id,
            subject=f"{charger.identity}/{port.evse.number}",
            since=port.faulted_since,
            held_from=max(port.faulted_since, port.noticed or port.faulted_since),
            not_before=_settled(charger.state, situation),
            code=port.error_code,
            evidence=_fault_evidence(port),
        )
    for state in _of_active_chargers(ChargerState.objects.filter(status=Status.FAULTED)):
        if state.status_since is not None:
            yield Finding(
                **_place(state.charger),
                subject=state.charger.identity,
                since=state.status_since,
                held_from=max(state.status_since, state.status_noticed or state.status_since),
                not_before=_settled(state, situation),
                code=state.error_code,
                evidence={"error_code": state.error_code},
            )


def _faulted_ports() -> QuerySet[Any]:
    last_good = StatusSpan.objects.filter(evse=OuterRef("evse")).exclude(status=Status.FAULTED)
    faulted = PortState.objects.filter(
        status=Status.FAULTED,
        since__isnull=False,
        evse__charger__lifecycle=Lifecycle.ACTIVE,
        evse__charger__state__isnull=False,
    )
    return faulted.select_related("evse__charger__site", "evse__charger__state").annotate(
        # Not the state's own `since`: it moves when only the error code changes.
        faulted_since=Coalesce(
            Subquery(last_good.order_by("-started").values("ended")[:1]), F("since")
        )
    )


def _settled(state: ChargerState, situation: Situation) -> datetime | None:
    """Return when the charger will have said how it is; None while it can't."""
    if not state.online:
        return None
    reachable = situation.reachable_since or situation.now
    return max(state.since or reachable, reachable, situation.watching_since) + SETTLE


def _fault_evidence(port: PortState) -> dict[str, Any]:
    return {
        "error_code": port.error_code,
        "vendor_error_code": port.vendor_error_code,
        "info": port.info,
        "connectors": port.connectors,
    }


def find_wrong_clock(situation: Situation) -> Iterable[Finding]:
    """Return active chargers whose clock is off by more than `CLOCK_BOUND`.

    Hold-off counts from when they connected: most are put right by the boot's answer. One that
    is offline keeps its incident, but opens none.
    """
    bound = int(CLOCK_BOUND / timedelta(milliseconds=1))
    wrong = ChargerState.objects.filter(Q(clock_offset__gt=bound) | Q(clock_offset__lt=-bound))
    for state in _of_active_chargers(wrong):
        yield Finding(
            **_place(state.charger),
            subject=state.charger.identity,
            since=situation.now,
            held_from=state.since or situation.now,
            not_before=_settled(state, situation),
            evidence={"clock_offset": state.clock_offset},
        )


def find_no_gateway(situation: Situation) -> Iterable[Finding]:
    """Return one finding if gateways have run here and none does now."""
    if situation.reachable_since is not None:
        return
    for gateway in Gateway.objects.order_by("-lease_until")[:1]:
        yield Finding(
            subject="Kilowatch",
            since=gateway.lease_until,
            held_from=max(gateway.lease_until, situation.watching_since),
            not_before=situation.now,
            evidence={"gateway": str(gateway), "lease_until": gateway.lease_until.isoformat()},
        )


def _of_active_chargers(states: QuerySet[ChargerState]) -> QuerySet[ChargerState]:
    return states.filter(charger__lifecycle=Lifecycle.ACTIVE).select_related("charger__site")


def _place(charger: Charger) -> dict[str, Any]:
    return {
        "organisation_id": charger.site.organisation_id,
        "site_id": charger.site_id,
        "charger_id": charger.pk,
    }


DETECTORS: tuple[Detector, ...] = (
    Detector(
        DetectorName.OFFLINE,
        _("%(subject)s is offline"),
        _("An active charger's connection is gone. Held off anew when our gateways were away."),
        find_offline,
        Settings(timedelta(minutes=5), timedelta(minutes=2), Severity.MAJOR),
        examine=examine_offline,
    ),
    Detector(
        DetectorName.FAULTED,
        _("%(subject)s is faulted"),
        _("A port, or a charger as a whole, says that it is faulted."),
        find_faulted,
        Settings(timedelta(minutes=3), timedelta(minutes=2), Severity.MAJOR),
        has_codes=True,
    ),
    Detector(
        DetectorName.CLOCK,
        _("The clock of %(subject)s is wrong"),
        _("Its clock is off by more than a minute, so long after it connected."),
        find_wrong_clock,
        Settings(timedelta(minutes=10), timedelta(minutes=5), Severity.MINOR),
    ),
    Detector(
        DetectorName.NO_GATEWAY,
        _("No gateway is running: no charger can reach us"),
        _("Our own outage: nobody is told about single chargers meanwhile."),
        find_no_gateway,
        Settings(timedelta(seconds=60), timedelta(seconds=30), Severity.CRITICAL),
        needs_gateway=False,
        per_organisation=False,
    ),
)
BY_NAME = {detector.name: detector for detector in DETECTORS}
