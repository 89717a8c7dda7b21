"""What Prometheus is told: each process's own numbers, and the installation's from one place.

What a process counts itself is in prometheus_client's default registry, and both listeners
show it. What is read from the database or Redis is the same whoever asks: it is registered
here with `of_installation`, and only the web listener shows it.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator

import structlog
from django.db import Error as DatabaseError
from django.db.models import Count
from prometheus_client import REGISTRY as OF_PROCESS
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import RedisError

from inventory.models import Charger, Evse
from monitoring import effective, health, kpi_metrics, task_counts
from monitoring.effective import State
from monitoring.reconciliation import metrics as meter_metrics

log = structlog.get_logger(__name__)

#: Seconds for which the fleet's numbers are kept.
FRESH = 30.0
#: They would be half of all lines, and nobody reads them.
disable_created_metrics()  # type: ignore[no-untyped-call]

Source = Callable[[], Iterable[Metric]]
_INSTALLATION = CollectorRegistry()


class Guarded(Collector):
    """Reads `source`; when it can't be read, its numbers are missing and the others are not."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: registering must not read the source."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield what the source has."""
        try:
            yield from list(self.source())
        except (DatabaseError, RedisError, OSError) as error:
            log.warning("metrics_not_read", error=str(error).strip())


class Kept:
    """A source that is read at most every `FRESH` seconds."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.read: list[Metric] = []
        self.until = 0.0

    def __call__(self) -> list[Metric]:
        """Return what the source had lately."""
        if time.monotonic() >= self.until:
            self.read = list(self.source())
            self.until = time.monotonic() + FRESH
        return self.read


def of_installation(source: Source) -> None:
    """Let the web listener show what `source` yields, read anew each time it is asked."""
    _INSTALLATION.register(Guarded(source))


def text(*, installation: bool) -> bytes:
    """Return the metrics of this process, and those of the installation if asked for."""
    shown = generate_latest(_of_processes())
    return shown + generate_latest(_INSTALLATION) if installation else shown


def _of_processes() -> CollectorRegistry:
    """Return this process's registry, or with several of them behind a socket all of theirs."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return OF_PROCESS
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


def _reachable() -> Iterator[Metric]:
    family = GaugeMetricFamily("kilowatch_up", "1 if it can be reached.", labels=["what"])
    for what, state in health.readiness().items():
        family.add_metric([what], 1.0 if state == health.OK else 0.0)
    yield family


def _states() -> Iterator[Metric]:
    chargers = effective.annotate_chargers(Charger.objects.all())
    yield _by_state("kilowatch_chargers", "Chargers by effective state.", chargers)
    ports = effective.annotate_ports(Evse.objects.all())
    yield _by_state("kilowatch_ports", "Ports by effective state.", ports)


def _by_state(name: str, about: str, annotated: object) -> Metric:
    rows = annotated.order_by().values_list("effective").annotate(Count("pk"))  # type: ignore[attr-defined]
    counts = dict(rows)
    family = GaugeMetricFamily(name, about, labels=["state"])
    for state in State:
        family.add_metric([state.value], counts.get(state.value, 0))
    return family


STATES, KPIS = Kept(_states), Kept(kpi_metrics.fleet)
ORGANISATIONS, FRESHNESS = Kept(kpi_metrics.organisations), Kept(kpi_metrics.freshness)
METERS = Kept(meter_metrics.read)
of_installation(_reachable)
of_installation(task_counts.metrics)
for source in (STATES, KPIS, ORGANISATIONS, FRESHNESS, METERS):
    of_installation(source)
