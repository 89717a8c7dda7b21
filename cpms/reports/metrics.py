"""What the reports look like to Prometheus."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from cpms.reports.models import Report

LATELY = timedelta(days=7)


def read() -> Iterator[GaugeMetricFamily]:
    """Yield the reports that were asked for lately, by state."""
    family = GaugeMetricFamily(
        "kilowatch_reports", "Reports asked for in the last 7 days.", labels=["state"]
    )
    recent = Report.objects.filter(requested_at__gt=timezone.now() - LATELY).order_by()
    counts = dict(recent.values_list("state").annotate(Count("pk")))
    for state in Report.State:
        family.add_metric([state.value], counts.get(state.value, 0))
    yield family
