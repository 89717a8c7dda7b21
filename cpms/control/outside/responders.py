"""OCSP responders, asked over HTTP; what they say is kept for as long as it holds."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from cryptography import x509
from prometheus_client import Counter

from cpms.control.outside import fetch, ocsp
from cpms.control.outside.allowed import Allowed
from cpms.control.outside.ocsp import Question, Verdict

log = structlog.get_logger(__name__)

#: Answers kept, and for how long at most: what is revoked meanwhile must not stay unknown for ever.
MOST_KEPT = 2_000
LONGEST = timedelta(hours=1)
#: Bytes of an answer.
LARGEST = 20_000

ASKED = Counter("kilowatch_ocsp_asked_total", "Questions to OCSP responders.", ["result"])


class Unanswered(Exception):
    """Nothing is known of the certificate; the message is a sentence that says why."""


class Responders:
    """Asks them; each question once at a time."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._kept: OrderedDict[Question, tuple[bytes, datetime]] = OrderedDict()
        self._under_way: dict[Question, asyncio.Task[bytes]] = {}

    async def ask(
        self, question: Question, allowed: Allowed, known: Sequence[x509.Certificate] = ()
    ) -> Verdict:
        """Return what the responder says; raise `Unanswered`.

        `known`: certificates among which the issuer may be.
        """
        try:
            return await self._ask(question, allowed, known)
        except (ocsp.BadQuestion, ocsp.BadAnswer, fetch.Unreachable) as problem:
            ASKED.labels("failed").inc()
            log.info("ocsp_unanswered", url=question.url[:200], why=str(problem))
            raise Unanswered(str(problem)) from None

    async def _ask(
        self, question: Question, allowed: Allowed, known: Sequence[x509.Certificate]
    ) -> Verdict:
        parts = fetch.readable(question.url)
        if not allowed.may_ask(parts):
            raise fetch.Unreachable(
                f"{(parts.hostname or '')[:100]} is not among the responders that may be asked."
            )
        kept = self._kept.get(question)
        if kept is None or kept[1] <= datetime.now(UTC):
            kept = await self._fetched(question), datetime.max.replace(tzinfo=UTC)
        now = datetime.now(UTC)
        verdict = ocsp.judge(kept[0], question, now, (*known, *allowed.authorities))
        self._kept[question] = kept[0], min(verdict.until, kept[1], now + LONGEST)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        ASKED.labels(verdict.standing.value).inc()
        return verdict

    async def _fetched(self, question: Question) -> bytes:
        """Return the answer, of the request that is under way if there is one."""
        task = self._under_way.get(question)
        if task is None:
            task = asyncio.get_running_loop().create_task(_post(question))
            self._under_way[question] = task
            task.add_done_callback(partial(self._done, question))
        return await asyncio.shield(task)

    def _done(self, question: Question, task: asyncio.Task[bytes]) -> None:
        self._under_way.pop(question, None)
        if not task.cancelled():
            task.exception()  # Who asked may have gone meanwhile.


async def _post(question: Question) -> bytes:
    headers = {
        "Content-Type": "application/ocsp-request",
        "Accept": "application/ocsp-response",
    }
    reply = await fetch.post(question.url, question.encoded(), headers, largest=LARGEST)
    if reply.status != 200:
        raise fetch.Unreachable(f"The responder answered with HTTP status {reply.status}.")
    return reply.body


#: This process's.
RESPONDERS = Responders()
