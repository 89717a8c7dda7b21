"""Carries out the escalation steps that are due: each one once, whoever else tries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction

from alerts import escalation, live, messages, recipients, wording
from alerts.models import EscalationStep, Incident, IncidentEntry, Notification

log = structlog.get_logger(__name__)

State = EscalationStep.State
#: Incidents whose steps are carried out in one transaction.
CHUNK = 100


class ClaimedElsewhere(DatabaseError):
    """Somebody else carried out a step meanwhile; the transaction is given up and tried again."""


def carry_out(now: datetime) -> int:
    """Carry out what is due at `now`; return how many steps that were.

    Whoever is to be told is written to the outbox in the transaction that claims the step, so
    that both happen or neither does. Sending is `alerts.notifications`.
    """
    total = 0
    while True:
        with transaction.atomic():
            done = Chunk(now).carry_out()
        total += done
        if not done:
            return total


@dataclass
class Chunk:
    """Some of the steps that are due, inside the caller's transaction."""

    now: datetime
    entries: list[IncidentEntry] = field(default_factory=list)
    outbox: list[Notification] = field(default_factory=list)

    def carry_out(self) -> int:
        """Decide each step, claim it, and write down what comes of it."""
        steps = self._lock_due()
        verdicts = {step.pk: _verdict(step) for step in steps}
        self.claim([s for s in steps if verdicts[s.pk].notify], State.DONE)
        self.claim([s for s in steps if not verdicts[s.pk].notify], State.SKIPPED)
        told = [step for step in steps if verdicts[step.pk].notify]
        for step in told:
            self._tell(step)
        Notification.objects.bulk_create(self.outbox)
        IncidentEntry.objects.bulk_create(self.entries)
        live.announce(step.incident for step in told)
        return len(steps)

    def _lock_due(self) -> list[EscalationStep]:
        """Lock incidents first and in order, as everybody does; leave out those in use."""
        due = EscalationStep.objects.filter(state=State.PENDING, due_at__lte=self.now)
        wanted = due.order_by("due_at").values_list("incident", flat=True)[:CHUNK]
        free = Incident.objects.select_for_update(of=("self",), skip_locked=True)
        locked = free.filter(pk__in=set(wanted)).select_related(
            "site", "organisation", "policy_version"
        )
        incidents = {incident.pk: incident for incident in locked.order_by("pk")}
        steps = list(due.filter(incident__in=incidents).order_by("incident", "number"))
        for step in steps:
            step.incident = incidents[step.incident_id]
        return steps

    def claim(self, steps: list[EscalationStep], state: State) -> None:
        """Turn all of `steps` from pending. Raises ClaimedElsewhere if one of them wasn't."""
        pending = EscalationStep.objects.filter(
            pk__in=[step.pk for step in steps], state=State.PENDING
        )
        if pending.update(state=state, finished_at=self.now) != len(steps):
            raise ClaimedElsewhere("A step was no longer pending.")

    def _tell(self, step: EscalationStep) -> None:
        incident, people = step.incident, _people(step)
        if not people:
            log.error("nobody_to_tell", incident=incident.pk, step=step.number)
            self._enter(incident, IncidentEntry.Kind.NOBODY, step=step.number)
            return
        message = messages.compose(incident, step.number)
        self.outbox.extend(self._letters(step, people, message))
        names = [wording.name(person) for person in people]
        self._enter(incident, IncidentEntry.Kind.ESCALATED, step=step.number, told=names)

    def _letters(
        self, step: EscalationStep, people: list[User], message: messages.Message
    ) -> Iterator[Notification]:
        for person in people:
            yield Notification(
                incident=step.incident,
                step=step,
                recipient=person,
                address=person.email,
                key=f"i{step.incident_id}.e{step.episode}.s{step.number}.u{person.pk}",
                subject=message.subject,
                text=message.text,
                html=message.html,
                created_at=self.now,
                next_try_at=self.now,
            )

    def _enter(self, incident: Incident, kind: IncidentEntry.Kind, **data: object) -> None:
        self.entries.append(IncidentEntry(incident=incident, at=self.now, kind=kind, data=data))


def _policy_step(step: EscalationStep) -> escalation.Step:
    return escalation.parse(step.incident.policy_version.steps)[step.number - 1]


def _verdict(step: EscalationStep) -> escalation.Verdict:
    incident = step.incident
    return escalation.decide(
        _policy_step(step),
        acknowledged=incident.state == Incident.State.ACKNOWLEDGED,
        resolved=incident.state == Incident.State.RESOLVED or step.episode != incident.episode,
    )


def _people(step: EscalationStep) -> list[User]:
    incident = step.incident
    roles = _policy_step(step).roles
    return recipients.of_step(incident.organisation_id, incident.site_id, roles)
