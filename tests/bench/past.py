"""A year of a large fleet, written straight into the rolled-up tables: for the speed of KPIs.

    fleet = seed(chargers=10_000, days=365, now=now)

Day after day, as the roll-up would have written it, one port in four losing time on a day.
There is no raw history behind it.
"""

from datetime import date, datetime, timedelta

from django.db import connection

from inventory.models import Charger, Site
from monitoring.models import RollupState
from tests.bench import crowd

#: Chargers on a site.
AT_A_SITE = 4
ZONES = ("Europe/Berlin", "Europe/Berlin", "Europe/London", "America/New_York")
#: Days in one statement.
BATCH = 30

PORTS = """
WITH drawn AS MATERIALIZED (
    SELECT e.id AS evse_id, e.charger_id, day::date AS day, c.site_id,
           CASE WHEN random() < 0.15 THEN round((random() * 14400)::numeric, 3)::float8 ELSE 0 END
               AS offline,
           CASE WHEN random() < 0.06 THEN round((random() * 20000)::numeric, 3)::float8 ELSE 0 END
               AS faulted,
           CASE WHEN random() < 0.02 THEN 7200.0 ELSE 0 END AS unavailable,
           CASE WHEN random() < 0.01 THEN 3600.0 ELSE 0 END AS silent,
           CASE WHEN random() < 0.03 THEN 600.0 ELSE 0 END AS no_data,
           (random() * 9)::int AS attempts, (random() * 2)::int AS failed,
           (random() * 24)::int AS hour
      FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
      CROSS JOIN inventory_evse e
      JOIN inventory_charger c ON c.id = e.charger_id
     WHERE e.charger_id = ANY (%(chargers)s)
     ORDER BY day, e.charger_id),
summed AS (SELECT *, offline + faulted + unavailable + silent AS lost,
                  GREATEST(attempts - failed, 0) AS successes
             FROM drawn)
INSERT INTO monitoring_dailykpi (
    evse_id, charger_id, day, until, up, offline, faulted, unavailable, silent, planned, no_data,
    outages, attempts, successes, refused, no_energy, fault, authorized, regular, first,
    first_successes, sessions, energy, peak_power, charging, occupied, idle,
    nevi_window, nevi_outage, nevi_excluded, contract_window, contract_outage, contract_excluded,
    lost_hours, busy_hours)
SELECT evse_id, charger_id, day, day + 1, 86400 - lost - no_data, offline, faulted, unavailable,
       silent, 0, no_data, (lost > 0)::int, attempts, successes, failed / 2, attempts - successes,
       0, attempts, successes, attempts, successes, attempts, attempts * 21345.6,
       50000 + hour * 4000, attempts * 1800.5, attempts * 2400.5, attempts * 300.0,
       CASE WHEN site_id %% 4 = 0 THEN 86400 - no_data END,
       CASE WHEN site_id %% 4 = 0 THEN lost END, CASE WHEN site_id %% 4 = 0 THEN lost / 4 END,
       CASE WHEN site_id %% 2 = 0 THEN 86400 - no_data END,
       CASE WHEN site_id %% 2 = 0 THEN lost END, CASE WHEN site_id %% 2 = 0 THEN lost / 3 END,
       CASE WHEN lost > 0 THEN array_fill(0, ARRAY[hour]) || (lost / 24)::int
                               || array_fill(0, ARRAY[23 - LEAST(hour, 23)]) END,
       CASE WHEN attempts > 0 THEN array_fill(attempts * 75, ARRAY[24]) END
  FROM summed
"""
LINKS = """
INSERT INTO monitoring_dailyconnectivity (
    charger_id, day, until, online, offline, unseen, after_clean, after_lost, after_ping_timeout,
    after_replaced, after_gateway_restart, after_gateway_died, after_protocol_error, after_kicked,
    after_unknown, refusals, disconnects, longest_offline, flapping, missed_pings, round_trips)
SELECT charger_id, day, day + 1, 86400 - gone, gone, 0, 0, lost, lost / 2, 0, 0, 0, 0, 0, 0,
       lost / 3, lost, gone, 0, lost, ARRAY[5, 900, 400, 60, 20, 10, 2, lost]
  FROM (SELECT c AS charger_id, day::date AS day, (random() * 3)::int AS lost,
               CASE WHEN random() < 0.15 THEN random() * 14400 ELSE 0 END AS gone
          FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
          CROSS JOIN unnest(%(chargers)s::int8[]) AS c
         ORDER BY day, c) AS d
"""


def seed(chargers: int, days: int, *, now: datetime, prefix: str = "KW") -> crowd.Crowd:
    """Store a fleet with two ports each and its days up to yesterday, settled."""
    made = crowd.seed(chargers, 2, -(-chargers // AT_A_SITE), now=now, prefix=prefix)
    first, last = now.date() - timedelta(days=days), now.date() - timedelta(days=1)
    keys = [charger.pk for charger in made.chargers]
    Charger.objects.filter(pk__in=keys).update(
        commissioned_at=now - timedelta(days=days + 1), lifecycle="active", decommissioned_at=None
    )
    for n, zone in enumerate(ZONES):
        sites = [site.pk for place, site in enumerate(made.sites) if place % len(ZONES) == n]
        Site.objects.filter(pk__in=sites).update(timezone=zone)
    write_days(keys, first, last)
    _settle(keys, last + timedelta(days=1))
    vacuum()
    return made


def vacuum() -> None:
    """Let the database know what is in its tables, as it would find out in time."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def write_days(chargers: list[int], first: date, last: date) -> None:
    """Write the rolled-up days of the chargers (keys), from `first` to `last`."""
    day = first
    while day <= last:
        until = min(day + timedelta(days=BATCH - 1), last)
        with connection.cursor() as cursor:
            for statement in (PORTS, LINKS):
                cursor.execute(statement, {"first": day, "last": until, "chargers": chargers})
        day = until + timedelta(days=1)


def _settle(chargers: list[int], before: date) -> None:
    zones = dict(Charger.objects.values_list("pk", "site__timezone"))
    RollupState.objects.bulk_create(
        (
            RollupState(charger_id=key, timezone=zones[key], settled_before=before)
            for key in chargers
        ),
        batch_size=2_000,
    )
