"""Periodic work on what was asked of chargers. Every task is safe to run twice and to miss."""

from celery import shared_task
from celery.schedules import crontab
from django.conf import settings
from django.utils import timezone

from cpms.control import (
    commands,
    composites,
    customers,
    files,
    local_lists,
    profiles,
    readback,
    reservations,
    retention,
    transfers,
    verification,
)
from cpms.control.pki import expiry
from monitoring.housekeeping import database_time


@shared_task
def settle_commands() -> None:
    """End what waited too long, and what a gateway that died had sent."""
    now = database_time()
    commands.expire(now)
    commands.lose(now)


@shared_task
def verify_commands() -> None:
    """Find out whether chargers did what they accepted."""
    verification.sweep(database_time())


@shared_task
def read_back_settings() -> None:
    """Compare what chargers are set to with what was changed."""
    readback.sweep(database_time())


@shared_task
def ask_local_lists() -> None:
    """Ask chargers whether their lists are what we think."""
    local_lists.ask_versions(database_time())


@shared_task
def keep_local_lists() -> None:
    """Send changes of tokens to chargers whose lists are kept up to date."""
    now = database_time()
    local_lists.keep_up_to_date(now)
    local_lists.forget_gone(now)


@shared_task
def end_reservations() -> None:
    """End the reservations whose time is over, where their charger doesn't say so."""
    reservations.end_over(database_time() - reservations.GRACE)


@shared_task
def forget_customers() -> None:
    """Forget what chargers told of customers, and have those who were cleared off their lists."""
    now = database_time()
    customers.take_off(now)
    customers.forget(now)


@shared_task
def follow_transfers() -> None:
    """See how files are coming along, and say so of those that aren't."""
    transfers.sweep(database_time())


@shared_task
def forget_files() -> None:
    """Remove logs beyond their days, and what processes that died have left."""
    files.forget(database_time())


@shared_task
def watch_profiles() -> None:
    """Take off charging profiles that are over; hold the meter against those that count."""
    now = database_time()
    profiles.tidy(now)
    composites.sweep(now)


@shared_task
def watch_certificates() -> None:
    """Say which certificates end soon, and have them renewed."""
    expiry.sweep(database_time())


@shared_task
def forget_commands() -> None:
    """Delete what was asked of chargers long ago."""
    retention.forget(timezone.now(), settings.HISTORY_RETENTION_DAYS)


@shared_task
def bring_certificates() -> None:
    """Bring certificates that were granted by a gateway that died then."""
    expiry.bring_left(database_time())


BEAT = {
    "forget-commands": {
        "task": "cpms.control.tasks.forget_commands",
        "schedule": crontab(hour="3", minute="37"),
        "options": {"expires": 12 * 3600.0, "queue": settings.BATCH_QUEUE},
    },
    "watch-certificates": {
        "task": "cpms.control.tasks.watch_certificates",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "bring-certificates": {
        "task": "cpms.control.tasks.bring_certificates",
        "schedule": 30.0,
        "options": {"expires": 60.0},
    },
    "read-back-settings": {
        "task": "cpms.control.tasks.read_back_settings",
        "schedule": 10.0,
        "options": {"expires": 30.0},
    },
    "watch-profiles": {
        "task": "cpms.control.tasks.watch_profiles",
        "schedule": 30.0,
        "options": {"expires": 60.0},
    },
    "follow-transfers": {
        "task": "cpms.control.tasks.follow_transfers",
        "schedule": 15.0,
        "options": {"expires": 60.0},
    },
    "forget-files": {
        "task": "cpms.control.tasks.forget_files",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "end-reservations": {
        "task": "cpms.control.tasks.end_reservations",
        "schedule": 30.0,
        "options": {"expires": 60.0},
    },
    "forget-customers": {
        "task": "cpms.control.tasks.forget_customers",
        "schedule": 60.0,
        "options": {"expires": 120.0},
    },
    "settle-commands": {
        "task": "cpms.control.tasks.settle_commands",
        "schedule": 10.0,
        "options": {"expires": 60.0},
    },
    "verify-commands": {
        "task": "cpms.control.tasks.verify_commands",
        "schedule": 5.0,
        "options": {"expires": 30.0},
    },
    "ask-local-lists": {
        "task": "cpms.control.tasks.ask_local_lists",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "keep-local-lists": {
        "task": "cpms.control.tasks.keep_local_lists",
        "schedule": 30.0,
        "options": {"expires": 60.0},
    },
}
