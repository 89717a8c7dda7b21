"""What a site's page shows of now: its chargers, its connection as a whole, its power."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import OuterRef, Prefetch, Subquery

from inventory import access, opening_hours
from inventory.models import Charger, Evse, Lifecycle, Site
from monitoring import fleet, together
from monitoring.effective import BROKEN, WORST_FIRST, State
from monitoring.facts import CloseReason
from monitoring.models import ConnectionSpan
from monitoring.together import Loss

#: Broken chargers that are listed apart from all.
MOST_BROKEN = 8
#: A site with more chargers than this is drawn closely.
LARGE = 60
#: Losses of our own making say nothing about the site.
OWN = frozenset({CloseReason.GATEWAY_RESTART, CloseReason.GATEWAY_DIED})


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a site is open now, until or from when; `always` without hours."""

    now: bool
    always: bool
    change: datetime | None
    #: [(day, hours as text)], Monday first; a day without is "".
    week: list[tuple[str, str]]


def opening(site: Site, now: datetime) -> Opening:
    """Return the site's opening hours as they are at `now`."""
    hours = opening_hours.parse(site.opening_hours)
    local = now.astimezone(ZoneInfo(site.timezone))
    return Opening(
        now=opening_hours.is_open(hours, local),
        always=not hours,
        change=opening_hours.next_change(hours, local),
        week=[(day, _written(hours.get(day, []))) for day in opening_hours.DAYS],
    )


def _written(intervals: Sequence[tuple[time, time]]) -> str:
    return ", ".join("–".join(map(opening_hours.written, edges)) for edges in intervals)


@dataclass(frozen=True, slots=True)
class Now:
    """A site as it is now."""

    rows: list[fleet.Row]
    #: Chargers that were ever seen, and those of them that are online.
    seen: int
    online: int
    loss: Loss | None
    #: W, of the ports that charge.
    power: float
    charging: int
    ports: int
    counts: list[tuple[State, int]]

    @property
    def worst(self) -> State | None:
        """The worst state of any charger."""
        return self.counts[0][0] if self.counts else None

    @property
    def broken(self) -> list[fleet.Row]:
        """The chargers that no driver can be served at, worst first."""
        broken = [row for row in self.rows if row.state in BROKEN]
        return sorted(broken, key=lambda row: WORST_FIRST.index(row.state))

    @property
    def is_large(self) -> bool:
        """Tell whether there are too many chargers to show each at ease."""
        return len(self.rows) > LARGE

    @property
    def unseen(self) -> int:
        """How many chargers never connected."""
        return len(self.rows) - self.seen

    @property
    def worst_few(self) -> list[fleet.Row]:
        """The first of what is broken."""
        return self.broken[:MOST_BROKEN]

    @property
    def more_broken(self) -> int:
        """How many more are broken than `worst_few`."""
        return max(len(self.broken) - MOST_BROKEN, 0)

    @property
    def plan(self) -> "list[list[fleet.Row | None]]":
        """The rows of the plan, from the first place in use to the last; empty without one."""
        placed = {_place(row.charger): row for row in self.rows if row.charger.plan_row}
        if not placed:
            return []
        columns, rows = [place[0] for place in placed], [place[1] for place in placed]
        return [
            [placed.get((column, row)) for column in range(min(columns), max(columns) + 1)]
            for row in range(min(rows), max(rows) + 1)
        ]

    @property
    def beside_plan(self) -> list[fleet.Row]:
        """The chargers without a place on the plan, or all where there is no plan."""
        return [row for row in self.rows if not row.charger.plan_row]


def _place(charger: Charger) -> tuple[int, int]:
    return charger.plan_column or 0, charger.plan_row or 0


def now(user: User, site: Site) -> Now:
    """Return what the site's chargers do; two queries."""
    rows = fleet.rows(_chargers(user, site))
    rows.sort(key=lambda row: (_natural(row.charger.bay), row.charger.identity))
    live = [fleet.live_state(row.charger) for row in rows]
    ports = [port for row in rows for port in row.ports]
    return Now(
        rows=rows,
        seen=sum(state.since is not None for state in live),
        online=sum(state.online for state in live),
        loss=_loss(rows),
        power=sum(row.power or 0.0 for row in rows),
        charging=sum(port.state is State.CHARGING for port in ports),
        ports=len(ports),
        counts=_counts(rows),
    )


def _chargers(user: User, site: Site) -> list[Charger]:
    """Return the site's chargers with what `fleet.rows` reads of them, and nothing more."""
    chargers = access.chargers(user).filter(site=site).exclude(lifecycle=Lifecycle.DECOMMISSIONED)
    last = ConnectionSpan.objects.filter(charger=OuterRef("pk")).order_by("-opened")
    ports = Evse.objects.select_related("state").order_by("number")
    whole = chargers.select_related("state", "effective_state").order_by("identity")
    found: list[Charger] = list(
        whole.prefetch_related(Prefetch("evses", ports)).annotate(
            close_reason=Subquery(last.values("close_reason")[:1])
        )
    )
    for charger in found:
        charger.site = site
    return found


def _natural(label: str) -> list[tuple[int, str]]:
    """Order "Bay 2" before "Bay 10", and what has no label last."""
    words = "".join(c if c.isdecimal() else " " for c in label).split()
    return [(int(word), label) for word in words[:1]] or [(10**9, label or "￿")]


def _counts(rows: Sequence[fleet.Row]) -> list[tuple[State, int]]:
    counted = [(state, sum(row.state is state for row in rows)) for state in WORST_FIRST]
    return [(state, count) for state, count in counted if count]


def _loss(rows: Sequence[fleet.Row]) -> Loss | None:
    lost = [row for row in rows if row.state is State.OFFLINE]
    offline = [row.since for row in lost if row.since and not _our_doing(row)]
    others = sum(fleet.live_state(row.charger).online for row in rows) + len(lost) - len(offline)
    return together.lost_together(offline, online=others)


def _our_doing(row: fleet.Row) -> bool:
    return getattr(row.charger, "close_reason", "") in OWN
