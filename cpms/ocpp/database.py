"""The database as psycopg names it, from Django's settings."""

from django.db import connection
from psycopg.conninfo import make_conninfo


def dsn() -> str:
    """Return the connection string of Django's default database."""
    parameters = connection.get_connection_params()
    wanted = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert")
    return make_conninfo(**{k: v for k, v in parameters.items() if k in wanted and v})
