"""What people do with incidents: acknowledge, resolve. The engine's part is `alerts.engine`."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from alerts import live
from alerts.models import EscalationStep, Incident, IncidentEntry

Kind = IncidentEntry.Kind
State = Incident.State


class IncidentError(Exception):
    """Something that can't be done with an incident; the message says what to do instead."""


class AlreadyResolved(IncidentError):
    """The incident is over."""


class StillWrong(IncidentError):
    """What the incident is about hasn't gone away."""


class NothingSaid(IncidentError):
    """A note without words."""


@transaction.atomic
def acknowledge(incident_id: int, *, by: User, now: datetime, note: str = "") -> Incident:
    """Say that `by` is on it: steps that wait for nobody's acknowledgement are not carried out.

    A second acknowledgement changes nothing, but its note is kept. Raises AlreadyResolved, and
    Incident.DoesNotExist. Whether `by` may do so is the caller's to check.
    """
    incident = lock(incident_id)
    if incident.state == State.RESOLVED:
        raise AlreadyResolved(_("This incident is already resolved; there is nothing left to do."))
    if incident.state == State.OPEN:
        incident.state = State.ACKNOWLEDGED
        incident.acknowledged_at, incident.acknowledged_by = now, by
        incident.save(update_fields=["state", "acknowledged_at", "acknowledged_by"])
        _tell(incident, Kind.ACKNOWLEDGED, by, now, note)
    elif note:
        _tell(incident, Kind.NOTE, by, now, note)
    return incident


@transaction.atomic
def resolve(incident_id: int, *, by: User, now: datetime, note: str = "") -> Incident:
    """Close an incident whose cause has gone, without waiting for the clear delay.

    Resolving it again changes nothing, but the note is kept. Raises StillWrong while it lasts,
    and Incident.DoesNotExist. Whether `by` may do so is the caller's to check.
    """
    incident = lock(incident_id)
    if incident.state == State.RESOLVED:
        if note:
            _tell(incident, Kind.NOTE, by, now, note)
        return incident
    if incident.cleared_at is None:
        raise StillWrong(
            _(
                "It is still wrong, so it can't be resolved: it resolves by itself once it is "
                "right again. Acknowledge it to stop the escalation, or suspend the charger if "
                "it is meant to stay like this."
            )
        )
    incident.state, incident.resolution = State.RESOLVED, Incident.Resolution.MANUAL
    incident.resolved_at, incident.resolved_by = now, by
    incident.save(update_fields=["state", "resolution", "resolved_at", "resolved_by"])
    drop_steps([incident.pk], now)
    _tell(incident, Kind.RESOLVED, by, now, note, resolution=incident.resolution)
    return incident


@transaction.atomic
def note(incident_id: int, *, by: User, now: datetime, note: str) -> Incident:
    """Add a note to the timeline of an incident, resolved or not.

    Raises NothingSaid and Incident.DoesNotExist. Whether `by` may do so is the caller's to check.
    """
    if not note.strip():
        raise NothingSaid(_("The note is empty; write something first."))
    incident = lock(incident_id)
    _tell(incident, Kind.NOTE, by, now, note)
    return incident


def lock(incident_id: int) -> Incident:
    """Return the incident, locked for this transaction. Raises Incident.DoesNotExist."""
    return Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)


def drop_steps(incident_ids: list[int], now: datetime) -> None:
    """Take back what is still due for incidents that are over."""
    pending = EscalationStep.objects.filter(
        incident__in=incident_ids, state=EscalationStep.State.PENDING
    )
    pending.update(state=EscalationStep.State.SKIPPED, finished_at=now)


def _tell(incident: Incident, kind: Kind, by: User, now: datetime, note: str, **data: str) -> None:
    IncidentEntry.objects.create(
        incident=incident, at=now, kind=kind, actor=by, note=note.strip(), data=data
    )
    live.announce([incident])
