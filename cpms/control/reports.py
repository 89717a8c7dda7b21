"""Reports that come in parts, in any order and with gaps; and the monitors told in them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from cpms.control import settlement
from cpms.control.models import Command, Monitor, Report
from inventory.models import Charger

#: Reports remembered of a charger, the newest.
MOST_REPORTS = 30
#: Parts that a report may have.
MOST_PARTS = 5_000
#: Monitors kept of a charger.
MOST_MONITORS = 5_000
#: What shows that a charger reported what it accepted to report.
EVIDENCE = "report"


class Part(NamedTuple):
    """One message of a report. `last`: no other comes after it."""

    request_id: int
    number: int
    last: bool
    entries: int
    at: datetime


class Watched(NamedTuple):
    """A monitor as a charger tells it; see `Monitor`."""

    number: int
    component: str
    component_instance: str
    evse: int
    connector: int
    variable: str
    instance: str
    type: str
    value: float
    severity: int
    transaction: bool
    origin: str = ""


def asked(command: Command, kind: Report.Kind, request_id: int, *, whole: bool) -> None:
    """Expect the report that a charger has just accepted to send; parts may have come already.

    Called while the command is settled: what shows that it was done is noted on it.
    """
    report, _new = Report.objects.get_or_create(
        charger_id=command.charger_id, kind=kind, request_id=request_id
    )
    before = command.sent_at
    if report.last_at is None or before is None or report.last_at < before:
        report.parts, report.last_part, report.entries = [], None, 0
        report.last_at = report.completed_at = None
    report.command, report.asked_at, report.whole = command, before, whole
    report.save()
    if report.completed_at is not None:
        _sweep_monitors(report)
        command.verified, command.verified_at = True, report.completed_at
        command.evidence = EVIDENCE
    _forget_oldest(command.charger_id)


def arrived(
    charger_id: int, kind: Report.Kind, part: Part, monitors: Sequence[Watched] = ()
) -> None:
    """Enter a part of a report, and what it tells of monitors."""
    with transaction.atomic():
        if not Charger.objects.filter(pk=charger_id).exists():
            return
        _keep(charger_id, monitors, part.at)
        report, new = Report.objects.select_for_update().get_or_create(
            charger_id=charger_id, kind=kind, request_id=part.request_id
        )
        if new:
            _forget_oldest(charger_id)
        if part.number not in report.parts and len(report.parts) < MOST_PARTS:
            report.parts = sorted([*report.parts, part.number])
            report.entries += part.entries
        if part.last:
            report.last_part = part.number
        report.last_at = part.at
        _conclude(report, part.at)
        report.save()


def _conclude(report: Report, now: datetime) -> None:
    if report.completed_at is not None or report.last_part is None or report.missing:
        return
    report.completed_at = now
    _sweep_monitors(report)
    if report.command is not None:
        settlement.verify(report.command, now, EVIDENCE)


def _sweep_monitors(report: Report) -> None:
    """Forget the monitors that a report of all of them doesn't tell of."""
    if report.kind == Report.Kind.MONITORS and report.whole and report.asked_at is not None:
        Monitor.objects.filter(charger=report.charger_id, reported_at__lt=report.asked_at).delete()


def _forget_oldest(charger_id: int) -> None:
    kept = Report.objects.filter(charger=charger_id).order_by("-id")[:MOST_REPORTS]
    Report.objects.filter(charger=charger_id).exclude(
        pk__in=list(kept.values_list("pk", flat=True))
    ).delete()


def none_to_report(charger_id: int, kind: Report.Kind, *, whole: bool) -> None:
    """Take it that a charger has nothing to report: of monitors, that it has none."""
    if kind == Report.Kind.MONITORS and whole:
        Monitor.objects.filter(charger=charger_id).delete()


def watched(charger_id: int, monitors: Sequence[Watched], at: datetime) -> None:
    """Keep monitors that a charger has set."""
    _keep(charger_id, monitors, at)


def cleared(charger_id: int, numbers: Iterable[int]) -> None:
    """Forget monitors that a charger has cleared, or doesn't know."""
    Monitor.objects.filter(charger=charger_id, number__in=list(numbers)).delete()


def _keep(charger_id: int, monitors: Sequence[Watched], at: datetime) -> None:
    if not monitors:
        return
    room = MOST_MONITORS - Monitor.objects.filter(charger=charger_id).count()
    known = set(
        Monitor.objects.filter(
            charger=charger_id, number__in=[monitor.number for monitor in monitors]
        ).values_list("number", flat=True)
    )
    rows = {
        told.number: Monitor(charger_id=charger_id, reported_at=at, **told._asdict())
        for told in monitors
    }
    new = [number for number in rows if number not in known]
    for number in new[max(room, 0) :]:
        del rows[number]
    Monitor.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["charger", "number"],
        update_fields=[*(name for name in Watched._fields if name != "number"), "reported_at"],
    )
