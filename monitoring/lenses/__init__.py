"""Lenses: one timeline, and what each rule makes of it (KPIS.md, "Uptime, by lens"). Pure."""

from collections.abc import Callable, Mapping, Sequence

from monitoring.kpis.history import PortHistory, Rules
from monitoring.kpis.parts import Parts
from monitoring.kpis.timeline import Piece
from monitoring.kpis.totals import LensTotals, PortTotals
from monitoring.lenses import california, contract, nevi, uk
from monitoring.lenses.stretches import Stretch
from monitoring.lenses.verdicts import add

Seen = Callable[[Sequence[Piece], Rules, PortHistory, Stretch], list[Piece]]
#: Authorities' lenses: a site's ports are under them or not.
OF_SITES: Mapping[str, Seen] = {
    nevi.NAME: nevi.seen,
    uk.NAME: uk.seen,
    california.NAME: california.seen,
}


def add_lenses(
    totals: Mapping[int, PortTotals],
    timeline: Sequence[Piece],
    rules: Rules,
    key: int,
    port: PortHistory,
    parts: Parts,
) -> dict[str, list[Piece]]:
    """Add to the totals, by the place of their window, what each lens of the port sees.

    `timeline` is the port's (`key`), from the start of the first window to the end of the
    last. Returns, by lens, the pieces with verdicts for states.
    """
    found = {}
    for lens in rules.lenses.get(key, ()):
        found[lens] = OF_SITES[lens](timeline, rules, port, Stretch(*parts.hull))
        _add(totals, lens, found[lens], parts, parts.places)
    if rules.agreements:
        found[contract.NAME] = contract.seen(timeline, rules, port, Stretch(*parts.hull))
        _add(totals, contract.NAME, found[contract.NAME], parts, _agreed(rules, parts))
    return found


def _add(
    totals: Mapping[int, PortTotals],
    lens: str,
    pieces: Sequence[Piece],
    parts: Parts,
    places: Sequence[int],
) -> None:
    """Add to the windows in `places` what the lens sees, which may be nothing."""
    for place in places:
        totals[place].lenses[lens] = LensTotals()
    for place, verdict, seconds in parts.spread(pieces):
        add(totals[place].lenses[lens], verdict, seconds)


def _agreed(rules: Rules, parts: Parts) -> list[int]:
    """Return the places of the windows in which a contract is in force."""
    terms = [term for term, _agreement in contract.terms(rules)]
    return [
        place
        for place, window in zip(parts.places, parts.windows, strict=True)
        if any(term.start < window.end and window.start < term.end for term in terms)
    ]
