"""Chargers' histories read and measured, as far back as their attempts need it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from monitoring.kpis import histories as ledger
from monitoring.kpis.attempts import TIMEOUT
from monitoring.kpis.history import ChargerHistory
from monitoring.kpis.measure import Measured, measured
from monitoring.kpis.parts import Window

log = structlog.get_logger(__name__)

#: Most attempts that end in a window began at most so long before it, seconds.
LOOK_BACK = timedelta(hours=2).total_seconds()
#: An attempt that began longer ago is cut: its sessions are still whole.
DEEPEST = timedelta(days=64).total_seconds()


def survey(
    commissioned: Mapping[int, Window], windows: Sequence[Window], now: datetime
) -> dict[int, Measured]:
    """Return what each charger did in the windows, by its key.

    `commissioned` says by key when the charger counts. Chargers whose history can't be
    measured are logged and left out, so that they hold up no other.
    """
    found: dict[int, Measured] = {}
    keys, since = list(commissioned), windows[0].start - LOOK_BACK
    while keys:
        found |= _measured({key: commissioned[key] for key in keys}, windows, since, now)
        keys = [key for key in keys if key in found and found[key].needs < since]
        since, before = _deeper([found[key].needs for key in keys], windows[0].start, since), since
        if since >= before:
            break
    return found


def _deeper(needs: Sequence[float], start: float, since: float) -> float:
    """Return from where to read next: twice as far back, or as far as is needed."""
    return max(min([start - 2 * (start - since), *needs]), start - DEEPEST)


def _measured(
    commissioned: Mapping[int, Window], windows: Sequence[Window], since: float, now: datetime
) -> dict[int, Measured]:
    until = min(windows[-1].end + TIMEOUT, now.timestamp())
    histories = ledger.histories(list(commissioned), _aware(since), _aware(until), now)
    found = {}
    for key, history in histories.items():
        result = _attempted(key, history, windows, commissioned[key], now)
        if result is not None:
            found[key] = result
    return found


def _attempted(
    key: int, history: ChargerHistory, windows: Sequence[Window], counts: Window, now: datetime
) -> Measured | None:
    try:
        return measured(history, windows, counts, now.timestamp())
    except Exception:
        log.exception("charger_not_measured", charger=key)
        return None


def _aware(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
