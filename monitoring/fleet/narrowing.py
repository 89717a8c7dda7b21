"""What a fleet is narrowed to: the parameters of an address, and the queryset they mean."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from inventory import search
from inventory.models import Charger, Lifecycle
from monitoring.effective import BROKEN, RANK, State
from monitoring.fleet import in_hand

#: Who has it: nobody what is broken, or somebody what they have taken in hand.
NOBODY, SOMEBODY = "nobody", "somebody"
#: The value of the parameter `view` that says: everything, whatever view one opens with.
ALL = "all"
#: Values of one filter, and characters of one value, that are looked at.
MOST_VALUES = 50
LONGEST_VALUE = 120
MOST_DAYS = 999
#: `last-15m`: changed in the last 15 minutes; `over-1h`: unchanged for longer than an hour.
SINCE = re.compile(r"(last|over)-([1-9]\d{0,2})([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
SORTS = (
    *("worst", "identity", "-identity", "site", "-site", "since", "-since", "seen", "-seen"),
    *("model", "-model", "firmware", "-firmware", "organisation", "-organisation"),
    *("power", "-power"),
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the fleet is narrowed to; the names are the page's parameters.

    Several values of one filter are alternatives, several filters hold all at once.
    """

    q: str = ""
    #: The charger's own state; `port`: any of its ports is in it.
    state: tuple[State, ...] = ()
    port: tuple[State, ...] = ()
    since: str = ""
    held: tuple[str, ...] = ()
    organisation: tuple[int, ...] = ()
    region: tuple[str, ...] = ()
    site: tuple[int, ...] = ()
    model: tuple[int, ...] = ()
    firmware: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    lifecycle: tuple[str, ...] = ()
    sort: str = "worst"

    @property
    def narrowed(self) -> bool:
        """Tell whether anything is left out."""
        return any(True for _name, _value in self.chosen())

    def chosen(self) -> Iterator[tuple[str, Any]]:
        """Yield (parameter, value) of everything that narrows."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "sort" and value:
                yield from (
                    (field.name, v) for v in (value if isinstance(value, tuple) else [value])
                )


def filters(parameters: QueryDict) -> Filters:
    """Read the filters of a query string; what can't be read doesn't filter."""
    return Filters(
        q=" ".join(search.words(parameters.get("q", ""))),
        since=_since(parameters.get("since", "")),
        sort=parameters.get("sort", "") if parameters.get("sort", "") in SORTS else "worst",
        **{name: _read(parameters, name, read) for name, read in _READERS.items()},
    )


def _read(parameters: QueryDict, name: str, read: Callable[[str], Any]) -> tuple[Any, ...]:
    given = (read(text) for text in parameters.getlist(name)[:MOST_VALUES])
    return tuple(dict.fromkeys(value for value in given if value not in (None, "")))


def _since(text: str) -> str:
    return text if SINCE.fullmatch(text) else ""


def age(since: str) -> tuple[str, int, str]:
    """Return the parts of a `since`: last or over, how many, m, h or d."""
    way, number, unit = SINCE.findall(since)[0]
    return way, int(number), unit


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _text(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST_VALUE]


def _state(text: str) -> State | None:
    return State(text) if text in set(State) else None


def _held(text: str) -> str | None:
    return text if text in HELD else None


def _lifecycle(text: str) -> str | None:
    return text if text in Lifecycle.values else None


_READERS: dict[str, Callable[[str], Any]] = {
    "state": _state,
    "port": _state,
    "held": _held,
    "organisation": _number,
    "region": _text,
    "site": _number,
    "model": _number,
    "firmware": _text,
    "operator": _text,
    "tag": _text,
    "version": _text,
    "lifecycle": _lifecycle,
}
#: Filter -> the field that is one of its values.
FIELDS = {
    "organisation": "site__organisation",
    "region": "site__region",
    "site": "site",
    "model": "model",
    "firmware": "firmware_version",
    "operator": "sim__operator",
    "version": "ocpp_version",
    "lifecycle": "lifecycle",
}


def narrowed(
    chargers: QuerySet[Charger], wanted: Filters, *, without: str = "", now: datetime | None = None
) -> QuerySet[Charger]:
    """Return the chargers that pass the filters, but for the states and the filter `without`.

    Decommissioned ones only show when they are asked for.
    """
    for name, field in FIELDS.items():
        values = getattr(wanted, name)
        if values and name != without:
            chargers = chargers.filter(**{f"{field}__in": values})
    if not wanted.lifecycle or without == "lifecycle":
        chargers = chargers.exclude(lifecycle=Lifecycle.DECOMMISSIONED)
    if wanted.tag and without != "tag":
        chargers = chargers.filter(any_of(Q(tags__contains=[tag]) for tag in wanted.tag))
    if wanted.held and without != "held":
        chargers = chargers.filter(any_of(HELD[who]() for who in wanted.held))
    if wanted.since:
        chargers = chargers.filter(_changed(wanted.since, now or timezone.now()))
    return search.chargers(chargers, wanted.q)


def _changed(since: str, now: datetime) -> Q:
    way, number, unit = age(since)
    moment = now - number * UNITS[unit]
    return Q(**{f"effective_state__since__{'gte' if way == 'last' else 'lt'}": moment})


def _neglected() -> Q:
    broken = Q(effective_state__rank__in=[RANK[state] for state in BROKEN])
    return broken & ~in_hand.condition()


#: Value of the filter `held` -> the condition that it means.
HELD: dict[str, Callable[[], Q]] = {NOBODY: _neglected, SOMEBODY: in_hand.condition}


def in_states(wanted: Filters) -> Q:
    """Return the condition of the states that are asked for."""
    condition = Q()
    if wanted.state:
        condition &= Q(effective_state__rank__in=[RANK[state] for state in wanted.state])
    return condition & with_ports(wanted)


def with_ports(wanted: Filters) -> Q:
    """Return the condition that a port is in one of the states asked for."""
    return any_of(Q(**{f"effective_state__{state}__gt": 0}) for state in wanted.port)


def any_of(conditions: Iterable[Q]) -> Q:
    """Return the condition that one of these holds; none of them: always."""
    together = Q()
    for condition in conditions:
        together |= condition
    return together
