"""A charger that lives by itself: what it is, what it says, and when it says it."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from cpms.ocpp.simulator import limits
from cpms.ocpp.simulator.agenda import Agenda
from cpms.ocpp.simulator.line import Line
from cpms.ocpp.simulator.link import LostError, Target
from cpms.ocpp.simulator.messages import DIALECTS, Event, Message
from cpms.ocpp.simulator.papers import Papers
from cpms.ocpp.simulator.ports import Port, Session, build_ports
from cpms.ocpp.simulator.rpc import Call, CallError, Conversation, Json, NoAnswerError
from cpms.ocpp.simulator.settings import BY_KEY, BY_VARIABLE, Setting, Settings
from cpms.ocpp.simulator.spec import VERSIONS, ChargerSpec, key_bytes
from cpms.ocpp.simulator.temper import Temper
from cpms.ocpp.simulator.world import World

PATIENCE = 30.0
BOOT_RETRY = 60.0
#: So many CALLs without an answer, and the charger takes its line for dead.
DEAD_AFTER = 3
#: Messages kept while offline; beyond it samples are given up, starts and stops never.
OUTBOX_LIMIT = 500


class Guest(Protocol):
    """A driver's visit at a port, as remote commands see it."""

    async def start(self, token: str, remote_start_id: int | None = None) -> None:
        """Begin the session."""

    async def stop(self, reason: str) -> None:
        """End the session; `reason` is one of OCPP 1.6's."""


