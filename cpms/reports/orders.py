"""Asking for a report, and for a new version of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from cpms.reports.kinds import KINDS
from cpms.reports.models import Report
from inventory.models import Organisation

#: The longest window, days: a leap year.
LONGEST = 366
#: Reports of one organisation that wait at a time.
MOST_WAITING = 20


class BadOrder(ValueError):
    """A report that nobody can make; the message says what to ask for instead."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for."""

    organisation: Organisation
    kind: str
    first: date
    end: date
    lens: str = ""
    sites: Sequence[int] | None = None
    parameters: Mapping[str, Any] | None = None
    language: str = "en"
    formats: Sequence[str] = ()


def request(wish: Wish, *, by: User | None, now: datetime, **more: Any) -> Report:
    """Write the order down; a worker makes it. Raises BadOrder."""
    check(wish, now)
    kind = KINDS[wish.kind]
    waiting = Report.objects.filter(
        organisation=wish.organisation, state__in=[Report.State.REQUESTED, Report.State.MAKING]
    )
    if by is not None and waiting.count() >= MOST_WAITING:
        raise BadOrder(_("Twenty reports are waiting already; ask again when some are made."))
    with translation.override(wish.language):
        title = kind.title(wish.organisation, wish.first, wish.end, wish.parameters or {})
    return Report.objects.create(
        organisation=wish.organisation, kind=wish.kind, title=title[:300],
        parameters=dict(wish.parameters or {}), first=wish.first, end=wish.end,
        sites=None if wish.sites is None else sorted(set(wish.sites)),
        lens=wish.lens or kind.lens, language=wish.language,
        formats=list(wish.formats or kind.formats), requested_by=by,
        requested_name=by.get_full_name() or by.get_username() if by else "",
        requested_at=now, **more,
    )  # fmt: skip


def again(report: Report, *, by: User, now: datetime) -> Report:
    """Ask for a new version of a report that is over; it names this one. Raises BadOrder."""
    if not report.is_over:
        raise BadOrder(_("This report is still being made."))
    wish = Wish(
        report.organisation, report.kind, report.first, report.end, report.lens, report.sites,
        report.parameters, report.language, report.formats,
    )  # fmt: skip
    try:
        with transaction.atomic():
            return request(wish, by=by, now=now, previous=report, version=report.version + 1)
    except IntegrityError as taken:
        raise BadOrder(_("There is a newer version of this report already.")) from taken


def check(wish: Wish, now: datetime) -> None:
    """Raise BadOrder for what can't be made."""
    if wish.kind not in KINDS:
        raise BadOrder(_("There is no such kind of report; there are: %s.") % ", ".join(KINDS))
    kind = KINDS[wish.kind]
    _check_window(wish, now)
    if wish.lens and wish.lens not in kind.lenses:
        known = ", ".join(kind.lenses)
        raise BadOrder(_("This report is made by one of these rules: %s.") % known)
    if unknown := set(wish.formats) - set(kind.formats):
        raise BadOrder(_("There is no %s of this report.") % ", ".join(sorted(unknown)))
    if wish.sites is not None and not wish.sites:
        raise BadOrder(_("Name at least one site."))
    try:
        kind.check(wish.organisation, wish.parameters or {}, wish.sites)
    except ValueError as problem:
        raise BadOrder(str(problem)) from problem


def _check_window(wish: Wish, now: datetime) -> None:
    if wish.end <= wish.first:
        raise BadOrder(_("The last day lies before the first."))
    if (wish.end - wish.first).days > LONGEST:
        raise BadOrder(_("A report is of 366 days at most; ask for several."))
    if wish.first > now.date():
        raise BadOrder(_("These days haven't begun."))
