"""A small network with days that are rolled up by hand, to report on."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from cpms.reports import making, orders
from cpms.reports.models import Report
from cpms.reports.orders import Wish
from inventory.models import Charger, Evse, Organisation, Role, Site
from monitoring.models import Attempt, DailyConnectivity, DailyKpi, Outage, RollupState, Session
from tests.network import person, site, tenant

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
NUMBERS = count(1)
DAY = 86_400.0
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
NOTHING = {
    "up": 0.0, "offline": 0.0, "faulted": 0.0, "unavailable": 0.0, "no_data": 0.0,
    "attempts": 0, "successes": 0, "refused": 0,
}  # fmt: skip
LINK = dict.fromkeys(
    (
        *("after_clean", "after_lost", "after_ping_timeout", "after_replaced", "refusals"),
        *("after_gateway_restart", "after_gateway_died", "after_protocol_error"),
        *("after_kicked", "after_unknown"),
    ),
    0,
)


def at(day: int, hour: float = 0.0, month: int = 10) -> datetime:
    """Return a moment of 2026, in October unless said."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour)


def port(place: Site, identity: str = "", number: int = 1, **fields: Any) -> Evse:
    """Add a charger with a port, commissioned long ago and computed whole up to 2 November."""
    charger = Charger.objects.create(
        site=place, identity=identity or f"CP-{next(NUMBERS):04}",
        commissioned_at=datetime(2025, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    RollupState.objects.create(charger=charger, settled_before=date(2026, 11, 2))
    return Evse.objects.create(charger=charger, number=number, **fields)


def day_of(evse: Evse, day: date, **columns: Any) -> DailyKpi:
    """Roll up a port's day: up all day unless said."""
    lost = sum(columns.get(name, 0.0) for name in ("offline", "faulted", "unavailable", "no_data"))
    row = NOTHING | {"up": DAY - lost} | columns
    return DailyKpi.objects.create(evse=evse, charger=evse.charger, day=day, until=NOW, **row)


def linked(charger: Charger, day: date, offline: float = 0.0) -> DailyConnectivity:
    """Roll up a charger's day of connection."""
    return DailyConnectivity.objects.create(
        charger=charger, day=day, online=DAY - offline, offline=offline, unseen=0.0, until=NOW,
        **LINK,
    )  # fmt: skip


def outage(evse: Evse, started: datetime, ended: datetime, **more: Any) -> Outage:
    """Enter an outage: Faulted by its hardware unless said."""
    seconds = (ended - started).total_seconds()
    values = {"kind": "faulted", "cause": "hardware", "faulted": seconds} | more
    return Outage.objects.create(
        evse=evse, charger=evse.charger, started=started, ended=ended, until=ended, **values
    )


def session(evse: Evse, started: datetime, ended: datetime, outcome: str, **more: Any) -> Session:
    """Add a session and the attempt that it was."""
    number = next(NUMBERS)
    made = Session.objects.create(
        id=number, charger=evse.charger, evse=evse, transaction_id=f"T{number}", started=started,
        ended=ended, received=ended, updated=ended, **more,
    )  # fmt: skip
    Attempt.objects.create(
        evse=evse, started=started, ended=ended, outcome=outcome, session=made,
        detail="" if outcome == "success" else "GroundFailure",
    )  # fmt: skip
    return made


def network(name: str = "Nordstrom", **fields: Any) -> tuple[Organisation, Site, User]:
    """Add an organisation with a site in UTC and a manager."""
    owner = tenant(name)
    place = site(owner, f"{name} Depot", **{"timezone": "UTC", **fields})
    return owner, place, person(f"manager-{name.lower()}", Role.MANAGER, owner)


def ask(owner: Organisation, kind: str = "monthly", **more: Any) -> Report:
    """Ask for a report, of October unless said."""
    by = more.pop("by", None)
    wish = {"first": OCTOBER, "end": NOVEMBER} | more
    return orders.request(Wish(owner, kind, **wish), by=by, now=NOW)


def made(owner: Organisation, kind: str = "monthly", **more: Any) -> Report:
    """Ask for a report and make it."""
    report = ask(owner, kind, **more)
    making.make(report.pk, lambda: NOW)
    report.refresh_from_db()
    assert report.state == Report.State.DONE, report.problem
    return report
