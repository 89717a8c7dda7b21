"""How fast and how well what was wrong is put right, as incidents tell (KPIS.md, "Repair").

An incident that came back soon after and was opened again has been repaired twice: what counts
is its timeline, from each opening to the acknowledgement and the resolution after it. One that
ended because nobody watches any longer was not repaired.

Incidents don't say whether somebody drove out. A visit is presumed where a contractor, in the
incident's organisation, has acknowledged, resolved or noted something in between.

A port's are the incidents of that port itself; those of a whole site belong to groups that a
site belongs to as a whole, and to no charger, model or firmware.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from inventory.models import Charger
from monitoring.kpis.figures import Better, Definition, Figure, Unit
from monitoring.kpis.groups import GroupBy, Key
from monitoring.kpis.scope import Scope
from monitoring.kpis.windows import Days, Window

#: A fault that comes back within so long wasn't fixed (KPIS.md, "first-time-fix rate").
COMES_BACK = timedelta(days=14)


class RepairMetric(StrEnum):
    """A KPI of repair; its name in the API."""

    MTTA = "mtta"
    MTTR = "mttr"
    REMOTE_RESOLUTION = "remote_resolution"
    FIRST_TIME_FIX = "first_time_fix"


@dataclass(frozen=True, slots=True)
class RepairTotals:
    """What was acknowledged and repaired in a window, and how long that took. Seconds."""

    acknowledged: int = 0
    until_acknowledged: float = 0.0
    repaired: int = 0
    until_repaired: float = 0.0
    #: Repaired without a visit, and among these those that no person acknowledged or resolved.
    remotely: int = 0
    by_itself: int = 0
    #: Repairs of which it is known whether they held, and those that did.
    decided: int = 0
    fixed: int = 0


def repair_figure(metric: RepairMetric, totals: RepairTotals) -> Figure:
    """Return a KPI of the totals; None where nothing was acknowledged or repaired."""
    match metric:
        case RepairMetric.MTTA:
            parts = totals.until_acknowledged, totals.acknowledged
            details = {"repaired": totals.repaired}
        case RepairMetric.MTTR:
            parts = totals.until_repaired, totals.repaired
            details = {"by_itself": totals.by_itself}
        case RepairMetric.REMOTE_RESOLUTION:
            parts = totals.remotely, totals.repaired
            details = {"by_itself": totals.by_itself}
        case RepairMetric.FIRST_TIME_FIX:
            parts = totals.fixed, totals.decided
            details = {"undecided": totals.repaired - totals.decided}
    return Figure(metric, *parts, 0.0, details)


_REPAIRED = _("Incidents resolved")
_BY_ITSELF = _("Recovered without anybody")
DEFINITIONS: Mapping[RepairMetric, Definition] = {
    RepairMetric.MTTA: Definition(
        RepairMetric.MTTA,
        _("Mean time to acknowledge"),
        _(
            "Time from the opening of an incident to its acknowledgement, over incidents that "
            "were acknowledged in the window."
        ),
        Unit.SECONDS,
        Better.LOWER,
        "incidents",
        _("Time to acknowledge"),
        _("Incidents acknowledged"),
        {"repaired": _REPAIRED},
    ),
    RepairMetric.MTTR: Definition(
        RepairMetric.MTTR,
        _("Mean time to repair"),
        _(
            "Time from the opening of an incident to its resolution, over incidents that were "
            "resolved in the window. Those that nobody watches any longer are left out."
        ),
        Unit.SECONDS,
        Better.LOWER,
        "incidents",
        _("Time to repair"),
        _REPAIRED,
        {"by_itself": _BY_ITSELF},
    ),
    RepairMetric.REMOTE_RESOLUTION: Definition(
        RepairMetric.REMOTE_RESOLUTION,
        _("Resolved remotely"),
        _(
            "Incidents resolved without a visit / incidents resolved in the window. A visit is "
            "presumed where a contractor had a hand in the incident."
        ),
        Unit.SHARE,
        Better.HIGHER,
        "incidents",
        _("Incidents resolved without a visit"),
        _REPAIRED,
        {"by_itself": _BY_ITSELF},
    ),
    RepairMetric.FIRST_TIME_FIX: Definition(
        RepairMetric.FIRST_TIME_FIX,
        _("Fixed at the first time"),
        _(
            "Incidents whose fault didn't come back within 14 days / incidents resolved in the "
            "window. Those resolved less than 14 days ago count once it is known."
        ),
        Unit.SHARE,
        Better.HIGHER,
        "incidents",
        _("Faults that stayed away"),
        _("Incidents resolved of which that is known"),
        {"undecided": _("Not known yet")},
    ),
}

_OF_SITES = frozenset(
    {
        GroupBy.FLEET, GroupBy.ORGANISATION, GroupBy.REGION, GroupBy.SITE, GroupBy.CONTRACTOR,
        GroupBy.DAY, GroupBy.MONTH,
    }
)  # fmt: skip
_LOCAL = "(t.at AT TIME ZONE t.zone)"
_KEYS = {
    GroupBy.PORT: "t.evse_id",
    GroupBy.DAY: f"{_LOCAL}::date",
    GroupBy.MONTH: f"date_trunc('month', {_LOCAL})::date",
}
_BOUNDS = {
    "date": (
        "a.first::timestamp AT TIME ZONE s.zone",
        "(a.last + 1)::timestamp AT TIME ZONE s.zone",
    ),
    "timestamptz": ("a.first", "a.last"),
}
ASKED = ", asked (first, last, now) AS (VALUES (%s::{type}, %s::{type}, %s::timestamptz))"
_INCIDENT = """
SELECT i.id, i.dedup_key, i.organisation_id, i.evse_id, i.episode, i.opened_at,
       i.acknowledged_at, i.resolved_at, i.resolution <> 'unwatched' AS repaired,
       i.acknowledged_by_id IS NOT NULL OR i.resolved_by_id IS NOT NULL AS attended,
       s.key, s.zone, {start} AS start, {stop} AS stop
