"""Sites as a list and a map show them: where they are, and their chargers counted by state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from inventory import search
from inventory.models import Charger, Lifecycle, Site
from monitoring.effective import RANK, WORST_FIRST, State

PAGE_SIZE = 50
#: What a list of sites can be sorted by.
SORTS = ("worst", "name", "-name", "city", "-city", "chargers", "-chargers", "since", "-since")
#: The filter for sites on which no charger stands.
EMPTY = "empty"
_COLUMNS = (
    *("pk", "name", "address", "postal_code", "city", "region", "country", "latitude"),
    *("longitude", "timezone", "organisation_id", "organisation__name"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A site with its chargers by state; retired ones are not counted."""

    pk: int
    name: str
    address: str
    postal_code: str
    city: str
    region: str
    country: str
    latitude: float | None
    longitude: float | None
    timezone: str
    organisation_id: int
    organisation: str
    #: Chargers by state, in the order of `WORST_FIRST`.
    counts: Sequence[int]
    #: When the latest of its chargers got into the worst state.
    since: datetime | None

    @property
    def chargers(self) -> int:
        """How many chargers there are."""
        return sum(self.counts)

    @property
    def worst(self) -> State | None:
        """The worst state any of its chargers is in; None without chargers."""
        return next((state for state, count in self.by_state), None)

    @property
    def by_state(self) -> list[tuple[State, int]]:
        """The states that there are chargers in, worst first, and how many."""
        pairs = zip(WORST_FIRST, self.counts, strict=True)
        return [(state, count) for state, count in pairs if count]

    @property
    def place(self) -> str:
        """Postal code and town."""
        return f"{self.postal_code} {self.city}".strip()

    @property
    def is_mapped(self) -> bool:
        """Tell whether its position is known."""
        return self.latitude is not None and self.longitude is not None

    @property
    def urgency(self) -> int:
        """Its place in a list that begins with the worst; sites without chargers come last."""
        return len(WORST_FIRST) if self.worst is None else RANK[self.worst]


def rows(sites: QuerySet[Site], chargers: QuerySet[Charger]) -> list[Row]:
    """Return the sites, each with its own of the `chargers` counted; two queries."""
    counted = _counted(chargers.filter(site__in=sites.order_by()))
    nothing: tuple[list[int], datetime | None] = ([0] * len(WORST_FIRST), None)
    found = []
    for about in sites.values(*_COLUMNS):
        counts, since = counted.get(about["pk"], nothing)
        organisation = about.pop("organisation__name")
        found.append(Row(**about, organisation=organisation, counts=counts, since=since))
    return found


def _counted(chargers: QuerySet[Charger]) -> dict[int, tuple[list[int], datetime | None]]:
    present = chargers.exclude(lifecycle=Lifecycle.DECOMMISSIONED).order_by()
    by_state = present.values_list("site", "effective_state__rank").annotate(
        Count("pk"), Max("effective_state__since")
    )
    found: dict[int, tuple[list[int], datetime | None]] = {}
    for site, rank, count, since in by_state.order_by("site", "-effective_state__rank"):
        counts = found[site][0] if site in found else [0] * len(WORST_FIRST)
        counts[rank] = count
        found[site] = (counts, since)  # The last one is the worst.
    return found


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of sites is narrowed to; the names are the page's parameters."""

    q: str = ""
    state: str = ""
    organisation: int | None = None
    region: str = ""
    sort: str = "worst"

    @property
    def narrowed(self) -> bool:
        """Tell whether anything is left out."""
        return any(getattr(self, field.name) for field in fields(self) if field.name != "sort")


def filters(parameters: Mapping[str, str]) -> Filters:
    """Read the filters of a query string; what can't be read doesn't filter."""
    state, sort = parameters.get("state", ""), parameters.get("sort", "")
    return Filters(
        q=parameters.get("q", "").replace("\0", "").strip()[:100],
        state=state if state in {*State, EMPTY} else "",
        organisation=_number(parameters.get("organisation", "")),
        region=parameters.get("region", "").replace("\0", "")[:80],
        sort=sort if sort in SORTS else "worst",
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def narrowed(sites: QuerySet[Site], wanted: Filters) -> QuerySet[Site]:
    """Return the sites that pass the filters, but for the state."""
    if wanted.organisation:
        sites = sites.filter(organisation=wanted.organisation)
    if wanted.region:
        sites = sites.filter(region=wanted.region)
    for word in search.words(wanted.q):
        sites = sites.filter(_has(word))
    return sites


def _has(word: str) -> Q:
    names = ("name", "address", "postal_code", "city", "region", "organisation__name")
    found = Q()
    for name in names:
        found |= Q(**{f"{name}__icontains": word})
    return found


def in_state(found: Iterable[Row], state: str) -> list[Row]:
    """Return the sites with a charger in the state, or without chargers (`EMPTY`); "" is any."""
    if state == EMPTY:
        return [row for row in found if not row.chargers]
    if state:
        return [row for row in found if row.counts[RANK[State(state)]]]
    return list(found)


def in_order(found: Iterable[Row], sort: str) -> list[Row]:
    """Return the sites in one of the `SORTS`."""
    listed = sorted(found, key=lambda row: row.name.casefold())
    by, backwards = sort.removeprefix("-"), sort.startswith("-")
    return sorted(listed, key=_KEYS[by], reverse=backwards)


def _age(row: Row) -> float:
    return row.since.timestamp() if row.since else 0.0


_KEYS: Mapping[str, Any] = {
    "worst": lambda row: (row.urgency, -_age(row)),
    "name": lambda row: row.name.casefold(),
    "city": lambda row: (row.country, row.city.casefold()),
    "chargers": lambda row: row.chargers,
    "since": _age,
}


@dataclass(frozen=True, slots=True)
class Tile:
    """How many sites have a charger in a state, and how many chargers those are."""

    state: State
    sites: int
    chargers: int


def tiles(found: Sequence[Row]) -> list[Tile]:
    """Count the sites by the states of their chargers, worst first."""
    return [
        Tile(
            state,
            sum(row.counts[rank] > 0 for row in found),
            sum(row.counts[rank] for row in found),
        )
        for rank, state in enumerate(WORST_FIRST)
    ]


def compact(found: Iterable[Row]) -> dict[str, Any]:
    """Return the sites as the map's script wants them: names of regions and tenants once.

    A site is [key, name, place, region, organisation, latitude, longitude, counts]; region and
    organisation are indexes, counts are in the order of `states`.
    """
    regions: dict[str, int] = {}
    organisations: dict[tuple[int, str], int] = {}
    listed = [
        [
            *(row.pk, row.name, row.place),
            regions.setdefault(row.region, len(regions)),
            organisations.setdefault((row.organisation_id, row.organisation), len(organisations)),
            *(_rounded(row.latitude), _rounded(row.longitude), row.counts),
        ]
        for row in found
    ]
    return {
        "states": WORST_FIRST,
        "regions": list(regions),
        "organisations": list(organisations),
        "sites": listed,
    }


def _rounded(degrees: float | None) -> float | None:
    # 1 m is enough.
    return None if degrees is None else round(degrees, 5)
