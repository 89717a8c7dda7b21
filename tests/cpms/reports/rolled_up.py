"""Rolled-up days made by hand: what a port and a charger did, in round numbers."""

from datetime import UTC, date, datetime

from inventory.models import Charger, Evse
from monitoring.kpis.totals import REASONS
from monitoring.models import DailyConnectivity, DailyKpi

HOUR, DAY = 3_600.0, 86_400.0
UNTIL = datetime(2026, 3, 3, tzinfo=UTC)


def port_day(port: Evse, day: date, **said: object) -> DailyKpi:
    """Roll a port's day up: up all day unless said; `up` is what the other times leave."""
    times = ("offline", "faulted", "unavailable", "silent", "planned", "no_data")
    row: dict[str, object] = dict.fromkeys(times, 0.0)
    row |= {"attempts": 0, "successes": 0, "refused": 0, **said}
    row.setdefault("up", DAY - sum(float(str(row[name])) for name in times))
    return DailyKpi.objects.create(evse=port, charger=port.charger, day=day, until=UNTIL, **row)


def charger_day(charger: Charger, day: date, offline: float = 0.0, **said: object) -> None:
    """Roll a charger's day up: connected but for `offline` seconds."""
    row: dict[str, object] = {f"after_{reason}": 0 for reason in REASONS}
    row |= {"online": DAY - offline, "offline": offline, "unseen": 0.0, "refusals": 0, **said}
    DailyConnectivity.objects.create(charger=charger, day=day, until=UNTIL, **row)
