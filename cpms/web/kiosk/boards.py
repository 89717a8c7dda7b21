"""What a wall's boards show, gathered for an onlooker; few things, the worst of them first."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from alerts import access as alerts_access
from alerts.models import EscalationStep, Incident, Severity
from cpms.web.models import KioskLink
from inventory import access
from inventory.access import Onlooker
from inventory.models import Charger, Evse, Lifecycle, Site
from monitoring import access as monitoring_access
from monitoring import fleet
from monitoring.effective import BROKEN, RANK, State, annotate_ports
from monitoring.facts import Status
from monitoring.kpis.queries import LABELS, Days, Figure, Metric, figures

#: Rows that can be read from five metres.
MOST_ROWS = 7
#: Tiles of sites, and of a site's chargers, that still have readable names.
MOST_SITES = 35
MOST_CHARGERS = 15
#: New critical incidents that are called out; with more than these it hardly matters which.
MOST_CRITICAL = 50
#: Incidents may be stored a little after the instant they say they were opened at, and out of
#: order: so much of what was asked for before is told again.
OVERLAP = timedelta(minutes=2)
#: A wall that was dark for longer is told what opened in this time.
LONGEST_ABSENCE = timedelta(days=30)
#: Seconds for which KPIs are kept: they are rolled up every 30 s.
KPIS_KEPT = 30
#: The states in which a site needs somebody.
TROUBLE = BROKEN | {State.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Scene:
    """A wall, whom it stands for, and when it is looked at."""

    link: KioskLink
    onlooker: Onlooker
    now: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the wall must know of the open incidents every few seconds."""

    #: How many by severity, and how many of them nobody has yet.
    counts: Mapping[Severity, int]
    unacknowledged: int
    #: Changes with every change of them.
    stamp: str
    #: Keys of the critical ones that are new, the latest first; one that opens again has another.
    critical: list[tuple[str, Incident]]


def alarm(scene: Scene, since: datetime | None) -> Alarm:
    """Return the state of the open incidents, and which critical ones opened since then.

    None: the wall has just opened, and is told what it will be told again and is not new. Two
    queries, of few rows however many incidents are open.
    """
    rows = list(_summed(scene))
    unacknowledged = sum(row["waiting"] for row in rows)
    counts = {row["severity"]: row["number"] for row in rows}
    newest = _critical_since(scene, since or scene.now) if counts.get(Severity.CRITICAL) else ()
    return Alarm(
        counts={severity: counts.get(severity, 0) for severity in Severity},
        unacknowledged=unacknowledged,
        stamp=f"{crc32(repr(rows).encode()):08x}",
        critical=[(f"{incident.pk}:{incident.episode}", incident) for incident in newest],
    )


def _summed(scene: Scene) -> Iterable[Mapping[str, Any]]:
    """Count the open incidents by severity; the sums tell them from as many others."""
    waiting, cleared = Q(state=Incident.State.OPEN), Q(cleared_at__isnull=False)
    return (
        _open(scene)
        .values("severity")
        .annotate(
            number=Count("pk"), keys=Sum("pk"), episodes=Sum("episode"),
            waiting=Count("pk", filter=waiting), waiting_keys=Sum("pk", filter=waiting),
            cleared_keys=Sum("pk", filter=cleared),
        )
        .order_by("severity")
    )  # fmt: skip


def _critical_since(scene: Scene, since: datetime) -> Iterable[Incident]:
    asked = max(since, scene.now - LONGEST_ABSENCE)
    new = _open(scene).filter(severity=Severity.CRITICAL, opened_at__gte=asked - OVERLAP)
    return new.select_related("site", "charger").order_by("-opened_at", "-pk")[:MOST_CRITICAL]


def _open(scene: Scene) -> QuerySet[Incident]:
    return alerts_access.incidents(scene.onlooker).exclude(state=Incident.State.RESOLVED)


def _last_resolved(scene: Scene) -> datetime | None:
    incidents = alerts_access.incidents(scene.onlooker)
    at: datetime | None = incidents.aggregate(at=Max("resolved_at"))["at"]
    return at


def of_fleet(scene: Scene) -> dict[str, Any]:
    """Return the counts by state, and the chargers that can't serve anybody, worst first."""
    chargers = _chargers(scene)
    tiles = fleet.tiles(chargers)
    broken = [tile for tile in tiles if tile.state in BROKEN]
    trouble = _is_broken(tiles)
    page = fleet.page(chargers, fleet.Filters(), tiles, 1) if trouble else ()
    rows = [row for row in page if row.state in BROKEN][:MOST_ROWS]
    return {
        "troubles": broken,
        "others": [tile for tile in tiles if tile not in broken],
        "total": sum(tile.chargers for tile in tiles),
        "ports": sum(tile.ports for tile in tiles),
        "rows": rows,
        "more": sum(tile.chargers for tile in broken) - len(rows),
        **({} if trouble else _quiet(scene, trouble)),
    }


