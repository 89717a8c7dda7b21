"""What the inventory does by the clock."""

from celery import shared_task
from django.utils import timezone

from inventory.rest import idempotency


@shared_task
def forget_idempotency_keys() -> None:
    """Delete the Idempotency-Keys that are over."""
    idempotency.forget_expired(timezone.now())


BEAT = {
    "forget-idempotency-keys": {
        "task": "inventory.tasks.forget_idempotency_keys",
        "schedule": 3600.0,
        "options": {"expires": 1800},
    }
}
