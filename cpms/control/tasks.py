"""Periodic work on what was asked of chargers. Every task is safe to run twice and to miss."""

from celery import shared_task

from cpms.control import commands, verification
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


BEAT = {
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
}
