"""What the messages of a report have in common: which part of which report one is."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from cpms.control.reports import Part, Watched
from cpms.ocpp import variables
from cpms.ocpp.text import clean

#: Monitors kept of one message; the rest is counted.
MOST_MONITORS = 500
#: The largest number that fits the columns.
MOST_NUMBER = 2**53
MOST_PART = 2**31 - 1


def part(payload: dict[str, Any], entries: int, received: datetime) -> Part:
    """Return which part a message is."""
    number = min(max(int(payload["seqNo"]), 0), MOST_PART)
    request = _bounded(payload["requestId"])
    return Part(request, number, not payload.get("tbc", False), entries, received)


def monitors(payload: dict[str, Any]) -> list[Watched]:
    """Return the monitors that a NotifyMonitoringReport tells of, the first of them."""
    return list(islice(_monitors(payload.get("monitor") or ()), MOST_MONITORS))


def _monitors(entries: Any) -> Iterator[Watched]:
    for entry in entries:
        for monitor in entry.get("variableMonitoring") or ():
            yield watched(entry, monitor)


def watched(named: dict[str, Any], monitor: dict[str, Any]) -> Watched:
    """Return a monitor of the variable that `named` names."""
    told = variables.told(named, None, None)
    return Watched(
        _bounded(monitor["id"]),
        told.component,
        told.component_instance,
        told.evse,
        told.connector,
        told.variable,
        told.instance,
        clean(monitor.get("type"), 20),
        min(max(float(monitor.get("value") or 0), -1e300), 1e300),
        min(max(int(monitor.get("severity") or 0), 0), 9),
        bool(monitor.get("transaction", False)),
        clean(monitor.get("eventNotificationType"), 24),
    )


def _bounded(number: Any) -> int:
    return int(min(max(number, -MOST_NUMBER), MOST_NUMBER))
