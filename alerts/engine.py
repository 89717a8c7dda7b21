"""Level-triggered: what is wrong now, held against the incidents that are open.

Running it twice changes nothing, and a run that was missed heals by itself. Two engines at
once are safe: one judges a detector at a time, and the database keeps open incidents unique.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction

from alerts import escalation, incidents, live, policies, rules
from alerts.clock import Look
from alerts.detectors import DETECTORS, Detector, Finding, Situation
from alerts.gateways import Lease, covered_since
from alerts.models import EscalationStep, Incident, IncidentEntry, PolicyVersion
from inventory.models import Lifecycle
from monitoring.models import Gateway

log = structlog.get_logger(__name__)

Kind = IncidentEntry.Kind
State = Incident.State
Resolution = Incident.Resolution

#: The same trouble again within this time is the same incident.
REOPEN_WITHIN = timedelta(minutes=30)
#: Gateways that were gone before this can't matter to any hold-off.
GATEWAYS_WITHIN = timedelta(days=2)
#: First half of the advisory locks' key; the second is the detector's place in the table.
LOCK = 0x616C6572
#: What changes when an incident opens again.
OPENING = (
    *("state", "episode", "severity", "since", "opened_at", "evidence", "policy_version"),
    *("acknowledged_at", "acknowledged_by", "cleared_at"),
    *("resolved_at", "resolved_by", "resolution"),
)


def run(look: Look) -> None:
    """Judge every detector's findings. One that fails doesn't keep the others from it.

    Raises ExceptionGroup of what failed.
    """
    situation = assess(look)
    failures: list[Exception] = []
    for number, detector in enumerate(DETECTORS):
        if detector.needs_gateway and situation.reachable_since is None:
            continue
        try:
            with transaction.atomic():
                if _alone(number):
                    Judge(detector, situation, look).judge()
        except Exception as problem:
            log.exception("detector_failed", detector=detector.name)
            failures.append(problem)
    if failures:
        raise ExceptionGroup("Some detectors failed", failures)


def assess(look: Look) -> Situation:
    """Return what detectors must know: whether and since when chargers can reach us."""
    recent = Gateway.objects.filter(lease_until__gte=look.now - GATEWAYS_WITHIN)
    leases = [Lease(*life) for life in recent.values_list("started_at", "lease_until")]
    return Situation(look.now, covered_since(leases, look.now), look.watching_since)


def _alone(number: int) -> bool:
    """Take the detector's lock until the transaction ends; False: another engine has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", (LOCK, number))
        return bool(cursor.fetchone()[0])


