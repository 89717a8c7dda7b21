"""The flight recorder as a file: JSON lines, written while they are read."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, islice
from typing import Any

import orjson
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from cpms.ocpp.inspection import restored
from cpms.web.frames.asked import stamp
from cpms.web.frames.page import Reading
from inventory.rest.export import in_thread
from monitoring.exchanges import Exchange, Frame, Head

LINES_AT_A_TIME = 200
CONTENT_TYPE = "application/x-ndjson; charset=utf-8"


def lines(reading: Reading) -> Iterator[str]:
    """Yield a line per frame that is asked for, the oldest CALL first, its answer after it.

    An object with `at` (RFC 3339, UTC), `direction` ("in" is from the charger), `type` (call,
    result, error, send, result_error, unreadable; "gap" where frames could not be kept),
    `id` (the message id; a CALL and its answer have the same, which pairs them), `action` (of
    the CALL, on its answer too), `error` (code of a CALLERROR), `latency_ms` (of an answer:
    since its CALL), `problems` (what was put right or refused, in words), and `text`, the
    frame as it passed, secrets masked.
    """
    asked = reading.asked
    for exchange in reading.found(asked.start, asked.end, newest_first=False):
        problems = [finding.words for finding in reading.inspected(exchange)]
        yield _line(exchange, exchange.frame, exchange.head, {"problems": problems})
        if exchange.answer is not None and exchange.answer_head is not None:
            latency = exchange.answer.at - exchange.frame.at
            took = {"latency_ms": latency / timedelta(milliseconds=1)}
            yield _line(exchange, exchange.answer, exchange.answer_head, took)


def _line(exchange: Exchange, frame: Frame, head: Head, more: dict[str, Any]) -> str:
    error = head.word if head.kind in {"error", "result_error"} else None
    said = {
        "at": stamp(frame.at),
        "direction": frame.direction,
        "type": head.kind,
        "id": head.id or None,
        "action": exchange.action or None,
        "error": error,
        "latency_ms": None,
        **more,
        "text": restored(frame.text),
    }
    return orjson.dumps(said).decode() + "\n"


def download(request: HttpRequest, written: Iterator[str], name: str) -> StreamingHttpResponse:
    """Return `written` as a download called `name`; it is made while it is sent."""
    chunks = _chunks(written)
    first = next(chunks, "")  # What fails at once still gets a page for answer.
    threaded = isinstance(request, ASGIRequest)
    whole = in_thread(first, chunks) if threaded else chain([first], chunks)
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(whole, content_type=CONTENT_TYPE, headers=disposition)


def _chunks(written: Iterator[str]) -> Iterator[str]:
    while chunk := "".join(islice(written, LINES_AT_A_TIME)):
        yield chunk
