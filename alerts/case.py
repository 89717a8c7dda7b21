"""One incident with everything that belongs to it, as its page shows it."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts import access, escalation
from alerts.models import EscalationStep, Incident, IncidentEntry, Notification
from alerts.models.incidents import IncidentEntry as Entry
from inventory.models import Role

#: More lines than this of one incident's timeline are not shown: the latest are.
MOST_ENTRIES = 300


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of the current episode: who it tells, and what becomes of it."""

    row: EscalationStep
    roles: list[str | Promise]
    #: Why it won't be carried out, as far as is known now; "" where it was or will be.
    reason: str | Promise


REASONS = {
    "resolved": _("not needed: resolved"),
    "acknowledged": _("not needed: somebody is on it"),
}


def find(user: User, incident_id: int) -> Incident | None:
    """Return the incident with its place and people, if the user sees it."""
    rows = access.incidents(user).select_related(
        "organisation", "site", "charger__state", "evse", "policy_version__policy",
        "acknowledged_by", "resolved_by",
    )  # fmt: skip
    return rows.filter(pk=incident_id).first()


def timeline(incident: Incident) -> list[IncidentEntry]:
    """Return what happened, latest first."""
    rows: QuerySet[Entry] = incident.entries.select_related("actor").order_by("-at", "-id")
    return list(rows[:MOST_ENTRIES])


def told(incident: Incident) -> list[Notification]:
    """Return the messages about it, latest first."""
    return list(incident.notifications.select_related("step", "recipient").defer("text", "html"))


def plan(incident: Incident) -> list[PlannedStep]:
    """Return the steps of the current episode in order."""
    policy = escalation.parse(incident.policy_version.steps)
    rows = incident.steps.filter(episode=incident.episode).order_by("number")
    return [_planned(incident, row, policy[row.number - 1]) for row in rows]


def _planned(incident: Incident, row: EscalationStep, step: escalation.Step) -> PlannedStep:
    verdict = escalation.decide(
        step,
        acknowledged=incident.state == Incident.State.ACKNOWLEDGED,
        resolved=incident.state == Incident.State.RESOLVED,
    )
    off = row.state != EscalationStep.State.DONE and not verdict.notify
    return PlannedStep(
        row, [Role(role).label for role in step.roles], REASONS[verdict.reason] if off else ""
    )


def next_due(steps: list[PlannedStep]) -> datetime | None:
    """Return when the next people are told, if nothing happens until then."""
    waiting = (s.row.due_at for s in steps if s.row.state == s.row.State.PENDING and not s.reason)
    return min(waiting, default=None)
