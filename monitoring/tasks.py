"""Periodic work on the record. Every task is safe to run twice at once and to miss."""

from celery import shared_task
from celery.schedules import crontab
from django.conf import settings
from django.utils import timezone

from monitoring import housekeeping, rollup


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


@shared_task
def compact_frames() -> None:
    """Merge the flight recorder's segments of closed hours."""
    housekeeping.compact_frames(timezone.now())


@shared_task
def merge_repeated_spans() -> None:
    """Merge last week's repeated reports."""
    housekeeping.merge_repeated_spans(timezone.now())


@shared_task
def refresh_todays_kpis() -> None:
    """Compute today's KPIs up to now."""
    rollup.refresh(timezone.now())


@shared_task
def settle_kpis() -> None:
    """Compute the days that are over, and those that late facts changed."""
    now = timezone.now()
    rollup.settle(now)
    rollup.recompute_dirty(now)


BEAT = {
    "close-dead-gateways": {"task": "monitoring.tasks.close_dead_gateways", "schedule": 5.0},
    "abandon-zombies": {"task": "monitoring.tasks.abandon_zombies", "schedule": 60.0},
    "make-partitions": {"task": "monitoring.tasks.make_partitions", "schedule": 3600.0},
    "drop-expired": {
        "task": "monitoring.tasks.drop_expired",
        "schedule": crontab(hour="3", minute="17"),
    },
    "compact-frames": {
        "task": "monitoring.tasks.compact_frames",
        "schedule": crontab(minute="7"),
    },
    "merge-repeated-spans": {
        "task": "monitoring.tasks.merge_repeated_spans",
        "schedule": crontab(hour="2", minute="41"),
    },
    # A run that waited for longer than its period is dropped: its successor does the same.
    "refresh-todays-kpis": {
        "task": "monitoring.tasks.refresh_todays_kpis",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "settle-kpis": {
        "task": "monitoring.tasks.settle_kpis",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
}
