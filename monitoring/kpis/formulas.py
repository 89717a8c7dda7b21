"""The KPIs as pure functions: totals in, figures out (KPIS.md).

Totals are additive, so a figure of any group is the figure of the summed totals and never a
mean of means. What isn't a sum says so: `PEAKS` are maxima, the percentiles of round trips
are those of the summed classes.

No data is None. Silence isn't uptime: it is outage once the charger has ever been seen, and
no data before; neither counts as up. Times are seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitoring.kpis.totals import DAY, OWN, RTT_BOUNDS, LensTotals, LinkTotals, PortTotals

RAW = "raw"


class Metric(StrEnum):
    """A KPI; its name in the API."""

    UPTIME = "uptime"
    ONLINE_RATE = "online_rate"
    SESSION_SUCCESS = "session_success"
    CHARGING_SUCCESS = "charging_success"
    FIRST_TIME_SUCCESS = "first_time_success"
    FAILURES = "failures"
    OUTAGES = "outages"
    MTBF = "mtbf"
    SILENT_TIME = "silent_time"
    RECONNECTS = "reconnects"
    MEAN_TIME_BETWEEN_DISCONNECTS = "mean_time_between_disconnects"
    LONGEST_OFFLINE = "longest_offline"
    FLAPPING_SHARE = "flapping_share"
    ROUND_TRIP_P50 = "round_trip_p50"
    ROUND_TRIP_P95 = "round_trip_p95"
    LATE_REPLIES = "late_replies"
    MISSED_PINGS = "missed_pings"
    SESSIONS = "sessions"
    ENERGY = "energy"
    PEAK_POWER = "peak_power"
    UTILISATION = "utilisation"
    OCCUPANCY = "occupancy"
    IDLE = "idle"


#: The largest of all, where the others are sums: of these, parts don't add up to the whole.
PEAKS = frozenset({Metric.LONGEST_OFFLINE, Metric.PEAK_POWER})


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI of one group: value = numerator / denominator, None where there is no data.

    Rates are 0 to 1. Of counts, amounts and maxima the denominator is 1, and 0 where nothing is
    known. `no_data_share` is the share (0 to 1) of the commissioned time of which nothing is
    known, None where there is no commissioned time. `details` are the parts: seconds by kind of
    outage, attempts by outcome, reconnects by reason.
    """

    metric: str
    numerator: float
    denominator: float
    no_data_share: float | None
    details: Mapping[str, float]

    @property
    def value(self) -> float | None:
        """The figure itself."""
        return self.numerator / self.denominator if self.denominator > 0 else None


def figure(metric: Metric, ports: PortTotals, links: LinkTotals, lens: str = RAW) -> Figure:
    """Return a KPI of the totals; `lens` is whose uptime, other KPIs don't know lenses."""
    if metric is Metric.UPTIME:
        return uptime(ports, lens)
    if metric in OF_PORTS:
        return OF_PORTS[metric](ports)
    if metric is Metric.SESSION_SUCCESS:
        return session_success(ports, links.refusals)
    return OF_LINKS[metric](links)


def uptime(ports: PortTotals, lens: str = RAW) -> Figure:
    """(T - (T_outage - T_excluded)) / T, of the time that the lens looks at."""
    if lens != RAW:
        return _through(ports, ports.lenses.get(lens, LensTotals()))
    details = {
        "outage": ports.outage,
        "offline": ports.offline,
        "faulted": ports.faulted,
        "unavailable": ports.unavailable,
        "silent": ports.silent,
        "planned": ports.planned,
        "no_data": ports.no_data,
    }
    operative = ports.up + ports.planned
    return _rate(Metric.UPTIME, operative, ports.measured, _unknown(ports), details)


def _through(ports: PortTotals, seen: LensTotals) -> Figure:
    details = {
        "outage": seen.outage,
        "excluded": seen.excluded,
        "ineligible": seen.ineligible,
        "window": seen.window,
    }
    operative = seen.window - (seen.outage - seen.excluded)
    return _rate(Metric.UPTIME, operative, seen.window, _unknown(ports), details)


def session_success(ports: PortTotals, refusals: int = 0) -> Figure:
    """Successful attempts / attempts; refused tokens are in the details and not in the rate."""
    details = {
        "failed": ports.attempts - ports.successes,
        "refused_attempts": ports.refused,
        "refused_tokens": refusals,
    }
    return _rate(Metric.SESSION_SUCCESS, ports.successes, ports.attempts, _unknown(ports), details)


