"""Random pasts of a charger for property-based tests: whole minutes, half a day, two ports.

Busy ones: things follow each other within less than an attempt's time-out about as often as not.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from monitoring.facts import CloseReason, Status
from monitoring.kpis.history import (
    Authorization,
    ChargerHistory,
    Connection,
    PortHistory,
    Reported,
    Session,
)

MINUTE = 60.0
LENGTH = 12 * 60
TOKENS = ["AB", "CD", ""]
STOPS = ["", "Local", "EVDisconnected", "PowerLoss", "EmergencyStop", "DeAuthorized", "Other"]

minutes = st.integers(0, LENGTH).map(lambda minute: minute * MINUTE)


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
        energy = draw(st.sampled_from([None, 0.0, 99.9, 100.0, 9_000.0]))
        answer = draw(st.sampled_from(["", "Accepted", "Invalid"]))
        token, stop = draw(st.sampled_from(TOKENS)), draw(st.sampled_from(TOKENS))
        reason, lost = draw(st.sampled_from(STOPS)), draw(st.booleans())
        found.append(Session(start, end, key, token, stop, energy, reason, answer, lost))
    return sorted(found, key=lambda session: session.start)


@st.composite
def histories(draw: DrawFn) -> ChargerHistory:
    """A charger's past with two ports."""
    asked = st.builds(
        Authorization,
        minutes,
        st.sampled_from(TOKENS),
        st.sampled_from(["Accepted", "Accepted", "Invalid", "Blocked"]),
    )
    return ChargerHistory(
        {key: PortHistory(draw(statuses()), draw(sessions())) for key in (1, 2)},
        draw(connections()),
        sorted(draw(st.lists(asked, max_size=8))),
    )


def since(history: ChargerHistory, start: float) -> ChargerHistory:
    """Return what the ledger reads of a history from `start` on."""
    return ChargerHistory(
        {
            key: PortHistory(
                _from(port.statuses, start), [s for s in port.sessions if s.end >= start]
            )
            for key, port in history.ports.items()
        },
        _last_before(history.connections, start),
        [asked for asked in history.authorizations if asked.at >= start],
    )


def _from(spans: Sequence[Reported], start: float) -> list[Reported]:
    dull = {"Faulted", "Unavailable", "Unknown"}
    before = [span.start for span in spans if span.start < start and span.state not in dull]
    return [span for span in spans if span.start >= max(before, default=-inf)]


def _last_before(connections: Sequence[Connection], start: float) -> list[Connection]:
    before = [connection.opened for connection in connections if connection.opened < start]
    return [c for c in connections if c.opened >= max(before, default=-inf)]
