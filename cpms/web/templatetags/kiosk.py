"""What walls write in their own way: durations that tick by the wall's clock, big states."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from alerts.models import Incident, Severity
from cpms.web.durations import spoken
from cpms.web.models import KioskLink
from cpms.web.templatetags.kilowatch import state_label
from monitoring.effective import State

register = template.Library()


@register.simple_tag
def for_how_long(since: datetime | None, now: datetime) -> SafeString | str:
    """Say for how long something has been so; the wall's script keeps it true."""
    if since is None:
        return "–"
    return format_html(
        '<time datetime="{}" data-for>{}</time>',
        since.astimezone(UTC).isoformat(timespec="seconds"),
        spoken(now - since),
    )


@register.filter
def severity_slug(incident: Incident) -> str:
    """Return the name of the incident's severity in classes."""
    return Severity(incident.severity).slug


@register.filter
def state_or_text(text: str) -> str:
    """Return the text, or what the state of this name is called."""
    return state_label(text) if text in set(State) else text


@register.filter
def board_labels(link: KioskLink) -> list[str]:
    """Return what the link's boards are called, in their order."""
    names = dict(KioskLink.Board.choices)
    return [str(names[board]) for board in link.boards if board in names]
