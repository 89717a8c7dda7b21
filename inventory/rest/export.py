"""CSV of any list: `?format=csv`, all rows and not one page, streamed with bounded memory."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import UTC
from itertools import chain, islice
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, Serializer

ROWS_AT_A_TIME = 500
CONTENT_TYPE = "text/csv; charset=utf-8"
#: What makes a spreadsheet run a cell (OWASP, CSV injection), and the full-width forms.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class CsvRenderer(BaseRenderer):
    """Answers that are no list of rows of the database: an object, or a computed list."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return `data` as CSV: its `results` if it has some, else the object itself."""
        if data is None:
            return b""
        rows = data.get("results", [data]) if isinstance(data, dict) else data
        columns = list(dict.fromkeys(name for row in rows for name in row))
        return "".join(lines(rows, columns)).encode()


def stream(
    request: Request,
    queryset: QuerySet[Any],
    ordering: tuple[str, ...],
    serializer: BaseSerializer[Any],
    name: str,
) -> StreamingHttpResponse:
    """Return every row of `queryset` as a download named `name`.csv."""
    fields = cast("Serializer[Any]", serializer).fields
    columns = [column for column, field in fields.items() if not field.write_only]
    rows = map(serializer.to_representation, in_order(queryset, ordering))
    return download(request, rows, columns, name)


def download(
    request: Request, rows: Iterable[Mapping[str, Any]], columns: list[str], name: str
) -> StreamingHttpResponse:
    """Return `rows` as a download named `name`.csv; they are computed while they are sent."""
    return attachment(request._request, rows, columns, name)  # noqa: SLF001


def begun(
    request: Request,
    rows: Iterable[Mapping[str, Any]],
    columns: list[str],
    name: str,
    give_up: Callable[[], None],
) -> StreamingHttpResponse:
    """Return such a download of rows that may be long in coming: it begins before the first.

    `give_up` is called, from another thread, when its reader has gone.
    """
    plain, text = request._request, lines(rows, columns)  # noqa: SLF001
    return streamed(plain, next(text), _chunks(text), CONTENT_TYPE, f"{name}.csv", give_up)


def attachment(
    request: HttpRequest, rows: Iterable[Mapping[str, Any]], columns: list[str], name: str
) -> StreamingHttpResponse:
    """Return `rows` as such a download for a page's own request."""
    chunks = _chunks(lines(rows, columns))
    first = next(chunks)  # A query that fails still gets a problem for answer.
    return streamed(request, first, chunks, CONTENT_TYPE, f"{name}.csv")


def streamed(
    request: HttpRequest,
    first: str,
    rest: Iterator[str],
    content_type: str,
    name: str,
    give_up: Callable[[], None] = lambda: None,
) -> StreamingHttpResponse:
    """Return a download called `name` of `first` and the `rest`, which is made as it is sent."""
    threaded = isinstance(request, ASGIRequest)
    whole = in_thread(first, rest, give_up) if threaded else chain([first], rest)
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(whole, content_type=content_type, headers=disposition)


def in_order(queryset: QuerySet[Any], ordering: tuple[str, ...]) -> Iterator[Any]:
    """Yield all rows, read some at a time by where the last ones ended.

    No cursor stays open in the database between two parts: a download that its reader gives up
    leaves nothing behind on a connection that goes on to serve others.
    """
    field, descending = ordering[0].lstrip("-"), ordering[0].startswith("-")
    rows, place, passed = queryset.order_by(*ordering), None, 0
    while True:
        rest = rows if place is None else _not_before(rows, field, place, descending=descending)
        part = list(rest[passed : passed + ROWS_AT_A_TIME])
        yield from part
        if len(part) < ROWS_AT_A_TIME:
            return
        last = getattr(part[-1], field)
        at_last = sum(1 for row in part if getattr(row, field) == last)
        passed = at_last + (passed if last == place else 0)
        place = last


def _not_before(rows: QuerySet[Any], field: str, place: Any, *, descending: bool) -> QuerySet[Any]:
    return rows.filter(**{f"{field}__{'lte' if descending else 'gte'}": place})


async def in_thread(
    first: str, rest: Iterator[str], give_up: Callable[[], None] = lambda: None
) -> AsyncIterator[str]:
    """Yield from a generator that queries the database, without blocking the event loop.

    Given a plain iterator, Django would collect the whole of it first. `give_up` is called when
    the reader has gone, as the thread goes on until it has the next chunk.
    """
    if first:
        yield first
    while chunk := await _unless_gone(sync_to_async(_next_or_empty)(rest), give_up):
        yield chunk


async def _unless_gone(chunk: Coroutine[Any, Any, str], give_up: Callable[[], None]) -> str:
    task = asyncio.create_task(chunk)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        give_up()
        await asyncio.wait([task])
        raise


def _next_or_empty(chunks: Iterator[str]) -> str:
    try:
        return next(chunks, "")  # StopIteration can't cross into a coroutine.
    finally:
        if not connection.in_atomic_block:
            connection.close()  # Its place in the pool is another's while the reader reads.


def lines(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> Iterator[str]:
    """Yield the header and a line per row, of cells that are safe in a spreadsheet."""
    yield _line(columns)
    for row in rows:
        yield _line([cell(row.get(column)) for column in columns])


def cell(value: Any) -> str:
    """Return `value` as text; what a spreadsheet would run is quoted with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(DANGEROUS) else value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return cell(json.dumps(value, default=str, ensure_ascii=False))


def _line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _chunks(rows: Iterator[str]) -> Iterator[str]:
    while chunk := _next_chunk(rows):
        yield chunk


def _next_chunk(rows: Iterator[str]) -> str:
    with timezone.override(UTC):  # The view's own override is over when the stream is read.
        return "".join(islice(rows, ROWS_AT_A_TIME))
