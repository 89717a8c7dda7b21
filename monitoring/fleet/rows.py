"""What a list shows of a charger: its state in words, since when, its ports, its power."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.utils.translation import gettext as _

from inventory import search
from inventory.models import Charger, Evse
from monitoring import words
from monitoring.effective import BROKEN, RANK, WORST_FIRST, State, charger_state, port_state
from monitoring.models import ChargerState, ConnectionSpan, PortState

#: Ports shown one by one; of a charger with more than one above, the worst of them.
MOST_PORTS = 8


@dataclass(frozen=True, slots=True)
class Port:
    """A port as a list shows it."""

    number: int
    state: State
    since: datetime | None
    #: What is wrong or going on, in words.
    what: str
    #: W, while charging.
    power: float | None
    session_id: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A charger as a list shows it."""

    charger: Charger
    state: State
    since: datetime | None
    what: str
    ports: list[Port]
    power: float | None
    last_seen: datetime | None
    #: What a search found that the list doesn't show otherwise: (what it is, how it reads).
    matches: tuple[tuple[str, str], ...] = ()

    @property
    def zone(self) -> str:
        """The time zone that its times are shown in."""
        return self.charger.site.timezone

    @property
    def shown_ports(self) -> list[Port]:
        """The ports to show one by one: all, or the worst of many."""
        if len(self.ports) <= MOST_PORTS + 1:
            return self.ports
        worst = sorted(self.ports, key=lambda port: (RANK[port.state], port.number))[:MOST_PORTS]
        return sorted(worst, key=lambda port: port.number)

    @property
    def other_ports(self) -> list[tuple[State, int]]:
        """How many of the ports that are not shown one by one are in which state."""
        others = Counter(p.state for p in self.ports) - Counter(p.state for p in self.shown_ports)
        return sorted(others.items(), key=lambda pair: RANK[pair[0]])

    @property
    def others(self) -> int:
        """How many ports are not shown one by one."""
        return len(self.ports) - len(self.shown_ports)


def with_state(chargers: QuerySet[Charger]) -> QuerySet[Any]:
    """Fetch with the chargers what `rows` reads of them; two queries."""
    last = ConnectionSpan.objects.filter(charger=OuterRef("pk")).order_by("-opened")
    ports = Evse.objects.select_related("state").order_by("number")
    whole = chargers.select_related(
        "site__organisation", "model", "state", "sim", "effective_state"
    )
    return whole.prefetch_related(Prefetch("evses", ports)).annotate(
        close_reason=Subquery(last.values("close_reason")[:1])
    )


def rows(chargers: Iterable[Any], searched: str = "") -> list[Row]:
    """Return the rows of chargers that were fetched by `with_state`, found by `searched`."""
    looked_for = search.words(searched)
    return [_row(charger, looked_for) for charger in chargers]


def state_of(charger: Charger) -> State:
    """Return the effective state of a charger that was fetched by `with_state`."""
    now = live_state(charger)
    reported = [state.status for evse in charger.evses.all() if (state := port_row(evse))]
    return charger_state(
        online=now.online, seen=now.since is not None, own_status=now.status, ports=reported
    )


def live_state(charger: Charger) -> ChargerState:
    """Return the charger's live state; an empty one where nothing is known."""
    return getattr(charger, "state", None) or ChargerState(charger=charger)


def port_row(evse: Evse) -> PortState | None:
    """Return the port's live state, or None if it never reported any."""
    state: PortState | None = getattr(evse, "state", None)
    return state


def ports_of(charger: Charger) -> list[Port]:
    """Return the ports of a charger that was fetched by `with_state`."""
    now = live_state(charger)
    return [_port(evse, now) for evse in charger.evses.all()]


def _port(evse: Evse, charger: ChargerState) -> Port:
    row = port_row(evse) or PortState(evse=evse)
    state = port_state(online=charger.online, seen=charger.since is not None, status=row.status)
    error = words.error(row.error_code, row.vendor_error_code, row.info)
    return Port(
        number=evse.number,
        state=state,
        since=row.since if charger.online else charger.since,
        what=(error if state in BROKEN else words.status(row.status)) if charger.online else "",
        power=row.power if state is State.CHARGING else None,
        session_id=row.session_id,
    )


def _row(charger: Any, searched: list[str]) -> Row:
    now, ports, kept = live_state(charger), ports_of(charger), charger.effective_state
    state = WORST_FIRST[kept.rank]
    worst = [port for port in ports if port.state is state]
    powers = [port.power for port in ports if port.power is not None]
    return Row(
        charger=charger,
        state=state,
        since=kept.since,
        what=_what(now, state, worst, charger.close_reason or ""),
        ports=ports,
        power=sum(powers) if powers else None,
        last_seen=now.last_seen,
        matches=tuple(_matches(charger, searched)),
    )


def _matches(charger: Any, searched: list[str]) -> Iterator[tuple[str, str]]:
    """Yield, for the words that nothing shown has, the first of the rest that has them."""
    site = charger.site
    shown = f"{charger.identity} {site.name} {site.city}".casefold()
    for word in searched:
        if word.casefold() not in shown:
            found = (hidden for hidden in _hidden(charger) if _has(hidden[1], word))
            yield from islice(found, 1)


def _hidden(charger: Any) -> Iterator[tuple[str, str]]:
    site = charger.site
    yield _("Serial number"), charger.serial_number
    if charger.sim:
        yield "ICCID", charger.sim.iccid
    for evse in charger.evses.all():
        yield "EVSE-ID", evse.evse_id
    yield _("Address"), f"{site.address}, {site.postal_code} {site.city}"


def _has(text: str, word: str) -> bool:
    return word.casefold().replace("*", "") in text.casefold().replace("*", "")


def _what(now: ChargerState, state: State, worst: list[Port], close_reason: str) -> str:
    if state is State.OFFLINE:
        return words.closing(close_reason)
    if now.since is None:
        return _("never connected")
    told = [port.what for port in worst if port.what]
    own = words.error(now.error_code) if state in BROKEN else ""
    return told[0] if told else own
