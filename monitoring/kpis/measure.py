"""One charger's history measured in windows: what the roll-ups store. Pure.

Instants are seconds since the epoch; windows are half-open, in order and free of overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from monitoring.kpis.attempts import (
    ACCEPTED,
    TIMEOUT,
    Attempt,
    Outcome,
    assigned,
    authenticated,
    ended_well,
    judged,
    ports_of,
    stretches,
)
from monitoring.kpis.history import ChargerHistory, PortHistory
from monitoring.kpis.links import WITHIN, add_links
from monitoring.kpis.parts import Parts, Window
from monitoring.kpis.timeline import Piece, absences, gapless, overlaid, refined
from monitoring.kpis.totals import LinkTotals, PortTotals
from monitoring.kpis.use import add_use
from monitoring.lenses import add_lenses
from monitoring.lenses.california import NAME as CALIFORNIA
from monitoring.outages.stretches import Stretch as Outage
from monitoring.outages.stretches import stretches as outages

#: Seconds that are surely shorter than any span.
MOMENT = 1e-6


@dataclass(slots=True)
class Measured:
    """Totals by the place of their window; windows without commissioned time are left out."""

    links: dict[int, LinkTotals] = field(default_factory=dict)
    #: By the port's key, then by window.
    ports: dict[int, dict[int, PortTotals]] = field(default_factory=dict)
    #: The outages of each port in the commissioned part of all windows, cut at their ends.
    outages: dict[int, list[Outage]] = field(default_factory=dict)
    #: The commissioned part of all windows, from the first to the last; None: there is none.
    hull: Window | None = None
    #: What California's rules see of the ports under them: pieces with verdicts for states.
    california: dict[int, list[Piece]] = field(default_factory=dict)
    #: The attempts of each port that ended in the windows.
    attempts: dict[int, list[Attempt]] = field(default_factory=dict)
    #: How far back the history must reach for all of it to be exact.
    needs: float = inf


def measured(
    history: ChargerHistory, windows: Sequence[Window], commissioned: Window, now: float
) -> Measured:
    """Return what the charger and its ports did in the past and commissioned part of `windows`.

    The history reaches to `attempts.TIMEOUT` after the last window, or to `now`; `needs` of the
    result says from where.
    """
    found = Measured(ports={key: {} for key in history.ports})
    parts = Parts(windows, Window(commissioned.start, min(commissioned.end, now)))
    if parts.windows:
        found.hull = parts.hull
        found.links = {place: LinkTotals() for place in parts.places}
        add_links(found.links, history, parts, commissioned)
        found.needs = parts.hull.start - WITHIN
        _add_time(found, history, parts, commissioned)
        _add_attempts(found, history, parts, now)
    return found


def _add_time(found: Measured, history: ChargerHistory, parts: Parts, commissioned: Window) -> None:
    for key, port in history.ports.items():
        totals = found.ports[key] = {place: PortTotals() for place in parts.places}
        timeline = _timeline(history, port, parts.hull)
        for place, state, seconds in parts.spread(timeline):
            totals[place].add_time(state, seconds)
        found.outages[key] = list(outages(timeline))
        begun = found.outages[key]
        if begun and _goes_on(begun[0], history, port, commissioned):
            begun = begun[1:]
        for outage in begun:
            began = parts.place_of(outage.start)
            if began is not None:
                totals[began].outages += 1
        seen = add_lenses(totals, timeline, history.rules, key, port, parts)
        if CALIFORNIA in seen:
            found.california[key] = seen[CALIFORNIA]
        needs = add_use(totals, timeline, port, history.rules.timezone, parts)
        found.needs = min(found.needs, needs)


def _timeline(history: ChargerHistory, port: PortHistory, window: Window) -> list[Piece]:
    gone = absences(history.connections, *window)
    reported = overlaid(gapless(port.statuses, *window), gone)
    return list(refined(reported, port.planned, port.silent))


def _goes_on(
    outage: Outage, history: ChargerHistory, port: PortHistory, commissioned: Window
) -> bool:
    """Tell whether the outage began before its start here, which is the window's then."""
    if outage.start <= commissioned.start:
        return False
    moment = Window(outage.start - MOMENT, outage.start)
    return any(outages(_timeline(history, port, moment)))


def _add_attempts(found: Measured, history: ChargerHistory, parts: Parts, now: float) -> None:
    ports = ports_of(history)
    accepted = assigned(ports, (a for a in history.authorizations if a.answer == ACCEPTED))
    refused = assigned(ports, (a for a in history.authorizations if a.answer != ACCEPTED))
    for key, port in ports.items():
        found.attempts[key] = []
        for stretch in stretches(port, accepted[key]):
            if stretch.end < parts.hull.start:
                continue
            found.needs = min(found.needs, stretch.start - TIMEOUT)
            place = parts.place_of(stretch.end)
            if place is not None and stretch.end < now:
                attempt = judged(port, stretch, refused[key])
                found.attempts[key].append(attempt)
                totals = found.ports[key][place]
                _count(totals, attempt)
                asked = authenticated(stretch, attempt)
                totals.authorized += asked
                totals.regular += asked and ended_well(port, stretch)


def _count(totals: PortTotals, attempt: Attempt) -> None:
    if attempt.outcome is Outcome.REFUSED:
        totals.refused += 1
        return
    totals.attempts += 1
    totals.first += 1
    totals.successes += attempt.outcome is Outcome.SUCCESS
    totals.first_successes += attempt.outcome is Outcome.SUCCESS
    if attempt.outcome is not Outcome.SUCCESS:
        totals.failures[attempt.outcome.value] += 1
