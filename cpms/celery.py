"""The Celery application: tasks and timetable are declared by the rooms.

Each room's `tasks.py` holds its tasks, and its periodic ones in `BEAT`, in the form of
Celery's `beat_schedule`.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from celery import Celery
from celery.signals import import_modules, setup_logging

from cpms.environment import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpms.settings")
settle()

ROOMS = ["inventory", "monitoring", "cpms.control", "alerts", "cpms.reports", "cpms.ocpp"]

app = Celery("kilowatch")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(ROOMS)


@setup_logging.connect
def keep_our_logs(**_: object) -> None:
    """Leave logging as `cpms.logs` set it up: a connected receiver stops Celery's own set-up."""


@import_modules.connect(sender=app)
def hang_up_timetable(**_: object) -> None:
    """Give beat its entries once the apps are loaded: tasks import models."""
    app.conf.beat_schedule = timetable()


def timetable() -> dict[str, dict[str, Any]]:
    """Return the periodic tasks of all rooms. Raises ValueError if two have one name."""
    entries: dict[str, dict[str, Any]] = {}
    for room in ROOMS:
        for name, entry in _declared(room).items():
            if name in entries:
                raise ValueError(f"Two rooms name a periodic task {name!r}.")
            entries[name] = entry
    return entries


def _declared(room: str) -> dict[str, dict[str, Any]]:
    if find_spec(f"{room}.tasks") is None:
        return {}
    entries: dict[str, dict[str, Any]] = getattr(import_module(f"{room}.tasks"), "BEAT", {})
    return entries
