"""Periodic work on the record. Every task is safe to run twice at once and to miss."""

from celery import shared_task
from celery.schedules import crontab
from django.conf import settings
from django.utils import timezone

from monitoring import housekeeping, retention, variables
from monitoring.kpis import rollup, running
from monitoring.reconciliation import rows as reconciliation


@shared_task
def close_dead_gateways() -> None:
    """Close what a gateway that died left open."""
    housekeeping.close_dead_gateways(housekeeping.database_time())


@shared_task
def abandon_zombies() -> None:
    """Close sessions that will never be stopped."""
    housekeeping.abandon_zombies(timezone.now())


@shared_task
def make_partitions() -> None:
    """Make tomorrow's partitions."""
    housekeeping.make_partitions(timezone.now())


@shared_task
def drop_expired() -> None:
    """Drop what is beyond its retention."""
    now = timezone.now()
    housekeeping.drop_expired(now, settings.METER_RETENTION_DAYS, settings.FRAME_RETENTION_DAYS)
    housekeeping.forget_quarantined(now, settings.FRAME_RETENTION_DAYS)
    housekeeping.forget_attempts(now, settings.FRAME_RETENTION_DAYS)
    retention.forget(now, settings.HISTORY_RETENTION_DAYS)


@shared_task
def compact_frames() -> None:
    """Merge the flight recorder's segments of closed hours."""
    housekeeping.compact_frames(timezone.now())


@shared_task
def merge_repeated_spans() -> None:
    """Merge last week's repeated reports."""
    housekeeping.merge_repeated_spans(timezone.now())


@shared_task
def thin_out_variable_changes() -> None:
    """Forget the oldest changes of settings where there are many."""
    variables.thin_out()


@shared_task
def refresh_todays_kpis() -> None:
    """Compute today's KPIs up to now."""
    rollup.refresh(timezone.now())


@shared_task
def settle_kpis() -> None:
    """Share out what is to compute of the days that are over, and of those that changed."""
    for chargers in rollup.shares(timezone.now()):
        settle_share.apply_async((chargers,), expires=SETTLE_EVERY)
    running.extend()


@shared_task
def settle_share(chargers: list[int]) -> None:
    """Compute the days of some chargers that are over, and those that late facts changed."""
    now = timezone.now()
    rollup.settle(now, chargers)
    rollup.recompute_dirty(now, chargers)
    running.extend(chargers)


@shared_task
def reconcile_meters() -> None:
    """Hold together the meters of sessions that ended, and of those that late samples came to."""
    reconciliation.work_through(timezone.now())


#: Seconds; a share that waits longer for a worker is shared out again.
SETTLE_EVERY = 60.0


def _every(schedule: float | crontab, name: str, expires: float) -> dict[str, object]:
    """Return a timetable entry; a run that waits for a worker longer is left to the next ones.

    Else a day without a worker is a day's runs to catch up on.
    """
    return {
        "task": f"monitoring.tasks.{name}",
        "schedule": schedule,
        "options": {"expires": expires},
    }


BEAT = {
    "close-dead-gateways": _every(5.0, "close_dead_gateways", 60.0),
    "abandon-zombies": _every(60.0, "abandon_zombies", 60.0),
    "make-partitions": _every(3600.0, "make_partitions", 3600.0),
    "drop-expired": _every(crontab(hour="3", minute="17"), "drop_expired", 12 * 3600.0),
    "compact-frames": _every(crontab(minute="7"), "compact_frames", 3600.0),
    "merge-repeated-spans": _every(
        crontab(hour="2", minute="41"), "merge_repeated_spans", 12 * 3600.0
    ),
    "thin-out-variable-changes": _every(crontab(minute="27"), "thin_out_variable_changes", 3600.0),
    # It may wait for shares of the settling.
    "refresh-todays-kpis": _every(30.0, "refresh_todays_kpis", 60.0),
    "settle-kpis": _every(SETTLE_EVERY, "settle_kpis", SETTLE_EVERY),
    "reconcile-meters": _every(30.0, "reconcile_meters", 30.0),
}
