"""Our own connections to PostgreSQL: durable, watched, and asked what became of a commit."""

import asyncio
import os
import socket
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.types.json import set_json_dumps, set_json_loads

from monitoring.encoding import dumps, loads

log = structlog.get_logger(__name__)

#: Seconds between tries to reach the database.
RETRY_EVERY = 0.5
#: What the database says when it doesn't want this, or the driver when it can't say it. All else
#: is the database's own trouble: it is away, full, read-only or stuck, and is asked again.
REFUSALS = (psycopg.DataError, psycopg.IntegrityError)
AWAY = (psycopg.Error, OSError)


def refuses(error: BaseException) -> bool:
    """Tell whether the data is to blame, not the database."""
    if isinstance(error, psycopg.ProgrammingError | psycopg.NotSupportedError):
        return error.sqlstate is None  # the driver's word; the database's is about our schema
    if isinstance(error, psycopg.errors.PipelineAborted):
        return True  # another statement of the same pipeline was refused
    return isinstance(error, REFUSALS) or not isinstance(error, AWAY)


def hang_up(connection: AsyncConnection[Any]) -> None:
    """Cut a connection that hangs: whoever waits for it is told at once."""
    log.warning("database_hangs")
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


#: libpq: a database host that vanished is noticed within half a minute.
NOTICE_A_DEAD_PEER: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


async def connect(dsn: str) -> AsyncConnection[Any]:
    """Return a connection whose transactions are ours to begin and end, and are durable."""
    connection = await AsyncConnection.connect(
        dsn,
        autocommit=True,
        connect_timeout=5,
        application_name="kilowatch-gateway",
        **NOTICE_A_DEAD_PEER,
    )
    set_json_dumps(dumps, connection)
    set_json_loads(loads, connection)
    await connection.execute("SET synchronous_commit = on; SET timezone = 'UTC'")
    return connection


#: Ends whoever still runs the transaction: our own lost connection, which the server may keep.
END_TRANSACTION = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE backend_xid::text = (%s::numeric %% 4294967296)::text
"""


async def committed(connection: AsyncConnection[Any], xid: str) -> bool:
    """Tell whether the transaction was committed; end it where it isn't over yet."""
    while True:
        cursor = await connection.execute("SELECT pg_xact_status(%s::xid8)", (xid,))
        row = await cursor.fetchone()
        if not row or row[0] != "in progress":
            return bool(row and row[0] == "committed")
        await connection.execute(END_TRANSACTION, (xid,))
        await asyncio.sleep(RETRY_EVERY)
