"""Makes reports: claimed by conditional update, file by file, taken up again after a death.

A maker holds its report by a lease that every sign of life renews. One that dies leaves the
files that are whole; when the lease has run out another takes the report over and makes the
rest, at most `TRIES` times. A file is written to the disk first and stored in one transaction:
there is never half of one.
"""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import structlog
from django.db import OperationalError, transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cpms.reports import deliveries, storage
from cpms.reports.kinds import KINDS
from cpms.reports.kinds.about import facts
from cpms.reports.kinds.parts import Part, manifest
from cpms.reports.models import Format, Report, ReportFile
from cpms.reports.order import CannotMake, Order
from monitoring.models import RollupState

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
State = Report.State
#: Without a sign of life for so long a maker is taken for dead: no query takes longer.
LEASE = timedelta(minutes=3)
#: How often a sign of life is written.
SIGN = timedelta(seconds=1)
#: Longer than this no report may take.
LIMIT = timedelta(minutes=15)
#: How many makers may begin before it is given up.
TRIES = 3
#: Reports that are made at a time: the workers have more to do than this.
AT_ONCE = 2
#: Bytes of one file.
LARGEST = 500 << 20


class TakenOver(Exception):
    """Another maker has the report."""


def due(now: datetime) -> QuerySet[Report]:
    """Return the reports that wait for a maker, oldest first."""
    left = Q(state=State.MAKING, maker_until__lte=now)
    return Report.objects.filter(Q(state=State.REQUESTED) | left).order_by("requested_at", "pk")


def room(now: datetime) -> int:
    """Return how many more may be made now."""
    busy = Report.objects.filter(state=State.MAKING, maker_until__gt=now).count()
    return max(0, AT_ONCE - busy)


def claim(report_id: int, now: datetime) -> Report | None:
    """Take the report if it waits for a maker; fix what is in it at the first time."""
    token = uuid4()
    report = due(now).filter(pk=report_id).select_related("organisation").first()
    if report is None:
        return None
    fresh = {} if report.cutoff_at else {"cutoff_at": now, "settled_day": settled(report, now)}
    taken = (
        due(now)
        .filter(pk=report_id, maker=report.maker)
        .update(
            state=State.MAKING, maker=token, maker_until=now + LEASE, tries=F("tries") + 1, **fresh
        )
    )
    if not taken:
        return None
    report.refresh_from_db()
    return report


def settled(report: Report, now: datetime) -> date | None:
    """Return the last day that is computed whole for all chargers of the report."""
    chargers = order_of(report, now).chargers().filter(commissioned_at__isnull=False)
    states = RollupState.objects.filter(charger__in=chargers)
    missing = chargers.filter(
        ~Exists(RollupState.objects.filter(charger=OuterRef("pk"), settled_before__isnull=False))
    )
    before = states.aggregate(first=Min("settled_before"))["first"]
    return None if before is None or missing.exists() else before - timedelta(days=1)


def order_of(report: Report, now: datetime) -> Order:
    """Return what its maker works from."""
    return Order(
        report.organisation, report.kind, report.title, report.first, report.end, report.lens,
        report.language, now, report.settled_day,
        None if report.sites is None else tuple(report.sites), report.parameters,
        report.requested_name, report.pk, report.version,
    )  # fmt: skip


def make(report_id: int, clock: Clock = timezone.now) -> bool:
    """Make the report if it waits for a maker; tell whether it is done then.

    What is wrong with the order, or takes too long, fails it with a sentence. A database that
    goes away leaves it to the next maker.
    """
    report = claim(report_id, clock())
    if report is None:
        return False
    assert report.maker is not None
    if report.tries > TRIES:
        _fail(report, _("It was begun three times and each time its maker died. Ask again."))
        return False
    try:
        _make(report, Desk(report, report.maker, clock, clock() + LIMIT))
    except TakenOver:
        log.warning("report_taken_over", report=report.pk)
    except OperationalError:
        raise
    except CannotMake as problem:
        _fail(report, str(problem))
    except Exception as problem:  # a bug of ours, or Celery's limit: whoever asked is told
        log.exception("report_broke", report=report.pk)
        sentence = _("An error of ours stopped it (%s). Ask again, or ask your administrator.")
        _fail(report, sentence % type(problem).__name__)
    else:
        return True
    return False


