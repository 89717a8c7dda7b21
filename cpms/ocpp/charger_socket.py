"""The socket of a charger that was let in, and its life: opened, alive, ended and why.

A plain receive loop: Channels' generic consumer hops to a thread after every event. What is said
over it is the conversation's.
"""

import asyncio
import statistics
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog

from cpms.ocpp.conversation import BAD_FRAMES, Conversation
from cpms.ocpp.gateway import Gateway
from cpms.ocpp.handshake import Admission
from cpms.ocpp.probing import hears, look_after
from cpms.ocpp.server import OcppConnection
from monitoring.facts import CloseReason, Connected, Disconnected, Pinged
from monitoring.ingest import Writer

log = structlog.get_logger(__name__)

#: Seconds beyond two heartbeats after which a charger that answers no ping is gone.
SILENCE_GRACE = 30.0

#: Close codes (RFC 6455 §7.4) that end a connection in order.
CLEAN_CODES = {1000, 1001}
#: … and those that end one because of what came over it.
VIOLATIONS = {
    1002: "not_websocket",
    1007: "not_utf8",
    1008: "too_slow_or_flood",
    1009: "too_big",
}


class ChargerSocket:
    """A connection that was let in."""

    def __init__(
        self, hub: Gateway, admission: Admission, scope: Any, receive: Any, send: Any
    ) -> None:
        """Own the charger with a token of our own."""
        self.hub = hub
        self.station = admission.station
        self.station.version = admission.version
        self.station.accepted = self.station.booted and self.station.boot_answer() == "Accepted"
        self.admission = admission
        self.token = uuid4()
        self.opened = datetime.now(UTC)
        self._receive, self._send = receive, send
        self._connection: OcppConnection = scope["extensions"]["kilowatch.connection"]
        self._conversation = Conversation(hub, admission, self._connection)
        self.calls = self._conversation.calls
        self.triggers = self._conversation.triggers
        loop = asyncio.get_running_loop()
        self._epoch = datetime.now(UTC) - timedelta(seconds=loop.time())
        self._reason: CloseReason | None = None
        self._code: int | None = None
        #: The proof of life that was reported last, loop.time().
        self._reported = 0.0
        #: It answers none of our CALLs.
        self.deaf = False

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
        self._connection.hear = self._conversation.hear
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
        conversation = self._conversation
        while not conversation.over:
            message = await self._receive()
            text = message.get("text")
            if text is not None:
                await conversation.its_turn(text)
                if not conversation.over:  # Another connection may have taken its place meanwhile.
                    conversation.message(text)
            elif message["type"] == "websocket.disconnect":
                self._code = message.get("code")
                self._note_violation()
                return
            else:
                BAD_FRAMES.labels("binary").inc()
                conversation.complain("binary_frame")
                await self.close(1003, CloseReason.PROTOCOL_ERROR)

    def _note_violation(self) -> None:
        """Count and log a connection that ended because of what came over it."""
        why = VIOLATIONS.get(self._code or 0)
        if why and not self._conversation.over:
            BAD_FRAMES.labels(why).inc()
            self._conversation.complain("protocol_violated", why=why, code=self._code)

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
        if self._conversation.over:
            return
        self._conversation.over = True
        trips = sorted(self._connection.round_trips)
        self._report_pings(self.hub.writer, all_of_them=True)
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

    def settled_in(self, seconds: float) -> bool:
        """Tell whether it has said something, or had `seconds` to: it boots before it is asked."""
        open_for = (datetime.now(UTC) - self.opened).total_seconds()
        return self._conversation.begun or open_for >= seconds

    def report_life(self, writer: Writer) -> None:
        """Have the last proof of life, the clock's offset and the round trip kept."""
        self._report_pings(writer)
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

    def _report_pings(self, writer: Writer, *, all_of_them: bool = False) -> None:
        for counted in self._connection.pings.take(all_of_it=all_of_them):
            first, last = counted.moments()
            trips = tuple(counted.round_trips)
            writer.put([Pinged(self.station.id, first, last, trips, counted.missed)])

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