"""
_RECENT = " WHERE (i.resolved_at IS NULL OR i.resolved_at >= {start})\n"
OF_CHARGERS = f"""{_INCIDENT}
  FROM asked a CROSS JOIN scope s
  JOIN alerts_incident i ON i.charger_id = s.charger
{_RECENT}"""
OF_SITES = f"""
 UNION ALL
{_INCIDENT}
  FROM asked a
 CROSS JOIN (SELECT DISTINCT c.site_id, s.zone, s.key
               FROM scope s JOIN inventory_charger c ON c.id = s.charger) s
  JOIN alerts_incident i ON i.site_id = s.site_id AND i.charger_id IS NULL
{_RECENT}"""
#: An incident's row tells of its last opening; only of those before it must its timeline be read.
REPAIRS = """, incidents AS MATERIALIZED ({incidents}),
told AS MATERIALIZED (
    SELECT id, dedup_key, organisation_id, evse_id, key, zone, acknowledged_at AS at,
           opened_at AS opened, true AS acknowledged, false AS repaired, true AS attended
      FROM incidents WHERE acknowledged_at >= start AND acknowledged_at < stop
     UNION ALL
    SELECT id, dedup_key, organisation_id, evse_id, key, zone, resolved_at, opened_at, false,
           repaired, attended
      FROM incidents WHERE resolved_at >= start AND resolved_at < stop
     UNION ALL
    SELECT i.id, i.dedup_key, i.organisation_id, i.evse_id, i.key, i.zone, r.at, o.at,
           r.kind = 'acknowledged',
           r.kind = 'resolved' AND r.data ->> 'resolution' <> 'unwatched',
           EXISTS (SELECT FROM alerts_incidententry p
                    WHERE p.incident_id = i.id AND p.at BETWEEN o.at AND r.at
                      AND p.kind IN ('acknowledged', 'resolved') AND p.actor_id IS NOT NULL)
      FROM incidents i
      JOIN alerts_incidententry r ON r.incident_id = i.id AND r.at >= i.start AND r.at < i.stop
       AND r.at < i.opened_at AND r.kind IN ('acknowledged', 'resolved')
      JOIN LATERAL (SELECT at FROM alerts_incidententry
                     WHERE incident_id = i.id AND kind IN ('opened', 'reopened') AND at <= r.at
                     ORDER BY at DESC, id DESC LIMIT 1) o ON true
     WHERE i.episode > 1),
