"""The ledger as people read it: which outages are asked for, what they cost, how they add up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from inventory import access as inventory_access
from inventory.access import Person
from inventory.models import Organisation, Site
from monitoring import access
from monitoring.charger_page.window import Window
from monitoring.charger_page.window import asked as window_asked
from monitoring.models import Exclusion, Outage
from monitoring.models.outages import CAUSES, KINDS
from monitoring.outages.queries import outages

BY_DEFAULT = "7d"
LARGEST_KEY = 2**62
#: Parameter `sort` -> the order; the first is what is shown unasked: what lasts still, then
#: what has cost most.
ORDERS: dict[str, tuple[Any, ...]] = {
    "": (Case(When(ended=None, then=0), default=1), "-lost", "-pk"),
    "-lost": ("-lost", "-pk"),
    "lost": ("lost", "-pk"),
    "-started": ("-started", "-pk"),
    "started": ("started", "pk"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which outages, as an address says it; what can't be read in it is left out, and said."""

    window: Window
    organisation: int | None = None
    site: int | None = None
    charger: str = ""
    evse: int | None = None
    kind: str = ""
    cause: str = ""
    chargex: int | None = None
    #: "yes": those that go on, "no": those that are over.
    open: str = ""
    sort: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything but the window is asked for."""
        return self != Wanted(self.window, sort=self.sort)


@dataclass(frozen=True, slots=True)
class Share:
    """What one cause has cost: outages and seconds, and its share of all seconds."""

    cause: str
    label: str
    outages: int
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Totals:
    """All that is asked for: outages, ports, seconds, how many go on, and what cost how much."""

    outages: int
    ports: int
    seconds: float
    open: int
    causes: Sequence[Share]


def asked(parameters: Mapping[str, str], zone: str, now: datetime) -> Wanted:
    """Return what a query string asks for."""
    said = {"window": BY_DEFAULT, **{name: value for name, value in parameters.items() if value}}
    chosen = Wanted(window_asked(said, zone, now))
    keys = {name: _key(said.get(name)) for name in ("organisation", "site", "evse", "chargex")}
    return replace(
        chosen,
        organisation=keys["organisation"],
        site=keys["site"],
        evse=keys["evse"],
        chargex=keys["chargex"],
        charger=said.get("charger", "").replace("\0", "").strip()[:48],
        kind=_one_of(said.get("kind"), KINDS),
        cause=_one_of(said.get("cause"), CAUSES),
        open=said.get("open", "") if said.get("open") in ("yes", "no") else "",
        sort=said.get("sort", "") if said.get("sort") in ORDERS else "",
    )


def _key(text: str | None) -> int | None:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return min(int(text), LARGEST_KEY)


def _one_of(text: str | None, choices: Iterable[tuple[str, Any]]) -> str:
    return next((value for value, _label in choices if value == text), "")


def narrowed(user: Person, wanted: Wanted) -> QuerySet[Outage]:
    """Return the outages asked for, of what the user sees, each with `lost` and `why`."""
    found = outages(inventory_access.chargers(user), wanted.window.start, wanted.window.end)
    if wanted.organisation:
        found = found.filter(charger__site__organisation=wanted.organisation)
    if wanted.site:
        found = found.filter(charger__site=wanted.site)
    if wanted.charger:
        chargers = inventory_access.chargers(user)
        named = inventory_access.with_identity(chargers, wanted.charger)
        found = found.filter(charger__in=named.values("pk"))
    if wanted.evse:
        found = found.filter(evse=wanted.evse)
    if wanted.open:
        found = found.filter(ended__isnull=wanted.open == "yes")
    plain = {"kind": wanted.kind, "chargex": wanted.chargex}
    found = found.filter(**{name: value for name, value in plain.items() if value})
    found = with_why(found)
    return found.filter(Q(("why", wanted.cause))) if wanted.cause else found


def with_why(found: QuerySet[Outage]) -> QuerySet[Outage]:
    """Have each outage say its cause as `why`: what a person found, else what the record shows."""
    return found.annotate(why=Case(When(found_cause="", then="cause"), default="found_cause"))


def summed(found: QuerySet[Outage]) -> Totals:
    """Add up what `narrowed` returned."""
    plain: QuerySet[Any] = found.order_by()
    whole = plain.aggregate(
        outages=Count("pk"),
        ports=Count("evse", distinct=True),
        seconds=Coalesce(Sum("lost"), 0.0),
        open=Count("pk", filter=Q(ended=None)),
    )
    by_cause: Any = plain.values("why")
    rows = by_cause.annotate(count=Count("pk"), cost=Sum("lost")).order_by("-cost", "why")
    names, all_seconds = dict(CAUSES), whole["seconds"]
    causes = [
        Share(
            row["why"],
            str(names[row["why"]]),
            row["count"],
            row["cost"],
            row["cost"] / all_seconds if all_seconds else 0.0,
        )
        for row in rows
    ]
    return Totals(**whole, causes=causes)


def exclusions_of(user: Person, found: Sequence[Outage]) -> dict[int, list[Exclusion]]:
    """Return by outage's key the proposed and approved exclusions that touch it."""
    if not found:
        return {}
    start = min(outage.started for outage in found)
    end = max(outage.ended or outage.until for outage in found)
    claimed = access.exclusions(user).filter(
        site__in={outage.charger.site_id for outage in found},
        state__in=["proposed", "approved"],
        started__lt=end,
        ended__gt=start,
    )
    ruled = list(claimed.select_related("site", "charger", "evse", "proposed_by", "decided_by"))
    return {o.pk: [x for x in ruled if concerns(x, o)] for o in found}


def concerns(exclusion: Exclusion, outage: Outage) -> bool:
    """Tell whether the exclusion takes out some of the outage."""
    ended = outage.ended or outage.until
    if not (exclusion.started < ended and outage.started < exclusion.ended):
        return False
    if exclusion.evse_id is not None:
        return exclusion.evse_id == outage.evse_id
    if exclusion.charger_id is not None:
        return exclusion.charger_id == outage.charger_id
    return exclusion.site_id == outage.charger.site_id


def sites(user: Person, most: int) -> list[tuple[int, str]]:
    """Return the sites to choose from; none where there are too many for a list."""
    names = inventory_access.sites(user).order_by("name").values_list("pk", "name")
    found = list(names[: most + 1])
    return found if len(found) <= most else []


def named_scope(user: Person, wanted: Wanted) -> str:
    """Return what the site and organisation asked for are called."""
    seen: tuple[QuerySet[Site] | QuerySet[Organisation], ...] = (
        inventory_access.sites(user).filter(pk=wanted.site or 0),
        inventory_access.organisations(user).filter(pk=wanted.organisation or 0),
    )
    return ", ".join(str(row) for rows in seen for row in rows)
