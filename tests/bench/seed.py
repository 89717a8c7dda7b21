"""A fleet as it stands, in bulk: 25,000 chargers with two ports each in some seconds.

No past but the spans that are open now; `history` makes a past. States are spread as in the
field: most ports available or charging, some offline, a few faulted. The same arguments make
the same fleet.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inventory.models import Organisation

CHARGERS_PER_SITE = 8
ZONES = "ARRAY['Europe/Berlin', 'Europe/Berlin', 'Europe/London', 'America/New_York']"
CITIES = "ARRAY['Hamburg', 'Köln', 'München', 'Wien', 'Leeds', 'Albany', 'Łódź']"
REGIONS = "ARRAY['Nord', 'West', 'Süd', 'Ost']"
ERRORS = "ARRAY['GroundFailure', 'EVCommunicationError', 'HighTemperature', 'ConnectorLockFailure']"


@dataclass(frozen=True, slots=True)
class Fleet:
    """What was made."""

    organisations: list[Organisation]
    chargers: int
    ports: int
    prefix: str

    def identity(self, number: int) -> str:
        """Return the identity of charger `number`, which counts from 0."""
        return f"{self.prefix}-{number:05}"


def seed(chargers: int = 25_000, ports: int = 2, prefix: str = "SEED", *, now: datetime) -> Fleet:
    """Make the fleet in one transaction, as it stands at `now`."""
    owners = [
        Organisation.objects.get_or_create(slug=f"bench-{name}", defaults={"name": name})[0]
        for name in ("North Power", "Ladegut", "City Charge")
    ]
    given: dict[str, Any] = {
        "owners": [owner.pk for owner in owners], "chargers": chargers, "ports": ports,
        "prefix": prefix, "now": now, "sites": -(-chargers // CHARGERS_PER_SITE),
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, given)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Fleet(owners, chargers, chargers * ports, prefix)


STATEMENTS = (
    """
    CREATE TEMPORARY TABLE seed_site ON COMMIT DROP AS
    SELECT n, nextval('inventory_site_id_seq') AS id FROM generate_series(0, %(sites)s - 1) n
    """,
    f"""
    INSERT INTO inventory_site (id, organisation_id, name, address, postal_code, city, region,
        country, latitude, longitude, timezone, opening_hours, contact, access_notes, created_at,
        updated_at)
    SELECT id, (%(owners)s::bigint[])[n %% 3 + 1], %(prefix)s || ' site ' || to_char(n, 'FM0000'),
        'Ladestraße ' || n, to_char(10000 + n, 'FM00000'), ({CITIES})[n %% 7 + 1],
        ({REGIONS})[n %% 4 + 1], 'DE', 47.5 + n %% 70 / 10.0, 6 + n %% 87 / 10.0,
        ({ZONES})[n %% 4 + 1], '{{}}', '', '', %(now)s, %(now)s
    FROM seed_site
    """,
    """
    INSERT INTO inventory_chargermodel (vendor, name, quirks, notes, updated_at)
    VALUES ('Alpitronic', 'HYC300', '{}', '', %(now)s), ('ABB', 'Terra 184', '{}', '', %(now)s),
        ('Kempower', 'S', '{}', '', %(now)s), ('Keba', 'P30', '{}', '', %(now)s)
    ON CONFLICT DO NOTHING
    """,
    """
    CREATE TEMPORARY TABLE seed_charger ON COMMIT DROP AS
    SELECT n, nextval('inventory_charger_id_seq') AS id, nextval('inventory_sim_id_seq') AS sim,
        md5(%(prefix)s || n)::uuid AS token,
        CASE WHEN n %% 40 = 7 THEN 'offline' WHEN n %% 500 = 9 THEN 'unseen' ELSE 'online' END
            AS link
    FROM generate_series(0, %(chargers)s - 1) n
    """,
    """
    INSERT INTO inventory_sim (id, organisation_id, iccid, imsi, operator, apn, notes)
    SELECT c.sim, s.organisation_id, '8949' || lpad(c.sim::text, 15, '0'), '',
        (ARRAY['1NCE', 'Telekom', 'Vodafone'])[c.n %% 3 + 1], 'iot', ''
    FROM seed_charger c JOIN seed_site p ON p.n = c.n / 8 JOIN inventory_site s ON s.id = p.id
    """,
    """
    INSERT INTO inventory_charger (id, site_id, identity, lifecycle, model_id, serial_number,
        firmware_version, ocpp_version, sim_id, security_profile, tags, notes, commissioned_at,
        decommissioned_at, created_at, updated_at)
    SELECT c.id, p.id, %(prefix)s || '-' || to_char(c.n, 'FM00000'),
        CASE WHEN c.n %% 100 = 11 THEN 'decommissioned' ELSE 'active' END,
        m.ids[c.n %% array_length(m.ids, 1) + 1], 'SN' || to_char(c.n, 'FM00000000'),
        '1.' || c.n %% 6 || '.0', (ARRAY['1.6', '2.0.1', '1.6'])[c.n %% 3 + 1], c.sim, 1,
        CASE WHEN c.n %% 9 = 0 THEN '["motorway"]'::jsonb ELSE '[]' END, '',
        %(now)s::timestamptz - interval '90 days',
        CASE WHEN c.n %% 100 = 11 THEN %(now)s::timestamptz END, %(now)s, %(now)s
    FROM seed_charger c JOIN seed_site p ON p.n = c.n / 8,
        (SELECT array_agg(id ORDER BY id) AS ids FROM inventory_chargermodel) m
    """,
    """
    CREATE TEMPORARY TABLE seed_port ON COMMIT DROP AS
    SELECT c.n, c.link, c.id AS charger, port, nextval('inventory_evse_id_seq') AS id,
        %(now)s::timestamptz - (c.n * 7919 + port * 104729) %% 200000 * interval '1 second'
            AS since,
        CASE WHEN (c.n + port * 17) %% 90 = 3 THEN 'Faulted'
            WHEN (c.n + port * 17) %% 120 = 5 THEN 'Unavailable'
            WHEN (c.n + port * 17) %% 4 = 1 THEN 'Charging'
            WHEN (c.n + port * 17) %% 20 = 6 THEN 'Finishing' ELSE 'Available' END AS status
    FROM seed_charger c, generate_series(1, %(ports)s) port
    """,
    """
    INSERT INTO inventory_evse (id, charger_id, number, evse_id, discovered, created_at)
    SELECT id, charger, port, 'DE*KWH*E' || to_char(n, 'FM00000') || '*' || port, false, %(now)s
    FROM seed_port
    """,
    """
    INSERT INTO inventory_connector (evse_id, number, type, max_power, discovered)
    SELECT id, 1, 'IEC_62196_T2_COMBO', 150000, false FROM seed_port
    """,
    """
    INSERT INTO monitoring_gateway (id, host, pid, started_at, lease_until)
    SELECT md5('gateway ' || %(prefix)s)::uuid, 'bench', 1, %(now)s,
        %(now)s::timestamptz + interval '10 years'
    """,
    """
    INSERT INTO monitoring_connectionspan (charger_id, token, gateway_id, opened, closed, noticed,
        close_reason, peer, ocpp_version, security_profile, missed_pings)
    SELECT id, token, md5('gateway ' || %(prefix)s)::uuid, %(now)s::timestamptz - interval '3 days',
        CASE WHEN link = 'offline' THEN %(now)s::timestamptz - n * interval '1 second' END,
        CASE WHEN link = 'offline' THEN %(now)s::timestamptz - n * interval '1 second' END,
        CASE WHEN link = 'offline' THEN 'lost' ELSE '' END, '10.0.0.1', '1.6', 1, 0
    FROM seed_charger WHERE link <> 'unseen'
    """,
    """
    INSERT INTO monitoring_chargerstate (charger_id, online, since, connection, last_seen,
        boot_reason, status, error_code)
    SELECT id, link = 'online', CASE WHEN link = 'offline'
            THEN %(now)s::timestamptz - n * interval '1 second'
            ELSE %(now)s::timestamptz - interval '3 days' END,
        CASE WHEN link = 'online' THEN token END,
        %(now)s::timestamptz - CASE WHEN link = 'offline' THEN n ELSE n %% 300 END
            * interval '1 second', '', '', ''
    FROM seed_charger WHERE link <> 'unseen'
    """,
    f"""
    INSERT INTO monitoring_statusspan (evse_id, status, error_code, vendor_error_code, info,
        started)
    SELECT id, status, CASE WHEN status = 'Faulted' THEN ({ERRORS})[n %% 4 + 1] ELSE '' END, '', '',
        since
    FROM seed_port WHERE link <> 'unseen'
    """,
    f"""
    INSERT INTO monitoring_portstate (evse_id, status, since, noticed, error_code,
        vendor_error_code, info, connectors, power, soc)
    SELECT id, status, since, since,
        CASE WHEN status = 'Faulted' THEN ({ERRORS})[n %% 4 + 1] ELSE '' END, '', '', '{{}}',
        CASE WHEN status = 'Charging' THEN 3700.0 + n %% 140 * 1000 END,
        CASE WHEN status = 'Charging' THEN 10.0 + n %% 90 END
    FROM seed_port WHERE link <> 'unseen'
    """,
)
