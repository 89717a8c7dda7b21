"""The flight recorder as a file of JSON lines, written while it is read."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _

from inventory.rest.export import streamed
from monitoring.exchanges import Exchange, Frame, Head, Kind, restored
from monitoring.frame_pages import DOWNLOAD_EFFORT

LINES_AT_A_TIME = 200
CONTENT_TYPE = "application/x-ndjson; charset=utf-8"
ERRORS = frozenset({Kind.ERROR, Kind.RESULT_ERROR})
Line = dict[str, Any]


def lines(
    exchanges: Iterable[Exchange], more: Callable[[Exchange], Line] = lambda exchange: {}
) -> Iterator[Line]:
    """Yield what is written of each frame, a CALL and after it its answer.

    An object with `at` (RFC 3339, UTC), `direction` ("in" is from the charger), `type` (call,
    result, error, send, result_error, unreadable; gap where frames could not be kept), `id`
    (the message id; a CALL and its answer have the same, which pairs them), `action` (of the
    CALL, on its answer too), `error` (code of a CALLERROR), `latency_ms` (of an answer: since
    its CALL) and `text`, the frame as it passed, secrets masked. `more` is added to the first.
    A last one of type "unfinished" says from when on one stopped looking, see `unfinished`.
    """
    for exchange in exchanges:
        yield line(exchange, exchange.frame, exchange.head) | more(exchange)
        if exchange.answer is not None and exchange.answer_head is not None:
            yield line(exchange, exchange.answer, exchange.answer_head)


def line(exchange: Exchange, frame: Frame, head: Head) -> Line:
    """Return what is written of one frame of an exchange."""
    took = frame.at - exchange.frame.at if frame is exchange.answer else None
    return {
        "at": stamp(frame.at),
        "direction": frame.direction,
        "type": head.kind.value,
        "id": head.id or None,
        "action": exchange.action or None,
        "error": head.word if head.kind in ERRORS else None,
        "latency_ms": None if took is None else took / timedelta(milliseconds=1),
        "text": restored(frame.text),
    }


def unfinished(at: datetime, text: str) -> Line:
    """Return what is written last where one stopped looking at an instant, and what to do."""
    empty = dict.fromkeys(("direction", "id", "action", "error", "latency_ms"))
    return {"at": stamp(at), "type": "unfinished", **empty, "text": text}


def go_on_from(at: datetime) -> str:
    """Return what to do where one has read up to an instant."""
    return _("One download looks through %(megabytes)d MB; ask for the rest from %(at)s on.") % {
        "megabytes": DOWNLOAD_EFFORT // 1024**2,
        "at": stamp(at),
    }


def go_on_before(at: datetime) -> str:
    """Return what to do where one has read back to an instant."""
    return _("One download looks through %(megabytes)d MB; ask for the rest up to %(at)s.") % {
        "megabytes": DOWNLOAD_EFFORT // 1024**2,
        "at": stamp(at),
    }


def written(objects: Iterable[Line]) -> Iterator[str]:
    """Yield each as a line."""
    return (orjson.dumps(one).decode() + "\n" for one in objects)


def download(
    request: HttpRequest,
    text: Iterator[str],
    name: str,
    give_up: Callable[[], None] = lambda: None,
) -> StreamingHttpResponse:
    """Return lines as a download called `name`, which begins at once; made while they are sent.

    `give_up` is called, from another thread, when its reader has gone.
    """
    return streamed(request, "", _chunks(text), CONTENT_TYPE, name, give_up)


def _chunks(text: Iterator[str]) -> Iterator[str]:
    while chunk := "".join(islice(text, LINES_AT_A_TIME)):
        yield chunk


def stamp(at: datetime) -> str:
    """Return an instant as RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
