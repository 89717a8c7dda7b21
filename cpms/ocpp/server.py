"""Our WebSocket protocol: what uvicorn's keeps inside its class and a CSMS must know.

Pings per connection, round-trip time, proof of life, compression per subprotocol, frame size
per charger, the peer's certificate, and a bound on slow handshakes. The consumer finds the
protocol object in `scope["extensions"]["kilowatch.connection"]`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from cpms.ocpp import gateway
from cpms.ocpp.handshake import identity_of, peer_of
from cpms.ocpp.http import HANDSHAKE_SECONDS, NOT_UNDERSTOOD
from cpms.ocpp.inbox import Inbox
from cpms.ocpp.pings import PingCounts
from cpms.ocpp.wire import WHOLE_TEXT, frame_length, text_head, unmasked

#: Seconds in which a started message must be complete.
MESSAGE_SECONDS = 30.0
#: Messages read ahead of the consumer.
READ_AHEAD = 4
#: Frames per second, by opcode, that the message throttle doesn't see: continuations, pings, pongs.
MOST_PER_SECOND = {0x0: 2_000, 0x9: 20, 0xA: 20}
#: Seconds for which a pong says that a charger is there: who knocks often must not have it pinged
#: into a flood of pongs.
PONG_HOLDS = 1.0
#: Seconds in which a charger can read why we close, while what it sends is thrown away.
LINGER = 1.0
#: Bytes that may still come after we said that we close.
MOST_AFTER_CLOSE = 262_144


class OcppConnection(WebSocketsSansIOProtocol):
    """A charger's connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start without keepalive; the consumer says how to ping this charger."""
        super().__init__(*args, **kwargs)
        self.queue = self._inbox = Inbox()  # type: ignore[assignment]
        self.ping_interval = None
        self.answers_pings = True
        #: Handles a text message on the spot, or tells that it must wait its turn.
        self.hear: Callable[[str], bool] | None = None
        #: Seconds without a byte that end the connection where pings aren't answered.
        self.longest_silence = 0.0
        #: loop.time() of the last bytes from the charger.
        self.last_inbound = self.loop.time()
        #: Last ping round trips, seconds.
        self.round_trips: deque[float] = deque(maxlen=64)
        self.missed_pings = 0
        self.pings = PingCounts()
        #: Why we ended it: "ping_timeout" or "".
        self.ended_by = ""
        self._compression = self.conn.available_extensions
        self._message_timer: asyncio.TimerHandle | None = None
        #: Opcode -> the beginning of its second, and how many came in it.
        self._counts: dict[int, tuple[float, int]] = {}
        self._after_close = 0
        #: loop.time() of the last pong.
        self._ponged = float("-inf")
        self._probe: asyncio.Future[bool] | None = None
        #: The beginning of a frame, and how many bytes make the next step.
        self._unread = bytearray()
        self._needed = 0

    def connection_made(self, transport: Any) -> None:
        """Start the clock for the handshake."""
        super().connection_made(transport)
        self._handshake_timer = self.loop.call_later(HANDSHAKE_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        self._handshake_timer.cancel()
        self._message_complete()
        self._answer_probe(alive=False)
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        """Compress only 2.x, where asked for: it halves throughput."""
        offered = ",".join(event.headers.get_all("Sec-WebSocket-Protocol"))
        self.conn.available_extensions = self._compression if "ocpp2" in offered else []
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"]["kilowatch.connection"] = self
            certificate = self.transport.get_extra_info("kilowatch.certificate")
            scope["extensions"]["kilowatch.certificate"] = certificate
        else:
            self._tell_incomplete(event)

    def _tell_incomplete(self, event: Request) -> None:
        """Note a request for a WebSocket that isn't one: no key, another version."""
        identity = identity_of(event.path.partition("?")[0])
        why = str(self.conn.handshake_exc or "")
        sent = [(name.lower().encode(), said.encode()) for name, said in event.headers.raw_items()]
        peer = peer_of({"client": self.client, "scheme": self.scheme, "headers": sent})
        said = {"why": why, "tls": peer.tls, "proxy": peer.proxy}
        gateway.noted("bad_upgrade", peer.address, identity, **said)

    def configure(
        self, ping_interval: float, answers_pings: bool, longest_silence: float, max_frame: int
    ) -> None:
        """Set how this charger is pinged and how long it may be silent (seconds), and its largest
        message (bytes).
        """
        self._handshake_timer.cancel()
        self.answers_pings = answers_pings
        self.longest_silence = longest_silence
        self.ping_interval = ping_interval
        self.ping_timeout = ping_interval
        self.conn.max_message_size = max_frame
        self.start_keepalive()

    def data_received(self, data: bytes) -> None:
        """Any bytes prove life. Whole text frames, nearly all there are, are read here.

        Everything else goes to the `websockets` protocol, always as whole frames, so that it
        stands between two frames whenever a text frame passes it by.
        """
        self.last_inbound = self.loop.time()
        if self.close_sent:
            self._closing(data)
            return
        if not self.handshake_complete:
            super().data_received(data)
            self._refuse_unreadable()
            return
        if self._unread:
            self._unread += data
            if len(self._unread) < self._needed:
                return
            data = bytes(self._unread)
            self._unread.clear()
        self._frames(data)

    def handle_parser_exception(self) -> None:
        """Say why we close, and stay long enough for it to be read: who is still sending
        would get a reset instead.
        """
        sent = self.conn.close_sent
        if sent is None:
            self._too_slow()
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": sent.code})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(LINGER, self.transport.close)

    def _closing(self, data: bytes) -> None:
        """Look for the charger's close frame, but not for ever."""
        if self.conn.parser_exc is not None:
            return
        self._after_close += len(data)
        if self._after_close > MOST_AFTER_CLOSE:
            self.transport.abort()
            return
        super().data_received(data)

    def _refuse_unreadable(self) -> None:
        """Answer a handshake that `websockets` can't read; uvicorn would leave it hanging."""
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()) or NOT_UNDERSTOOD)
            self.transport.close()

    def _frames(self, data: bytes) -> None:
        start, size = 0, len(data)
        while start < size and not self.close_sent:
            if self.read_paused:  # A few hundred bytes may be a megabyte when unpacked.
                self._unread += data[start:]
                self._needed = 0
                return
            length, payload = frame_length(data, start)
            if payload > (self.conn.max_message_size or payload):
                super().data_received(data[start:])  # closes with 1009
                return
            if start + length > size:
                self._unread += data[start:]
                self._needed = length
                self._hurry()
                return
            self._frame(data[start : start + length])
            start += length

    def _frame(self, frame: bytes) -> None:
        """Read one whole frame; a plain masked text frame without asking anybody."""
        masked = frame[1] & 0x80
        if frame[0] != WHOLE_TEXT or not masked or self.conn.expect_continuation_frame:
            if self._floods(frame[0] & 0x0F):
                self._too_slow()
                return
            super().data_received(frame)
            if not self.conn.expect_continuation_frame:
                self._message_complete()
            return
        self._message_complete()
        payload = unmasked(frame)
        self.curr_msg_data_type = "text"
        self.frames = [payload]
        self.send_receive_event_to_app()

    def write_text(self, text: str) -> None:
        """Send a text frame. Raises `ClientDisconnected` where nobody listens any more."""
        if self.close_sent or self.disconnected:
            raise ClientDisconnected
        data = text.encode()
        if self.conn.extensions:
            self.conn.send_text(data)
            self.transport.write(b"".join(self.conn.data_to_send()))
            return
        self.transport.write(text_head(len(data)) + data)

    def _hurry(self) -> None:
        """Bound the time that a message in pieces may take."""
        if self._message_timer is None:
            self._message_timer = self.loop.call_later(MESSAGE_SECONDS, self._too_slow)

    def handle_text(self, event: Frame) -> None:
        """Begin a message; one in pieces must be complete in time."""
        if not event.fin:
            self._hurry()
        super().handle_text(event)

    def _floods(self, opcode: int) -> bool:
        """Count a frame; tell whether it is one too many of its kind in this second."""
        most = MOST_PER_SECOND.get(opcode)
        if most is None:
            return False
        now = self.loop.time()
        second, count = self._counts.get(opcode, (now, 0))
        if now - second >= 1.0:
            second, count = now, 0
        self._counts[opcode] = (second, count + 1)
        return count >= most

    def send_receive_event_to_app(self) -> None:
        """Hand the message over; stop reading only when the consumer falls behind."""
        text = self.curr_msg_data_type == "text"
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        try:
            said = data.decode() if text else bytes(data)
        except UnicodeDecodeError:
            self.conn.fail(1007, "invalid UTF-8")
            self.handle_parser_exception()
            return
        if isinstance(said, str) and self.hear and self._inbox.awaited and self.hear(said):
            return
        event = {"type": "websocket.receive", "text" if text else "bytes": said}
        self._inbox.put_nowait(event)
        if not self.read_paused and self.queue.qsize() > READ_AHEAD:
            self.read_paused = True
            self.transport.pause_reading()

    async def send(self, message: Any) -> None:
        """Send what the application says; a refusal completes the handshake as well."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True

    async def receive(self) -> Any:
        """Return the next event; read on when the consumer has caught up."""
        message = await self.queue.get()
        if self.read_paused and self.queue.qsize() <= READ_AHEAD // 2:
            self._read_on()
        return message

    def _read_on(self) -> None:
        """Take the frames that are here already, then those on the line."""
        self.read_paused = False
        data = bytes(self._unread)
        self._unread.clear()
        self._frames(data)
        if not self.read_paused:
            self.transport.resume_reading()

    def handle_pong(self, event: Frame) -> None:
        """Measure the round trip."""
        waiting = self.pending_ping_payload
        super().handle_pong(event)
        if waiting is not None and self.pending_ping_payload is None:
            self.round_trips.append(self.last_ping_rtt)
            self.pings.answered(self.last_ping_rtt, time.time())
            self._ponged = self.loop.time()
        self._answer_probe(alive=True)

    def keepalive_timeout(self) -> None:
        """End the connection, unless bytes came since the ping or it never answers pings.

        While we don't read, nothing can come: that is no silence of the charger's. Where it
        doesn't read what we write, it is.
        """
        held_up = self.read_paused and self.writable.is_set()
        if not held_up:
            self.missed_pings += 1
            self.pings.missed(time.time())
        heard = self.last_inbound > self.ping_sent_at
        quiet = not self.answers_pings and self.silent_for() < self.longest_silence
        if heard or held_up or quiet:
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
            return
        self.end_silent()

    def end_silent(self) -> None:
        """End a connection that shows no life, at once: a close handshake has no partner."""
        self.ended_by = "ping_timeout"
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self.close_sent = True
        self.stop_keepalive()
        self.transport.abort()

    async def alive(self, patience: float) -> bool:
        """Ping now and tell whether the charger shows life within `patience` seconds.

        Bytes of any kind are life: some models never answer a ping (lbbrhzn#211). Where we
        have stopped reading, its silence is ours.
        """
        if self.transport.is_closing():
            return False
        if self.read_paused or self.loop.time() - self._ponged < PONG_HOLDS:
            return True
        asked = self.loop.time()
        if self._probe is None:
            self._probe = self.loop.create_future()
            self.stop_keepalive()
            self.send_keepalive_ping()
        try:
            return await asyncio.wait_for(asyncio.shield(self._probe), patience)
        except TimeoutError:
            return self.last_inbound > asked

    def silent_for(self) -> float:
        """Return the seconds since the last bytes."""
        return self.loop.time() - self.last_inbound

    def _answer_probe(self, alive: bool) -> None:
        probe, self._probe = self._probe, None
        if probe is not None and not probe.done():
            probe.set_result(alive)

    def _message_complete(self) -> None:
        if self._message_timer is not None:
            self._message_timer.cancel()
            self._message_timer = None

    def _too_slow(self) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1008})
        self.close_sent = True
        self.transport.abort()
