"""Messages that the database refused, kept where nothing is asked of them."""

import contextlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter
from psycopg.types.json import Jsonb

from monitoring.encoding import dumps, loads
from monitoring.facts import Fact
from monitoring.masking import mask

log = structlog.get_logger(__name__)

QUARANTINED = Counter("kilowatch_quarantined_total", "Messages the database refused.")

KEEP = """
INSERT INTO monitoring_quarantinedfact (charger_id, received, kind, fact, frame, error)
VALUES (%s, %s, %s, %s, %s, %s)
"""

#: Facts kept of a message that is refused, and characters of its frame.
MOST_KEPT, LONGEST_KEPT = 100, 65_536


def report(facts: Sequence[Fact], error: Exception) -> None:
    """Count and log a message that is quarantined."""
    QUARANTINED.inc()
    log.error(
        "fact_quarantined",
        charger=facts[0].charger_id,
        kind=type(facts[0]).__name__,
        error=str(error).strip(),
    )


def row(facts: Sequence[Fact], frame: str, error: Exception, now: datetime) -> tuple[Any, ...]:
    """Return the row that keeps a message the database refused, whatever is in it."""
    return (
        facts[0].charger_id,
        now,
        ",".join(type(fact).__name__ for fact in facts)[:40],
        Jsonb([_readable(fact) for fact in facts[:MOST_KEPT]]),
        _storable(mask(frame)),
        _storable(f"{type(error).__name__}: {error}"),
    )


def _storable(text: str) -> str:
    kept = text[:LONGEST_KEPT].replace("\0", "\\u0000")
    return kept.encode("utf-8", "backslashreplace").decode()


def _readable(fact: Fact) -> Any:
    """Return the fact as JSON; one that JSON can't hold as its words, or none."""
    name = type(fact).__name__
    try:
        return loads(dumps({name: asdict(fact)}).replace(b"\\u0000", b"\\\\u0000"))
    except (TypeError, ValueError, RecursionError):
        with contextlib.suppress(Exception):
            return {name: _storable(repr(fact))}
    return {name: "It can't be shown."}
