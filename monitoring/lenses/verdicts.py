"""What a rule says of a piece of a port's timeline, and how the pieces are told. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from monitoring.facts import Status
from monitoring.kpis.history import PortHistory
from monitoring.kpis.timeline import OFFLINE, PLANNED, SILENT, UNSEEN, Piece
from monitoring.kpis.totals import LensTotals
from monitoring.lenses.stretches import Stretch, cut


class Verdict(StrEnum):
    """What a stretch is to a rule."""

    UP = "up"
    OUTAGE = "outage"
    #: Outage that the rule leaves out.
    EXCLUDED = "excluded"
    #: The rule doesn't judge of it; it counts as up.
    INELIGIBLE = "ineligible"
    #: Not in the rule's window at all: nothing is known of it.
    OUTSIDE = "outside"


#: Down whenever no driver can be served; what is no outage is for exclusions to say.
DOWN: Mapping[str, Verdict] = {
    OFFLINE: Verdict.OUTAGE,
    Status.FAULTED.value: Verdict.OUTAGE,
    Status.UNAVAILABLE.value: Verdict.OUTAGE,
    PLANNED: Verdict.OUTAGE,
    SILENT: Verdict.OUTAGE,
    Status.UNKNOWN.value: Verdict.OUTSIDE,
    UNSEEN: Verdict.OUTSIDE,
}


def judged(
    timeline: Iterable[Piece],
    verdicts: Mapping[str, Verdict],
    excused: Sequence[Stretch] = (),
    inside: Sequence[Stretch] | None = None,
) -> list[Piece]:
    """Return the pieces with verdicts for states, without what is outside the window.

    States that `verdicts` doesn't name are up. Outage in `excused` stretches is excluded;
    `inside` is the window, None: all of the time. Both are in order and free of overlap.
    """
    pieces = [
        Piece(start, end, verdict)
        for start, end, state in timeline
        if (verdict := verdicts.get(state, Verdict.UP)) is not Verdict.OUTSIDE
    ]
    if inside is not None:
        pieces = [piece for piece, within in cut(pieces, inside) if within]
    if excused:
        pieces = [_excused(piece) if free else piece for piece, free in cut(pieces, excused)]
    return pieces


def _excused(piece: Piece) -> Piece:
    if piece.state == Verdict.OUTAGE:
        return piece._replace(state=Verdict.EXCLUDED)
    return piece


def add(totals: LensTotals, verdict: str, seconds: float) -> None:
    """Count `seconds` of one verdict."""
    totals.window += seconds
    if verdict in {Verdict.OUTAGE, Verdict.EXCLUDED}:
        totals.outage += seconds
    if verdict == Verdict.EXCLUDED:
        totals.excluded += seconds
    if verdict == Verdict.INELIGIBLE:
        totals.ineligible += seconds


def reasons(port: PortHistory, wanted: Iterable[str]) -> list[Stretch]:
    """Return the port's approved exclusions for the `wanted` reasons."""
    chosen = frozenset(wanted)
    return [Stretch(e.start, e.end) for e in port.exclusions if e.reason in chosen]


def planned(port: PortHistory) -> list[Stretch]:
    """Return the work that was planned before it began."""
    return [Stretch(work.start, work.end) for work in port.planned]
