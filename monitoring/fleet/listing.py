"""How many chargers and ports are in which state, and one page of the list.

Both read the kept effective states (`EffectiveState`), never the ports: the cost grows with
the chargers that pass the filters, by some microseconds each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, OrderBy, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Lower

from inventory.models import Charger
from monitoring.effective import BY_STATUS, WORST_FIRST, State
from monitoring.fleet.narrowing import Filters, in_states, with_ports
from monitoring.fleet.rows import Row, rows, with_state
from monitoring.models import PortState

PAGE_SIZE = 50
LAST_SEEN = "state__last_seen"
SINCE = "effective_state__since"


def _down(field: Any) -> OrderBy:
    return OrderBy(F(field) if isinstance(field, str) else field, descending=True, nulls_last=True)


def _up(field: Any) -> OrderBy:
    return OrderBy(F(field) if isinstance(field, str) else field, nulls_last=True)


def _power() -> Case:
    """Return what a charger's charging ports draw together, W; looked up only where one charges."""
    charging = [status for status, state in BY_STATUS.items() if state is State.CHARGING]
    ports = PortState.objects.filter(evse__charger=OuterRef("pk"), status__in=charging)
    drawn = ports.order_by().values("evse__charger").annotate(drawn=Sum("power")).values("drawn")
    return Case(When(effective_state__charging__gt=0, then=Subquery(drawn)))


#: What a list can be sorted by; "worst" is the state, the latest change first.
ORDERS: dict[str, tuple[Any, ...]] = {
    "worst": ("effective_state__rank", _down(SINCE), "pk"),
    "identity": (Lower("identity"),),
    "-identity": (Lower("identity").desc(),),
    "site": ("site__name", "site", Lower("identity")),
    "-site": ("-site__name", "site", Lower("identity")),
    "since": (_up(SINCE), "pk"),
    "-since": (_down(SINCE), "pk"),
    "seen": (_up(LAST_SEEN), "pk"),
    "-seen": (_down(LAST_SEEN), "pk"),
    "model": (_up("model__vendor"), _up("model__name"), "pk"),
    "-model": (_down("model__vendor"), _down("model__name"), "pk"),
    "firmware": ("firmware_version", "pk"),
    "-firmware": ("-firmware_version", "pk"),
    "organisation": ("site__organisation__name", "pk"),
    "-organisation": ("-site__organisation__name", "pk"),
    "power": (_up(_power()), "pk"),
    "-power": (_down(_power()), "pk"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """How many chargers, and how many ports, are in a state.

    `listed` are those of the chargers that the filter on ports lets through.
    """

    state: State
    chargers: int
    ports: int
    listed: int


def tiles(chargers: QuerySet[Charger], wanted: Filters | None = None) -> list[Tile]:
    """Count the chargers and their ports by effective state, worst first; one query."""
    sums: dict[str, Any] = {f"in_{s}": Sum(f"effective_state__{s}") for s in WORST_FIRST}
    listed = Count("pk", filter=with_ports(wanted or Filters()))
    ranks: Any = chargers.order_by().values("effective_state__rank")
    ranks = ranks.annotate(chargers=Count("pk"), listed=listed, **sums)
    counted: list[dict[str, Any]] = list(ranks)
    by_rank = {row["effective_state__rank"]: row for row in counted}
    return [
        Tile(
            state,
            chargers=by_rank[rank]["chargers"] if rank in by_rank else 0,
            ports=sum(row[f"in_{state}"] or 0 for row in counted),
            listed=by_rank[rank]["listed"] if rank in by_rank else 0,
        )
        for rank, state in enumerate(WORST_FIRST)
    ]


def page(
    chargers: QuerySet[Charger], wanted: Filters, counted: Iterable[Tile], number: int
) -> Page[Any]:
    """Return one page of `Row`s; `counted` are the tiles, which say how many there are."""
    paginator: Paginator[Any] = Paginator(keys(chargers, wanted), PAGE_SIZE)
    # Known already: no query for it.
    paginator.__dict__["count"] = sum(
        tile.listed for tile in counted if not wanted.state or tile.state in wanted.state
    )
    chosen: Page[Any] = paginator.get_page(number)
    chosen.object_list = in_order(list(chosen.object_list), wanted.q)
    return chosen


def keys(chargers: QuerySet[Charger], wanted: Filters) -> QuerySet[Any, int]:
    """Return the keys of the chargers in the states that are asked for, in order."""
    # Every charger has a row; said so, the index on it can give the order.
    found = chargers.filter(in_states(wanted), effective_state__rank__gte=0)
    return found.order_by(*ORDERS[wanted.sort]).values_list("pk", flat=True)


def in_order(wanted: list[int], searched: str = "") -> list[Row]:
    """Return the rows of these keys, in their order; two queries. Who may see them was asked."""
    shown = rows(with_state(Charger.objects.filter(pk__in=wanted)), searched)
    by_key = {row.charger.pk: row for row in shown}
    return [by_key[key] for key in wanted if key in by_key]
