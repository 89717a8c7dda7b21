"""`/pki/crl` and `/pki/ocsp` on the chargers' listener: what of our certificates isn't valid.

Everybody may ask; the answers are signed. Signing and the database have a thread of their own,
apart from the sockets, and answers are kept for a minute.
"""

import asyncio
import base64
import binascii
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import structlog
from django.db import InterfaceError, OperationalError, connections
from prometheus_client import Counter

from cpms.control.pki import revocation
from cpms.control.pki.authorities import Unavailable
from cpms.ocpp.handshake import peer_of
from cpms.ocpp.throttle import Throttle, neighbourhood

log = structlog.get_logger(__name__)

PREFIX = "/pki/"
OCSP = "/pki/ocsp"
ONE_LIST = re.compile(r"/pki/crl/(\d{1,9})(?:\.crl)?", re.ASCII)
#: Requests that wait for the thread; more are sent away.
MOST_WAITING = 50
#: Answers kept, and for how many seconds.
MOST_KEPT, KEPT = 2_000, 60.0
#: Seconds that a request may take to arrive, and the thread to answer.
ARRIVES_WITHIN, ANSWERED_WITHIN = 10.0, 10.0

REQUESTS = Counter("kilowatch_pki_requests_total", "Requests below /pki/.", ["status"])


class Answer(NamedTuple):
    """An answer."""

    status: int
    kind: str
    body: bytes


NOTHING = Answer(404, "text/plain", b"There is /pki/crl, /pki/crl/<number>.crl and /pki/ocsp.\n")
WRONG_METHOD = Answer(405, "text/plain", b"Lists are fetched by GET; OCSP knows POST as well.\n")
TOO_OFTEN = Answer(429, "text/plain", b"Too many requests; wait a second.\n")
AWAY = Answer(503, "text/plain", b"Not ready; try again.\n")
TOO_LARGE = Answer(413, "text/plain", b"No OCSP request is so long.\n")


class Pki:
    """Answers what is below `/pki/`; everything else goes on to `rest`."""

    def __init__(self, rest: Any) -> None:
        """Answer what is below `/pki/`."""
        self._rest = rest
        self._thread: ThreadPoolExecutor | None = None
        self._waiting = 0
        self._asked = Throttle(rate=20.0, burst=100)
        self._kept: OrderedDict[Hashable, tuple[float, Answer]] = OrderedDict()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request."""
        path = scope["path"]
        if not (path + "/").startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        try:
            async with asyncio.timeout(ARRIVES_WITHIN + ANSWERED_WITHIN):
                answer = await self._answer(scope, receive)
        except TimeoutError:
            answer = AWAY
        REQUESTS.labels(str(answer.status)).inc()
        await _send(send, answer, with_body=scope["method"] != "HEAD")

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        path = scope["path"].rstrip("/")
        if self._asked.refuses(neighbourhood(peer_of(scope).address)):
            return TOO_OFTEN
        if path == OCSP or path.startswith(f"{OCSP}/"):
            return await self._ocsp(scope, receive)
        if scope["method"] not in {"GET", "HEAD"}:
            return WRONG_METHOD
        found = ONE_LIST.fullmatch(path)
        if found is not None:
            return await self._keeping(path, partial(_list, int(found[1])))
        return await self._keeping(path, _lists) if path == "/pki/crl" else NOTHING

    async def _ocsp(self, scope: Any, receive: Any) -> Answer:
        """Answer a question by POST, or in base64 in the path. (RFC 6960 appendix A.1)"""
        if scope["method"] == "POST":
            asked = await _body(receive)
            if asked is None:
                return TOO_LARGE
        elif scope["method"] in {"GET", "HEAD"}:
            asked = _in_path(scope["raw_path"].decode("latin-1"))
        else:
            return WRONG_METHOD
        return await self._keeping(asked, partial(_standing, asked))

    async def _keeping(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        """Return the answer that is kept, or a new one; who asks with a nonce gets a new one."""
        loop = asyncio.get_running_loop()
        until, answer = self._kept.get(key, (0.0, NOTHING))
        if until > loop.time():
            return answer
        if self._waiting >= MOST_WAITING:
            return AWAY
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="pki")
        self._waiting += 1
        try:
            answer = await loop.run_in_executor(self._thread, _apart, work)
        finally:
            self._waiting -= 1
        if answer.status == 200:
            self._kept[key] = (loop.time() + KEPT, answer)
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return answer


def _apart(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except (OperationalError, InterfaceError, Unavailable) as problem:
        log.warning("pki_away", error=str(problem).strip())
        return AWAY
    finally:
        connections.close_all()


def _list(number: int) -> Answer:
    found = revocation.crl(number, datetime.now(UTC))
    return Answer(200, "application/pkix-crl", found) if found is not None else NOTHING


def _lists() -> Answer:
    return Answer(200, "application/x-pem-file", revocation.crls_pem(datetime.now(UTC)))


def _standing(asked: bytes) -> Answer:
    return Answer(200, "application/ocsp-response", revocation.ocsp(asked, datetime.now(UTC)))


def _in_path(path: str) -> bytes:
    """Return the question in a path; b"" where there is none that can be read."""
    encoded = unquote_to_bytes(path.partition(f"{OCSP}/")[2])
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""


async def _body(receive: Any) -> bytes | None:
    """Return the body of a request; None where it is too long."""
    body: bytes = b""
    async with asyncio.timeout(ARRIVES_WITHIN):
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > revocation.LARGEST_REQUEST:
                return None
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return body


async def _send(send: Any, answer: Answer, *, with_body: bool) -> None:
    headers = [
        (b"content-type", answer.kind.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"max-age=60" if answer.status == 200 else b"no-store"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body if with_body else b""})
