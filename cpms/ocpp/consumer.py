"""One charger's socket: authenticate, frames in, replies out.

A Channels consumer whose `__call__` is a plain receive loop: the generic one hops to a thread
after every event. Nearly every message is handled in the very call that read it from the
socket, and answered in the call that learns of its commit: no task is woken for it. A charger's
messages are handled one after the other all the same: what comes while one waits for its commit
waits in the inbox. Nothing here awaits our own CALLs; those go out from their own task.
"""

import asyncio
import contextlib
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, Literal
from uuid import uuid4

import structlog
from channels.consumer import AsyncConsumer
from prometheus_client import Counter
from uvicorn.protocols.utils import ClientDisconnected

from cpms.ocpp import frames, gateway, handshake
from cpms.ocpp.breakages import BREAKAGES
from cpms.ocpp.calls import Calls
from cpms.ocpp.duplicates import contest
from cpms.ocpp.outcome import Outcome, Refused
from cpms.ocpp.probing import hears, look_after
from cpms.ocpp.refusals import HANDSHAKES, refuse, told
from cpms.ocpp.routing import Routes
from cpms.ocpp.schemas import Breakage
from cpms.ocpp.server import OcppConnection
from cpms.ocpp.text import clean
from cpms.ocpp.throttle import Bucket, neighbourhood
from cpms.ocpp.versions import ROUTES
from monitoring.facts import CloseReason, Connected, Disconnected, EventReported, Fact
from monitoring.ingest import Writer

log = structlog.get_logger(__name__)

#: Messages per second from one charger, and at once; beyond it the charger waits.
MESSAGE_RATE, MESSAGE_BURST = 100.0, 300.0
#: Seconds beyond two heartbeats after which a charger that answers no ping is gone.
SILENCE_GRACE = 30.0
#: So many bytes count as one message more.
TOKEN_BYTES = 8_192
#: Log lines a second about one charger's faults, and at once; metrics count them all.
COMPLAINT_RATE, COMPLAINT_BURST = 0.1, 10.0
#: The longest message id that OCPP allows; a longer one is answered all the same.
LONGEST_ID = 36

MESSAGES = Counter("kilowatch_messages_total", "CALLs answered.", ["action", "result"])
THROTTLED = Counter("kilowatch_throttled_total", "Messages that had to wait: too many.")
ANSWERS_REFUSED = Counter(
    "kilowatch_answers_refused_total", "CALLRESULTs that a charger could not read."
)
BAD_FRAMES = Counter("kilowatch_bad_frames_total", "Frames that could not be read.", ["why"])

#: Close codes (RFC 6455 §7.4) that end a connection in order.
CLEAN_CODES = {1000, 1001}
#: … and those that end one because of what came over it.
VIOLATIONS = {
    1002: "not_websocket",
    1007: "not_utf8",
    1008: "too_slow_or_flood",
    1009: "too_big",
}


@cache
def _answered(action: str) -> Any:
    """Return the counter of a known action's answers; looking it up costs more than counting."""
    return MESSAGES.labels(action, "ok")


def _cost(text: str) -> float:
    return 1.0 + len(text) / TOKEN_BYTES


class ChargerConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """Admits a charger and serves its socket."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one connection, from handshake to end."""
        await receive()
        hub = gateway.current()
        peer = handshake.peer_of(scope).address
        verdict: handshake.Admission | handshake.Refusal
        if not hub.writer.full and await hub.turns.take(neighbourhood(peer)):
            verdict = await handshake.admit(scope, hub.directory, hub.guesses)
        else:
            verdict = handshake.busy(scope, peer)
        if isinstance(verdict, handshake.Admission):
            verdict = await contest(hub, verdict)
        if isinstance(verdict, handshake.Refusal):
            await refuse(hub, verdict, scope, send)
            return
        HANDSHAKES.labels("101").inc()
        _note_entry(hub, verdict, scope)
        await send({"type": "websocket.accept", "subprotocol": verdict.subprotocol})
        await ChargerSocket(hub, verdict, scope, receive, send).serve()


def _note_entry(hub: gateway.Gateway, admission: handshake.Admission, scope: Any) -> None:
    said = {**told(scope), "version": admission.version, "profile": admission.profile}
    identity = admission.station.identity
    hub.arrivals.note("entered", admission.peer, identity, known=True, **said)


