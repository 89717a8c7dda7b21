"""Status spans as a step function of reports, whatever order the reports arrive in.

Each report at `t` says what the port's status is from `t` until the next report. Every
report keeps its own boundary, even where the status repeats: a report that comes late, in
between, must end at the next one that was made, not at the next change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitoring.facts import Status

#: A vehicle was charging, or would have been.
DELIVERING = frozenset({Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})
#: No transaction says that such a port is fine.
BROKEN = frozenset({Status.FAULTED, Status.UNAVAILABLE})
#: Statuses that say more exactly what 2.x's Occupied says; Occupied never overrides them.
FINER_THAN_OCCUPIED = frozenset(
    {
        Status.PREPARING,
        Status.CHARGING,
        Status.SUSPENDED_EV,
        Status.SUSPENDED_EVSE,
        Status.FINISHING,
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """One status in [started, ended), aware UTC; `ended` None: until further notice."""

    started: datetime
    ended: datetime | None
    status: str
    error_code: str = ""
    vendor_error_code: str = ""
    info: str = ""
    #: Said by a 2.x transaction, which knows more than Occupied and nothing else; and by no
    #: connector since.
    refines: bool = field(default=False, compare=False)

    def says(self, other: "Span") -> bool:
        """Tell whether both say the same of the port, whenever they do."""
        return replace(self, started=other.started, ended=other.ended) == other


@dataclass(frozen=True, slots=True)
class Change:
    """What a report does to the spans: cut one short, and add or rewrite one."""

    #: Start of the span that now ends where the new one starts.
    shortened: datetime | None
    #: The new span; where `rewrites`, it replaces the content of the span with its start.
    span: Span
    rewrites: bool = False


def place(around: Sequence[Span], report: Span) -> Change | None:
    """Return how `report` (its `ended` is ignored) changes the spans, or None if it doesn't.

    `around` must hold, of one port and without overlap, the span that contains
    `report.started` and, where there is none, the first span after it.
    """
    for span in around:
        if span.started == report.started:
            return _rewrite(span, report)
        if span.started < report.started and (span.ended is None or report.started < span.ended):
            return _split(span, report)
    if report.refines and report.status == Status.FINISHING:
        return None
    later = [span.started for span in around if span.started > report.started]
    return Change(None, replace(report, ended=min(later, default=None)))


def _rewrite(span: Span, report: Span) -> Change | None:
    if span.says(report) or _adds_nothing(report, span):
        return None
    return Change(None, replace(report, ended=span.ended), rewrites=True)


def _split(span: Span, report: Span) -> Change | None:
    if _adds_nothing(report, span):
        return None
    return Change(span.started, replace(report, ended=span.ended))


def _adds_nothing(report: Span, span: Span) -> bool:
    """Tell whether `span` stays as it is, although `report` says otherwise.

    Occupied is coarser than what is known. What a transaction says again makes no boundary;
    it mends nothing that is broken; and its end is the end of charging, where there was any.
    """
    if report.status == Status.OCCUPIED and span.status in FINER_THAN_OCCUPIED:
        return True
    if not report.refines:
        return False
    if report.status == Status.FINISHING:
        return span.status not in DELIVERING
    return span.status in BROKEN or span.status == report.status


def may_absorb(span: Span) -> bool:
    """Tell whether anything that follows a span which came late can be part of it."""
    return span.status in (FINER_THAN_OCCUPIED if span.refines else BROKEN)


def absorbs(span: Span, following: Span) -> bool:
    """Tell whether a span that follows without a break is part of one that came late.

    In order it would have added nothing: Occupied beside what a transaction says, and what a
    transaction says of a port that its connector calls broken.
    """
    if span.refines:
        return may_absorb(span) and following.status == Status.OCCUPIED
    return may_absorb(span) and following.refines


def confirms(report: Span, span: Span) -> bool:
    """Tell whether a report that changes nothing is its connector's word for `span` as well."""
    return span.refines and not report.refines
