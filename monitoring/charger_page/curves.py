"""Power over time, in points few enough to draw."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Avg, DateTimeField, Func, QuerySet, Value

from inventory.models import Charger
from monitoring.access import meter_samples

#: Seconds of a point of the power chart: 720 points a day and port.
BUCKET = timedelta(minutes=2)


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
    bucket = Func(
        Value(BUCKET), "at", Value(datetime.fromtimestamp(0, UTC)),
        function="date_bin", output_field=DateTimeField(),
    )  # fmt: skip
    grouped = samples.exclude(power=None).values_list("evse_id", bucket)
    return grouped.annotate(Avg("power")).order_by()
