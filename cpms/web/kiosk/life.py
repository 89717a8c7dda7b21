"""Signs of life of the system itself, as the wall shows them: who was last known to live, when.

What can't be asked is dead, not missing: the database away is a sign, too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from redis import RedisError

from alerts.models import Watch
from cpms.ocpp.lease import LEASE
from monitoring import health, signs
from monitoring.models import Gateway

#: Gateways that were gone before this were taken down.
FORGET = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Beat:
    """A part of the system: when it last lived, and whether that is recent enough."""

    name: str
    label: str | Promise
    #: None: it never did, or nobody can say.
    at: datetime | None
    alive: bool


#: Name -> what it is called, and how long it may be silent before it counts as dead.
PARTS: dict[str, tuple[str | Promise, timedelta]] = {
    "gateway": (_("Gateway"), timedelta(seconds=20)),
    "web": (_("Web"), timedelta(seconds=20)),
    "worker": (_("Workers"), timedelta(seconds=15)),
    "beat": (_("Scheduler"), timedelta(seconds=30)),
    "alerting": (_("Alerting"), timedelta(seconds=45)),
    "database": (_("Database"), timedelta(seconds=20)),
    "redis": (_("Redis"), timedelta(seconds=20)),
}


def beats(now: datetime) -> list[Beat]:
    """Return the signs of life at `now`, in the order they are shown.

    Of several gateways the one that has been silent longest counts. Of workers each kind's
    latest: their hosts' names come and go with every deploy.
    """
    ready = health.readiness()
    found: dict[str, datetime | None] = dict.fromkeys(PARTS)
    found["web"] = now
    if ready.get("redis") == health.OK:
        found |= {"redis": now} | _programs(now)
    if ready.get("database") == health.OK:
        found |= {"database": now, "gateway": _gateway(now), "alerting": _alerting()}
    return [_beat(name, at, now) for name, at in found.items()]


def _beat(name: str, at: datetime | None, now: datetime) -> Beat:
    label, patience = PARTS[name]
    return Beat(name, label, at, at is not None and now - at <= patience)


def _programs(now: datetime) -> dict[str, datetime | None]:
    try:
        latest = signs.read(now)
    except RedisError:
        return {}
    kinds: dict[str, datetime | None] = {}
    for sign in sorted(latest, key=lambda sign: sign.at):
        kinds[sign.program.partition("@")[0]] = sign.at
    beat = kinds.pop("beat", None)
    workers = [at for at in kinds.values() if at is not None]
    return {"worker": min(workers, default=None), "beat": beat}


def _gateway(now: datetime) -> datetime | None:
    """Return when the gateway that is most overdue last renewed its lease."""
    running = Gateway.objects.filter(ended_at=None, lease_until__gte=now - FORGET)
    leases = list(running.values_list("lease_until", flat=True))
    if leases:
        return min(leases) - LEASE
    last: datetime | None = Gateway.objects.aggregate(at=Max("lease_until"))["at"]
    return last - LEASE if last else None


def _alerting() -> datetime | None:
    at: datetime | None = Watch.objects.aggregate(at=Max("looked_at"))["at"]
    return at
