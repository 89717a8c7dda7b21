"""The fleet as an operator asks for it: filtered, counted by state, worst first, in pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from inventory.models import Charger, Evse, Lifecycle
from monitoring import effective, words
from monitoring.effective import (
    BROKEN,
    WORST_FIRST,
    State,
    annotate_ports,
    charger_state,
    port_state,
)
from monitoring.models import ChargerState, ConnectionSpan, PortState

PAGE_SIZE = 50
#: What a list can be sorted by; "worst" is the state, the latest change first.
SORTS: dict[str, tuple[Any, ...]] = {
    "worst": ("urgency", "identity"),
    "identity": (Lower("identity"),),
    "-identity": (Lower("identity").desc(),),
    "site": ("site__name", Lower("identity")),
    "-site": ("-site__name", Lower("identity")),
    "since": (effective.since_of("urgency"), "identity"),
    "-since": (-effective.since_of("urgency"), "identity"),
    "seen": (F("state__last_seen").asc(nulls_last=True), "identity"),
    "-seen": (F("state__last_seen").desc(nulls_last=True), "identity"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the fleet is narrowed to; the names are the page's parameters."""

    q: str = ""
    state: str = ""
    organisation: int | None = None
    site: int | None = None
    model: int | None = None
    version: str = ""
    lifecycle: str = ""
    sort: str = "worst"

    @property
    def narrowed(self) -> bool:
        """Tell whether anything is left out."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "sort")


def filters(parameters: Mapping[str, str]) -> Filters:
    """Read the filters of a query string; what can't be read doesn't filter."""
    state, sort = parameters.get("state", ""), parameters.get("sort", "")
    lifecycle = parameters.get("lifecycle", "")
    return Filters(
        q=parameters.get("q", "").replace("\0", "").strip()[:100],
        state=state if state in set(State) else "",
        organisation=_number(parameters.get("organisation", "")),
        site=_number(parameters.get("site", "")),
        model=_number(parameters.get("model", "")),
        version=parameters.get("version", "").replace("\0", "")[:5],
        lifecycle=lifecycle if lifecycle in Lifecycle.values else "",
        sort=sort if sort in SORTS else "worst",
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def narrowed(chargers: QuerySet[Charger], wanted: Filters) -> QuerySet[Charger]:
    """Return the chargers that pass the filters, but for the state.

    Decommissioned ones only show when they are asked for.
    """
    if wanted.lifecycle:
        chargers = chargers.filter(lifecycle=wanted.lifecycle)
    else:
        chargers = chargers.exclude(lifecycle=Lifecycle.DECOMMISSIONED)
    if wanted.organisation:
        chargers = chargers.filter(site__organisation=wanted.organisation)
    if wanted.site:
        chargers = chargers.filter(site=wanted.site)
    if wanted.model:
        chargers = chargers.filter(model=wanted.model)
    if wanted.version:
        chargers = chargers.filter(ocpp_version=wanted.version)
    return chargers.filter(_matches(wanted.q)) if wanted.q else chargers


def _matches(text: str) -> Q:
    ports = Evse.objects.filter(charger=OuterRef("pk"), evse_id__icontains=text)
    return (
        Q(identity__icontains=text)
        | Q(serial_number__icontains=text)
        | Q(site__name__icontains=text)
        | Q(site__city__icontains=text)
        | Q(site__address__icontains=text)
        | Q(sim__iccid__icontains=text)
        | Q(Exists(ports))
    )


@dataclass(frozen=True, slots=True)
class Tile:
    """How many chargers, and how many ports, are in a state."""

    state: State
    chargers: int
    ports: int


def tiles(chargers: QuerySet[Charger]) -> list[Tile]:
    """Count the chargers and their ports by effective state, worst first; two queries."""
    by_charger = _by_urgency(chargers).aggregate(
        **{state: Count("pk", filter=_in_state(state)) for state in WORST_FIRST}
    )
    ports = annotate_ports(Evse.objects.filter(charger__in=chargers.order_by()))
    by_port = dict(ports.order_by().values_list("effective").annotate(Count("pk")))
    return [Tile(state, by_charger[state], by_port.get(state, 0)) for state in WORST_FIRST]


def _by_urgency(chargers: QuerySet[Charger]) -> QuerySet[Any, Any]:
    return chargers.order_by().values("pk").annotate(urgency=effective.urgency())


def _in_state(state: State) -> Q:
    rank = effective.RANK[state]
    return Q(urgency__gt=(rank - 1) * effective.RANK_STEP, urgency__lte=rank * effective.RANK_STEP)


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

    @property
    def zone(self) -> str:
        """The time zone that its times are shown in."""
        return self.charger.site.timezone


def page(
    chargers: QuerySet[Charger], wanted: Filters, counted: Iterable[Tile], number: int
) -> Page[Any]:
    """Return one page of `Row`s; `counted` are the tiles, which say how many there are."""
    found = _by_urgency(chargers)
    if wanted.state:
        found = found.filter(_in_state(State(wanted.state)))
    keys = found.order_by(*SORTS[wanted.sort]).values_list("pk", flat=True)
    paginator: Paginator[Any] = Paginator(keys, PAGE_SIZE)
    # Known already: no query for it.
    paginator.__dict__["count"] = sum(
        tile.chargers for tile in counted if wanted.state in ("", tile.state)
    )
    chosen: Page[Any] = paginator.get_page(number)
    chosen.object_list = _in_order(chargers, list(chosen.object_list))
    return chosen


def _in_order(chargers: QuerySet[Charger], keys: list[int]) -> list[Row]:
    shown = rows(with_state(chargers.filter(pk__in=keys)))
    by_key = {row.charger.pk: row for row in shown}
    return [by_key[key] for key in keys if key in by_key]


def with_state(chargers: QuerySet[Charger]) -> QuerySet[Any]:
    """Fetch with the chargers what `rows` reads of them; two queries."""
    last = ConnectionSpan.objects.filter(charger=OuterRef("pk")).order_by("-opened")
    ports = Evse.objects.select_related("state").order_by("number")
    whole = chargers.select_related("site__organisation", "model", "state", "sim")
    return whole.prefetch_related(Prefetch("evses", ports)).annotate(
        close_reason=Subquery(last.values("close_reason")[:1])
    )


def rows(chargers: Iterable[Any]) -> list[Row]:
    """Return the rows of chargers that were fetched by `with_state`."""
    return [_row(charger) for charger in chargers]


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


def _row(charger: Any) -> Row:
    now, ports, state = live_state(charger), ports_of(charger), state_of(charger)
    worst = [port for port in ports if port.state is state]
    powers = [port.power for port in ports if port.power is not None]
    return Row(
        charger=charger,
        state=state,
        since=_since(now, worst),
        what=_what(now, state, worst, charger.close_reason or ""),
        ports=ports,
        power=sum(powers) if powers else None,
        last_seen=now.last_seen,
    )


def _since(now: ChargerState, worst: list[Port]) -> datetime | None:
    if not now.online:
        return now.since
    return max((port.since for port in worst if port.since), default=now.since)


def _what(now: ChargerState, state: State, worst: list[Port], close_reason: str) -> str:
    if state is State.OFFLINE:
        return words.closing(close_reason)
    if now.since is None:
        return _("never connected")
    told = [port.what for port in worst if port.what]
    own = words.error(now.error_code) if state in BROKEN else ""
    return told[0] if told else own
