"""What happened at a charger, newest first: one list of everything, in pages of bounded cost.

Each kind of thing is read along its own index, as much as a page can take, and all are merged
in one statement. A page goes on where the last one ended: at an instant, a kind and a key, so
that nothing is shown twice or left out, however much happens meanwhile. The statement takes
the keys of a charger that was looked up for a person: the scope is the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger
from monitoring.charger_page.window import Window
from monitoring.models.events import TOLD

PAGE_SIZE = 50


class Place(NamedTuple):
    """Where a page of the list ended: before it in time, or after it in the order of kinds."""

    at: datetime
    rank: int
    key: int

    def encode(self) -> str:
        """Return it as a parameter."""
        return f"{self.at.astimezone(UTC).isoformat()},{self.rank},{self.key}"

    @classmethod
    def decode(cls, text: str) -> "Place | None":
        """Read a parameter; None if it is none."""
        at, _comma, rest = text.partition(",")
        rank, _comma, key = rest.partition(",")
        if not (rank.isascii() and rank.isdigit() and key.isascii() and key.isdigit()):
            return None
        try:
            instant = datetime.fromisoformat(at)
        except ValueError:
            return None
        too_large = len(rank) > 2 or len(key) > 18 or instant.tzinfo is None
        return None if too_large else cls(instant, int(rank), int(key))


@dataclass(frozen=True, slots=True)
class Happening:
    """One line: when, what kind (`KINDS`), and what is known of it under the kind's own names.

    Energies in Wh; `began` and `ended` are of the span, session or connection it is about.
    """

    kind: str
    key: int
    at: datetime
    port: int | None
    said: Mapping[str, Any]

    @property
    def place(self) -> Place:
        """Where the list goes on after it."""
        return Place(self.at, list(KINDS).index(self.kind), self.key)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to: a group of kinds (`GROUPS`), and a port's number."""

    group: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list; `following` is where the next one begins."""

    shown: list[Happening]
    following: Place | None


class Kind(NamedTuple):
    """A kind of happening: names of its four texts, its column of time, and its statement."""

    texts: tuple[str, ...]
    time: str
    sql: str


#: Kind -> how it is read, newest first. Of each: key, time, port, beginning, end, a number, four
#: texts. Connections don't overlap: by `opened` they are in the order of `closed`. A room above
#: this one has its own shown by `add`.
KINDS: dict[str, Kind] = {
    "status": Kind(
        ("status", "error_code", "vendor_error_code", "info"),
        "started",
        """
        SELECT s.* FROM unnest(%(ports)s::bigint[]) AS o (id) CROSS JOIN LATERAL (
            SELECT id, started AS at, evse_id, started, ended, NULL::float8 AS number,
                   status, error_code, vendor_error_code, info
              FROM monitoring_statusspan
             WHERE evse_id = o.id AND started >= %(start)s AND started <= %(end)s {status}
               AND {beyond}
             ORDER BY started DESC, id DESC LIMIT %(most)s) AS s
        """,
    ),
    "session_started": Kind(
        ("id_token", "transaction_id", "", ""),
        "started",
        """
        SELECT id, started, evse_id, started, ended, energy, id_token, transaction_id, '', ''
          FROM monitoring_session
         WHERE charger_id = %(charger)s AND started >= %(start)s AND started <= %(end)s
           AND {beyond} {port}
         ORDER BY started DESC, id DESC LIMIT %(most)s
        """,
    ),
    "session_ended": Kind(
        ("id_token", "transaction_id", "stop_reason", ""),
        "ended",
        """
        SELECT id, ended, evse_id, started, ended, energy, id_token, transaction_id, stop_reason, ''
          FROM monitoring_session
         WHERE charger_id = %(charger)s AND ended >= %(start)s AND ended <= %(end)s
           AND {beyond} {port}
         ORDER BY ended DESC, id DESC LIMIT %(most)s
        """,
    ),
    "connected": Kind(
        ("peer", "ocpp_version", "", ""),
        "opened",
        """
        SELECT id, opened, NULL::bigint, opened, closed, NULL::float8, peer, ocpp_version, '', ''
          FROM monitoring_connectionspan
         WHERE charger_id = %(charger)s AND opened >= %(start)s AND opened <= %(end)s
           AND {beyond}
         ORDER BY opened DESC, id DESC LIMIT %(most)s
        """,
    ),
    "lost": Kind(
        ("close_reason", "", "", ""),
        "closed",
        """
        SELECT id, closed, NULL::bigint, opened, closed, close_code, close_reason, '', '', ''
          FROM monitoring_connectionspan
         WHERE charger_id = %(charger)s AND opened <= %(end)s
           AND closed >= %(start)s AND closed <= %(end)s
           AND {beyond}
         ORDER BY opened DESC LIMIT %(most)s
        """,
    ),
    "event": Kind(
        ("kind", "code", "text", "firmware_version"),
        "at",
        """
        SELECT id, at, evse_id, at, NULL::timestamptz, severity, kind, code, text,
               coalesce(data->>'firmware_version', '')
          FROM monitoring_event
         WHERE charger_id = %(charger)s AND kind = ANY (%(kinds)s)
           AND at >= %(start)s AND at <= %(end)s {severity}
           AND {beyond} {port}
         ORDER BY at DESC, id DESC LIMIT %(most)s
        """,
    ),
}
#: Parameter `show` -> what it is called, and the kinds in it.
GROUPS: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "faults": (_("Faults"), ("status", "event")),
    "status": (_("States of the ports"), ("status",)),
    "connection": (_("Connection"), ("connected", "lost")),
    "sessions": (_("Sessions"), ("session_started", "session_ended")),
    "boots": (_("Reboots and firmware"), ("event",)),
    "events": (_("Events"), ("event",)),
}
#: Kinds that concern the whole charger: left out where one port is asked for.
WHOLE = {"connected", "lost"}
BOOTS = ("boot", "firmware_status", "published_firmware_status")


def add(name: str, kind: Kind, group: str, label: str | Promise) -> None:
    """Show another kind, which concerns the whole charger, and offer it as a group of its own."""
    KINDS[name] = kind
    GROUPS[group] = (label, (name,))
    WHOLE.add(name)


def wanted(parameters: Mapping[str, str]) -> Wanted:
    """Read what the list is narrowed to; what can't be read doesn't narrow."""
    group, port = parameters.get("show", ""), parameters.get("port", "")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None
    return Wanted(group if group in GROUPS else "", number)


def groups() -> list[tuple[str, str]]:
    """Return the choices of what to show."""
    return [(name, str(label)) for name, (label, _kinds) in GROUPS.items()]


def listing(charger: Charger, window: Window, narrowed: Wanted, after: Place | None) -> Listing:
    """Return a page of what happened in the window; one query."""
    numbers = {evse.pk: evse.number for evse in charger.evses.all()}
    sql, values = _statement(charger, window, narrowed, after)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = [_happening(row, numbers) for row in cursor.fetchall()]
    more = len(found) > PAGE_SIZE
    return Listing(_once(found[:PAGE_SIZE]), found[PAGE_SIZE - 1].place if more else None)


def _statement(
    charger: Charger, window: Window, narrowed: Wanted, after: Place | None
) -> tuple[str, dict[str, Any]]:
    ports = [
        evse.pk
        for evse in charger.evses.all()
        if narrowed.port is None or evse.number == narrowed.port
    ]
    values: dict[str, Any] = {"charger": charger.pk, "ports": ports, "most": PAGE_SIZE + 1}
    values |= {"start": window.start, "end": min(window.end, after.at) if after else window.end}
    values["kinds"] = list(BOOTS if narrowed.group == "boots" else TOLD)
    faults = narrowed.group == "faults"
    parts = {
        "status": "AND (status = 'Faulted' OR error_code <> '')" if faults else "",
        "severity": "AND severity <= 4" if faults else "",
        "port": "" if narrowed.port is None else "AND evse_id = ANY (%(ports)s)",
    }
    kinds = GROUPS[narrowed.group][1] if narrowed.group else tuple(KINDS)
    shown = [kind for kind in kinds if narrowed.port is None or kind not in WHOLE]
    selects = " UNION ALL ".join(_select(kind, parts, after, values) for kind in shown)
    selects = selects or _NOTHING
    return f"SELECT * FROM ({selects}) AS a ORDER BY 3 DESC, 1, 2 DESC LIMIT %(most)s", values


_NOTHING = (
    "SELECT 0, 0::bigint, now(), 0::bigint, now(), now(), 0::float8, '', '', '', '' WHERE false"
)


def _beyond(after: Place | None, field: str, rank: int, values: dict[str, Any]) -> str:
    """Return the condition that a row of a kind comes after a place in the list."""
    if after is None:
        return "true"
    values |= {"after": after.at, "after_key": after.key}
    if rank < after.rank:
        return f"{field} < %(after)s"
    if rank > after.rank:
        return f"{field} <= %(after)s"
    return f"({field} < %(after)s OR {field} = %(after)s AND id < %(after_key)s)"


def _select(
    kind: str, parts: Mapping[str, str], after: Place | None, values: dict[str, Any]
) -> str:
    rank, sql = list(KINDS).index(kind), KINDS[kind].sql
    beyond = _beyond(after, KINDS[kind].time, rank, values)
    columns = "id, at, evse_id, began, ended, number, t1, t2, t3, t4"
    inner = sql.format(**parts, beyond=beyond)
    return f"SELECT {rank} AS rank, * FROM ({inner}) AS k ({columns})"


def _happening(row: Sequence[Any], numbers: Mapping[int, int]) -> Happening:
    rank, key, at, evse, began, ended, number, *texts = row
    kind = list(KINDS)[rank]
    said = {name: text for name, text in zip(KINDS[kind].texts, texts, strict=True) if name}
    said |= {"began": began, "ended": ended, "number": number}
    return Happening(kind, key, at, numbers.get(evse), said)


def _once(found: Sequence[Happening]) -> list[Happening]:
    """Leave out reports that repeat what a port has said until then."""
    kept: list[Happening] = []
    until: dict[tuple[Any, ...], datetime | None] = {}
    for happening in reversed(found):
        if happening.kind == "status":
            said = happening.port, *(happening.said[name] for name in KINDS["status"].texts)
            repeated = until.get(said) == happening.at
            until[said] = happening.said["ended"]
            if repeated:
                continue
        kept.append(happening)
    return kept[::-1]
