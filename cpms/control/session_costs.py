"""What sessions cost, from what is recorded of them and the tariff that held when they began."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from cpms.control import tariffs
from cpms.control.cost import Cost, Use, cost
from monitoring.models import Session

#: A port shows that it charges this long before or after its session says so, at most.
AROUND = timedelta(minutes=5)
#: When a port last ended charging in a session; only its own status tells.
CHARGED_UNTIL = """
SELECT s.id, last.ended
  FROM unnest(%(ids)s::bigint[], %(evses)s::bigint[], %(starts)s::timestamptz[],
              %(ends)s::timestamptz[]) AS s (id, evse, started, until)
 CROSS JOIN LATERAL (
    SELECT ended FROM monitoring_statusspan
     WHERE evse_id = s.evse AND started >= s.started - %(around)s AND started < s.until
       AND status IN ('Charging', 'SuspendedEVSE')
     ORDER BY started DESC LIMIT 1) AS last
"""


def of(sessions: Sequence[Session], now: datetime) -> dict[int, Cost]:
    """Return what sessions cost, by their keys; those without a tariff are left out.

    A session's charger must be fetched with it. Two statements.
    """
    versions = tariffs.of_sites(session.charger.site_id for session in sessions)
    held = {
        session.pk: found.prices
        for session in sessions
        if (found := tariffs.in_force(versions.get(session.charger.site_id, ()), session.started))
    }
    priced = [session for session in sessions if session.pk in held]
    charged = _charged_until(priced, now)
    return {
        session.pk: cost(
            held[session.pk],
            Use(session.started, _until(session, now), session.energy, charged.get(session.pk)),
        )
        for session in priced
    }


def _until(session: Session, now: datetime) -> datetime:
    return session.ended or max(now, session.started)


def _charged_until(sessions: Iterable[Session], now: datetime) -> dict[int, datetime]:
    rows = [(s.pk, s.evse_id, s.started, _until(s, now)) for s in sessions if s.evse_id]
    if not rows:
        return {}
    ids, evses, starts, ends = (list(column) for column in zip(*rows, strict=True))
    values: dict[str, Any] = {"ids": ids, "evses": evses, "starts": starts, "ends": ends, "around": AROUND}
    with connection.cursor() as cursor:
        cursor.execute(CHARGED_UNTIL, values)
        return {key: ended for key, ended in cursor.fetchall() if ended is not None}
