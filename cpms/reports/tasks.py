"""When reports are made and sent."""

from celery import shared_task
from django.utils import timezone

from cpms.reports import deliveries, making, subscriptions


@shared_task(soft_time_limit=16 * 60, time_limit=17 * 60, acks_late=True)
def make(report_id: int) -> None:
    """Make a report."""
    making.make(report_id)


@shared_task
def sweep() -> None:
    """Ask for what is due, and give waiting reports to makers."""
    now = timezone.now()
    subscriptions.sweep(now)
    for key in making.due(now).values_list("pk", flat=True)[: making.room(now)]:
        make.delay(key)


@shared_task
def deliver() -> None:
    """Send what waits in the outbox."""
    deliveries.deliver(timezone.now)


def _every(seconds: float, name: str) -> dict[str, object]:
    return {"task": f"cpms.reports.tasks.{name}", "schedule": seconds, "options": {"expires": 60}}


BEAT = {
    "reports-sweep": _every(10.0, "sweep"),
    "reports-deliver": _every(10.0, "deliver"),
}
