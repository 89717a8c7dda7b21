"""Connections, boots and proofs of life."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from monitoring import facts as f
from monitoring.plan import Plan
from monitoring.statements.records import Connection, columns

#: A connection's token, its last proof of life, clock offset and round trip (ms).
Seen = tuple[UUID, datetime, int | None, float | None]

REPLACE_CONNECTIONS = """
UPDATE monitoring_connectionspan s
   SET closed = GREATEST(s.opened, LEAST(n.at, COALESCE(st.last_seen, n.at))),
       noticed = n.at,
       close_reason = CASE WHEN g.lease_until < n.at THEN 'gateway_died' ELSE 'replaced' END
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS n (charger_id, at)
  LEFT JOIN monitoring_chargerstate st ON st.charger_id = n.charger_id,
       monitoring_gateway g
 WHERE s.charger_id = n.charger_id AND s.closed IS NULL AND g.id = s.gateway_id
"""
OPEN_CONNECTIONS = """
INSERT INTO monitoring_connectionspan
       (charger_id, token, gateway_id, opened, close_reason, peer, ocpp_version,
        security_profile, missed_pings)
SELECT n.charger_id, n.token, %s, n.at, '', n.peer, n.version, n.profile, 0
  FROM unnest(%s::bigint[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::int[])
       AS n (charger_id, token, at, peer, version, profile)
"""
ONLINE = """
INSERT INTO monitoring_chargerstate AS s
       (charger_id, online, since, connection, last_seen, boot_reason, status, error_code)
SELECT n.charger_id, true, n.at, n.token, n.at, '', '', ''
  FROM unnest(%s::bigint[], %s::uuid[], %s::timestamptz[]) AS n (charger_id, token, at)
ON CONFLICT (charger_id) DO UPDATE
   SET online = true, connection = excluded.connection, last_seen = excluded.last_seen,
       since = CASE WHEN s.online THEN s.since ELSE excluded.since END, deaf_since = NULL
"""
SPEAKS = """
UPDATE inventory_charger c SET ocpp_version = n.version, updated_at = now()
  FROM unnest(%s::bigint[], %s::text[]) AS n (charger_id, version)
 WHERE c.id = n.charger_id AND c.ocpp_version <> n.version
"""
CLOSE_CONNECTIONS = """
UPDATE monitoring_connectionspan s
   SET closed = COALESCE(s.closed, GREATEST(s.opened, n.at)),
       noticed = COALESCE(s.noticed, n.noticed),
       close_reason = CASE WHEN s.closed IS NULL THEN n.reason ELSE s.close_reason END,
       close_code = n.code, rtt_p50 = n.p50, rtt_p95 = n.p95, missed_pings = n.missed
  FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::int[],
              %s::float8[], %s::float8[], %s::int[])
       AS n (token, at, noticed, reason, code, p50, p95, missed)
 WHERE s.token = n.token
"""
OFFLINE = """
UPDATE monitoring_chargerstate s
   SET online = false, since = GREATEST(s.since, n.at), connection = NULL, last_seen = n.at
  FROM unnest(%s::uuid[], %s::timestamptz[]) AS n (token, at)
 WHERE s.connection = n.token
"""
#: A model that nobody has entered; only for a charger of none, so that no charger makes many.
MODELS = """
INSERT INTO inventory_chargermodel (vendor, name, quirks, notes, updated_at)
SELECT DISTINCT ON (lower(n.vendor), lower(n.model)) n.vendor, n.model, '{}'::jsonb, '', now()
  FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (charger_id, vendor, model)
  JOIN inventory_charger c ON c.id = n.charger_id AND c.model_id IS NULL
ON CONFLICT DO NOTHING
"""
BOOTED = """
UPDATE inventory_charger c
   SET model_id = COALESCE(c.model_id, m.id), firmware_version = n.firmware,
       serial_number = CASE WHEN c.serial_number = '' THEN n.serial ELSE c.serial_number END,
       updated_at = now()
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
       AS n (charger_id, vendor, model, serial, firmware)
  LEFT JOIN inventory_chargermodel m
    ON lower(m.vendor) = lower(n.vendor) AND lower(m.name) = lower(n.model)
 WHERE c.id = n.charger_id
   AND (c.model_id IS NULL OR c.firmware_version <> n.firmware
        OR (c.serial_number = '' AND n.serial <> ''))
"""
BOOT_STATES = """
UPDATE monitoring_chargerstate s SET booted_at = n.at, boot_reason = n.reason
  FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS n (charger_id, at, reason)
 WHERE s.charger_id = n.charger_id
"""
SEEN = """
UPDATE monitoring_chargerstate s
   SET last_seen = GREATEST(s.last_seen, n.at), clock_offset = COALESCE(n.clock, s.clock_offset),
       rtt = COALESCE(n.rtt, s.rtt)
  FROM unnest(%s::uuid[], %s::timestamptz[], %s::int[], %s::float8[])
       AS n (token, at, clock, rtt)
 WHERE s.connection = n.token
"""


def _rounds(
    changes: Sequence[f.Connected | f.Disconnected],
) -> Iterator[list[f.Connected | f.Disconnected]]:
    """Split so that no charger occurs twice in a round and the order stays."""
    batch: list[f.Connected | f.Disconnected] = []
    seen: set[int] = set()
    for change in changes:
        if change.charger_id in seen:
            yield batch
            batch, seen = [], set()
        seen.add(change.charger_id)
        batch.append(change)
    if batch:
        yield batch


async def write(connection: Connection, plan: Plan, gateway_id: Any) -> None:
    """Open and close connections in the order they came; then keep what booted chargers said."""
    for changes in _rounds(plan.connections):
        await _connections(connection, changes, gateway_id)
    if plan.boots:
        await _boots(connection, list(plan.boots.values()))


async def _connections(
    connection: Connection, changes: list[f.Connected | f.Disconnected], gateway_id: Any
) -> None:
    opened = [c for c in changes if isinstance(c, f.Connected)]
    closed = [c for c in changes if isinstance(c, f.Disconnected)]
    if opened:
        rows = [
            (c.charger_id, c.token, c.at, c.peer, c.ocpp_version, c.security_profile)
            for c in opened
        ]
        ids, tokens, times, _peers, versions, _profiles = rows_by_column = columns(rows)
        await connection.execute(REPLACE_CONNECTIONS, (ids, times))
        await connection.execute(OPEN_CONNECTIONS, (gateway_id, *rows_by_column))
        await connection.execute(ONLINE, (ids, tokens, times))
        await connection.execute(SPEAKS, (ids, versions))
    if closed:
        ends = columns(
            [
                (
                    *(c.token, c.at, c.noticed, c.reason.value, c.code),
                    *(c.rtt_p50, c.rtt_p95, c.missed_pings),
                )
                for c in closed
            ]
        )
        await connection.execute(CLOSE_CONNECTIONS, ends)
        await connection.execute(OFFLINE, ends[:2])


async def _boots(connection: Connection, boots: list[f.Booted]) -> None:
    named = [b for b in boots if b.vendor and b.model]
    if named:
        await connection.execute(
            MODELS, columns([(b.charger_id, b.vendor, b.model) for b in named])
        )
    said = [(b.charger_id, b.vendor, b.model, b.serial_number, b.firmware_version) for b in boots]
    await connection.execute(BOOTED, columns(said))
    await connection.execute(BOOT_STATES, columns([(b.charger_id, b.at, b.reason) for b in boots]))


async def seen(connection: Connection, rows: Sequence[Seen]) -> None:
    """Keep the last proof of life of connections."""
    await connection.execute(SEEN, columns(rows))