@dataclass(slots=True)
class Desk:
    """Where one maker makes one report: it keeps the lease, and says how far it is."""

    report: Report
    token: UUID
    clock: Clock
    until: datetime
    parts: int = 1
    place: int = 0
    doing: str = ""
    said: datetime | None = None

    def begin(self, place: int, doing: str) -> None:
        """Begin a part."""
        self.place, self.doing = place, doing
        self.say(0.0)

    def tick(self, part: float) -> None:
        """Give a sign of life if it is time; `part` (0 to 1) of the current part is done."""
        if self.said is None or self.clock() - self.said >= SIGN:
            self.say(part)

    def say(self, part: float) -> None:
        """Renew the lease and say how far it is. Raises TakenOver and CannotMake."""
        now = self.clock()
        if now > self.until:
            raise CannotMake(
                _("It takes longer than 15 minutes; ask for fewer days or fewer sites.")
            )
        progress = min(99, int(100 * (self.place + part) / max(self.parts, 1)))
        held = Report.objects.filter(pk=self.report.pk, maker=self.token, state=State.MAKING)
        if not held.update(progress=progress, doing=self.doing[:200], maker_until=now + LEASE):
            raise TakenOver
        self.said = now


def _make(report: Report, desk: Desk) -> None:
    assert report.cutoff_at is not None
    with translation.override(report.language), tempfile.TemporaryDirectory() as folder:
        order = KINDS[report.kind].narrowed(order_of(report, report.cutoff_at))
        desk.begin(0, _("Counting"))
        about = facts(order)
        parts = KINDS[report.kind].parts(order, report.formats, about)
        there = set(report.files.values_list("name", flat=True))
        desk.parts = len(parts) + 1
        for place, part in enumerate(parts):
            if part.name not in there:
                desk.begin(place, part.doing)
                _write(report, part, Path(folder), desk)
        desk.begin(len(parts), _("Signing off"))
        path = Path(folder) / "manifest.json"
        listed = report.files.exclude(format=Format.JSON).order_by("pk")
        path.write_text(manifest(order, report, about, listed), encoding="utf-8")
        _store(report, Format.JSON, path, desk)
        _finish(report, desk)


def _write(report: Report, part: Part, folder: Path, desk: Desk) -> None:
    path = folder / part.name
    part.write(path, desk.tick)
    _store(report, part.format, path, desk)
    path.unlink()


def _store(report: Report, format: str, path: Path, desk: Desk) -> None:  # noqa: A002
    """Store the file, whole or not at all, unless another maker did."""
    size = path.stat().st_size
    if size > LARGEST:
        raise CannotMake(
            _("“%s” would be larger than 500 MB; ask for fewer days or fewer sites.") % path.name
        )
    with transaction.atomic():
        _hold(report, desk.token)
        file, new = ReportFile.objects.get_or_create(
            report=report, name=path.name,
            defaults={
                "format": format, "size": size, "sha256": storage.digest(path),
                "made_at": desk.clock(),
            },
        )  # fmt: skip
        if new:
            storage.keep(file, path)


def _hold(report: Report, token: UUID) -> None:
    """Keep the report from other makers until the transaction ends. Raises TakenOver."""
    held = Report.objects.select_for_update().filter(pk=report.pk, maker=token, state=State.MAKING)
    if not held.exists():
        raise TakenOver


@transaction.atomic
def _finish(report: Report, desk: Desk) -> None:
    now = desk.clock()
    _hold(report, desk.token)
    Report.objects.filter(pk=report.pk).update(
        state=State.DONE, progress=100, doing="", made_at=now, maker=None, maker_until=None
    )
    report.refresh_from_db()
    deliveries.address(report, now)
    log.info("report_made", report=report.pk, kind=report.kind)


@transaction.atomic
def _fail(report: Report, sentence: str) -> None:
    log.warning("report_failed", report=report.pk, why=sentence)
    with suppress(TakenOver):
        assert report.maker is not None
        _hold(report, report.maker)
        report.files.all().delete()
        Report.objects.filter(pk=report.pk).update(
            state=State.FAILED, doing="", problem=sentence[:500], maker=None, maker_until=None
        )
