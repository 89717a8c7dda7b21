"""What a charger says over its socket, and what it is answered.

Nearly every message is handled in the very call that read it from the socket, and answered in
the call that learns of its commit: no task is woken for it. A charger's messages are handled one
after the other all the same: what comes while one waits for its commit waits in the inbox.
Nothing here awaits our own CALLs; those go out from their own task.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Literal

import structlog
from prometheus_client import Counter
from uvicorn.protocols.utils import ClientDisconnected

from cpms.ocpp import frames
from cpms.ocpp.breakages import BREAKAGES
from cpms.ocpp.calls import Calls
from cpms.ocpp.commands.triggers import Triggers
from cpms.ocpp.gateway import Gateway
from cpms.ocpp.handshake import Admission
from cpms.ocpp.outcome import Asks, Outcome, Refused
from cpms.ocpp.remarks import Remarks
from cpms.ocpp.routing import Routes
from cpms.ocpp.schemas import Breakage
from cpms.ocpp.server import OcppConnection
from cpms.ocpp.text import clean
from cpms.ocpp.throttle import Bucket
from cpms.ocpp.versions import ROUTES
from monitoring.facts import EventReported, Fact

log = structlog.get_logger(__name__)

#: Messages per second from one charger, and at once; beyond it the charger waits.
MESSAGE_RATE, MESSAGE_BURST = 100.0, 300.0
#: So many bytes count as one message more.
TOKEN_BYTES = 8_192
#: Log lines a second about one charger's faults, and at once; metrics count them all.
COMPLAINT_RATE, COMPLAINT_BURST = 0.1, 10.0
#: Messages of one charger whose answers are found out elsewhere, at once.
MOST_ASKING = 4

MESSAGES = Counter("kilowatch_messages_total", "CALLs answered.", ["action", "result"])
THROTTLED = Counter("kilowatch_throttled_total", "Messages that had to wait: too many.")
ANSWERS_REFUSED = Counter(
    "kilowatch_answers_refused_total", "CALLRESULTs that a charger could not read."
)
BAD_FRAMES = Counter("kilowatch_bad_frames_total", "Frames that could not be read.", ["why"])


@cache
def _answered(action: str) -> Any:
    """Return the counter of a known action's answers; looking it up costs more than counting."""
    return MESSAGES.labels(action, "ok")


def _cost(text: str) -> float:
    return 1.0 + len(text) / TOKEN_BYTES


