"""From when on the record is whole, so that days can be computed from it.

Retention forgets what is old. A day of which a part is forgotten would be computed as one in
which nothing was known: so such days are never computed again, whatever asks for it, and keep
the KPIs, attempts and outages that they have.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from monitoring.days import day_of, zone_of
from monitoring.models import RecordStart

#: Key of the advisory lock; "reco".
_LOCK = 0x7265636F
#: A day needs what happened so long before it (`survey.LOOK_BACK`), and begins at midnight.
MARGIN = timedelta(hours=30)


def start(now: datetime) -> datetime:
    """Return from when on the record is whole.

    Inside a transaction: until its end nothing more is forgotten.
    """
    _lock("pg_advisory_xact_lock_shared")
    kept = now - timedelta(days=settings.HISTORY_RETENTION_DAYS)
    stored = RecordStart.objects.order_by("-at").values_list("at", flat=True).first()
    return max(kept, stored or kept)


def first_day(zone: str, now: datetime) -> date:
    """Return the first day in a time zone that can be computed; as `start`."""
    return day_of(start(now) + MARGIN, zone_of(zone))


@transaction.atomic
def move(at: datetime) -> None:
    """Say that what ended before `at` is about to be forgotten.

    Waits for the days that are being computed. The record never begins earlier again: what is
    forgotten stays so when the retention is prolonged.
    """
    _lock("pg_advisory_xact_lock")
    if not RecordStart.objects.filter(at__gte=at).exists():
        RecordStart.objects.update_or_create(pk=1, defaults={"at": at})


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", (_LOCK,))
