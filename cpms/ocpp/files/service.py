"""`/files/<one-time token>` on the chargers' listener.

Everything that touches the disk or the database happens in threads of its own: the sockets of
the same process never wait for it. Memory is constant, whatever is sent.
"""

import asyncio
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from prometheus_client import Counter

from cpms.control import files, transfers
from cpms.control.addresses import TOKEN, TOKEN_LENGTH
from cpms.control.files import NoRoom, TooLarge
from cpms.control.models import StoredFile
from cpms.ocpp import gateway
from cpms.ocpp.files import bodies, multipart, ranges, tickets
from cpms.ocpp.files.tickets import Closed, Ticket
from cpms.ocpp.handshake import peer_of, within
from cpms.ocpp.throttle import neighbourhood

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
PREFIX = "/files/"
#: Requests served at once, and of one address: chargers try again while the first still hangs.
MOST_AT_ONCE, MOST_OF_ONE = 128, 3
THREADS = 4
#: Bytes that are collected before they are written, and that are read and sent at once.
WRITTEN_AT_ONCE, READ_AT_ONCE = 262_144, 65_536
#: Seconds in which a charger must read a piece, and for all of a file.
READS_WITHIN, LONGEST_DOWNLOAD = 120.0, 12 * 3600.0
#: Tries to keep a file while the database is away, and seconds between them.
TRIES, BETWEEN_TRIES = 5, 2.0
#: What is read of a refused body so that its sender reads our answer.
READ_OF_REFUSED, REFUSED_WITHIN = 4_000_000, 2.0
SENDING, FETCHING = frozenset({"PUT", "POST"}), frozenset({"GET", "HEAD"})

REQUESTS = Counter("kilowatch_file_requests_total", "Requests below /files/.", ["status"])

#: What `_meaning` has an answer for.
EXPECTED = (
    TooLarge, NoRoom, Closed, OperationalError, InterfaceError, OSError,
    multipart.Malformed, bodies.TooSlow,
)  # fmt: skip
Headers = dict[str, str]


class Answer(NamedTuple):
    """An answer without a file."""

    status: int
    text: str
    headers: Headers = {}