class ChargerSocket:
    """A connection that was let in."""

    def __init__(
        self, hub: gateway.Gateway, admission: handshake.Admission, scope: Any, receive: Any,
        send: Any,
    ) -> None:  # fmt: skip
        """Own the charger with a token of our own."""
        self.hub = hub
        self.station = admission.station
        self.station.version = admission.version
        self.station.accepted = self.station.booted and self.station.boot_answer() == "Accepted"
        self.admission = admission
        self.token = uuid4()
        self.opened = datetime.now(UTC)
        self.calls = Calls(self.send, self.station.invite)
        self._receive, self._send = receive, send
        self._routes: Routes = ROUTES[admission.version]
        self._connection: OcppConnection = scope["extensions"]["kilowatch.connection"]
        loop = asyncio.get_running_loop()
        self._epoch = datetime.now(UTC) - timedelta(seconds=loop.time())
        self._bucket = Bucket(MESSAGE_RATE, MESSAGE_BURST, loop.time())
        self._complaints = Bucket(COMPLAINT_RATE, COMPLAINT_BURST, loop.time())
        self._last_id: str | None = None
        #: A message waits for its commit …
        self._storing = False
        #: … and the loop for that.
        self._stored: asyncio.Future[None] | None = None
        self._reason: CloseReason | None = None
        self._code: int | None = None
        self._over = False
        #: The proof of life that was reported last, loop.time().
        self._reported = 0.0
        #: It answers none of our CALLs.
        self.deaf = False
        #: It has sent a heartbeat over this connection.
        self._beats = False

    async def serve(self) -> None:
        """Serve until the connection ends."""
        quirks = self.station.quirks
        self._connection.configure(
            quirks.ping_interval,
            quirks.answers_pings,
            2 * self.station.heartbeat_interval() + SILENCE_GRACE,
            quirks.max_frame,
        )
        self._opened()
        self._connection.hear = self.hear
        carer = asyncio.get_running_loop().create_task(
            look_after(self, first=not self.station.booted)
        )
        try:
            await self._loop()
        finally:
            self._connection.hear = None
            carer.cancel()
            self.calls.close()
            self.ended()

    def _opened(self) -> None:
        older = self.hub.sockets.get(self.station.id)
        self.hub.hold(self)
        self.hub.broadcast.taken(self.station.id, self.token, self.opened)
        if older is not None:
            older.end(CloseReason.REPLACED)
        admission = self.admission
        self.hub.writer.put(
            [
                Connected(
                    self.station.id,
                    self.opened,
                    self.token,
                    admission.peer,
                    admission.version,
                    admission.profile,
                )
            ]
        )
        log.info("charger_connected", charger=self.station.identity, version=admission.version)

    async def _loop(self) -> None:
        while not self._over:
            message = await self._receive()
            text = message.get("text")
            if text is not None:
                await self._wait_its_turn(text)
                if not self._over:  # Another connection may have taken its place meanwhile.
                    self._message(text)
            elif message["type"] == "websocket.disconnect":
                self._code = message.get("code")
                self._note_violation()
                return
            else:
                BAD_FRAMES.labels("binary").inc()
                self._complain("binary_frame")
                await self.close(1003, CloseReason.PROTOCOL_ERROR)

    def hear(self, text: str) -> bool:
        """Handle a message on the spot; tell whether that could be done without waiting."""
        if self._storing or self._over or not self._connection.writable.is_set():
            return False
        if self._bucket.refuse(self._connection.last_inbound, _cost(text)):
            return False
        self._message(text)
        return True

    async def _wait_its_turn(self, text: str) -> None:
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
            self._complain("charger_throttled", seconds=round(wait, 3))
            await asyncio.sleep(wait)
        await self._connection.writable.wait()

    def _note_violation(self) -> None:
        """Count and log a connection that ended because of what came over it."""
        why = VIOLATIONS.get(self._code or 0)
        if why and not self._over:
            BAD_FRAMES.labels(why).inc()
            self._complain("protocol_violated", why=why, code=self._code)

    def _message(self, text: str) -> None:
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
            self._complain("unsolicited_reply", message_id=frame.id[:64])

    def _unreadable(self, bad: frames.BadFrame, size: int) -> None:
        BAD_FRAMES.labels(bad.code).inc()
        self._complain("bad_frame", error=bad.description)
        self._charge(size / 100)
        if bad.message_id is not None:
            self._write(frames.error(bad.message_id, bad.code, bad.description))

    def _charge(self, cost: float) -> None:
        """Have the next messages wait for what this one cost us beyond a usual one."""
        self._bucket.take(self._connection.last_inbound, min(cost, MESSAGE_BURST))

    def _complain(self, event: str, **said: Any) -> None:
        """Log what one charger does wrong, a few lines a minute at most."""
        if not self._complaints.refuse(asyncio.get_running_loop().time()):
            log.warning(event, charger=self.station.identity, **said)

    def _answer_refused(self, refusal: frames.CallError, received: datetime) -> None:
        """Keep that the charger couldn't read an answer of ours. (OCPP 2.1 part 4 §4.2.5)"""
        ANSWERS_REFUSED.inc()
        self._complain("answer_refused", code=refusal.code[:50])
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
        if not self.hub.writer.full:  # Nothing is promised for it, and it comes without end.
            self.hub.writer.put([event])

    def _sight_mismatch(self, facts: Sequence[Fact]) -> None:
        """Show a charger that boots as another one among the sightings, for a person to decide."""
        for fact in facts:
            if isinstance(fact, EventReported) and fact.kind == "identity_mismatch":
                said = {name: words["said"] for name, words in fact.data.items()}
                station = self.station
                peer = self.admission.peer
                self.hub.sightings.note(
                    station.identity, "mismatch", peer, fact.at, said, station.id
                )

    def _note_oddities(self, call: frames.Call, received: datetime) -> None:
        """Count what is odd about a CALL that is answered all the same. (OCPP-J 1.6 §4.1.4)"""
        odd = {
            "loose_json": call.loose,
            "long_message_id": len(call.id) > LONGEST_ID,
            "reused_message_id": call.id == self._last_id,
        }
        breakages = [Breakage(kind, "") for kind, is_so in odd.items() if is_so]
        known = call.action if call.action in self._routes.handlers else "unknown"
        BREAKAGES.count(self.station, known, breakages, received)

    def _arrived(self, outcome: str, **said: Any) -> None:
        """Note how far the charger got since it connected."""
        self.hub.arrivals.note(
            outcome, self.admission.peer, self.station.identity, known=True, **said
        )

    def _call(self, call: frames.Call, received: datetime, text: str) -> None:
        if call.loose or call.id == self._last_id or len(call.id) > LONGEST_ID:
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
        if outcome.facts:
            self._storing = True
            self.hub.writer.store(outcome.facts, text, partial(self._settled, call, outcome))
        else:
            self._answer(call, outcome)

    def _settled(self, call: frames.Call, outcome: Outcome, stored: bool) -> None:
        """Answer a message whose facts are on disk, and let the next one come."""
        self._storing = False
        waiting, self._stored = self._stored, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
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
        self.hub.recorder.record(self.station.id, at, way, text)
        self.hub.broadcast.frame(self.station.id, self.station.identity, at, way, text)

    async def close(self, code: int, reason: CloseReason) -> None:
        """Close in order, for `reason`."""
        self._reason = self._reason or reason
        await self._send({"type": "websocket.close", "code": code})

    def end(self, reason: str) -> None:
        """Close, from outside the socket's own task; its clean-up touches only its own token."""
        self._reason = CloseReason(reason)
        self.ended()
        task = asyncio.get_running_loop().create_task(self._end())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _end(self) -> None:
        await self._send({"type": "websocket.close", "code": 1008, "reason": "replaced"})

    def ended(self, reason: str = "") -> None:
        """Record the end, once, dated back to the last proof of life."""
        if self._over:
            return
        self._over = True
        trips = sorted(self._connection.round_trips)
        self.hub.writer.put(
            [
                Disconnected(
                    self.station.id,
                    self.last_life(),
                    datetime.now(UTC),
                    self.token,
                    CloseReason(reason) if reason else self._why(),
                    self._code,
                    statistics.median(trips) * 1000 if trips else None,
                    trips[int(len(trips) * 0.95)] * 1000 if trips else None,
                    self._connection.missed_pings,
                )
            ]
        )
        station = self.station
        self.hub.release(self)
        self.hub.broadcast.gone(
            station.id, station.site_id, station.organisation_id, station.identity
        )
        log.info("charger_disconnected", charger=station.identity, reason=self._why().value)

    def _why(self) -> CloseReason:
        if self._reason is not None:
            return self._reason
        if self._connection.ended_by:
            return CloseReason(self._connection.ended_by)
        if self._code == 1012 or self.hub.stopping:
            return CloseReason.GATEWAY_RESTART
        if self._code in CLEAN_CODES:
            return CloseReason.CLEAN
        return CloseReason.LOST if self._code in {None, 1005, 1006} else CloseReason.PROTOCOL_ERROR

    def last_life(self) -> datetime:
        """Return when the last bytes came, UTC."""
        return self._epoch + timedelta(seconds=self._connection.last_inbound)

    def report_life(self, writer: Writer) -> None:
        """Have the last proof of life, the clock's offset and the round trip kept."""
        if self._connection.last_inbound == self._reported:
            return
        self._reported = self._connection.last_inbound
        trips = self._connection.round_trips
        writer.seen(
            self.token,
            self.last_life(),
            self.station.clock.offset_ms,
            trips[-1] * 1000 if trips else None,
        )

    async def alive(self, patience: float) -> bool:
        """Tell whether the charger shows life within `patience` seconds.

        Where pings aren't answered, a CALL is: any byte will do.
        """
        if self.station.quirks.answers_pings:
            return await self._connection.alive(patience)
        asking = asyncio.get_running_loop().create_task(hears(self))
        try:
            return await self._connection.alive(patience)
        finally:
            asking.cancel()
