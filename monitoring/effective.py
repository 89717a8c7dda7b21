"""The effective state of a port and of a charger, defined once for pages, API and alerts.

A port of an offline charger is offline, whatever status it last reported; otherwise its
status decides (KPIS: "the effective state of a port at an instant"). A charger is offline
when its connection is gone, else in the worst of its own status and its ports' states. A
charger that was never seen is unknown rather than offline: nobody has lost it.

The pure functions, the queryset annotations and the rows that the database keeps
(`EffectiveState`: for lists and counts of many) say the same; the tests hold them together.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    CharField,
    F,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from inventory.models import Charger, Evse
from monitoring.facts import Status
from monitoring.models import PortState


class State(StrEnum):
    """What an operator sees of a port or charger; worst first, in the order of `WORST_FIRST`."""

    OFFLINE = "offline"
    FAULTED = "faulted"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    CHARGING = "charging"
    OCCUPIED = "occupied"
    RESERVED = "reserved"
    AVAILABLE = "available"


#: Most urgent first. A charger takes the first of these that any of its ports is in.
WORST_FIRST: tuple[State, ...] = tuple(State)
RANK: dict[State, int] = {state: rank for rank, state in enumerate(WORST_FIRST)}
#: The states that no driver can be served in.
BROKEN = frozenset({State.OFFLINE, State.FAULTED, State.UNAVAILABLE})

BY_STATUS: dict[Status, State] = {
    Status.AVAILABLE: State.AVAILABLE,
    Status.PREPARING: State.OCCUPIED,
    Status.OCCUPIED: State.OCCUPIED,
    Status.CHARGING: State.CHARGING,
    Status.SUSPENDED_EV: State.OCCUPIED,
    Status.SUSPENDED_EVSE: State.OCCUPIED,
    Status.FINISHING: State.OCCUPIED,
    Status.RESERVED: State.RESERVED,
    Status.UNAVAILABLE: State.UNAVAILABLE,
    Status.FAULTED: State.FAULTED,
    Status.UNKNOWN: State.UNKNOWN,
}


def port_state(*, online: bool, seen: bool, status: str) -> State:
    """Return the state of a port with this last status.

    `online`: its charger's connection is up; `seen`: it ever was.
    """
    if not seen:
        return State.UNKNOWN
    if not online:
        return State.OFFLINE
    return state_of_status(status)


def charger_state(*, online: bool, seen: bool, own_status: str, ports: Iterable[str]) -> State:
    """Return the state of a charger from its own status (1.6's connector 0) and its ports'.

    `ports` are the statuses of those ports that ever reported one. `own_status` only counts
    when it says that something is wrong: "Available" of connector 0 says nothing of them.
    """
    if not seen:
        return State.UNKNOWN
    if not online:
        return State.OFFLINE
    states = [state_of_status(status) for status in ports] or [State.UNKNOWN]
    own = state_of_status(own_status) if own_status else State.AVAILABLE
    return min([*states, *({own} & BROKEN)], key=RANK.__getitem__)


def state_of_status(status: str) -> State:
    """Return the state that a reported status means while the charger is online."""
    try:
        return BY_STATUS[Status(status)]
    except ValueError:
        return State.UNKNOWN


def annotate_ports(ports: QuerySet[Evse]) -> QuerySet[Any]:
    """Add `effective` (a `State` value), `effective_rank` and `effective_since` to the ports."""
    online = Q(charger__state__online=True)
    return ports.annotate(
        effective_rank=Case(
            When(charger__state__since=None, then=RANK[State.UNKNOWN]),
            When(~online, then=RANK[State.OFFLINE]),
            default=RankOfStatus("state__status"),
            output_field=IntegerField(),
        ),
        effective=StateOfRank("effective_rank"),
        effective_since=Case(
            When(online, then=F("state__since")), default=F("charger__state__since")
        ),
    )


def annotate_chargers(chargers: QuerySet[Charger]) -> QuerySet[Any]:
    """Add `effective` (a `State` value) and `effective_rank` to the chargers."""
    return chargers.annotate(
        effective_rank=Case(
            When(state__since=None, then=RANK[State.UNKNOWN]),
            When(state__online=False, then=RANK[State.OFFLINE]),
            default=Least(_worst_port(), OwnRank("state__status")),
            output_field=IntegerField(),
        ),
        effective=StateOfRank("effective_rank"),
    )


def _worst_port() -> Coalesce:
    ports = PortState.objects.filter(evse__charger=OuterRef("pk")).order_by()
    worst = ports.values("evse__charger").annotate(rank=Min(RankOfStatus("status")))
    return Coalesce(Subquery(worst.values("rank")), Value(RANK[State.UNKNOWN]))


class RankOfStatus(Func):
    """The rank of the state that a status column means: one SQL CASE, built once."""

    template = (
        "CASE %(expressions)s "
        + " ".join(f"WHEN '{status}' THEN {RANK[state]}" for status, state in BY_STATUS.items())
        + f" ELSE {RANK[State.UNKNOWN]} END"
    )
    output_field = IntegerField()


class OwnRank(Func):
    """The rank of a charger's own status, if that says that something is wrong."""

    template = (
        "CASE %(expressions)s "
        + " ".join(
            f"WHEN '{status}' THEN {RANK[state]}"
            for status, state in BY_STATUS.items()
            if state in BROKEN
        )
        + f" ELSE {RANK[State.AVAILABLE]} END"
    )
    output_field = IntegerField()


class StateOfRank(Func):
    """The `State` value of a rank."""

    template = (
        f"(ARRAY[{', '.join(repr(str(state)) for state in WORST_FIRST)}])[%(expressions)s + 1]"
    )
    output_field = CharField()
