"""What a charger's page shows: now, its last day, its sessions, its power."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Avg, DateTimeField, Func, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower

from inventory import access
from inventory.models import Charger, Evse
from monitoring import fleet, timeline, words
from monitoring.access import connections, meter_samples, sessions, status_spans
from monitoring.effective import State, state_of_status
from monitoring.history import Connection, Reported
from monitoring.models import ConnectionSpan, PortState, Session, StatusSpan

#: Seconds of a point of the power chart: 720 points a day and port.
BUCKET = timedelta(minutes=2)
MOST_SESSIONS = 20
#: The state of a connection's bar where there is one.
ONLINE = "online"


def find(user: User, identity: str) -> Charger | None:
    """Return the charger if the user may see it, whatever the case of the identity."""
    if "\0" in identity:
        return None
    same = access.chargers(user).alias(lower=Lower("identity")).filter(lower=identity.lower())
    return fleet.with_state(same).prefetch_related("evses__connectors").first()


@dataclass(frozen=True, slots=True)
class LivePort:
    """A port with what is going on at it."""

    evse: Evse
    port: fleet.Port
    row: PortState
    session: Session | None
    #: (type, W) of its connectors.
    connectors: list[tuple[str, int | None]]


def live_ports(user: User, charger: Charger) -> list[LivePort]:
    """Return the ports, each with its running session; one query."""
    shown = fleet.ports_of(charger)
    running = sessions(user).in_bulk([port.session_id for port in shown if port.session_id])
    return [
        LivePort(
            evse=evse,
            port=port,
            row=fleet.port_row(evse) or PortState(evse=evse),
            session=running.get(port.session_id) if port.session_id else None,
            connectors=[(c.get_type_display(), c.max_power) for c in evse.connectors.all()],
        )
        for evse, port in zip(charger.evses.all(), shown, strict=True)
    ]


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


def recent_sessions(user: User, charger: Charger) -> QuerySet[Session]:
    """Return the charger's latest sessions with their ports."""
    latest = sessions(user).filter(charger=charger).select_related("evse")
    return latest.order_by("-started")[:MOST_SESSIONS]


def last_connection(user: User, charger: Charger) -> ConnectionSpan | None:
    """Return the connection that lasts, or the last one."""
    return connections(user).filter(charger=charger).order_by("-opened").first()


def power(user: User, charger: Charger, start: datetime, end: datetime) -> dict[str, Any]:
    """Return the mean power of each port per `BUCKET` in [start, end), as the chart wants it.

    Times are seconds since the epoch, powers kW; None where nothing was measured.
    """
    rows = _mean_powers(user, charger, start, end)
    ports = {evse.pk: evse.number for evse in charger.evses.all()}
    step = int(BUCKET.total_seconds())
    first, last = int(start.timestamp()) // step, int(end.timestamp()) // step
    values = {pk: [None] * (last - first + 1) for pk in ports}
    for evse_id, bucket, watts in rows:
        if evse_id in values:
            values[evse_id][int(bucket.timestamp()) // step - first] = round(watts / 1000, 2)
    return {
        "times": [place * step for place in range(first, last + 1)],
        "ports": [{"number": ports[pk], "power": powers} for pk, powers in values.items()],
    }


def _mean_powers(user: User, charger: Charger, start: datetime, end: datetime) -> QuerySet[Any]:
    samples = meter_samples(user).filter(charger_id=charger.pk, at__gte=start, at__lt=end)
    bucket = Func(
        Value(BUCKET), "at", Value(datetime.fromtimestamp(0, UTC)),
        function="date_bin", output_field=DateTimeField(),
    )  # fmt: skip
    grouped = samples.exclude(power=None).values_list("evse_id", bucket)
    return grouped.annotate(Avg("power")).order_by()