def of_incidents(scene: Scene) -> dict[str, Any]:
    """Return the open incidents, worst and oldest first, with who has them and what is due."""
    pending = Q(steps__state=EscalationStep.State.PENDING, state=Incident.State.OPEN)
    rows = _open(scene).select_related("site", "charger", "evse", "acknowledged_by")
    due = rows.annotate(next_due=Min("steps__due_at", filter=pending))
    shown = list(due.order_by("severity", "since", "pk")[:MOST_ROWS])
    total = _open(scene).count() if len(shown) == MOST_ROWS else len(shown)
    return {
        "incidents": shown,
        "total": total,
        "more": total - len(shown),
        **({} if shown else _quiet(scene, _is_broken(fleet.tiles(_chargers(scene))))),
    }


def _is_broken(tiles: Iterable[fleet.Tile]) -> bool:
    return any(tile.chargers for tile in tiles if tile.state in BROKEN)


def _quiet(scene: Scene, broken: bool) -> dict[str, Any]:
    """Return whether nothing is wrong, and since when; None: there never was an incident."""
    quiet = not broken and not _open(scene).exists()
    return {"quiet": quiet, "quiet_since": _last_resolved(scene)}


@dataclass(frozen=True, slots=True)
class SiteTile:
    """A site by the worst state of its ports, and how many are in which."""

    site: Site
    state: State
    counts: Mapping[State, int]

    @property
    def ports(self) -> int:
        """How many ports there are."""
        return sum(self.counts.values())

    @property
    def broken(self) -> int:
        """How many of them can't serve anybody."""
        return sum(number for state, number in self.counts.items() if state in BROKEN)


def of_sites(scene: Scene) -> dict[str, Any]:
    """Return the sites, worst first; of those that don't fit, how many there are."""
    ports = annotate_ports(Evse.objects.filter(charger__in=_chargers(scene).order_by())).order_by()
    counted: dict[int, Counter[State]] = {}
    rows = ports.values_list("charger__site", "effective").annotate(Count("pk"))
    for site, state, number in rows:
        counted.setdefault(site, Counter())[State(state)] = number
    order = sorted(counted, key=lambda site: (*_badness(counted[site]), site))
    shown = access.sites(scene.onlooker).in_bulk(order[:MOST_SITES])
    tiles = [
        SiteTile(shown[key], _worst(counted[key]), counted[key]) for key in order if key in shown
    ]
    troubled = sum(_worst(counts) in TROUBLE for counts in counted.values())
    return {
        "tiles": tiles,
        "total": len(counted),
        "more": len(counted) - len(tiles),
        "troubled": troubled,
    }


def _badness(counts: Counter[State]) -> tuple[int, int]:
    worst = _worst(counts)
    return RANK[worst], -counts[worst]


def _worst(states: Iterable[State]) -> State:
    return min(states, key=RANK.__getitem__)


def of_kpis(scene: Scene) -> dict[str, Any]:
    """Return the four figures of today and of seven days; of the sites' own days."""
    key = f"kiosk-kpis:{scene.link.pk}:{hash(scene.onlooker)}"
    kept: dict[str, Any] | None = cache.get(key)
    if kept is None:
        kept = {"metrics": _kpis(scene)}
        cache.set(key, kept, KPIS_KEPT)
    return kept


def _kpis(scene: Scene) -> list[dict[str, Any]]:
    today, week = (_figures(scene, days) for days in (0, 6))
    return [
        {
            "metric": metric,
            "label": LABELS[metric],
            "today": today[metric],
            "week": week[metric],
        }
        for metric in LABELS
    ]


def _figures(scene: Scene, back: int) -> Mapping[Metric, Figure]:
    today = scene.now.astimezone(ZoneInfo(scene.link.timezone)).date()
    days = Days(today - timedelta(days=back), today)
    return figures(access.chargers(scene.onlooker), days, now=scene.now)[0].figures


def of_site(scene: Scene) -> dict[str, Any]:
    """Return one site: its chargers, worst first, its power, its open incidents."""
    site = access.sites(scene.onlooker).filter(pk=scene.link.site_id or 0).first()
    if site is None:
        return {"site": None}
    chargers = _chargers(scene).filter(site=site)
    tiles = fleet.tiles(chargers)
    rows = list(fleet.page(chargers, fleet.Filters(), tiles, 1))[:MOST_CHARGERS]
    incidents = _open(scene).filter(site=site).select_related("acknowledged_by")
    return {
        "site": site,
        "tiles": [tile for tile in tiles if tile.chargers],
        "rows": rows,
        "more": sum(tile.chargers for tile in tiles) - len(rows),
        "power": _power(scene, site),
        "incidents": list(incidents.order_by("severity", "since")[:2]),
        "open": incidents.count(),
    }


def _power(scene: Scene, site: Site) -> float:
    """Return the W that the site's ports give now, as far as their meters say."""
    ports = monitoring_access.port_states(scene.onlooker).filter(
        evse__charger__site=site, evse__charger__state__online=True, status=Status.CHARGING
    )
    return float(ports.aggregate(power=Sum("power", default=0.0))["power"])


def _chargers(scene: Scene) -> QuerySet[Charger]:
    return access.chargers(scene.onlooker).exclude(lifecycle=Lifecycle.DECOMMISSIONED)


#: Board -> what it shows; its template is `web/kiosk/_<board>.html`.
BOARDS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    KioskLink.Board.FLEET: of_fleet,
    KioskLink.Board.INCIDENTS: of_incidents,
    KioskLink.Board.SITES: of_sites,
    KioskLink.Board.KPIS: of_kpis,
    KioskLink.Board.SITE: of_site,
}