def charging_success(ports: PortTotals) -> Figure:
    """Attempts that started energy and ended regularly / all from authentication on."""
    share, details = _unknown(ports), {"failed": ports.authorized - ports.regular}
    return _rate(Metric.CHARGING_SUCCESS, ports.regular, ports.authorized, share, details)


def first_time_success(ports: PortTotals) -> Figure:
    """Successful first attempts / first attempts: none of the same token failed just before."""
    details = {"failed": ports.first - ports.first_successes, "attempts": ports.attempts}
    share = _unknown(ports)
    return _rate(Metric.FIRST_TIME_SUCCESS, ports.first_successes, ports.first, share, details)


def failures(ports: PortTotals) -> Figure:
    """Failed attempts / attempts, by what came of them."""
    failed = ports.attempts - ports.successes
    details = dict(sorted(ports.failures.items())) | {"refused": ports.refused}
    return _rate(Metric.FAILURES, failed, ports.attempts, _unknown(ports), details)


def outages(ports: PortTotals) -> Figure:
    """Outages that began."""
    details = {"outage": ports.outage}
    return _amount(Metric.OUTAGES, ports.outages, ports, details)


def mtbf(ports: PortTotals) -> Figure:
    """Operative seconds / outages that began; None where none did."""
    operative = ports.up + ports.planned
    return Figure(Metric.MTBF, operative, ports.outages, _unknown(ports), {"outage": ports.outage})


def silent_time(ports: PortTotals) -> Figure:
    """Seconds of ports that seemed to be up and failed every driver / measured seconds."""
    return _rate(Metric.SILENT_TIME, ports.silent, ports.measured, _unknown(ports), {})


def sessions(ports: PortTotals) -> Figure:
    """Sessions that ended."""
    return _amount(Metric.SESSIONS, ports.use.sessions, ports, {"energy": ports.use.energy})


def energy(ports: PortTotals) -> Figure:
    """Wh of the sessions that ended."""
    return _amount(Metric.ENERGY, ports.use.energy, ports, {"sessions": ports.use.sessions})


def peak_power(ports: PortTotals) -> Figure:
    """The highest power of a session that ended, W; None where none was metered."""
    known = float(ports.use.peak_power > 0)
    return Figure(Metric.PEAK_POWER, ports.use.peak_power, known, _unknown(ports), {})


def utilisation(ports: PortTotals) -> Figure:
    """Seconds charging / measured seconds."""
    share = _unknown(ports)
    return _rate(Metric.UTILISATION, ports.use.charging, ports.measured, share, {})


def occupancy(ports: PortTotals) -> Figure:
    """Seconds taken while online / online seconds with a known status."""
    online = ports.measured - ports.offline
    details = {
        "charging": ports.use.charging,
        "idle": ports.use.idle,
        "faulted": ports.faulted,
        "unavailable": ports.unavailable + ports.planned,
    }
    return _rate(Metric.OCCUPANCY, ports.use.occupied, online, _unknown(ports), details)


def idle(ports: PortTotals) -> Figure:
    """Seconds still plugged in after the charging / seconds taken."""
    share, details = _unknown(ports), {"sessions": ports.use.sessions}
    return _rate(Metric.IDLE, ports.use.idle, ports.use.occupied, share, details)


def online_rate(links: LinkTotals) -> Figure:
    """Σ online seconds / Σ commissioned seconds of chargers; a socket that is down is known."""
    share = 0.0 if links.commissioned else None
    details = {"offline": links.offline, "unseen": links.unseen}
    return _rate(Metric.ONLINE_RATE, links.online, links.commissioned, share, details)


def reconnects(links: LinkTotals) -> Figure:
    """Reconnects per charger and day, those of our own making counted apart."""
    own = sum(links.reconnects[reason] for reason in OWN)
    total = links.reconnects.total()
    details = {"total": total, "own_restarts": own} | {
        f"after_{reason}": count for reason, count in sorted(links.reconnects.items())
    }
    days = _seen(links) / DAY
    return Figure(Metric.RECONNECTS, total - own, days, _unseen(links), details)


def mean_time_between_disconnects(links: LinkTotals) -> Figure:
    """Online seconds / connections that ended, but by us; None where none did."""
    metric = Metric.MEAN_TIME_BETWEEN_DISCONNECTS
    return Figure(metric, links.online, links.disconnects, _unseen(links), {})


def longest_offline(links: LinkTotals) -> Figure:
    """Seconds of the longest stretch offline in the window."""
    known, details = float(_seen(links) > 0), {"offline": links.offline - links.unseen}
    return Figure(Metric.LONGEST_OFFLINE, links.longest_offline, known, _unseen(links), details)


