"""The bars of a charger's history: its connection, and what each of its ports was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from django.contrib.auth.models import User
from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from inventory.models import Charger
from monitoring import timeline, words
from monitoring.access import connections, status_spans
from monitoring.effective import State, state_of_status
from monitoring.history import Connection, Reported
from monitoring.models import ConnectionSpan, StatusSpan

#: The state of a connection's bar where there is one.
ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a bar: [start, end) in a `State`, with what the charger said of it."""

    state: State
    start: datetime
    end: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a charger's page over [start, end); time before it was first seen is in none."""

    start: datetime
    end: datetime
    connection: list[Stretch]
    #: (port number, its bar).
    ports: list[tuple[int, list[Stretch]]]


def bars(user: User, charger: Charger, start: datetime, end: datetime) -> Bars:
    """Return the connection's bar and each port's effective bar; two queries."""
    links = _links(user, charger, start, end)
    spans = _spans(user, charger, start, end)
    return Bars(
        start=start,
        end=end,
        connection=_connection_bar(links, start, end),
        ports=[
            (evse.number, _port_bar(spans.get(evse.pk, []), links, start, end))
            for evse in charger.evses.all()
        ],
    )


def _links(user: User, charger: Charger, start: datetime, end: datetime) -> list[ConnectionSpan]:
    """Return the connections opened in the window, and before them the last one before it."""
    spans = connections(user).filter(charger=charger)
    before = spans.filter(opened__lte=start).order_by("-opened").values("opened")[:1]
    since = Coalesce(Subquery(before), Value(start))
    return list(spans.filter(opened__gte=since, opened__lt=end).order_by("opened"))


def _spans(
    user: User, charger: Charger, start: datetime, end: datetime
) -> dict[int, list[StatusSpan]]:
    known: dict[int, list[StatusSpan]] = {}
    overlapping = status_spans(user).filter(evse__charger=charger, started__lt=end)
    for span in overlapping.exclude(ended__lte=start).order_by("started"):
        known.setdefault(span.evse_id, []).append(span)
    return known


def _connection_bar(
    links: Sequence[ConnectionSpan], start: datetime, end: datetime
) -> list[Stretch]:
    whole = [timeline.Piece(start.timestamp(), end.timestamp(), ONLINE)]
    gone = timeline.absences(_connections(links), start.timestamp(), end.timestamp())
    why = {_seconds(link.closed): words.closing(link.close_reason) for link in links}
    return [
        _stretch(piece, why.get(piece.start, ""))
        for piece in timeline.overlaid(whole, gone)
        if piece.state != timeline.UNSEEN
    ]


def _port_bar(
    spans: Sequence[StatusSpan], links: Sequence[ConnectionSpan], start: datetime, end: datetime
) -> list[Stretch]:
    statuses = [
        Reported(_seconds(span.started), _seconds(span.ended), span.status) for span in spans
    ]
    notes = {
        _seconds(span.started): words.error(span.error_code, span.vendor_error_code, span.info)
        for span in spans
    }
    pieces = timeline.effective(statuses, _connections(links), start.timestamp(), end.timestamp())
    return [
        _stretch(piece, notes.get(piece.start, ""))
        for piece in pieces
        if piece.state != timeline.UNSEEN
    ]


def _connections(links: Iterable[ConnectionSpan]) -> list[Connection]:
    return [Connection(_seconds(link.opened), _seconds(link.closed)) for link in links]


def _stretch(piece: timeline.Piece, note: str) -> Stretch:
    return Stretch(_state(piece.state), _instant(piece.start), _instant(piece.end), note)


def _state(name: str) -> State:
    named = {timeline.OFFLINE: State.OFFLINE, ONLINE: State.AVAILABLE}
    return named.get(name) or state_of_status(name)


def _seconds(at: datetime | None) -> float:
    return inf if at is None else at.timestamp()


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