class Charger:
    """One charger: its ports, settings and agenda, and the line it talks over.

    `respond` answers the central system's CALLs or raises CallError. Two tasks: the agenda's
    (all that it does and says by itself) and the line's (all that comes in).
    """

    def __init__(
        self,
        spec: ChargerSpec,
        world: World,
        temper: Temper,
        respond: Callable[["Charger", Call], Json],
    ) -> None:
        self.spec = temper.face(spec)
        self.world = world
        self.temper = temper
        self.rng = spec.chance("life")
        self.dialect = DIALECTS[spec.version]
        self.ports = build_ports(spec, world.clock.now())
        self.guests: dict[int, Guest] = {}
        self.settings = Settings(_own_settings(self.spec))
        self.agenda = Agenda(world.clock)
        self.boot_reason = "PowerUp"
        self.is_powered = True
        self.local_list_version = 0
        self.papers = Papers()
        #: Messages on its display, by their numbers (2.x).
        self.displays: dict[int, Json] = {}
        #: What it watches, by number (2.x).
        self.monitors: dict[int, Json] = {}
        self.profiles: list[limits.Kept] = []
        self.line = Line(self, self._target, world, spec.chance("line"))
        self._respond = respond
        # Names carry the start: a central system remembers those of the last simulation.
        run = f"{spec.seed}/{spec.identity}/{world.clock.now().isoformat()}"
        self._conversation = Conversation(run, self._send)
        self._outbox: deque[Message] = deque()
        self._attempts = 0
        self._unanswered = 0

    async def run(self) -> None:
        """Live until cancelled, then hang up."""
        line = asyncio.create_task(self.line.run(), name=f"line of {self.spec.identity}")
        line.add_done_callback(self._line_ended)
        try:
            while True:
                step = await self.agenda.next()
                await step()
        finally:
            link = self.line.link
            line.cancel()
            if link is not None:
                await link.close()

    @property
    def is_online(self) -> bool:
        """Return whether the line is open and the boot accepted."""
        return self.line.link is not None and not self.boot_reason

    @property
    def has_waiting_messages(self) -> bool:
        """Return whether messages about sessions wait to be sent."""
        return bool(self._outbox)

    def now(self) -> datetime:
        """Return the present in UTC: the truth, whatever the charger's clock shows."""
        return self.world.clock.now()

    def stamp(self) -> str:
        """Return the charger's clock as it writes it into messages."""
        return self.temper.stamp(self.now())

    def moment(self, least: float, most: float) -> float:
        """Return a chance time span of the drivers' life in seconds, at the world's pace."""
        return self.rng.uniform(least, most) / self.world.pace

    def next_id(self) -> str:
        """Return a name for a session, unique to this charger."""
        return self._conversation.next_id()

    def event(self, port: Port, session: Session) -> Event:
        """Return what there is to tell about `session` now."""
        port.advance(self.now())
        if self.profiles:
            limits.obey(self)
        samples = port.read(self.rng)
        return Event(port, session, samples, self.stamp(), not self.is_online)

    async def ask(self, message: Message) -> Json | None:
        """Send a message that is worth nothing later; return the answer, None without one."""
        return await self._try(message) if self.is_online else None

    async def tell(self, message: Message) -> None:
        """Send a message about a session, after those before it, now or when online again."""
        if len(self._outbox) < OUTBOX_LIMIT or not message.is_expendable:
            self._outbox.append(message)
        await self.flush()

    async def flush(self) -> None:
        """Send what is kept about sessions, in order (OCPP 1.6 §4.1, 2.0.1 E04)."""
        while self._outbox and self.is_online:
            message = self._outbox[0]
            try:
                reply = await self._call(message)
            except LostError:
                return
            except (CallError, NoAnswerError):
                if not self._give_up():
                    return
                continue
            self._outbox.popleft()
            self._attempts = 0
            self._learn(message, reply)

    async def show(self, port: Port, status: str, error: str = "NoError") -> None:
        """Change a port's status and tell it, if the dialect sees a difference."""
        port.status, port.error = status, error
        if self.dialect.port_state(port) != port.announced:
            await self.announce(port)

    async def announce(self, port: Port) -> None:
        """Tell a port's status."""
        state = self.dialect.port_state(port)
        if await self.ask(self.dialect.status(port, self.stamp())) is not None:
            port.announced = state

    async def boot(self, epoch: int) -> None:
        """Announce the charger until it is accepted, at the interval it is told."""
        if epoch != self.line.epoch or self.line.link is None or not self.boot_reason:
            return
        reply = await self._try(self.dialect.boot(self.spec, self.boot_reason))
        if reply is None or reply.get("status") != "Accepted":
            wait = float((reply or {}).get("interval") or BOOT_RETRY)
            self.agenda.after(wait, lambda: self.boot(epoch))
            return
        self.boot_reason = ""
        if interval := int(reply.get("interval") or 0):
            self.settings.note(BY_KEY["HeartbeatInterval"], str(interval))
        for message in self.dialect.started_up(self.stamp()):
            await self.ask(message)
        await self._settle_in(epoch)

    async def heartbeat(self) -> None:
        """Say that the charger is alive."""
        await self.ask(self.dialect.heartbeat())

    def opened(self) -> None:
        """Greet the central system over the new line."""
        epoch = self.line.epoch
        greet = self.boot if self.boot_reason else self._settle_in
        self.agenda.soon(lambda: greet(epoch))

    def lost(self, loss: LostError) -> None:
        """End what was being said."""
        self._unanswered = 0
        self.world.tally.count(f"lost ({loss.code})")
        self._conversation.hang_up(loss)

    async def take(self, frame: str | bytes) -> None:
        """Take a frame from the line; what is neither an answer nor a CALL is counted only."""
        try:
            call = self._conversation.receive(frame)
        except ValueError as problem:
            self.world.tally.count(str(problem))
            return
        if call is None or not self.temper.hears(call.action):
            return
        try:
            await self._conversation.answer(call, self._respond(self, call))
        except CallError as refusal:
            await self._conversation.refuse(call, refusal)

    async def _settle_in(self, epoch: int) -> None:
        for port in self.ports.values():
            await self.announce(port)
        await self.flush()
        await self._beat(epoch, first=True)

    async def _beat(self, epoch: int, first: bool = False) -> None:
        if epoch != self.line.epoch or not self.is_online:
            return
        interval = self.settings.seconds("HeartbeatInterval") or 86_400.0
        # The first beat comes anywhere in the interval: a fleet must not beat in step.
        wait = interval * self.rng.random() if first else interval
        if not first:
            await self.heartbeat()
        self.agenda.after(wait, lambda: self._beat(epoch))

    async def _try(self, message: Message) -> Json | None:
        try:
            return await self._call(message)
        except (CallError, NoAnswerError, LostError):
            return None

    async def _call(self, message: Message) -> Json:
        payload = self.dialect.complete(message)
        tally = self.world.tally
        tally.count("sent")
        try:
            reply = await self._conversation.call(message.action, payload, PATIENCE)
        except CallError as refusal:
            tally.count(f"{message.action} {refusal.code}")
            raise
        except NoAnswerError:
            tally.count(f"{message.action} unanswered")
            self._despair()
            raise
        self._unanswered = 0
        return reply

    def _despair(self) -> None:
        self._unanswered += 1
        if self._unanswered >= DEAD_AFTER:
            self.line.drop()

    def _give_up(self) -> bool:
        """Return whether the first kept message was tried often enough; else try it later."""
        self._attempts += 1
        if self._attempts >= self.settings.seconds("TransactionMessageAttempts"):
            self._outbox.popleft()
            self._attempts = 0
            return True
        pause = self.settings.seconds("TransactionMessageRetryInterval") * self._attempts
        self.agenda.after(pause, self.flush)
        return False

    def _learn(self, message: Message, reply: Json) -> None:
        self.dialect.learn(message, reply)
        if message.session is not None and not self.dialect.is_authorized(reply):
            message.session.is_refused = True

    async def _send(self, frame: str | bytes) -> None:
        if lag := self.temper.lag():
            await self.world.clock.sleep(lag)
        await self.line.send(frame)

    def _target(self) -> Target:
        password = self.settings.text("AuthorizationKey")
        spec = replace(self.spec, password=password)
        offer = [VERSIONS[spec.version]]
        return Target(self.world.url, spec.identity, offer, key_bytes(spec), tls=self.world.tls)

    def _line_ended(self, line: "asyncio.Task[None]") -> None:
        if not line.cancelled() and (problem := line.exception()):
            self.agenda.soon(lambda: _raise(problem))


async def _raise(problem: BaseException) -> None:
    raise problem


def _own_settings(spec: ChargerSpec) -> dict[Setting, str]:
    station = {
        ("ChargingStation", "Model"): spec.model,
        ("ChargingStation", "VendorName"): spec.vendor,
        ("ChargingStation", "SerialNumber"): spec.serial,
        ("ChargingStation", "FirmwareVersion"): spec.firmware_version,
        ("SecurityCtrlr", "Identity"): spec.identity,
    }
    own = {BY_VARIABLE[name]: value for name, value in station.items()}
    own[BY_KEY["AuthorizationKey"]] = spec.password
    own[BY_KEY["NumberOfConnectors"]] = str(spec.connectors)
    return own