def flapping_share(links: LinkTotals) -> Figure:
    """Seconds with five reconnects or more within the hour / seconds since it was first seen."""
    return _rate(Metric.FLAPPING_SHARE, links.flapping, _seen(links), _unseen(links), {})


def round_trip_p50(links: LinkTotals) -> Figure:
    """The bound (ms) of the class that the median round trip lies in."""
    return _percentile(Metric.ROUND_TRIP_P50, links, 0.5)


def round_trip_p95(links: LinkTotals) -> Figure:
    """The bound (ms) of the class that the 95th percentile of round trips lies in."""
    return _percentile(Metric.ROUND_TRIP_P95, links, 0.95)


def late_replies(links: LinkTotals) -> Figure:
    """Round trips longer than the last bound, 5 s / all."""
    late, answers = links.round_trips[-1], sum(links.round_trips)
    return _rate(Metric.LATE_REPLIES, late, answers, _unseen(links), classes(links.round_trips))


def missed_pings(links: LinkTotals) -> Figure:
    """Pings that were not answered / pings."""
    pings = sum(links.round_trips) + links.missed_pings
    details = {"answered": sum(links.round_trips)}
    return _rate(Metric.MISSED_PINGS, links.missed_pings, pings, _unseen(links), details)


def classes(round_trips: Sequence[int]) -> dict[str, float]:
    """Name the counts of round trips: `to_50` … `to_5000` (ms), `over_5000`."""
    names = [*(f"to_{bound}" for bound in RTT_BOUNDS), f"over_{RTT_BOUNDS[-1]}"]
    return dict(zip(names, map(float, round_trips), strict=True))


def percentile(round_trips: Sequence[int], share: float) -> float:
    """Return the least bound (ms) that `share` of the round trips kept to.

    Where it lies beyond the last bound it is that bound: so long at least.
    """
    wanted, found = share * sum(round_trips), 0
    for bound, count in zip(RTT_BOUNDS, round_trips, strict=False):
        found += count
        if found >= wanted:
            return float(bound)
    return float(RTT_BOUNDS[-1])


def _percentile(metric: Metric, links: LinkTotals, share: float) -> Figure:
    known = any(links.round_trips)
    value = percentile(links.round_trips, share) if known else 0.0
    return Figure(metric, value, float(known), _unseen(links), classes(links.round_trips))


def _rate(
    metric: Metric, part: float, whole: float, no_data: float | None, details: Mapping[str, float]
) -> Figure:
    """Return a share of 0 to 1, whatever sums of rounded numbers make of it."""
    return Figure(metric, min(max(part, 0.0), whole), whole, no_data, details)


def _amount(
    metric: Metric, amount: float, ports: PortTotals, details: Mapping[str, float]
) -> Figure:
    known = float(ports.measured > 0)
    return Figure(metric, amount if known else 0.0, known, _unknown(ports), details)


def _unknown(ports: PortTotals) -> float | None:
    whole = ports.measured + ports.no_data
    return ports.no_data / whole if whole > 0 else None


def _seen(links: LinkTotals) -> float:
    """Return the commissioned seconds since the charger's first connection ever."""
    return links.commissioned - links.unseen


def _unseen(links: LinkTotals) -> float | None:
    return links.unseen / links.commissioned if links.commissioned > 0 else None


OF_PORTS: Mapping[Metric, Callable[[PortTotals], Figure]] = {
    Metric.CHARGING_SUCCESS: charging_success,
    Metric.FIRST_TIME_SUCCESS: first_time_success,
    Metric.FAILURES: failures,
    Metric.OUTAGES: outages,
    Metric.MTBF: mtbf,
    Metric.SILENT_TIME: silent_time,
    Metric.SESSIONS: sessions,
    Metric.ENERGY: energy,
    Metric.PEAK_POWER: peak_power,
    Metric.UTILISATION: utilisation,
    Metric.OCCUPANCY: occupancy,
    Metric.IDLE: idle,
}
OF_LINKS: Mapping[Metric, Callable[[LinkTotals], Figure]] = {
    Metric.ONLINE_RATE: online_rate,
    Metric.RECONNECTS: reconnects,
    Metric.MEAN_TIME_BETWEEN_DISCONNECTS: mean_time_between_disconnects,
    Metric.LONGEST_OFFLINE: longest_offline,
    Metric.FLAPPING_SHARE: flapping_share,
    Metric.ROUND_TRIP_P50: round_trip_p50,
    Metric.ROUND_TRIP_P95: round_trip_p95,
    Metric.LATE_REPLIES: late_replies,
    Metric.MISSED_PINGS: missed_pings,
}