class Files:
    """Serves chargers' files; everything else goes on to `rest`."""

    def __init__(self, rest: Any) -> None:
        """Serve what is below `/files/`."""
        self._rest = rest
        self._threads: ThreadPoolExecutor | None = None
        self._open: Counts[str] = Counts()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request."""
        if not scope["path"].startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        receive = bodies.Watched(receive)
        try:
            answer = await self._serve(scope, receive, send)
        except bodies.CutOff:
            REQUESTS.labels("cut_off").inc()
            return
        except EXPECTED as problem:
            answer = _meaning(problem)
        if answer is not None:
            REQUESTS.labels(str(answer.status)).inc()
            await _say(scope, receive, send, answer)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> Answer | None:
        """Return the answer, None where it was given; raise one of `EXPECTED`."""
        peer = peer_of(scope).address
        if settings.OCPP_NETWORKS and not within(peer, settings.OCPP_NETWORKS):
            return Answer(403, "This network is not allowed.")
        token = scope["path"][len(PREFIX) :].lstrip("/")[:TOKEN_LENGTH]
        guesses, household = gateway.current().no_files, neighbourhood(peer)
        if guesses.spent(household):
            return Answer(429, "Too many wrong addresses.", {"retry-after": "60"})
        ticket = await self._ticket(token)
        if ticket is None:
            guesses.refuses(household)  # A right one costs nothing: a site has one address.
            return Answer(404, "There is nothing at this address.")
        if isinstance(ticket, Closed):
            raise ticket
        return await self._admitted(ticket, token, scope, receive, send)

    async def _ticket(self, token: str) -> Ticket | Closed | None:
        if not TOKEN.fullmatch(token):
            return None
        return await self._do(partial(tickets.find, token, datetime.now(UTC)))

    async def _admitted(
        self, ticket: Ticket, token: str, scope: Any, receive: Any, send: Any
    ) -> Answer | None:
        allowed = SENDING if ticket.image is None else FETCHING
        if scope["method"] not in allowed:
            methods = ", ".join(sorted(allowed))
            return Answer(405, f"This address is for {methods}.", {"allow": methods})
        with self._place(token) as free:
            if not free:
                return Answer(503, "Too many at once.", {"retry-after": "60"})
            if ticket.image is None:
                return await self._received(ticket, scope, receive)
            return await self._sent(ticket, ticket.image, scope, receive, send)

    @contextmanager
    def _place(self, token: str) -> Iterator[bool]:
        free = self._open.total() < MOST_AT_ONCE and self._open[token] < MOST_OF_ONE
        self._open[token] += free
        try:
            yield free
        finally:
            self._open[token] -= free
            if not self._open[token]:
                del self._open[token]

    # What chargers send.

    async def _received(self, ticket: Ticket, scope: Any, receive: Any) -> Answer:
        """Receive a file, whole or not at all; raise one of `EXPECTED`."""
        headers = _headers(scope)
        if "content-range" in headers:
            return Answer(400, "Send the file whole: parts aren't put together here.")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > ticket.limit + multipart.LONGEST_HEAD:
            raise TooLarge(ticket.limit)
        form = multipart.boundary(headers.get("content-type", ""))
        draft = await self._do(partial(tickets.admit, ticket))
        try:
            return await self._written(ticket, draft, form, _said_name(scope), receive)
        finally:
            await self._do(draft.discard)

    async def _written(
        self, ticket: Ticket, draft: files.Draft, boundary: bytes | None, name: str, receive: Any
    ) -> Answer:
        form = multipart.Form(boundary) if boundary else None
        waiting = bytearray()
        async for data in bodies.pieces(receive):
            for piece in form.feed(data) if form else (data,):
                waiting += piece
            if len(waiting) >= WRITTEN_AT_ONCE:
                await self._do(partial(draft.write, bytes(waiting)))
                waiting.clear()
        await self._do(partial(draft.write, bytes(waiting)))
        if form is not None and not form.complete:
            raise multipart.Malformed("The form has no end.")
        if not draft.size:
            return Answer(400, "The file is empty.")
        name = (form.name if form else "") or name
        keep = partial(tickets.keep, ticket, draft, name, datetime.now(UTC))
        kept = await self._patiently(keep)
        log.info("file_received", charger=ticket.identity, size=kept.size, name=kept.name)
        return Answer(201, "Received.")

    # What chargers fetch.

    async def _sent(
        self, ticket: Ticket, file: StoredFile, scope: Any, receive: Any, send: Any
    ) -> Answer | None:
        """Send a file, or the part that is asked for."""
        headers, etag = _headers(scope), f'"{file.sha256}"'
        if headers.get("if-none-match", "").strip() in {etag, "*"}:
            return Answer(304, "", {"etag": etag})
        asked = headers.get("range", "") if headers.get("if-range", etag) == etag else ""
        try:
            part = ranges.part(asked, file.size) if asked else None
        except ranges.Unsatisfiable:
            return Answer(416, "It isn't that long.", {"content-range": f"bytes */{file.size}"})
        whole, status = part or ranges.Part(0, file.size), 200 if part is None else 206
        about = _about(file.name, etag, whole, file.size, partial=part is not None)
        if scope["method"] == "HEAD":
            return Answer(status, "", about)
        data = files.chunks(file, *whole, READ_AT_ONCE)
        first = await self._do(partial(next, data, b""))
        await send({"type": "http.response.start", "status": status, "headers": _raw(about)})
        REQUESTS.labels(str(status)).inc()
        upto = await self._streamed(first, data, whole.start, receive, send)
        log.info("file_fetched", charger=ticket.identity, file=file.pk, upto=upto, size=file.size)
        await self._do(partial(_note_fetched, ticket.transfer_id, upto))
        return None

    async def _streamed(
        self, data: bytes, rest: Iterator[bytes], at: int, receive: Any, send: Any
    ) -> int:
        """Send pieces until the end, or until nobody reads; return how far it got."""
        gone = asyncio.create_task(_until_gone(receive))
        until = asyncio.get_running_loop().time() + LONGEST_DOWNLOAD
        try:
            while data and not gone.done() and asyncio.get_running_loop().time() < until:
                piece = {"type": "http.response.body", "body": data, "more_body": True}
                await asyncio.wait_for(send(piece), READS_WITHIN)
                at += len(data)
                data = await self._do(partial(next, rest, b""))
            if not data:
                await asyncio.wait_for(send({"type": "http.response.body"}), READS_WITHIN)
        except TimeoutError:
            log.info("file_not_read_on", upto=at)
        finally:
            gone.cancel()
        return at

    # Threads.

    async def _do(self, work: Callable[[], Result]) -> Result:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        return await asyncio.get_running_loop().run_in_executor(self._threads, _apart, work)

    async def _patiently(self, work: Callable[[], Result]) -> Result:
        for _try in range(TRIES - 1):
            try:
                return await self._do(work)
            except (OperationalError, InterfaceError) as away:
                log.warning("file_waits_for_database", error=str(away).strip())
                await asyncio.sleep(BETWEEN_TRIES)
        return await self._do(work)


def _apart(work: Callable[[], Result]) -> Result:
    try:
        return work()
    finally:
        connections.close_all()  # Files are few: no connection waits for the next one.


def _note_fetched(transfer_id: int, upto: int) -> None:
    try:
        transfers.fetched(transfer_id, upto, datetime.now(UTC))
    except (OperationalError, InterfaceError) as away:
        log.warning("fetch_not_noted", error=str(away).strip())


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] == "http.request":
        pass


def _headers(scope: Any) -> Headers:
    return {name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]}  # fmt: skip


def _said_name(scope: Any) -> str:
    """Return the name that the charger has put behind the address, with or without a slash."""
    said = scope["raw_path"].decode("latin-1")[len(PREFIX) :].lstrip("/")[TOKEN_LENGTH:]
    return unquote(said, errors="replace").replace("\0", "").strip("/")


def _meaning(problem: Exception) -> Answer:
    """Return what a problem means to the charger."""
    if isinstance(problem, TooLarge):
        return Answer(413, f"At most {problem} bytes.")
    if isinstance(problem, NoRoom):
        log.error("no_room_for_file", why=str(problem))
        return Answer(507, "There is no room for this file.")
    if isinstance(problem, OperationalError | InterfaceError):
        return Answer(503, "Try again later.", {"retry-after": "60"})
    if isinstance(problem, FileNotFoundError):
        return Answer(410, "This firmware was removed.")
    if isinstance(problem, OSError):
        log.error("files_unusable", folder=str(settings.FILES), error=str(problem))
        return Answer(507, "There is no room for this file.")
    status = {multipart.Malformed: 400, bodies.TooSlow: 408, Closed: 410}[type(problem)]
    return Answer(status, str(problem))


def _about(name: str, etag: str, part: ranges.Part, size: int, *, partial: bool) -> Headers:
    plain = name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
    about = {
        "content-type": "application/octet-stream",
        "content-length": str(part.end - part.start),
        "content-disposition": f'attachment; filename="{plain}"',
        "accept-ranges": "bytes",
        "etag": etag,
        **PLAIN,
    }
    if partial:
        about["content-range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return about


PLAIN = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def _raw(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]


async def _say(scope: Any, receive: Any, send: Any, answer: Answer) -> None:
    """Answer; what is still being sent is read for a moment, so that the answer is."""
    body = f"{answer.text}\n".encode() if answer.text else b""
    about = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        **PLAIN,
        **answer.headers,
    }
    refused = answer.status >= 400 and scope["method"] not in FETCHING
    if refused:
        about["connection"] = "close"
    body = b"" if scope["method"] == "HEAD" else body
    start = {"type": "http.response.start", "status": answer.status, "headers": _raw(about)}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": refused})
    if refused:
        waits = b"expect" in dict(scope["headers"])
        if not waits and answer.status != 408:
            await bodies.drained(receive, READ_OF_REFUSED, REFUSED_WITHIN)
        await send({"type": "http.response.body"})
