"""Outages of a port as maximal stretches of its timeline. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from monitoring.facts import Status
from monitoring.kpis.timeline import OFFLINE, SILENT, Piece
from monitoring.outages.kinds import Kind

#: What each state that serves nobody is as an outage.
KIND_OF = {
    OFFLINE: Kind.OFFLINE,
    Status.FAULTED.value: Kind.FAULTED,
    Status.UNAVAILABLE.value: Kind.UNAVAILABLE,
    SILENT: Kind.SILENT,
}
STATE_OF = {kind: state for state, kind in KIND_OF.items()}


class Part(NamedTuple):
    """A stretch [start, end) of one kind."""

    start: float
    end: float
    kind: Kind


class Stretch(NamedTuple):
    """An outage [start, end), in parts that touch."""

    start: float
    end: float
    parts: tuple[Part, ...]


def stretches(timeline: Iterable[Piece]) -> Iterator[Stretch]:
    """Yield the maximal stretches of the timeline in which no driver could be served."""
    parts: list[Part] = []
    for start, end, state in timeline:
        kind = KIND_OF.get(state)
        if kind is not None:
            parts.append(Part(start, end, kind))
        elif parts:
            yield Stretch(parts[0].start, parts[-1].end, tuple(parts))
            parts = []
    if parts:
        yield Stretch(parts[0].start, parts[-1].end, tuple(parts))
