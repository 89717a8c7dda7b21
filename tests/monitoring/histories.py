"""Random pasts of a charger for property-based tests: whole minutes, half a day, two ports.

Busy ones: things follow each other within less than an attempt's time-out about as often as not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import inf

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from inventory.models import ExclusionReason
from inventory.models.site import LENSES
from inventory.opening_hours import Hours, parse
from monitoring.facts import CloseReason, Status
from monitoring.kpis.history import (
    Agreement,
    Authorization,
    ChargerHistory,
    Connection,
    Excluded,
    Pings,
    Planned,
    PortHistory,
    Reported,
    Rules,
    Session,
    SilentRun,
)

MINUTE = 60.0
LENGTH = 12 * 60
TOKENS = ["AB", "CD", ""]
STOPS = ["", "Local", "EVDisconnected", "PowerLoss", "EmergencyStop", "DeAuthorized", "Other"]

counts = st.lists(st.integers(0, 9), min_size=8, max_size=8)
minutes = st.integers(0, LENGTH).map(lambda minute: minute * MINUTE)
_starts = st.one_of(minutes, st.integers(-80, 0).map(lambda hour: hour * 60 * MINUTE))
_lengths = st.sampled_from([5, 90, 600, 4_300]).map(lambda minute: minute * MINUTE)
pings = st.builds(Pings, minutes, counts, st.integers(0, 9))


def _spans(times: Iterable[float]) -> list[tuple[float, float]]:
    """Turn a set of times into spans that don't overlap; the last may be open."""
    return list(pairwise([*sorted(times), inf]))


@st.composite
def statuses(draw: DrawFn, most: int = 30) -> list[Reported]:
    """Status spans, most of them touching, some with a gap after them."""
    spans = []
    for start, end in _spans(draw(st.sets(minutes, max_size=most))):
        state = draw(st.sampled_from(list(Status))).value
        gap = MINUTE / 2 if draw(st.integers(0, 9)) == 0 else 0.0
        spans.append(Reported(start, end - gap, state, "E1" if state == "Faulted" else ""))
    return spans


@st.composite
def connections(draw: DrawFn, most: int = 8) -> list[Connection]:
    """Connections with gaps between them; the last may be open."""
    times = sorted(draw(st.sets(minutes, max_size=2 * most)))
    pairs = list(zip(times[::2], [*times[1::2], inf], strict=False))
    reasons = st.sampled_from([reason.value for reason in CloseReason])
    return [Connection(start, end, draw(reasons) if end < inf else "") for start, end in pairs]


@st.composite
def sessions(draw: DrawFn, most: int = 6) -> list[Session]:
    """Sessions; real chargers have had two at once on a port."""
    found = []
    for key in range(draw(st.integers(0, most))):
        start = draw(minutes)
        end = draw(st.sampled_from([start, start + 9 * MINUTE, start + 150 * MINUTE, inf]))
        energy = draw(st.sampled_from([None, -500.0, 0.0, 99.9, 100.0, 9_000.0, 5e12]))
        answer = draw(st.sampled_from(["", "Accepted", "Invalid"]))
        token, stop = draw(st.sampled_from(TOKENS)), draw(st.sampled_from(TOKENS))
        reason, lost = draw(st.sampled_from(STOPS)), draw(st.booleans())
        power = draw(st.sampled_from([None, 11_000.0, 150_000.0, 1e9]))
        found.append(Session(start, end, key, token, stop, energy, reason, answer, lost, power))
    return sorted(found, key=lambda session: session.start)


@st.composite
def exclusions(draw: DrawFn, most: int = 4) -> list[Excluded]:
    """Approved exclusions; they overlap, and some began days before."""
    times = st.tuples(_starts, _lengths, st.sampled_from(ExclusionReason.values))
    found = draw(st.lists(times, max_size=most))
    return sorted(Excluded(start, start + length, reason) for start, length, reason in found)


