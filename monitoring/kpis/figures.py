"""What every KPI of monitoring is called, how it is computed, and what proves it.

    figure(Metric.UPTIME, ports, links, lens="nevi").value      # 0.9973, or None: no data
    DEFINITIONS[Metric.UPTIME].label                            # "Uptime"

No definition knows a threshold: what a contract or an authority asks is theirs to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring.kpis.formulas import PEAKS, RAW, Figure, Metric, figure

__all__ = [
    "DEFINITIONS", "LENS_LABELS", "PEAKS", "RAW", "Better", "Definition", "Figure", "Metric",
    "Unit", "figure",
]  # fmt: skip


class Unit(StrEnum):
    """What a figure's value counts."""

    #: 0 to 1; people read per cent.
    SHARE = "share"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    PER_DAY = "per_day"
    COUNT = "count"
    WATT_HOURS = "watt_hours"
    WATTS = "watts"


class Better(StrEnum):
    """Which way a figure should go."""

    HIGHER = "higher"
    LOWER = "lower"
    #: It tells, and doesn't judge.
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Definition:
    """All that a page, a report or the API prints beside a figure."""

    metric: StrEnum
    label: Promise
    #: In words, with the window's part in it.
    formula: Promise
    unit: Unit
    better: Better
    #: The REST collection of the rows that a figure is made of.
    evidence: str
    numerator: Promise
    #: What one divides by; of amounts nothing.
    denominator: Promise | str = ""
    #: The parts that `Figure.details` may hold, and what they are called.
    details: Mapping[str, Promise] = field(default_factory=dict)
    #: Whether the numerators and denominators of parts add up to those of the whole.
    adds_up: bool = True


_OUTAGE = {
    "outage": _("Outage"),
    "offline": _("Offline"),
    "faulted": _("Faulted"),
    "unavailable": _("Unavailable"),
    "silent": _("Silently failing"),
    "planned": _("Planned work"),
    "no_data": _("No data"),
    "window": _("Time that the lens looks at"),
    "excluded": _("Excluded"),
    "ineligible": _("Ineligible for measurement"),
}
_OUTCOMES = {
    "no_authorization": _("Plugged in, not authorized"),
    "not_started": _("Authorized, not started by the charger"),
    "no_energy": _("No energy after the start"),
    "fault": _("Interrupted by a fault"),
    "power_or_link_loss": _("Interrupted by loss of power or link"),
    "stuck_finishing": _("Stuck finishing"),
    "refused": _("Token refused, left out of the rate"),
}
_REASONS = {
    "total": _("Reconnects in all"),
    "own_restarts": _("After restarts of our own"),
    "after_clean": _("After a clean close"),
    "after_lost": _("After a lost connection"),
    "after_ping_timeout": _("After a ping timeout"),
    "after_replaced": _("Replaced by a newer connection"),
    "after_gateway_restart": _("After our own restart"),
    "after_gateway_died": _("After the end of a gateway of ours"),
    "after_protocol_error": _("After a protocol error"),
    "after_kicked": _("After we closed it"),
    "after_unknown": _("After a close for no known reason"),
}
_CLASSES = {
    "to_50": _("Up to 50 ms"),
    "to_100": _("Up to 100 ms"),
    "to_200": _("Up to 200 ms"),
    "to_500": _("Up to 500 ms"),
    "to_1000": _("Up to 1 s"),
    "to_2000": _("Up to 2 s"),
    "to_5000": _("Up to 5 s"),
    "over_5000": _("Longer than 5 s"),
}
_MEASURED = _("Measured time")
_ATTEMPTS = _("Attempts")

