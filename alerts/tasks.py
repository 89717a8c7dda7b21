"""When the engine looks, and when due steps and waiting messages are seen to."""

from celery import shared_task

from alerts import clock, engine, notifications, steps


@shared_task
def watch() -> None:
    """Hold what is wrong now against the open incidents."""
    engine.run(clock.look())


@shared_task
def escalate() -> None:
    """Carry out the escalation steps that are due."""
    steps.carry_out(clock.look().now)


@shared_task
def deliver() -> None:
    """Send what waits in the outbox."""
    notifications.deliver(clock.now)


def _every(seconds: float, name: str) -> dict[str, object]:
    """Return a timetable entry; a run that waits a minute for a worker is left to later ones."""
    return {"task": f"alerts.tasks.{name}", "schedule": seconds, "options": {"expires": 60}}


BEAT = {
    "alerts-watch": _every(10.0, "watch"),
    "alerts-escalate": _every(5.0, "escalate"),
    "alerts-deliver": _every(5.0, "deliver"),
}
