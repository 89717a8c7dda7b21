"""What the alerts look like to Prometheus, read from the database when it asks."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min
from prometheus_client.core import GaugeMetricFamily

from alerts import clock
from alerts.models import EscalationStep, Incident, Notification, Severity, Watch


def read() -> Iterator[GaugeMetricFamily]:
    """Yield open incidents, messages and lateness as they are now."""
    now = clock.now()
    yield _incidents()
    yield _notifications(now)
    yield from _lateness(now)


def _incidents() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "kilowatch_incidents", "Incidents that aren't resolved.", labels=["severity", "state"]
    )
    rows = Incident.objects.exclude(state=Incident.State.RESOLVED).order_by()
    counts = {
        (severity, state): count
        for severity, state, count in rows.values_list("severity", "state").annotate(Count("pk"))
    }
    for severity in Severity:
        for state in (Incident.State.OPEN, Incident.State.ACKNOWLEDGED):
            count = counts.get((severity, state), 0)
            family.add_metric([severity.slug, state.value], count)
    return family


def _notifications(now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "kilowatch_notifications", "Messages written in the last day.", labels=["state"]
    )
    recent = Notification.objects.filter(created_at__gt=now - timedelta(days=1)).order_by()
    counts = dict(recent.values_list("state").annotate(Count("pk")))
    for state in Notification.State:
        family.add_metric([state.value], counts.get(state, 0))
    return family


def _lateness(now: datetime) -> Iterator[GaugeMetricFamily]:
    steps = EscalationStep.objects.filter(state=EscalationStep.State.PENDING, due_at__lte=now)
    yield _seconds(
        "kilowatch_escalation_lateness_seconds",
        "How long the most overdue escalation step has been due.",
        _since(now, steps.aggregate(at=Min("due_at"))["at"]),
    )
    waiting = Notification.objects.filter(state__in=["pending", "sending"])
    yield _seconds(
        "kilowatch_notification_age_seconds",
        "How long the oldest message that isn't sent has been waiting.",
        _since(now, waiting.aggregate(at=Min("created_at"))["at"]),
    )
    yield _seconds(
        "kilowatch_alert_engine_age_seconds",
        "How long ago the alert engine last looked; NaN: never.",
        _since(now, Watch.objects.aggregate(at=Max("looked_at"))["at"], never=float("nan")),
    )


def _since(now: datetime, at: datetime | None, never: float = 0.0) -> float:
    return max((now - at).total_seconds(), 0.0) if at else never


def _seconds(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
