"""Power, energy and state of charge over time, in points few enough to draw."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Avg, DateTimeField, Func, Max, QuerySet, Value

from inventory.models import Charger
from monitoring.access import meter_samples
from monitoring.models import Session

#: Seconds of a point of the power chart: 720 points a day and port.
BUCKET = timedelta(minutes=2)
#: Points of a session's curve, and the shortest time that one stands for.
POINTS = 240
FINEST = timedelta(seconds=10)
EPOCH = datetime.fromtimestamp(0, UTC)


def power(user: User, charger: Charger, start: datetime, end: datetime) -> dict[str, Any]:
    """Return the mean power of each port per `BUCKET` in [start, end), as the chart wants it.

    Times are seconds since the epoch, powers kW; None where nothing was measured.
    """
    rows = _mean_powers(user, charger, start, end)
    ports = {evse.pk: evse.number for evse in charger.evses.all()}
    step = int(BUCKET.total_seconds())
    first, last = int(start.timestamp()) // step, int(end.timestamp()) // step
    values = {pk: [None] * (last - first + 1) for pk in ports}
    for evse_id, bucket, watts in rows:
        if evse_id in values:
            values[evse_id][int(bucket.timestamp()) // step - first] = round(watts / 1000, 2)
    return {
        "times": [place * step for place in range(first, last + 1)],
        "ports": [{"number": ports[pk], "power": powers} for pk, powers in values.items()],
    }


def _mean_powers(user: User, charger: Charger, start: datetime, end: datetime) -> QuerySet[Any]:
    samples = meter_samples(user).filter(charger_id=charger.pk, at__gte=start, at__lt=end)
    grouped = samples.exclude(power=None).values_list("evse_id", _bucket(BUCKET))
    return grouped.annotate(Avg("power")).order_by()


def _bucket(width: timedelta) -> Func:
    return Func(Value(width), "at", Value(EPOCH), function="date_bin", output_field=DateTimeField())


def of_sessions(
    user: User, charger: Charger, sessions: Sequence[Session], now: datetime
) -> list[dict[str, Any]]:
    """Return a curve of each session; one query.

    Times in seconds since the epoch, power in kW, energy since the start in kWh, state of
    charge in %; None where nothing was measured.
    """
    if not sessions:
        return []
    start = min(session.started for session in sessions)
    end = max(session.ended or now for session in sessions) + timedelta(minutes=1)
    rows = _points(user, charger, sessions, (start - timedelta(minutes=1), end))
    of_session: dict[int, list[Any]] = {session.pk: [] for session in sessions}
    for key, *point in rows:
        of_session[key].append(point)
    return [_curve(session, of_session[session.pk]) for session in sessions]


def _points(
    user: User,
    charger: Charger,
    sessions: Iterable[Session],
    between: tuple[datetime, datetime],
) -> QuerySet[Any]:
    start, end = between
    width = timedelta(seconds=ceil(max((end - start) / POINTS, FINEST).total_seconds()))
    samples = meter_samples(user).filter(charger_id=charger.pk, at__gte=start, at__lt=end)
    own = samples.filter(session_id__in=[session.pk for session in sessions])
    points = own.annotate(bucket=_bucket(width)).values_list("session_id", "bucket")
    return points.annotate(Avg("power"), Max("energy"), Max("soc")).order_by("bucket")


def _curve(session: Session, points: Sequence[Any]) -> dict[str, Any]:
    begun = session.meter_start
    return {
        "id": session.pk,
        "port": session.evse.number if session.evse else None,
        "times": [int(bucket.timestamp()) for bucket, *_rest in points],
        "power": [_kilo(power) for _at, power, _energy, _soc in points],
        "energy": [
            None if energy is None or begun is None else _kilo(max(energy - begun, 0.0))
            for _at, _power, energy, _soc in points
        ],
        "soc": [soc for _at, _power, _energy, soc in points],
    }


def _kilo(value: float | None) -> float | None:
    return None if value is None else round(value / 1000, 3)