class Conversation:
    """What passes between us and a charger that was let in, both ways."""

    def __init__(self, hub: Gateway, admission: Admission, connection: OcppConnection) -> None:
        """Begin it; `over` ends it."""
        self.station = admission.station
        self.calls = Calls(self.send, self.station.invite)
        self.triggers = Triggers(hub.clerk.soon)
        self.remarks = Remarks(self.calls)
        #: The connection has ended: nothing is handled any more.
        self.over = False
        self._hub = hub
        self._peer = admission.peer
        self._routes: Routes = ROUTES[admission.version]
        self._connection = connection
        now = asyncio.get_running_loop().time()
        self._bucket = Bucket(MESSAGE_RATE, MESSAGE_BURST, now)
        self._complaints = Bucket(COMPLAINT_RATE, COMPLAINT_BURST, now)
        self._last_id: str | None = None
        #: A message waits for its commit …
        self._storing = False
        #: … and the loop for that.
        self._stored: asyncio.Future[None] | None = None
        #: Messages whose answers are being found out.
        self._asking: set[asyncio.Task[None]] = set()
        #: It has sent a heartbeat over this connection.
        self._beats = False

    @property
    def begun(self) -> bool:
        """Whether the charger has called us."""
        return self._last_id is not None

    def hear(self, text: str) -> bool:
        """Handle a message on the spot; tell whether that could be done without waiting."""
        if self._storing or self.over or not self._connection.writable.is_set():
            return False
        if self._bucket.refuse(self._connection.last_inbound, _cost(text)):
            return False
        self.message(text)
        return True

    async def its_turn(self, text: str) -> None:
        """Wait for the message before; hold a charger up that sends too much or doesn't read.

        Its socket isn't read meanwhile.
        """
        loop = asyncio.get_running_loop()
        if self._storing:
            self._stored = loop.create_future()
            await self._stored
        wait = self._bucket.take(loop.time(), _cost(text))
        if wait:
            THROTTLED.inc()
            self.complain("charger_throttled", seconds=round(wait, 3))
            await asyncio.sleep(wait)
        await self._connection.writable.wait()

    def message(self, text: str) -> None:
        """Handle a message, whatever it is, and answer it now or when its facts are on disk."""
        received = datetime.now(UTC)
        self._record(received, "in", text)
        try:
            frame = frames.parse(text, self.station.version)
        except frames.BadFrame as bad:
            self._unreadable(bad, len(text))
            return
        if isinstance(frame, frames.Call):
            self._call(frame, received, text)
        elif isinstance(frame, frames.CallError) and frame.of_result:
            self._answer_refused(frame, received)
        elif not self.calls.answered(frame):
            self.complain("unsolicited_reply", message_id=frame.id[:64])

    def _unreadable(self, bad: frames.BadFrame, size: int) -> None:
        BAD_FRAMES.labels(bad.code).inc()
        self.complain("bad_frame", error=bad.description)
        self._charge(size / 100)
        if bad.message_id is not None:
            self._write(frames.error(bad.message_id, bad.code, bad.description))

    def _charge(self, cost: float) -> None:
        """Have the next messages wait for what this one cost us beyond a usual one."""
        self._bucket.take(self._connection.last_inbound, min(cost, MESSAGE_BURST))

    def complain(self, event: str, **said: Any) -> None:
        """Log what one charger does wrong, a few lines a minute at most."""
        if not self._complaints.refuse(asyncio.get_running_loop().time()):
            log.warning(event, charger=self.station.identity, **said)

    def _answer_refused(self, refusal: frames.CallError, received: datetime) -> None:
        """Keep that the charger couldn't read an answer of ours. (OCPP 2.1 part 4 §4.2.5)"""
        ANSWERS_REFUSED.inc()
        self.complain("answer_refused", code=refusal.code[:50])
        event = EventReported(
            self.station.id,
            "answer_refused",
            received,
            received,
            severity=4,
            code=clean(refusal.code, 100),
            text=clean(refusal.description, 1000),
            data={"messageId": refusal.id[:255]},
        )
        if not self._hub.writer.full:  # Nothing is promised for it, and it comes without end.
            self._hub.writer.put([event])

    def _sight_mismatch(self, facts: Sequence[Fact]) -> None:
        """Show a charger that boots as another one among the sightings, for a person to decide."""
        for fact in facts:
            if isinstance(fact, EventReported) and fact.kind == "identity_mismatch":
                said = {name: words["said"] for name, words in fact.data.items()}
                station = self.station
                self._hub.sightings.note(
                    station.identity, "mismatch", self._peer, fact.at, said, station.id
                )

    def _note_oddities(self, call: frames.Call, received: datetime) -> None:
        """Count what is odd about a CALL that is answered all the same. (OCPP-J 1.6 §4.1.4)"""
        odd = {
            "loose_json": call.loose,
            "long_message_id": len(call.id) > frames.LONGEST_ID,
            "reused_message_id": call.id == self._last_id,
        }
        breakages = [Breakage(kind, "") for kind, is_so in odd.items() if is_so]
        known = call.action if call.action in self._routes.handlers else "unknown"
        BREAKAGES.count(self.station, known, breakages, received)

    def _arrived(self, outcome: str, **said: Any) -> None:
        """Note how far the charger got since it connected."""
        self._hub.arrivals.note(outcome, self._peer, self.station.identity, known=True, **said)

    def _call(self, call: frames.Call, received: datetime, text: str) -> None:
        if call.loose or call.id == self._last_id or len(call.id) > frames.LONGEST_ID:
            self._note_oddities(call, received)
        self._last_id = call.id
        try:
            outcome, breakages = self._routes.outcome(self.station, call, received)
        except Refused as refused:
            if call.action == "BootNotification":
                self._arrived("boot_unreadable", code=refused.code, why=refused.description)
            self._refuse(call, refused, len(text))
            return
        except Exception as fault:  # noqa: BLE001 - ours: the charger is told, and we are
            self._failed(call, fault)
            return
        if breakages:
            BREAKAGES.count(self.station, call.action, breakages, received)
            self._charge(len(text) / 1000)
        if self.triggers:
            self.triggers.heard(call.action, received)
        self._conclude(call, outcome, text)

    def _conclude(self, call: frames.Call, outcome: Outcome, text: str) -> None:
        if outcome.asks is not None:
            self._ask(call, outcome.asks, text)
        elif outcome.facts:
            self._storing = True
            self._hub.writer.store(outcome.facts, text, partial(self._settled, call, outcome))
        else:
            self._answer(call, outcome)

    def _ask(self, call: frames.Call, asks: Asks, text: str) -> None:
        """Have found out what the answer depends on, without holding up other messages."""
        if len(self._asking) >= MOST_ASKING:
            self._refuse(call, Refused("InternalError", "Too many of these at once."), len(text))
            return
        task = asyncio.get_running_loop().create_task(self._found_out(call, asks, text))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _found_out(self, call: frames.Call, asks: Asks, text: str) -> None:
        try:
            outcome = await asks(self._hub.clerk)
        except Refused as refused:
            self._refuse(call, refused)
        except Exception as fault:  # noqa: BLE001 - as above
            self._failed(call, fault)
        else:
            if outcome.facts:
                then = partial(self._answer_stored, call, outcome)
                self._hub.writer.store(outcome.facts, text, then)
            else:
                self._answer(call, outcome)

    def _settled(self, call: frames.Call, outcome: Outcome, stored: bool) -> None:
        """Answer a message whose facts are on disk, and let the next one come."""
        self._storing = False
        waiting, self._stored = self._stored, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        self._answer_stored(call, outcome, stored)

    def _answer_stored(self, call: frames.Call, outcome: Outcome, stored: bool) -> None:
        if stored:
            self._answer(call, outcome)
        else:
            self._refuse(call, Refused("InternalError", "Not stored: try again later."))

    def _answer(self, call: frames.Call, outcome: Outcome) -> None:
        try:
            answer = outcome.answer()
            if call.action == "BootNotification":
                self._sight_mismatch(outcome.facts)
                self._arrived("boot", answer=answer.get("status"))
            elif not self._beats and call.action == "Heartbeat":
                self._beats = True
                self._arrived("heartbeat")
        except Exception as fault:  # noqa: BLE001 - as above
            self._failed(call, fault)
            return
        _answered(call.action).inc()
        self._reply(call, frames.result(call.id, answer))
        if outcome.then is not None:
            self._hub.clerk.soon(outcome.then)
        if outcome.remark is not None:
            self.remarks.make(*outcome.remark)

    def _failed(self, call: frames.Call, fault: Exception) -> None:
        charger = self.station.identity
        log.error("handler_failed", charger=charger, action=call.action, exc_info=fault)
        self._refuse(call, Refused("InternalError", "This message could not be handled."))

    def _refuse(self, call: frames.Call, refused: Refused, size: int = 0) -> None:
        known = call.action if call.action in self._routes.handlers else "unknown"
        MESSAGES.labels(known, refused.code).inc()
        self._charge(size / 100)
        self._reply(call, frames.error(call.id, refused.code, refused.description))

    def _reply(self, call: frames.Call, text: str) -> None:
        if call.confirmed:
            self._write(text)

    def _write(self, text: str) -> None:
        """Send and record a frame; where nobody listens any more, neither."""
        with contextlib.suppress(ClientDisconnected):
            self._connection.write_text(text)
            self._record(datetime.now(UTC), "out", text)

    async def send(self, text: str) -> None:
        """Send a frame once the charger has read what was sent before, and record it.

        Raises `ClientDisconnected` where nobody listens any more.
        """
        await self._connection.writable.wait()
        self._connection.write_text(text)
        self._record(datetime.now(UTC), "out", text)

    def _record(self, at: datetime, way: Literal["in", "out"], text: str) -> None:
        self._hub.recorder.record(self.station.id, at, way, text)
        self._hub.broadcast.frame(self.station.id, self.station.identity, at, way, text)
