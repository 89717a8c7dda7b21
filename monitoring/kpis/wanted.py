"""Which columns a KPI is computed from, so that no others are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitoring.kpis import columns
from monitoring.kpis.formulas import OF_LINKS, RAW, Metric

#: What every figure of ports or chargers needs: its denominator, or its share of no data.
TIMES = ("up", "offline", "faulted", "unavailable", "silent", "planned", "no_data")
LINK_TIMES = ("online", "offline", "unseen")
_ATTEMPTS = ("attempts", "successes", "refused")
_PORTS: Mapping[Metric, tuple[str, ...]] = {
    Metric.OUTAGES: ("outages",),
    Metric.MTBF: ("outages",),
    Metric.SESSION_SUCCESS: _ATTEMPTS,
    Metric.CHARGING_SUCCESS: ("authorized", "regular"),
    Metric.FIRST_TIME_SUCCESS: ("first", "first_successes", "attempts"),
    Metric.FAILURES: (*_ATTEMPTS, *columns.FAILURES),
    Metric.SESSIONS: ("sessions", "energy"),
    Metric.ENERGY: ("sessions", "energy"),
    Metric.UTILISATION: ("charging",),
    Metric.OCCUPANCY: ("occupied", "charging", "idle"),
    Metric.IDLE: ("idle", "occupied", "sessions"),
}
_LINKS: Mapping[Metric, tuple[str, ...]] = {
    Metric.SESSION_SUCCESS: ("refusals",),
    Metric.RECONNECTS: columns.AFTER,
    Metric.MEAN_TIME_BETWEEN_DISCONNECTS: ("disconnects",),
    Metric.FLAPPING_SHARE: ("flapping",),
    Metric.ROUND_TRIP_P50: columns.CLASSES,
    Metric.ROUND_TRIP_P95: columns.CLASSES,
    Metric.LATE_REPLIES: columns.CLASSES,
    Metric.MISSED_PINGS: ("missed_pings", *columns.CLASSES),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Columns of ports and of chargers that are read: those that add up, and maxima."""

    ports: tuple[str, ...]
    links: tuple[str, ...]
    port_peaks: tuple[str, ...] = ()
    link_peaks: tuple[str, ...] = ()


EVERYTHING = Wanted(
    columns.PORT_SUMS,
    (*columns.LINK_SUMS, *columns.CLASSES),
    columns.PORT_LARGEST,
    columns.LINK_LARGEST,
)


def needed(metrics: Iterable[str], lens: str = RAW) -> Wanted:
    """Return the columns that the metrics are computed from; names of others say nothing."""
    known = {Metric(name) for name in metrics if name in list(Metric)}
    of_links = known & set(OF_LINKS)
    ports = {*TIMES} if known - of_links else set()
    links = {*LINK_TIMES} if of_links else set()
    for metric in known:
        ports.update(_PORTS.get(metric, ()))
        links.update(_LINKS.get(metric, ()))
    if Metric.UPTIME in known and lens != RAW:
        ports.update(f"{lens}_{part}" for part in columns.LENSES[lens])
    return Wanted(
        tuple(name for name in EVERYTHING.ports if name in ports),
        tuple(name for name in EVERYTHING.links if name in links),
        columns.PORT_LARGEST if Metric.PEAK_POWER in known else (),
        columns.LINK_LARGEST if Metric.LONGEST_OFFLINE in known else (),
    )