_OF_UPTIME = [
    Definition(
        Metric.UPTIME,
        _("Uptime"),
        _(
            "(T - (T_outage - T_excluded)) / T, over ports. Outage is time offline, Faulted, "
            "Unavailable unless planned, or silently failing. T is commissioned time without the "
            "time of which nothing is known; a lens may look at less of it, and excludes what "
            "its rules let it. Raw: nothing is excluded."
        ),
        Unit.SHARE,
        Better.HIGHER,
        "outages",
        _("Operative time"),
        _MEASURED,
        _OUTAGE,
    ),
    Definition(
        Metric.OUTAGES,
        _("Outages"),
        _("Outages of ports that began."),
        Unit.COUNT,
        Better.LOWER,
        "outages",
        _("Outages"),
        details={"outage": _OUTAGE["outage"]},
    ),
    Definition(
        Metric.MTBF,
        _("Mean time between failures"),
        _("Operative time of ports / outages that began. No data where none began."),
        Unit.SECONDS,
        Better.HIGHER,
        "outages",
        _("Operative time"),
        _("Outages"),
        {"outage": _OUTAGE["outage"]},
    ),
    Definition(
        Metric.SILENT_TIME,
        _("Silently failing"),
        _(
            "Time in which a port seemed to be up and failed every driver / measured time, over "
            "ports: from the first of three failed attempts in a row by two different tokens or "
            "more to the next success."
        ),
        Unit.SHARE,
        Better.LOWER,
        "outages",
        _("Silently failing"),
        _MEASURED,
    ),
]
_OF_ATTEMPTS = [
    Definition(
        Metric.SESSION_SUCCESS,
        _("Session success"),
        _(
            "Successful attempts / attempts that ended in the window. Successful: at least 0.1 kWh "
            "delivered, unless set otherwise, and a regular end: by the driver, the vehicle, an "
            "operator or a limit. Attempts with a refused token are left out."
        ),
        Unit.SHARE,
        Better.HIGHER,
        "attempts",
        _("Successful attempts"),
        _ATTEMPTS,
        {
            "failed": _("Failed attempts"),
            "refused_attempts": _("Attempts with a refused token"),
            "refused_tokens": _("Refused tokens"),
        },
    ),
    Definition(
        Metric.CHARGING_SUCCESS,
        _("Charging success"),
        _(
            "Attempts that started energy and ended regularly / attempts from authentication to "
            "end, as in the German Charging Success Rate (NOW/P3, 2026). An attempt that nobody "
            "authenticated for is none here; attempts with a refused token are left out."
        ),
        Unit.SHARE,
        Better.HIGHER,
        "attempts",
        _("Attempts that charged and ended regularly"),
        _("Authenticated attempts"),
        {"failed": _("Failed attempts")},
    ),
    Definition(
        Metric.FIRST_TIME_SUCCESS,
        _("First-time success"),
        _(
            "Successful first attempts / first attempts. First: no failed attempt with the same "
            "token at the same site ended in the 30 minutes before it began."
        ),
        Unit.SHARE,
        Better.HIGHER,
        "attempts",
        _("Successful first attempts"),
        _("First attempts"),
        {"failed": _("Failed first attempts"), "attempts": _ATTEMPTS},
    ),
    Definition(
        Metric.FAILURES,
        _("Failed attempts"),
        _("Failed attempts / attempts that ended in the window, by what came of them."),
        Unit.SHARE,
        Better.LOWER,
        "attempts",
        _("Failed attempts"),
        _ATTEMPTS,
        _OUTCOMES,
    ),
]
_OF_LINKS = [
    Definition(
        Metric.ONLINE_RATE,
        _("Online rate"),
        _("Connected time / commissioned time, over chargers."),
        Unit.SHARE,
        Better.HIGHER,
        "connections",
        _("Connected time"),
        _("Commissioned time"),
        {"offline": _("Offline"), "unseen": _("Never seen yet")},
    ),
    Definition(
        Metric.RECONNECTS,
        _("Reconnects"),
        _(
            "Connections opened, but a charger's first ever, per charger and day since that first "
            "one. Reconnects after a restart of our own are counted apart."
        ),
        Unit.PER_DAY,
        Better.LOWER,
        "connections",
        _("Reconnects"),
        _("Days of chargers"),
        _REASONS,
    ),
    Definition(
        Metric.MEAN_TIME_BETWEEN_DISCONNECTS,
        _("Mean time between disconnects"),
        _(
            "Connected time / connections that ended otherwise than by a restart of our own. No "
            "data where none ended."
        ),
        Unit.SECONDS,
        Better.HIGHER,
        "connections",
        _("Connected time"),
        _("Disconnects"),
    ),
    Definition(
        Metric.LONGEST_OFFLINE,
        _("Longest time offline"),
        _(
            "The longest stretch that a charger was offline for in the window, from its beginning, "
            "which may lie before it, to its end or the window's."
        ),
        Unit.SECONDS,
        Better.LOWER,
        "connections",
        _("Longest time offline"),
        details={"offline": _("Offline")},
        adds_up=False,
    ),
    Definition(
        Metric.FLAPPING_SHARE,
        _("Flapping"),
        _(
            "Time of chargers with five reconnects or more within the hour before / commissioned "
            "time since the first connection."
        ),
        Unit.SHARE,
        Better.LOWER,
        "connections",
        _("Flapping"),
        _("Commissioned time"),
    ),
    Definition(
        Metric.ROUND_TRIP_P50,
        _("Round trip, median"),
        _(
            "The least of 50, 100, 200, 500 ms, 1, 2, 5 s that half of the pings' round trips "
            "kept to; 5 s also stands for more."
        ),
        Unit.MILLISECONDS,
        Better.LOWER,
        "connections",
        _("Round trip"),
        details=_CLASSES,
        adds_up=False,
    ),
    Definition(
        Metric.ROUND_TRIP_P95,
        _("Round trip, 95th percentile"),
        _(
            "The least of 50, 100, 200, 500 ms, 1, 2, 5 s that 95 % of the pings' round trips "
            "kept to; 5 s also stands for more."
        ),
        Unit.MILLISECONDS,
        Better.LOWER,
        "connections",
        _("Round trip"),
        details=_CLASSES,
        adds_up=False,
    ),
    Definition(
        Metric.LATE_REPLIES,
        _("Late replies"),
        _("Pings with a round trip of more than 5 s / pings that were answered."),
        Unit.SHARE,
        Better.LOWER,
        "connections",
        _("Late replies"),
        _("Answered pings"),
        _CLASSES,
    ),
    Definition(
        Metric.MISSED_PINGS,
        _("Missed pings"),
        _("Pings that were not answered / pings."),
        Unit.SHARE,
        Better.LOWER,
        "connections",
        _("Missed pings"),
        _("Pings"),
        {"answered": _("Answered pings")},
    ),
]
_OF_USE = [
    Definition(
        Metric.SESSIONS,
        _("Sessions"),
        _("Sessions that ended."),
        Unit.COUNT,
        Better.NEITHER,
        "sessions",
        _("Sessions"),
        details={"energy": _("Energy")},
    ),
    Definition(
        Metric.ENERGY,
        _("Energy"),
        _(
            "Energy of the sessions that ended. What a broken meter says, less than nothing or "
            "more than a port can deliver in the time, counts as nothing."
        ),
        Unit.WATT_HOURS,
        Better.NEITHER,
        "sessions",
        _("Energy"),
        details={"sessions": _("Sessions")},
    ),
    Definition(
        Metric.PEAK_POWER,
        _("Peak power"),
        _("The highest power of a session that ended."),
        Unit.WATTS,
        Better.NEITHER,
        "sessions",
        _("Peak power"),
        adds_up=False,
    ),
    Definition(
        Metric.UTILISATION,
        _("Utilisation"),
        _("Time charging / measured time, over ports."),
        Unit.SHARE,
        Better.NEITHER,
        "sessions",
        _("Time charging"),
        _MEASURED,
    ),
    Definition(
        Metric.OCCUPANCY,
        _("Occupancy"),
        _(
            "Time that a vehicle was plugged in or the port was reserved / time online with a "
            "known status, over ports. A port that is Faulted or Unavailable is taken by nobody."
        ),
        Unit.SHARE,
        Better.NEITHER,
        "status-spans",
        _("Time taken"),
        _("Time online"),
        {
            "charging": _("Time charging"),
            "idle": _("Idle after the charging"),
            "faulted": _("Faulted"),
            "unavailable": _("Unavailable"),
        },
    ),
    Definition(
        Metric.IDLE,
        _("Idle after the charging"),
        _(
            "Time that a vehicle stayed plugged in after its last energy (SuspendedEV after "
            "Charging, Finishing) / time taken, over ports."
        ),
        Unit.SHARE,
        Better.LOWER,
        "status-spans",
        _("Idle after the charging"),
        _("Time taken"),
        {"sessions": _("Sessions")},
    ),
]

DEFINITIONS: Mapping[Metric, Definition] = {
    Metric(definition.metric): definition
    for definition in (*_OF_UPTIME, *_OF_ATTEMPTS, *_OF_LINKS, *_OF_USE)
}
#: Whose uptime it is: API name -> label.
LENS_LABELS: Mapping[str, Promise] = {
    RAW: _("Raw"),
    "nevi": _("NEVI (23 CFR 680.116)"),
    "uk": _("UK (SI 2023/1168)"),
    "california": _("California (CEC)"),
    "contract": _("Contract"),
}
