"""How incidents look, everywhere the same."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.utils.safestring import SafeString, mark_safe

from alerts import wording
from alerts.models import EscalationStep, Incident, IncidentEntry, Notification, Severity
from inventory.models import Role

register = template.Library()

#: Severity -> the tone and icon of its badge (`pill` of the shell).
SEVERITIES = {
    Severity.CRITICAL: ("bad", "alert-octagon"),
    Severity.MAJOR: ("warn", "alert-triangle"),
    Severity.MINOR: ("notice", "alert-triangle"),
    Severity.WARNING: ("info", "info-circle"),
}
STATES: dict[str, tuple[str, str]] = {
    Incident.State.OPEN: ("bad", "bell"),
    Incident.State.ACKNOWLEDGED: ("info", "user"),
    Incident.State.RESOLVED: ("good", "circle-check"),
    Notification.State.PENDING: ("notice", "clock"),
    Notification.State.SENDING: ("info", "arrow-up-right"),
    Notification.State.SENT: ("good", "check"),
    Notification.State.DEAD: ("bad", "x"),
    EscalationStep.State.DONE: ("good", "check"),
    EscalationStep.State.SKIPPED: ("calm", "circle-minus"),
}
#: What happened -> the tone and icon of its mark in the timeline.
ENTRIES: dict[str, tuple[str, str]] = {
    IncidentEntry.Kind.OPENED: ("bad", "alert-octagon"),
    IncidentEntry.Kind.REOPENED: ("bad", "alert-octagon"),
    IncidentEntry.Kind.CLEARED: ("good", "check"),
    IncidentEntry.Kind.RETURNED: ("warn", "alert-triangle"),
    IncidentEntry.Kind.ACKNOWLEDGED: ("info", "user"),
    IncidentEntry.Kind.RESOLVED: ("good", "circle-check"),
    IncidentEntry.Kind.NOTE: ("calm", "file-text"),
    IncidentEntry.Kind.ESCALATED: ("notice", "bell"),
    IncidentEntry.Kind.NOBODY: ("bad", "alert-triangle"),
    IncidentEntry.Kind.UNDELIVERED: ("bad", "x"),
}


@register.inclusion_tag("web/components/state_badge.html")
def severity_badge(severity: int) -> dict[str, Any]:
    """Draw a severity."""
    tone, icon = SEVERITIES[Severity(severity)]
    return {"tone": f"tone-{tone}", "label": Severity(severity).label, "icon": icon}


@register.inclusion_tag("web/components/state_badge.html")
def alert_state_badge(row: Incident | Notification | EscalationStep) -> dict[str, Any]:
    """Draw the state of an incident, a message or a step."""
    tone, icon = STATES[row.state]
    return {"tone": f"tone-{tone}", "label": row.get_state_display(), "icon": icon}


@register.filter
def severity_tone(severity: Severity) -> str:
    """Return the CSS class of a severity's colours."""
    return f"tone-{SEVERITIES[severity][0]}"


@register.filter
def severity_icon(severity: Severity) -> str:
    """Return the icon of a severity."""
    return SEVERITIES[severity][1]


@register.filter
def lasted(incident: Incident) -> timedelta | None:
    """Return how long a resolved incident's trouble lasted: until it was found to be right."""
    ended = incident.cleared_at or incident.resolved_at
    return ended - incident.since if ended else None


@register.filter
def role_names(roles: Sequence[str]) -> str:
    """Return what the roles are called."""
    return ", ".join(str(Role(role).label) for role in roles)


@register.filter
def checkbox(tag: str) -> SafeString:
    """Give one box of several the look of the shell's."""
    return mark_safe(tag.replace("<input ", '<input class="form-check-input" ', 1))  # noqa: S308


@register.filter
def headline(incident: Incident) -> str:
    """Say what is wrong in one line."""
    return wording.headline(incident)


@register.filter
def explanation(incident: Incident) -> str:
    """Say what the detector saw."""
    return " ".join(wording.explanation(incident))


@register.inclusion_tag("web/components/events.html")
def incident_events(entries: Sequence[IncidentEntry], zone: str) -> dict[str, Any]:
    """Draw what happened to an incident, in the order given."""
    return {"entries": [_event(entry) for entry in entries], "zone": zone}


def _event(entry: IncidentEntry) -> dict[str, Any]:
    tone, icon = ENTRIES[entry.kind]
    return {
        "at": entry.at,
        "text": wording.entry(entry),
        "icon": icon,
        "tone": tone,
        "who": person_name(entry.actor) if entry.actor else "",
        "note": entry.note,
    }


@register.filter
def person_name(user: User | None) -> str:
    """Return what people call the user; nobody is Kilowatch itself."""
    return wording.name(user) if user else "Kilowatch"
