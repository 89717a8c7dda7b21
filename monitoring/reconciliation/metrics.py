"""Meters that disagree, as Prometheus sees them."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from monitoring.models import SessionReconciliation
from monitoring.reconciliation.queries import ODD

LATELY = timedelta(days=1)


def read() -> Iterator[Metric]:
    """Yield how many sessions of the last day have meters to look at, by verdict."""
    family = GaugeMetricFamily(
        "kilowatch_meter_disagreements",
        "Sessions that ended in the last 24 hours and whose meters disagree.",
        labels=["verdict"],
    )
    ended = SessionReconciliation.objects.filter(
        verdict__in=ODD, ended__gt=timezone.now() - LATELY
    ).order_by()
    counts = dict(ended.values_list("verdict").annotate(Count("pk")))
    for verdict in ODD:
        family.add_metric([verdict], counts.get(verdict, 0))
    yield family
