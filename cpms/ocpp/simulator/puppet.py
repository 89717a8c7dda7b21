"""A charger moved by hand, for tests of a central system.

    async with SimulatedCharger(url, "CP-1", version="1.6", password=key) as charger:
        await charger.boot()
        await charger.status(1, "Preparing")
        await charger.start(1, token="04A1B2C3")
        await charger.stop(1)

It does nothing by itself: it sends what the test says, well or badly formed, and keeps every
frame in `frames`. A charger that lives its own days is `cpms.ocpp.simulator.charger.Charger`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from cpms.ocpp.simulator.clock import Clock, rfc3339
from cpms.ocpp.simulator.link import Dial, Link, LostError, Target, dial
from cpms.ocpp.simulator.messages import DIALECTS, Event, Message
from cpms.ocpp.simulator.ports import Port, Session, build_ports
from cpms.ocpp.simulator.rpc import Call, CallError, Conversation, Frame, Json
from cpms.ocpp.simulator.spec import VERSIONS, ChargerSpec, key_bytes
from cpms.ocpp.simulator.vehicles import VEHICLE_TYPES, Vehicle


class SimulatedCharger:
    """A charger that does what it is told.

    `build` are fields of ChargerSpec (version, password, connectors, seed, serial_number …).
    `answers` maps actions of the central system to the payloads they are answered with by
    themselves; the others wait for `next_call` and `answer` or `refuse`. `offer` replaces the
    subprotocols offered; other oddities of the handshake are made by changing `target` before
    `connect`. Waits end after `patience` seconds with TimeoutError or NoAnswerError.
    """

    def __init__(
        self,
        url: str,
        identity: str,
        *,
        answers: Mapping[str, Json] | None = None,
        offer: Sequence[str] | None = None,
        clock: Clock | None = None,
        patience: float = 10.0,
        dial: Dial = dial,
        **build: Any,
    ) -> None:
        self.spec = ChargerSpec(identity, **build)
        self.clock = clock or Clock()
        self.answers = dict(answers or {})
        self.frames: list[Frame] = []
        self.patience = patience
        self.dialect = DIALECTS[self.spec.version]
        self.target = Target(
            url,
            identity,
            [VERSIONS[self.spec.version]] if offer is None else offer,
            key_bytes(self.spec),
        )
        self.ports = build_ports(self.spec, self.clock.now())
        self._dial = dial
        self._link: Link | None = None
        self._reader: asyncio.Task[None] | None = None
        run = f"{self.spec.seed}/{identity}/{self.clock.now().isoformat()}"
        self._conversation = Conversation(run, self.send_text)
        self._calls: asyncio.Queue[Call] = asyncio.Queue()
        self._strays: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._lost: asyncio.Future[LostError] | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Open the connection; raises RefusedError or UnreachableError."""
        self._link = await self._dial(self.target)
        self._lost = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(self._link, self._lost))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection as a polite charger does; closing twice does nothing."""
        if self._link is not None and self._reader is not None:
            await self._link.close(code, reason)
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._link = None

    def drop(self) -> None:
        """Break the connection without a closing frame."""
        self.link.drop()

    def vanish(self) -> None:
        """Stop reading and writing and leave the socket half-open, as without power."""
        self.link.vanish()

    @property
    def link(self) -> Link:
        """Return the open link; raises LostError when there is none."""
        if self._link is None:
            raise LostError
        return self._link

    async def lost(self) -> LostError:
        """Wait until the other side ended the connection; return with which code and reason."""
        if self._lost is None:
            raise LostError
        async with asyncio.timeout(self.patience):
            return await asyncio.shield(self._lost)

    async def send_text(self, frame: str | bytes) -> None:
        """Send any frame at all; raises LostError."""
        self._note("out", frame)
        await self.link.send(frame)

    async def next_stray(self) -> str | bytes:
        """Return the next frame that is neither a CALL nor the answer to one of `call`."""
        async with asyncio.timeout(self.patience):
            return await self._strays.get()

    async def call(self, action: str, payload: Any) -> Json:
        """Send a CALL and return the answer's payload.

        Raises CallError (code, description, details), NoAnswerError or LostError.
        """
        return await self._conversation.call(action, payload, self.patience)

    async def next_call(self) -> Call:
        """Return the next CALL of the central system that `answers` doesn't answer."""
        async with asyncio.timeout(self.patience):
            return await self._calls.get()

    async def answer(self, call: Call, payload: Json) -> None:
        """Answer a CALL with a CALLRESULT."""
        await self._conversation.answer(call, payload)

    async def refuse(self, call: Call, code: str, description: str = "") -> None:
        """Answer a CALL with a CALLERROR."""
        await self._conversation.refuse(call, CallError(code, description))

    async def boot(self, reason: str = "PowerUp") -> Json:
        """Send a BootNotification."""
        return await self._tell(self.dialect.boot(self.spec, reason))

    async def heartbeat(self) -> Json:
        """Send a Heartbeat."""
        return await self._tell(self.dialect.heartbeat())

    async def status(self, port: int, status: str, error: str = "NoError") -> Json:
        """Send a port's StatusNotification; `status` and `error` in OCPP 1.6's words."""
        self.ports[port].status, self.ports[port].error = status, error
        return await self._tell(self.dialect.status(self.ports[port], self._stamp()))

    async def authorize(self, token: str) -> Json:
        """Ask whether `token` may charge."""
        return await self._tell(self.dialect.authorize(token))

    async def start(self, port: int, token: str = "04A1B2C3") -> Session:  # noqa: S107 - a card
        """Begin a session and return it, with its transaction_id in OCPP 1.6."""
        at = self.ports[port]
        session = Session(
            key=self._conversation.next_id(),
            token=token,
            meter_start_wh=round(at.register_wh),
            started_at=self.clock.now(),
        )
        at.vehicle, at.session, at.status = self._vehicle(), session, "Charging"
        at.is_delivering = True
        await self._tell(self.dialect.started(self._event(at)))
        return session

    async def sample(self, port: int, energy_wh: float) -> Json:
        """Send meter values after `energy_wh` more were delivered."""
        self.ports[port].register_wh += energy_wh
        return await self._tell(self.dialect.sampled(self._event(self.ports[port])))

    async def stop(self, port: int, reason: str = "Local") -> Json:
        """End the port's session; `reason` is one of OCPP 1.6's."""
        at = self.ports[port]
        at.status = "Finishing"
        reply = await self._tell(self.dialect.ended(self._event(at), reason))
        at.vehicle = at.session = None
        at.is_delivering = False
        return reply

    async def _tell(self, message: Message) -> Json:
        reply = await self.call(message.action, self.dialect.complete(message))
        self.dialect.learn(message, reply)
        return reply

    async def _read(self, link: Link, lost: asyncio.Future[LostError]) -> None:
        try:
            while True:
                await self._take(await link.recv())
        except LostError as loss:
            self._conversation.hang_up(loss)
            lost.set_result(loss)

    async def _take(self, frame: str | bytes) -> None:
        self._note("in", frame)
        try:
            call = self._conversation.receive(frame)
        except ValueError:
            self._strays.put_nowait(frame)
            return
        if call is not None and call.action in self.answers:
            await self.answer(call, self.answers[call.action])
        elif call is not None:
            self._calls.put_nowait(call)

    def _event(self, port: Port) -> Event:
        if port.session is None:
            raise ValueError(f"There is no session at port {port.number}: start one first.")
        samples = port.read(self.spec.chance(f"meter {round(port.register_wh)}"))
        return Event(port, port.session, samples, self._stamp())

    def _vehicle(self) -> Vehicle:
        kind = max(VEHICLE_TYPES, key=lambda kind: VEHICLE_TYPES[kind])
        return Vehicle(kind, kind.capacity_wh, 40.0, 80.0, self.spec.is_dc)

    def _stamp(self) -> str:
        return rfc3339(self.clock.now())

    def _note(self, direction: str, text: str | bytes) -> None:
        self.frames.append(Frame(direction, self.clock.now(), text))
