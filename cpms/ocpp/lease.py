"""A gateway's lease: while it is renewed, the gateway's connections live.

By the database's clock, the same for every process. A sweep closes the connections of a
gateway whose lease ran out (`monitoring.housekeeping`); one that was only cut off from the
database finds that out when it renews, and takes back the connections whose sockets never
ended.
"""

import os
import socket
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from psycopg import AsyncConnection

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)

RENEW = """
WITH before AS (SELECT ended_at FROM monitoring_gateway WHERE id = %(id)s), renewed AS (
    INSERT INTO monitoring_gateway (id, host, pid, started_at, lease_until)
    VALUES (%(id)s, %(host)s, %(pid)s, clock_timestamp(), clock_timestamp() + %(lease)s)
    ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until, ended_at = NULL
)
SELECT EXISTS (SELECT 1 FROM before WHERE ended_at IS NOT NULL)
"""
TAKE_BACK = """
WITH back AS (
    UPDATE monitoring_connectionspan s
       SET closed = NULL, noticed = NULL, close_reason = ''
     WHERE s.token = ANY(%s) AND s.close_reason = 'gateway_died'
       AND NOT EXISTS (SELECT 1 FROM monitoring_connectionspan n
                        WHERE n.charger_id = s.charger_id AND n.opened > s.opened)
    RETURNING s.charger_id, s.token, s.opened
)
UPDATE monitoring_chargerstate st
   SET online = true, connection = b.token, since = b.opened
  FROM back b WHERE st.charger_id = b.charger_id AND st.connection IS NULL
"""
SIGN_OFF = """
UPDATE monitoring_gateway
   SET ended_at = clock_timestamp(), lease_until = clock_timestamp() WHERE id = %s
"""


async def renew(connection: AsyncConnection[Any], gateway_id: UUID, held: Iterable[UUID]) -> None:
    """Renew the lease; take back the connections `held`, by token, if it had been ended."""
    row = {
        "id": gateway_id,
        "host": socket.gethostname()[:120],
        "pid": os.getpid(),
        "lease": LEASE,
    }
    async with connection.transaction():
        cursor = await connection.execute(RENEW, row)
        (ended,) = await cursor.fetchone() or (False,)
        if ended:
            taken = await connection.execute(TAKE_BACK, (list(held),))
            log.warning("lease_taken_up_again", connections=taken.rowcount)


async def sign_off(connection: AsyncConnection[Any], gateway_id: UUID) -> None:
    """End the lease: this gateway stops in order."""
    await connection.execute(SIGN_OFF, (gateway_id,))
