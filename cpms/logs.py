"""Logs of every process: JSON lines in production, readable lines with DEBUG.

Chargers, browsers and file names put whatever they like into the values. Control characters
(line breaks, terminal sequences, direction marks) are shown as escapes and long texts are cut,
so that nobody writes a line of ours, moves our cursor or fills the disk.
"""

import json
import logging
import math
import os
import re
import sys
from collections.abc import Mapping

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

#: C0 and C1 controls, line and paragraph separators, zero-width and direction marks, surrogates.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
#: A wall's link opens its wall until it is revoked, and stands in the address of each try.
WALL_TOKEN = re.compile(r"kwk_[\w-]{4,}")
#: Nesting beyond this is shown as one text.
DEEPEST = 4
LONGEST = 2_000
LONGEST_TRACE = 20_000
#: Loggers of libraries that would write a line per request, connection or run of a task.
QUIET = (
    *("uvicorn.access", "uvicorn.error", "asyncio"),
    *("celery.beat", "celery.worker.strategy", "celery.app.trace"),
    *("fontTools", "fpdf"),
)


def escaped(text: str, longest: int = LONGEST) -> str:
    """Return `text` cut to `longest` characters, with escapes for what could forge a line.

    The tokens of walls are left out.
    """
    kept = text if len(text) <= longest else f"{text[:longest]}… (+{len(text) - longest})"
    kept = WALL_TOKEN.sub("kwk_…", kept)
    return UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), kept)


def escape_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape keys and values of a log event; tracebacks are indented, and keep their lines."""
    traces = {key: str(event.pop(key)) for key in ("exception", "stack") if key in event}
    event["event"] = str(event.get("event", "")).rstrip()
    safe: EventDict = {escaped(str(key)): _safe(value, 0) for key, value in event.items()}
    for key, trace in traces.items():
        lines = trace[-LONGEST_TRACE:].splitlines()
        safe[key] = "\n".join("    " + escaped(line) for line in lines)
    return safe


def _safe(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {escaped(str(key)): _safe(item, depth + 1) for key, item in value.items()}
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_safe(item, depth + 1) for item in value]
    return escaped(str(value))


def configure_logs(role: str, *, debug: bool) -> None:
    """Send structlog's and the libraries' logs to standard error, in one format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    rendered = [_readable()] if debug else [_with_process(role), _json()]
    _install(formatter(shared, rendered))


def formatter(shared: list[Processor], rendered: list[Processor]) -> logging.Formatter:
    """Return the formatter that escapes each event and shows it by `rendered`."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            escape_values,
            *rendered,
        ],
    )


def _readable() -> Processor:
    # The supervisor reads us through a pipe and says whether it stands on a terminal.
    colours = sys.stderr.isatty() or bool(os.environ.get("FORCE_COLOR"))
    return structlog.dev.ConsoleRenderer(colors=colours and not os.environ.get("NO_COLOR"))


def _json() -> Processor:
    return structlog.processors.JSONRenderer(serializer=json.dumps, ensure_ascii=False)


def _with_process(role: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {"process": role, **event}

    return add


def _install(shown: logging.Formatter) -> None:
    """Make one handler the only one; uvicorn brings its own and is set back."""
    handler = logging.StreamHandler()
    handler.setFormatter(shown)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
