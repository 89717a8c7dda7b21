"""Certificates as an operator reads them: in force, ending, brought, refused, revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cpms.control.models import Authority, Certificate, InstalledCertificate

#: So long before its end a certificate is shown as ending, and as ending very soon.
SOON, VERY_SOON = timedelta(days=30), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Told:
    """A state as a badge shows it."""

    label: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Line:
    """One certificate with its states."""

    row: Certificate | InstalledCertificate | Authority
    state: Told | None
    end: Told | None


def of_issued(row: Certificate, in_force: Certificate | None, now: datetime) -> Line:
    """Return what is said of a certificate that we issued."""
    return Line(row, _state(row, in_force), _end(row.not_after, now))


def of_installed(row: InstalledCertificate, now: datetime) -> Line:
    """Return what is said of a certificate that a charger has."""
    return Line(row, None, _end(row.not_after, now) if row.not_after else None)


def of_authority(row: Authority, now: datetime) -> Line:
    """Return what is said of an authority."""
    retired = Told(_("not trusted any more"), "calm", "ban") if row.retired_at else None
    return Line(row, retired, _end(row.not_after, now))


def _state(row: Certificate, in_force: Certificate | None) -> Told:
    if row.revoked_at is not None:
        return Told(_("revoked"), "bad", "ban")
    if row == in_force:
        if row.used_at is not None:
            return Told(_("in use"), "good", "shield-check")
        return Told(_("taken, not shown yet"), "info", "check")
    if row.rejected_at is not None:
        return Told(_("refused by the charger"), "bad", "x")
    if row.accepted_at is not None or row.used_at is not None:
        return Told(_("taken"), "calm", "check")
    return Told(_("not brought yet"), "notice", "hourglass")


def _end(end: datetime, now: datetime) -> Told | None:
    """Return what is said of an end that is near or past."""
    if end <= now:
        return Told(_("expired"), "bad", "alert-triangle")
    if end > now + SOON:
        return None
    days = (end - now).days
    words = ngettext("ends in %(days)s day", "ends in %(days)s days", days) % {"days": days}
    if end <= now + VERY_SOON:
        return Told(words, "bad", "alert-triangle")
    return Told(words, "warn", "clock")
