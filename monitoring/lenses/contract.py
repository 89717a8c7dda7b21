"""The lens of what was agreed with a contractor for a site (`inventory.models.Contract`). Pure.

KPIS.md, "Uptime, by lens": own exclusions and hours from the SLA, by the month.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import inf

from monitoring.days import start_of, zone_of
from monitoring.kpis.history import Agreement, PortHistory, Rules
from monitoring.kpis.timeline import OFFLINE, SILENT, Piece
from monitoring.lenses.hours import closed, opened
from monitoring.lenses.stretches import Stretch, cut, union
from monitoring.lenses.verdicts import DOWN, Verdict, judged, planned, reasons

NAME = "contract"
#: Days that no zone's clock leads out of the calendar.
_EARLIEST, _LATEST = date(1970, 1, 2), date(9998, 12, 31)


def terms(rules: Rules) -> Iterator[tuple[Stretch, Agreement]]:
    """Yield when which agreement is in force, in order: one at a time, the earlier goes on."""
    zone, until = zone_of(rules.timezone), -inf
    for agreement in sorted(rules.agreements, key=lambda one: (one.first, one.key)):
        start = start_of(max(agreement.first, _EARLIEST), zone).timestamp()
        end = inf
        if agreement.last is not None and agreement.last < _LATEST:
            end = start_of(max(agreement.last, _EARLIEST) + timedelta(days=1), zone).timestamp()
        if max(start, until) < end:
            yield Stretch(max(start, until), end), agreement
            until = end


def seen(timeline: Sequence[Piece], rules: Rules, port: PortHistory, hull: Stretch) -> list[Piece]:
    """Return the port's pieces in `hull` while an agreement counts, with verdicts for states."""
    found: list[Piece] = []
    for term, agreement in terms(rules):
        here = Stretch(max(term.start, hull.start), min(term.end, hull.end))
        if here.start < here.end:
            pieces = [piece for piece, within in cut(timeline, [here]) if within]
            found += _seen(pieces, rules, agreement, port, here)
    return found


def _seen(
    timeline: Sequence[Piece], rules: Rules, agreement: Agreement, port: PortHistory, here: Stretch
) -> list[Piece]:
    inside = opened(agreement.hours, rules.timezone, here)
    if agreement.in_opening_hours:
        pieces = [Piece(*stretch, "") for stretch in inside]
        also = opened(rules.hours, rules.timezone, here)
        inside = [Stretch(p.start, p.end) for p, within in cut(pieces, also) if within]
    return judged(timeline, _verdicts(agreement), _excused(rules, agreement, port, here), inside)


def _excused(rules: Rules, agreement: Agreement, port: PortHistory, here: Stretch) -> list[Stretch]:
    excused = reasons(port, agreement.excluded)
    if "scheduled_maintenance" in agreement.excluded:
        excused += planned(port)
    if "outside_opening_hours" in agreement.excluded:
        excused += closed(rules.hours, rules.timezone, here)
    return union(excused)


def _verdicts(agreement: Agreement) -> Mapping[str, Verdict]:
    verdicts = dict(DOWN)
    if not agreement.counts_silent:
        verdicts[SILENT] = Verdict.UP
    if not agreement.counts_offline:
        verdicts[OFFLINE] = Verdict.UP
    return verdicts
