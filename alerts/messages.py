"""What people are told: one subject line, a text and its HTML."""

import unicodedata
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from alerts import wording
from alerts.models import Incident

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is ready for any channel that takes text."""

    subject: str
    text: str
    html: str


def compose(incident: Incident, step: int) -> Message:
    """Write what the `step`-th step says of the incident, in the site's time zone."""
    zone = incident.site.timezone if incident.site else settings.TIME_ZONE
    with translation.override(settings.LANGUAGE_CODE), timezone.override(ZoneInfo(zone)):
        context = _context(incident, step)
        return Message(
            subject=one_line(_subject(incident))[:LONGEST_SUBJECT],
            text=printable(render_to_string("alerts/mail/incident.txt", context)),
            html=render_to_string("alerts/mail/incident.html", context),
        )


def _subject(incident: Incident) -> str:
    place = f" – {incident.site.name}" if incident.site else ""
    return f"[{incident.get_severity_display()}] {wording.headline(incident)}{place}"


def _context(incident: Incident, step: int) -> dict[str, object]:
    return {
        "incident": incident,
        "headline": one_line(wording.headline(incident)),
        "explanation": [one_line(sentence) for sentence in wording.explanation(incident)],
        "place": one_line(_place(incident)),
        "zone": timezone.get_current_timezone_name(),
        "step": step,
        "again": incident.episode > 1,
        "url": link(incident),
    }


def _place(incident: Incident) -> str:
    if incident.site is None:
        return _("this installation")
    site = incident.site
    town = f"{site.postal_code} {site.city}"
    return ", ".join(part for part in (site.name, site.address, town.strip()) if part)


def link(incident: Incident) -> str:
    """Return the incident's address as people reach it."""
    return settings.PUBLIC_URL + reverse("incident", args=[incident.pk])


def one_line(text: str) -> str:
    """Return `text` on one line, with nothing that acts on a terminal or in a header."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """Return `text` without control, direction and other invisible characters; lines stay."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))
