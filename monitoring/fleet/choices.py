"""What a filter offers: the values among the chargers that pass all the others, with counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, F, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import access
from inventory.models import Charger, Lifecycle
from monitoring.fleet import narrowing
from monitoring.fleet.listing import Tile, tiles
from monitoring.fleet.narrowing import FIELDS, LONGEST_VALUE, Filters, in_states, narrowed

#: Values shown at once; more are found by typing.
MOST = 30
#: Filter -> what it is called.
LABELS: dict[str, str | Promise] = {
    "q": gettext_lazy("Search"),
    "state": gettext_lazy("State"),
    "port": gettext_lazy("Any port"),
    "since": gettext_lazy("Since"),
    "organisation": gettext_lazy("Organisation"),
    "region": gettext_lazy("Region"),
    "site": gettext_lazy("Site"),
    "model": gettext_lazy("Model"),
    "firmware": gettext_lazy("Firmware"),
    "operator": gettext_lazy("SIM operator"),
    "tag": gettext_lazy("Tag"),
    "version": gettext_lazy("OCPP version"),
    "lifecycle": gettext_lazy("Lifecycle"),
}
#: Filter that offers its values -> the fields that name one.
NAMES: dict[str, tuple[str, ...]] = {
    "state": (),
    "since": (),
    "site": ("site__name", "site__city"),
    "model": ("model__vendor", "model__name"),
    "firmware": (),
    "region": (),
    "organisation": ("site__organisation__name",),
    "operator": (),
    "tag": (),
    "version": (),
    "lifecycle": (),
}
#: Filters that stand behind a "more" until they are used.
RARE = frozenset({"organisation", "operator", "tag", "version", "lifecycle"})
AGES = ("last-15m", "last-1h", "last-24h", "over-1h", "over-24h", "over-7d")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter, what it is called, and how many chargers it leaves, where counted.

    What a state is called the page knows.
    """

    value: Any
    label: str
    detail: str
    chargers: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices of a filter; `more`: there are others, which typing finds."""

    choices: list[Choice]
    more: bool


def offer(chargers: QuerySet[Charger], wanted: Filters, name: str, text: str = "") -> Offer:
    """Return the choices of the filter that `text` finds, the chosen ones first; one query."""
    if name == "since":
        return Offer(
            [Choice(a, spoken_age(a), "", None, a == wanted.since) for a in AGES], more=False
        )
    among = narrowed(chargers, wanted, without=name)
    if name == "state":
        return Offer([_state(tile, wanted) for tile in tiles(among)], more=False)
    among = among.filter(in_states(wanted)).order_by()
    values = _tags(among) if name == "tag" else _values(among, name)
    words = text.replace("\0", "")[:LONGEST_VALUE].casefold().split()
    chosen = set(getattr(wanted, name))
    found = [
        Choice(value, label, detail, count, value in chosen)
        for value, label, detail, count in values
        if value in chosen or all(word in f"{label} {detail}".casefold() for word in words)
    ]
    found.sort(key=lambda choice: (not choice.chosen, -(choice.chargers or 0), choice.label))
    return Offer(found[: MOST + len(chosen)], more=len(found) > MOST + len(chosen))


def _age(since: str, wanted: Filters) -> Choice:
    return Choice(since, spoken_age(since), "", None, since == wanted.since)


def _state(tile: Tile, wanted: Filters) -> Choice:
    return Choice(tile.state, "", "", tile.chargers, tile.state in wanted.state)


def _values(chargers: QuerySet[Charger], name: str) -> Iterator[tuple[Any, str, str, int]]:
    rows = chargers.annotate(value=F(FIELDS[name])).values_list("value", *NAMES[name])
    for value, *named, count in rows.annotate(n=Count("pk")):
        if value not in (None, ""):
            yield value, *_named(name, value, named), count


def _named(name: str, value: Any, named: list[str]) -> tuple[str, str]:
    if name == "site":
        return named[0], named[1]
    if name == "lifecycle":
        return str(Lifecycle(value).label), ""
    return " ".join(named) or str(value), ""


def _tags(chargers: QuerySet[Charger]) -> Iterator[tuple[str, str, str, int]]:
    counts: Counter[str] = Counter()
    for tags, number in chargers.exclude(tags=[]).values_list("tags").annotate(Count("pk")):
        counts.update(dict.fromkeys(filter(_is_text, tags), number))
    return ((tag, tag, "", count) for tag, count in counts.items())


def _is_text(tag: object) -> bool:
    return isinstance(tag, str)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is active, in words, and the address without it."""

    name: str
    value: str
    label: str
    text: str
    without: str


def chips(user: User, wanted: Filters, parameters: QueryDict) -> list[Chip]:
    """Return the active filters; a query for each kind whose values only have a key."""
    texts = {
        "organisation": _texts(access.organisations, user, wanted.organisation, "name"),
        "site": _texts(access.sites, user, wanted.site, "name"),
        "model": _texts(access.models, user, wanted.model, "vendor", "name"),
    }
    return [
        Chip(
            name,
            str(value),
            str(LABELS[name]),
            texts[name].get(value, f"#{value}") if name in texts else text_of(name, value),
            without(parameters, name, str(value)),
        )
        for name, value in wanted.chosen()
        if name != "q"  # It stands in its field.
    ]


def _texts(
    seen: Callable[[User], QuerySet[Any]], user: User, keys: Iterable[int], *names: str
) -> dict[int, str]:
    if not keys:
        return {}
    found = seen(user).filter(pk__in=keys).values_list("pk", *names)
    return {key: " ".join(named) for key, *named in found}


def text_of(name: str, value: str) -> str:
    """Return a filter's value in words."""
    if name == "since":
        return spoken_age(value)
    if name == "lifecycle":
        return str(Lifecycle(value).label)
    return value  # What a state is called the page knows.


def spoken_age(since: str) -> str:
    """Return in words how old the state may be: "changed in the last 15 min"."""
    way, number, unit = narrowing.age(since)
    units = {"m": _("min"), "h": _("h"), "d": _("d")}
    pattern = _("in the last %(span)s") if way == "last" else _("for more than %(span)s")
    return pattern % {"span": f"{number} {units[unit]}"}


def without(parameters: QueryDict, name: str, value: str) -> str:
    """Return the query string less one value of a filter, back on page one."""
    rest = parameters.copy()
    rest.pop("page", None)
    left = [given for given in rest.getlist(name) if given != value and name not in SINGLE]
    rest.setlist(name, left)
    return "?" + rest.urlencode()


SINGLE = frozenset({"q", "since"})
