"""What the KPIs look like to Prometheus: the fleet's, each organisation's, and how fresh they are.

Ratios are 0 to 1; a figure without data is missing. Organisations are named by their slug,
those with the most chargers where there are many.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from inventory.models import Charger, Organisation
from inventory.models.site import LENSES
from monitoring.kpis.figures import Figure, figure
from monitoring.kpis.figures import Metric as Kpi
from monitoring.kpis.queries import Days, GroupBy, Sums, sums
from monitoring.kpis.totals import LinkTotals
from monitoring.kpis.wanted import EVERYTHING, Wanted, needed
from monitoring.models import DirtyDay, Outage, RollupState

MOST_ORGANISATIONS = 200
OF_FLEET = {
    Kpi.UPTIME: ("kilowatch_uptime_ratio", "Uptime of all ports, raw lens."),
    Kpi.ONLINE_RATE: ("kilowatch_online_ratio", "Online rate of all chargers."),
    Kpi.SESSION_SUCCESS: ("kilowatch_session_success_ratio", "Successful attempts."),
    Kpi.CHARGING_SUCCESS: (
        "kilowatch_charging_success_ratio",
        "Authenticated attempts that charged and ended regularly.",
    ),
    Kpi.RECONNECTS: ("kilowatch_reconnects_per_day", "Reconnects per charger and day."),
}
OF_ORGANISATIONS = {
    kpi: (f"kilowatch_organisation_{name.removeprefix('kilowatch_')}", f"{about} Last 30 days.")
    for kpi, (name, about) in OF_FLEET.items()
}
LENS_COLUMNS = (*LENSES, "contract")


def fleet() -> Iterator[Metric]:
    """Yield the KPIs of the fleet today (UTC) and in the last 30 days."""
    now = timezone.now()
    found = {label: _whole(_days(now, back), now) for label, back in (("today", 0), ("30d", 29))}
    for kpi, (name, about) in OF_FLEET.items():
        family = GaugeMetricFamily(name, about, labels=["window"])
        _add(family, {label: figure(kpi, of.ports, of.links) for label, of in found.items()})
        yield family
    yield from _times(found)
    yield _by_lens(found["30d"])


def organisations() -> Iterator[Metric]:
    """Yield the KPIs of each organisation in the last 30 days."""
    now = timezone.now()
    sized = Organisation.objects.annotate(size=Count("sites__chargers")).filter(size__gt=0)
    slugs = dict(sized.order_by("-size", "slug").values_list("pk", "slug")[:MOST_ORGANISATIONS])
    chargers = Charger.objects.filter(site__organisation__in=slugs)
    groups = sums(
        chargers, _days(now, 29), by=GroupBy.ORGANISATION, now=now, wanted=needed(OF_FLEET)
    )
    for kpi, (name, about) in OF_ORGANISATIONS.items():
        family = GaugeMetricFamily(name, about, labels=["organisation"])
        figures = {slugs[of.key]: figure(kpi, of.ports, of.links) for of in groups}  # type: ignore[index]
        _add(family, figures)
        yield family


def freshness() -> Iterator[Metric]:
    """Yield what is broken now, and how far behind the roll-ups are."""
    now = timezone.now()
    yield GaugeMetricFamily(
        "kilowatch_open_outages",
        "Outages of ports that go on.",
        value=Outage.objects.filter(ended=None).count(),
    )
    dirty = DirtyDay.objects.aggregate(count=Count("pk"), oldest=Min("marked_at"))
    yield GaugeMetricFamily(
        "kilowatch_dirty_days", "Days that wait to be computed anew.", value=dirty["count"]
    )
    yield GaugeMetricFamily(
        "kilowatch_dirty_days_age_seconds",
        "How long the oldest of these days has waited.",
        value=_age(now, dirty["oldest"], never=0.0),
    )
    refreshed = RollupState.objects.aggregate(at=Max("refreshed_at"))["at"]
    yield GaugeMetricFamily(
        "kilowatch_kpi_refresh_age_seconds",
        "How long ago today's KPIs were last computed; NaN: never.",
        value=_age(now, refreshed, never=float("nan")),
    )
    behind = RollupState.objects.exclude(charger__running__before__gte=F("settled_before"))
    yield GaugeMetricFamily(
        "kilowatch_chargers_without_sums",
        "Chargers of which KPIs are read day by day, which is slow.",
        value=behind.exclude(settled_before=None).count(),
    )


def _whole(days: Days, now: datetime) -> Sums:
    every = needed(OF_FLEET)
    lenses = tuple(name for name in EVERYTHING.ports if name.split("_")[0] in LENS_COLUMNS)
    wanted = Wanted((*every.ports, *lenses), every.links)
    (whole,) = sums(Charger.objects.all(), days, now=now, wanted=wanted)
    return whole


def _times(found: dict[str, Sums]) -> Iterator[Metric]:
    lost = GaugeMetricFamily(
        "kilowatch_lost_port_hours", "Hours of outage of all ports, raw lens.", labels=["window"]
    )
    unknown = GaugeMetricFamily(
        "kilowatch_no_data_ratio",
        "Share of the ports' commissioned time of which nothing is known.",
        labels=["window"],
    )
    for label, of in found.items():
        lost.add_metric([label], of.ports.outage / 3600)
        share = figure(Kpi.UPTIME, of.ports, of.links).no_data_share
        if share is not None:
            unknown.add_metric([label], share)
    yield from (lost, unknown)


def _by_lens(of: Sums) -> Metric:
    family = GaugeMetricFamily(
        "kilowatch_lens_uptime_ratio",
        "Uptime in the last 30 days through a lens, of the ports under it.",
        labels=["lens"],
    )
    links = LinkTotals()
    _add(family, {lens: figure(Kpi.UPTIME, of.ports, links, lens) for lens in LENS_COLUMNS})
    return family


def _add(family: GaugeMetricFamily, figures: dict[str, Figure]) -> None:
    for label, found in figures.items():
        if found.value is not None:
            family.add_metric([label], found.value)


def _days(now: datetime, before: int) -> Days:
    today = now.date()
    return Days(today - timedelta(days=before), today)


def _age(now: datetime, at: datetime | None, *, never: float) -> float:
    return max((now - at).total_seconds(), 0.0) if at else never
