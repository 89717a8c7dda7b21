"""What a filter offers: the values among the chargers that pass all the others, with counts."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, F, QuerySet, Value
from django.db.models.functions import Concat, Trim
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory import access
from inventory.models import Charger, Lifecycle
from monitoring.fleet import narrowing
from monitoring.fleet.listing import Tile, tiles
from monitoring.fleet.narrowing import (
    FIELDS,
    HELD,
    LONGEST_VALUE,
    NOBODY,
    SOMEBODY,
    Filters,
    in_states,
    narrowed,
)

#: Values shown at once; more are found by typing.
MOST = 30
#: Filter -> what it is called.
LABELS: dict[str, str | Promise] = {
    "q": gettext_lazy("Search"),
    "state": gettext_lazy("State"),
    "port": gettext_lazy("Any port"),
    "since": gettext_lazy("Since"),
    "held": gettext_lazy("Who has it"),
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
    "held": (),
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
#: Value of the filter `held` -> what it is called.
HOLDERS: dict[str, str | Promise] = {
    NOBODY: gettext_lazy("Nobody, and it is broken"),
    SOMEBODY: gettext_lazy("Somebody"),
}
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
    if name == "held":
        return Offer(list(_holders(among, wanted)), more=False)
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


def _holders(chargers: QuerySet[Charger], wanted: Filters) -> Iterator[Choice]:
    counts = {who: Count("pk", filter=condition()) for who, condition in HELD.items()}
    for who, number in chargers.aggregate(**counts).items():
        yield Choice(who, str(HOLDERS[who]), "", number, who in wanted.held)


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
    """Return the active filters; one query where there are some whose values are only keys."""
    texts = _texts(user, wanted)
    return [
        Chip(
            name,
            str(value),
            str(LABELS[name]),
            texts.get((name, value), f"#{value}") if name in KEYED else text_of(name, value),
            without(parameters, name, str(value)),
        )
        for name, value in wanted.chosen()
        if name != "q"  # It stands in its field.
    ]


#: Filter whose values are keys -> the rows that a person sees, and the fields that name one.
KEYED: dict[str, tuple[Callable[[User], QuerySet[Any]], tuple[str, ...]]] = {
    "organisation": (access.organisations, ("name",)),
    "site": (access.sites, ("name",)),
    "model": (access.models, ("vendor", "name")),
}


def _texts(user: User, wanted: Filters) -> dict[tuple[str, int], str]:
    """Return what the keys that are asked for are called, by filter and key."""
    parts = [
        _named_by_key(name, seen(user).filter(pk__in=getattr(wanted, name)), *fields)
        for name, (seen, fields) in KEYED.items()
        if getattr(wanted, name)
    ]
    if not parts:
        return {}
    found = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return {(name, key): text for name, key, text in found}


def _named_by_key(name: str, rows: QuerySet[Any], *fields: str) -> QuerySet[Any, Any]:
    called = Concat(*chain.from_iterable((Value(" "), F(field)) for field in fields))
    named: QuerySet[Any, Any] = rows.order_by().annotate(of=Value(name), called=Trim(called))
    return named.values_list("of", "pk", "called")


def text_of(name: str, value: str) -> str:
    """Return a filter's value in words."""
    if name == "since":
        return spoken_age(value)
    if name == "lifecycle":
        return str(Lifecycle(value).label)
    if name == "held":
        return str(HOLDERS[value])
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