hands AS MATERIALIZED (
    SELECT p.incident_id, p.at, m.organisation_id
      FROM inventory_membership m
      JOIN alerts_incidententry p ON p.actor_id = m.user_id
     WHERE m.role = 'contractor'),
visited AS (
    SELECT DISTINCT t.id, t.at
      FROM told t
      JOIN hands h ON h.incident_id = t.id AND h.organisation_id = t.organisation_id
       AND h.at BETWEEN t.opened AND t.at
     WHERE t.repaired),
openings AS (
    SELECT i.dedup_key, i.opened_at AS at
      FROM alerts_incident i, asked a
     WHERE i.opened_at >= a.first::timestamptz - interval '1 day'
     UNION ALL
    SELECT i.dedup_key, p.at
      FROM asked a, alerts_incident i
      JOIN alerts_incidententry p ON p.incident_id = i.id AND p.kind IN ('opened', 'reopened')
     WHERE i.episode > 1 AND i.opened_at >= a.first::timestamptz - interval '1 day'),
back AS (
    SELECT DISTINCT t.id, t.at
      FROM told t
      JOIN openings o ON o.dedup_key = t.dedup_key AND o.at > t.at
       AND o.at <= t.at + interval '{days} days'
     WHERE t.repaired),
judged AS (
    SELECT t.*, t.repaired AND v.id IS NOT NULL AS visited, t.repaired AND b.id IS NOT NULL AS back,
           t.repaired AND t.at + interval '{days} days' <= a.now AS long_ago
      FROM told t
     CROSS JOIN asked a
      LEFT JOIN visited v ON v.id = t.id AND v.at = t.at
      LEFT JOIN back b ON b.id = t.id AND b.at = t.at)
SELECT {key}, count(*) FILTER (WHERE t.acknowledged),
       date_part('epoch', sum(t.at - t.opened) FILTER (WHERE t.acknowledged)),
       count(*) FILTER (WHERE t.repaired),
       date_part('epoch', sum(t.at - t.opened) FILTER (WHERE t.repaired)),
       count(*) FILTER (WHERE t.repaired AND NOT t.visited),
       count(*) FILTER (WHERE t.repaired AND NOT t.attended AND NOT t.visited),
       count(*) FILTER (WHERE t.back OR t.long_ago),
       count(*) FILTER (WHERE t.long_ago AND NOT t.back)
  FROM judged t
 GROUP BY 1
"""


def repairs(
    chargers: QuerySet[Charger], window: Window, *, by: GroupBy = GroupBy.FLEET, now: datetime
) -> dict[Key, RepairTotals]:
    """Return what was repaired in `window` by the key of the group; others repaired nothing.

    The queryset is the scope: incidents of its chargers, their ports and their sites count.
    """
    kind = "date" if isinstance(window, Days) else "timestamptz"
    asked = (window.first, window.last) if isinstance(window, Days) else (window.start, window.end)
    found = Scope.of(chargers, window, by).execute(_statement(by, kind), (*asked, now))
    return {
        key: RepairTotals(*(number or 0 for number in numbers))
        for key, *numbers in found
        if by is not GroupBy.PORT or key is not None
    }


def _statement(by: GroupBy, kind: str) -> str:
    incidents = OF_CHARGERS + (OF_SITES if by in _OF_SITES else "")
    start, stop = _BOUNDS[kind]
    counted = REPAIRS.format(
        incidents=incidents.format(start=start, stop=stop),
        key=_KEYS.get(by, "t.key"),
        days=COMES_BACK.days,
    )
    return ASKED.format(type=kind) + counted