@dataclass
class Judge:
    """One detector's findings against its open incidents, inside the caller's transaction."""

    detector: Detector
    situation: Situation
    look: Look
    entries: list[IncidentEntry] = field(default_factory=list)
    versions: dict[int | None, PolicyVersion] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the rules."""
        self.now = self.situation.now
        self.rules = rules.book(self.detector.name, self.detector.settings)

    def judge(self) -> None:
        """Open, clear, resolve and open again as the findings want it."""
        found = {f.key(self.detector.name): f for f in self._findings()}
        unresolved = self._unresolved()
        changed = [
            *self._returned(unresolved, found),
            *self._cleared(unresolved, found),
            *self._over(unresolved, found),
            *self._opened(f for key, f in found.items() if key not in unresolved),
        ]
        IncidentEntry.objects.bulk_create(self.entries, batch_size=1000)
        live.announce(changed)

    def _findings(self) -> Iterator[Finding]:
        for finding in self.detector.find(self.situation):
            wanted = self.rules.of(finding.organisation_id)
            if wanted.enabled and finding.code not in wanted.ignored_codes:
                yield finding

    def _unresolved(self) -> dict[str, Incident]:
        rows = Incident.objects.filter(detector=self.detector.name).exclude(state=State.RESOLVED)
        locked = rows.select_for_update(of=("self",)).select_related("charger").order_by("pk")
        return {incident.dedup_key: incident for incident in locked}

    def _returned(
        self, unresolved: dict[str, Incident], found: dict[str, Finding]
    ) -> list[Incident]:
        back = [i for key, i in unresolved.items() if key in found and i.cleared_at]
        for incident in back:
            incident.cleared_at = None
            self._enter(incident, Kind.RETURNED, since=found[incident.dedup_key].since.isoformat())
        Incident.objects.bulk_update(back, ["cleared_at"], batch_size=500)
        return back

    def _cleared(
        self, unresolved: dict[str, Incident], found: dict[str, Finding]
    ) -> list[Incident]:
        gone = [i for key, i in unresolved.items() if key not in found and not i.cleared_at]
        for incident in gone:
            incident.cleared_at = self.now
            self._enter(incident, Kind.CLEARED)
        Incident.objects.bulk_update(gone, ["cleared_at"], batch_size=500)
        return gone

    def _over(self, unresolved: dict[str, Incident], found: dict[str, Finding]) -> list[Incident]:
        over = []
        for incident in unresolved.values():
            resolution = self._resolution(incident, incident.dedup_key in found)
            if resolution is not None:
                incident.state, incident.resolution = State.RESOLVED, resolution
                incident.resolved_at = self.now
                self._enter(incident, Kind.RESOLVED, resolution=resolution)
                over.append(incident)
        Incident.objects.bulk_update(over, ["state", "resolution", "resolved_at"], batch_size=500)
        if over:
            incidents.drop_steps([incident.pk for incident in over], self.now)
        return over

    def _resolution(self, incident: Incident, found: bool) -> Resolution | None:
        """Return how the incident ends now, or None if it doesn't."""
        if found or incident.cleared_at is None:
            return None
        wanted = self.rules.of(incident.organisation_id)
        if not wanted.enabled or _unwatched(incident):
            return Resolution.UNWATCHED
        return (
            Resolution.RECOVERED if incident.cleared_at + wanted.clear_delay <= self.now else None
        )

    def _opened(self, candidates: Iterable[Finding]) -> list[Incident]:
        due = [finding for finding in candidates if self._is_due(finding)]
        if due and self.detector.examine:
            due = list(self.detector.examine(due, self.situation))
        before = _recently_resolved([f.key(self.detector.name) for f in due], self.now)
        opened = [self._open(f, before.get(f.key(self.detector.name))) for f in due]
        again = [incident for incident in opened if incident.pk]
        Incident.objects.bulk_update(again, OPENING, batch_size=500)
        Incident.objects.bulk_create([i for i in opened if not i.pk], batch_size=500)
        self._tell_opened(opened)
        return opened

    def _is_due(self, finding: Finding) -> bool:
        if finding.not_before is None or self.now < finding.not_before:
            return False
        held_from = max(filter(None, (finding.held_from, self.look.jumped_at)))
        return held_from + self.rules.of(finding.organisation_id).hold_off <= self.now

    def _open(self, finding: Finding, before: Incident | None) -> Incident:
        incident = before or Incident(
            detector=self.detector.name,
            dedup_key=finding.key(self.detector.name),
            organisation_id=finding.organisation_id,
            site_id=finding.site_id,
            charger_id=finding.charger_id,
            evse_id=finding.evse_id,
            episode=0,
        )
        incident.subject = finding.subject
        incident.severity = self.rules.of(finding.organisation_id).severity
        incident.state, incident.episode = State.OPEN, incident.episode + 1
        incident.since, incident.opened_at = finding.since, self.now
        incident.evidence = finding.evidence
        incident.policy_version = self._policy(finding.organisation_id)
        incident.acknowledged_at = incident.acknowledged_by = None
        incident.cleared_at = incident.resolved_at = incident.resolved_by = None
        incident.resolution = ""
        return incident

    def _tell_opened(self, opened: list[Incident]) -> None:
        for incident in opened:
            kind = Kind.OPENED if incident.episode == 1 else Kind.REOPENED
            self._enter(incident, kind, since=incident.since.isoformat())
        steps = [step for incident in opened for step in _steps(incident)]
        EscalationStep.objects.bulk_create(steps, batch_size=1000)

    def _policy(self, organisation_id: int | None) -> PolicyVersion:
        if organisation_id not in self.versions:
            self.versions[organisation_id] = policies.current(organisation_id, self.now)
        return self.versions[organisation_id]

    def _enter(self, incident: Incident, kind: Kind, **data: str) -> None:
        self.entries.append(IncidentEntry(incident=incident, at=self.now, kind=kind, data=data))


def _unwatched(incident: Incident) -> bool:
    """Tell whether the incident's charger isn't meant to work."""
    return incident.charger is not None and incident.charger.lifecycle != Lifecycle.ACTIVE


def _recently_resolved(keys: list[str], now: datetime) -> dict[str, Incident]:
    recent = Incident.objects.filter(
        dedup_key__in=keys, state=State.RESOLVED, resolved_at__gt=now - REOPEN_WITHIN
    )
    return {incident.dedup_key: incident for incident in recent.order_by("resolved_at")}


def _steps(incident: Incident) -> Iterator[EscalationStep]:
    steps = escalation.parse(incident.policy_version.steps)
    for number, due_at in enumerate(escalation.due_times(steps, incident.opened_at), 1):
        yield EscalationStep(
            incident=incident,
            episode=incident.episode,
            number=number,
            counted_from=incident.opened_at,
            due_at=due_at,
        )
