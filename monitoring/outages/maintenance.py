"""Planned work: entered before it begins, so what is Unavailable meanwhile is no outage."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from inventory import access
from monitoring.models import MaintenanceWindow
from monitoring.outages.dirty import mark_work
from monitoring.outages.errors import LedgerError, NotAllowedError
from monitoring.outages.people import named
from monitoring.outages.scope import Scope

LONGEST = timedelta(days=31)
#: How far ahead anybody plans: what lies further is a slip of the finger.
FURTHEST = timedelta(days=731)
LONGEST_NOTE = 2_000


class MaintenanceError(LedgerError):
    """It can't be planned or cancelled; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Work at a site, charger or port in [start, end), aware, and what is done."""

    scope: Scope
    start: datetime
    end: datetime
    note: str


def plan(wanted: Plan, *, by: User, now: datetime) -> MaintenanceWindow:
    """Plan work that hasn't begun; raises LedgerError."""
    _ask(by, wanted.scope.site.organisation_id)
    with transaction.atomic():
        window = MaintenanceWindow(planned_by=by, planned_at=now)
        _fill(window, wanted, now)
        window.save()
    return window


def shift(window: MaintenanceWindow, wanted: Plan, *, by: User, now: datetime) -> MaintenanceWindow:
    """Plan it anew while it hasn't begun: other times, place or words. Raises LedgerError."""
    with transaction.atomic():
        held = _held(window, by)
        _ask(by, wanted.scope.site.organisation_id)
        if held.started <= now:
            raise MaintenanceError(
                _("It has begun: cancel it, which ends it now, and plan the rest anew.")
            )
        _fill(held, wanted, now)
        # Planned is what was entered before it began: these times were, now.
        held.planned_by, held.planned_at = by, now
        held.save()
    return held


def cancel(window: MaintenanceWindow, *, by: User, now: datetime) -> MaintenanceWindow:
    """Cancel it before it begins, or end it now; raises LedgerError."""
    with transaction.atomic():
        held = _held(window, by)
        if held.ended <= now:
            raise MaintenanceError(_("It is over: what was planned counts as it was planned."))
        held.cancelled_at, held.cancelled_by = now, by
        held.save(update_fields=["cancelled_at", "cancelled_by"])
        _mark(held, now)
    return held


def _held(window: MaintenanceWindow, by: User) -> MaintenanceWindow:
    """Return the row, nobody else's until the transaction ends; raises MaintenanceError."""
    rows = MaintenanceWindow.objects.select_for_update(of=("self",))
    held = rows.select_related("site", "charger", "evse__charger", "cancelled_by").get(pk=window.pk)
    _ask(by, held.site.organisation_id)
    if held.cancelled_at is not None:
        raise MaintenanceError(
            _("It is cancelled already, by %(who)s on %(when)s.")
            % {"who": named(held.cancelled_by), "when": Scope.of(held).clock(held.cancelled_at)}
        )
    return held


def _fill(window: MaintenanceWindow, wanted: Plan, now: datetime) -> None:
    """Set its fields to what is wanted; raises MaintenanceError."""
    _check(wanted, now)
    scope = wanted.scope
    window.organisation_id, window.site = scope.site.organisation_id, scope.site
    window.charger, window.evse = scope.charger, scope.evse
    window.started, window.ended = wanted.start, wanted.end
    window.note = wanted.note.replace("\0", "").strip()


def _check(wanted: Plan, now: datetime) -> None:
    said = wanted.note.replace("\0", "").strip()
    if wanted.start >= wanted.end:
        raise MaintenanceError(_("It ends before it starts: set its end after its start."))
    if wanted.start < now:
        raise MaintenanceError(
            _("It has begun: planned is only what is entered before. Propose an exclusion.")
        )
    if wanted.end - wanted.start > LONGEST:
        raise MaintenanceError(
            _("It is longer than %(days)s days: plan it in parts.") % {"days": LONGEST.days}
        )
    if wanted.start - now > FURTHEST:
        raise MaintenanceError(_("It lies years ahead: look at the year."))
    if not said or len(said) > LONGEST_NOTE:
        raise MaintenanceError(
            _("Say what is done, in at most %(most)s characters.") % {"most": LONGEST_NOTE}
        )


def _mark(window: MaintenanceWindow, now: datetime) -> None:
    if window.started < now:
        mark_work(Scope.of(window).chargers, window.started, window.ended, now)


def _ask(by: User, organisation: int) -> None:
    if not access.may(by, "plan_maintenance", organisation):
        raise NotAllowedError(_("Your role doesn't allow this."))
