"""Settings of chargers: what is learned of them outside the gateway's stream, and thinned out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from monitoring.facts import Told
from monitoring.statements import variables

#: Changes kept of each setting, the newest.
KEPT_OF_EACH = 50
#: Changes kept of each charger by the thinning, the newest.
KEPT_OF_CHARGER = 10_000

THIN_OUT = """
WITH ranked AS (
    SELECT id, row_number() OVER (
               PARTITION BY charger_id, component, component_instance, evse, connector, variable,
                            instance, attribute ORDER BY at DESC, id DESC) AS of_setting,
           row_number() OVER (PARTITION BY charger_id ORDER BY at DESC, id DESC) AS of_charger
      FROM monitoring_variablechange
     WHERE charger_id IN (
        SELECT charger_id FROM monitoring_variablechange
         GROUP BY charger_id HAVING count(*) > %s)
)
DELETE FROM monitoring_variablechange c USING ranked r
 WHERE c.id = r.id AND (r.of_setting > %s OR r.of_charger > %s)
"""


def learn(
    charger_id: int,
    told: Sequence[Told],
    at: datetime,
    source: str,
    by: str = "",
    command: UUID | None = None,
) -> None:
    """Keep settings that a charger told of at `at` (aware UTC), in the caller's transaction.

    `by` and `command`: who changed them from here, and how.
    """
    if not told:
        return
    rows = [variables.row(charger_id, one, at, source, by[:150], command) for one in told]
    with connection.cursor() as cursor:
        cursor.execute(variables.VARIABLES, variables.parameters(rows))


def thin_out() -> int:
    """Forget the oldest changes where there are many; return how many. Idempotent."""
    with connection.cursor() as cursor:
        cursor.execute(THIN_OUT, [KEPT_OF_EACH, KEPT_OF_EACH, KEPT_OF_CHARGER])
        gone: int = cursor.rowcount
    return gone
