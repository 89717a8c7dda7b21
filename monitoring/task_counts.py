"""How often Celery's tasks ran and how they ended, counted where every process can read it.

Workers have no listener that Prometheus could ask. They count in one hash in Redis, and the
web process shows it; when Redis is lost the counts begin again at zero, as counters may.
"""

import time
from collections.abc import Iterator
from typing import Any

import structlog
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis import RedisError

from monitoring import valkey

log = structlog.get_logger(__name__)

HASH = "task-counts"
#: The queues, and Celery's hash of tasks that a worker has and hasn't finished.
QUEUES, UNACKED = ("celery", settings.BATCH_QUEUE), "unacked"


@task_prerun.connect
def started(task: Any = None, **_: Any) -> None:
    """Remember when the task began."""
    task.request.kilowatch_began = time.perf_counter()


@task_postrun.connect
def ended(task: Any = None, state: str = "", **_: Any) -> None:
    """Count the run by its outcome, and its seconds."""
    began = getattr(task.request, "kilowatch_began", None)
    seconds = time.perf_counter() - began if began else 0.0
    try:
        count(task.name, state.lower() or "unknown", seconds)
    except RedisError as error:
        log.debug("task_not_counted", task=task.name, error=str(error))


def count(task: str, outcome: str, seconds: float) -> None:
    """Add a run of `task`. Raises `redis.RedisError`."""
    with valkey.client().pipeline(transaction=False) as pipeline:
        pipeline.hincrby(valkey.key(HASH), f"runs {task} {outcome}", 1)
        pipeline.hincrbyfloat(valkey.key(HASH), f"seconds {task}", seconds)
        pipeline.execute()


def metrics() -> Iterator[Metric]:
    """Yield the counts and what waits. Raises `redis.RedisError`."""
    runs = CounterMetricFamily("kilowatch_task_runs", "Runs of tasks.", labels=["task", "outcome"])
    seconds = CounterMetricFamily("kilowatch_task_seconds", "Time tasks took.", labels=["task"])
    counted: dict[bytes, bytes] = valkey.client().hgetall(valkey.key(HASH))  # type: ignore[assignment]
    for name, value in sorted(counted.items()):
        kind, *labels = name.decode().split(" ")
        (runs if kind == "runs" else seconds).add_metric(labels, float(value))
    yield from (runs, seconds, _waiting())


def _waiting() -> Metric:
    family = GaugeMetricFamily("kilowatch_task_queue_length", "Tasks.", labels=["state"])
    waiting = sum(int(str(valkey.client().llen(valkey.key(queue)))) for queue in QUEUES)
    family.add_metric(["waiting"], float(waiting))
    family.add_metric(["taken"], float(valkey.client().hlen(valkey.key(UNACKED))))
    return family
