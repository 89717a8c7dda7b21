"""What the inventory does by the clock."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from inventory.rest import idempotency


@shared_task
def forget_idempotency_keys() -> None:
    """Delete the Idempotency-Keys that are over."""
    idempotency.forget_expired(timezone.now())


@shared_task
def forget_sessions() -> None:
    """Delete the sessions that have expired; of those nobody signed out of, nobody else does."""
    SessionStore.clear_expired()


BEAT = {
    name.replace("_", "-"): {
        "task": f"inventory.tasks.{name}",
        "schedule": 3600.0,
        "options": {"expires": 1800},
    }
    for name in ("forget_idempotency_keys", "forget_sessions")
}
