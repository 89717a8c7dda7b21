"""What chargers know of customers: personal data, sealed, shown once, forgotten soon."""

from datetime import datetime, timedelta

import orjson
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cpms.control import local_lists, settlement, vault
from cpms.control.commands import SYSTEM, Asker, Refused
from cpms.control.models import Command, CustomerReport, LocalList
from inventory.audit import record_deed
from inventory.models import Charger

#: A report is forgotten so long after it was asked for, shown or not.
FORGOTTEN_AFTER = timedelta(hours=24)
#: A charger that was asked for a report has so long before we go on without.
REPORTED_WITHIN = timedelta(minutes=2)
#: Parts of a report that are kept, each of at most so many characters.
MOST_PARTS, LONGEST_PART = 200, 512


def begin(charger_id: int, request: int, now: datetime) -> None:
    """Expect a report that is about to be asked for; of one that nobody asked nothing is kept."""
    CustomerReport.objects.get_or_create(
        charger_id=charger_id, request=request, defaults={"asked_at": now}
    )


def answered(command: Command, request: int, *, accepted: bool, off_list: str = "") -> None:
    """Keep who asked; where the charger declined, expect nothing any more.

    `off_list` is the token of a customer whom the charger cleared.
    """
    kept = CustomerReport.objects.filter(charger=command.charger_id, request=request)
    if not accepted:
        kept.delete()
        return
    kept.update(
        command=command, asked_by=command.requested_by, off_list=off_list,
        cleared=bool(off_list) or bool((command.payload or {}).get("clear")),
    )  # fmt: skip


def received(
    charger_id: int, request: int, number: int, text: str, now: datetime, *, last: bool
) -> None:
    """Keep a part of a report, in whatever order they come."""
    if not 0 <= number < MOST_PARTS:
        return
    with transaction.atomic():
        found = CustomerReport.objects.select_for_update(of=["self"]).select_related("command")
        report = found.filter(charger=charger_id, request=request, shown_at=None).first()
        if report is None:
            return
        parts = _parts(report)
        parts[str(number)] = text[:LONGEST_PART]
        report.sealed, report.parts = vault.seal(orjson.dumps(parts)), len(parts)
        report.received_at = now
        if last:
            report.last = number
        report.save()
        if report.complete:
            if report.command is not None:
                settlement.verify(report.command, now, "customer_report")
            _take_off(report)


def reveal(report: CustomerReport, user: User, now: datetime) -> str:
    """Return what the charger told, this once, to who asked; raise `Refused`."""
    if report.asked_by_id != user.pk:
        raise Refused(_("Only who asked for it may read this report."))
    with transaction.atomic():
        kept = CustomerReport.objects.select_for_update().get(pk=report.pk)
        if kept.shown_at is not None:
            raise Refused(_("It was shown already, and is forgotten: ask the charger again."))
        if not kept.complete:
            raise Refused(_("The charger hasn't sent all of it yet."))
        parts = _parts(kept)
        kept.sealed, kept.shown_at = None, now
        kept.save(update_fields=["sealed", "shown_at"])
        record_deed(user, kept.charger, {"customer report": kept.request, "deed": "shown"})
    return "".join(parts[number] for number in sorted(parts, key=int))


def take_off(now: datetime) -> int:
    """Take cleared customers off chargers' lists where no report came; return how many."""
    late = CustomerReport.objects.exclude(off_list="").filter(asked_at__lt=now - REPORTED_WITHIN)
    return sum(_take_off(report) for report in late.select_related("command")[:100])


def _take_off(report: CustomerReport) -> bool:
    """Take a cleared customer's token off the charger's list, if it has one. (N10.FR.02)"""
    token = report.off_list
    if not token:
        return False
    report.off_list = ""
    report.save(update_fields=["off_list"])
    charger = Charger.objects.select_related("site__organisation").get(pk=report.charger_id)
    lists = LocalList.objects.filter(charger=charger)
    if not lists.filter(Q(version__gt=0) | Q(reported__gt=0)).exists():
        return False
    reason = _("The customer was cleared from the charger.")
    try:
        local_lists.forget(token, charger, _asker(report), reason=reason)
    except Refused:
        return False  # The token is noted: the list's next update leaves it out.
    return True


def _asker(report: CustomerReport) -> Asker:
    command = report.command
    if command is None:
        return SYSTEM
    return Asker(command.requested_by_name, Command.Source(command.source), command.requested_by)


def forget(now: datetime) -> int:
    """Delete the reports that are too old; return how many."""
    old = CustomerReport.objects.filter(asked_at__lt=now - FORGOTTEN_AFTER)
    return old.delete()[0]


def _parts(report: CustomerReport) -> dict[str, str]:
    if not report.sealed:
        return {}
    return dict(orjson.loads(vault.unseal(bytes(report.sealed))))
