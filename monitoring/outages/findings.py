"""What a person finds out about an outage that the record doesn't show."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from inventory import access
from monitoring.models import Outage, OutageChange
from monitoring.models.outages import CAUSES
from monitoring.outages.errors import LedgerError, NotAllowedError

LONGEST_NOTE = 2_000


def find(outage: Outage, *, cause: str, note: str, by: User, now: datetime) -> Outage:
    """Set the cause that was found, "" for none, and what there is to say; raises LedgerError."""
    if not access.may(by, "propose_exclusion", outage.charger.site.organisation_id):
        raise NotAllowedError(_("Your role doesn't allow this."))
    if cause and cause not in dict(CAUSES):
        raise LedgerError(_("Choose a cause."))
    said = note.replace("\0", "").strip()
    if len(said) > LONGEST_NOTE:
        raise LedgerError(
            _("That is longer than %(most)s characters: say it shorter.") % {"most": LONGEST_NOTE}
        )
    with transaction.atomic():
        held = _held(outage)
        found = {"found_cause": cause, "found_note": said}
        changes: dict[str, Any] = {
            name: [getattr(held, name), value]
            for name, value in found.items()
            if getattr(held, name) != value
        }
        if changes:
            _enter(held, changes, by, now)
    return held


def _held(outage: Outage) -> Outage:
    """Return the row, nobody else's until the transaction ends; raises LedgerError if it's gone."""
    rows = Outage.objects.select_for_update(of=("self",)).select_related("charger__site", "evse")
    held = rows.filter(pk=outage.pk).first()
    if held is None:
        raise LedgerError(
            _("Late data has made this outage another one meanwhile: look at the list again.")
        )
    return held


def _enter(held: Outage, changes: dict[str, Any], by: User, now: datetime) -> None:
    for name, (_before, after) in changes.items():
        setattr(held, name, after)
    held.found_by, held.found_at = by, now
    held.save(update_fields=[*changes, "found_by", "found_at"])
    OutageChange.objects.create(
        outage_id=held.pk, evse=held.evse, at=now, actor=by, changes=changes
    )