@st.composite
def planned(draw: DrawFn, most: int = 3) -> list[Planned]:
    """Planned work; it overlaps, and some began days before."""
    found = draw(st.lists(st.tuples(_starts, _lengths), max_size=most))
    return sorted(Planned(start, start + length) for start, length in found)


@st.composite
def silent(draw: DrawFn, most: int = 3) -> list[SilentRun]:
    """Runs of failures of a port; the last may be open."""
    times = sorted(draw(st.sets(minutes, max_size=2 * most)))
    return [SilentRun(*pair) for pair in zip(times[::2], [*times[1::2], inf], strict=False)]


@st.composite
def opening_hours(draw: DrawFn) -> Hours:
    """None, or some that begin and end within the hours of these pasts."""
    edges = st.sampled_from(["00:00", "03:00", "08:30", "17:00", "22:15", "24:00"])
    pairs = st.dictionaries(st.sampled_from(["wed", "thu", "fri"]), st.sets(edges, min_size=2))
    days = {day: sorted(found)[:2] for day, found in draw(pairs).items()}
    return parse({day: [pair] for day, pair in days.items()})


@st.composite
def agreements(draw: DrawFn) -> tuple[Agreement, ...]:
    """At most two, which may overlap."""
    made = st.builds(
        Agreement,
        st.integers(1, 9),
        st.sampled_from([date(1969, 12, 1), date(1970, 1, 1), date(1970, 1, 2)]),
        st.sampled_from([None, date(1970, 1, 1), date(1970, 1, 2)]),
        opening_hours(),
        st.booleans(),
        st.frozensets(st.sampled_from(ExclusionReason.values)),
        st.booleans(),
        st.booleans(),
    )
    return tuple(draw(st.lists(made, max_size=2)))


@st.composite
def rules(draw: DrawFn) -> Rules:
    """Zones in which the year begins in these pasts and others, any lenses for each port."""
    zone = draw(st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Kathmandu"]))
    lenses = {key: draw(st.frozensets(st.sampled_from(LENSES))) for key in (1, 2)}
    return Rules(zone, draw(opening_hours()), draw(agreements()), lenses)


@st.composite
def histories(draw: DrawFn) -> ChargerHistory:
    """A charger's past with two ports."""
    asked = st.builds(
        Authorization,
        minutes,
        st.sampled_from(TOKENS),
        st.sampled_from(["Accepted", "Accepted", "Invalid", "Blocked"]),
        st.sampled_from([None, None, 1, 9]),
        st.sampled_from(["", "Rejected"]),
    )
    return ChargerHistory(
        {key: draw(ports()) for key in (1, 2)},
        draw(connections()),
        sorted(draw(st.lists(asked, max_size=8)), key=lambda one: one.at),
        draw(rules()),
        sorted(draw(st.lists(pings, max_size=3))),
    )


@st.composite
def ports(draw: DrawFn) -> PortHistory:
    """A port's past, and what people decided about it."""
    decided = (draw(exclusions()), draw(planned()), draw(silent()))
    return PortHistory(draw(statuses()), draw(sessions()), *decided)


def since(history: ChargerHistory, start: float) -> ChargerHistory:
    """Return what the ledger reads of a history from `start` on."""
    return ChargerHistory(
        {
            key: replace(
                port,
                statuses=_from(port.statuses, start),
                sessions=[s for s in port.sessions if s.end >= start],
            )
            for key, port in history.ports.items()
        },
        _last_before(history.connections, start),
        [asked for asked in history.authorizations if asked.at >= start],
        history.rules,
        history.pings,
    )


def _from(spans: Sequence[Reported], start: float) -> list[Reported]:
    dull = {"Faulted", "Unavailable", "Unknown"}
    before = [span.start for span in spans if span.start < start and span.state not in dull]
    return [span for span in spans if span.start >= max(before, default=-inf)]


def _last_before(connections: Sequence[Connection], start: float) -> list[Connection]:
    before = [connection.opened for connection in connections if connection.opened < start]
    return [c for c in connections if c.opened >= max(before, default=-inf)]
