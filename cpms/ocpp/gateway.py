"""One gateway process: who is connected, and the loops around the sockets."""

import asyncio
import contextlib
import signal
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from prometheus_client import Gauge
from psycopg import AsyncConnection

from cpms.ocpp import lease
from cpms.ocpp.arrivals import Arrivals
from cpms.ocpp.breakages import BREAKAGES
from cpms.ocpp.broadcast import Broadcast
from cpms.ocpp.commands.clerk import Clerk
from cpms.ocpp.commands.dispatch import Dispatcher
from cpms.ocpp.database import dsn
from cpms.ocpp.directory import Directory
from cpms.ocpp.fares import Fares
from cpms.ocpp.rulebook import Rulebook
from cpms.ocpp.sightings import Sightings
from cpms.ocpp.suspicions import Suspicions
from cpms.ocpp.throttle import Throttle
from cpms.ocpp.tls import trust
from cpms.ocpp.turns import Turns
from monitoring.database import connect
from monitoring.ingest import Writer
from monitoring.recorder import Recorder

if TYPE_CHECKING:
    from cpms.ocpp.charger_socket import ChargerSocket

log = structlog.get_logger(__name__)

CONNECTIONS = Gauge("kilowatch_connections", "Chargers connected to this gateway.")

#: How often the lease is renewed, seconds.
RENEW_EVERY = 4.0
#: How often proofs of life are written, seconds.
SEEN_EVERY = 2.0
#: How often counts of broken schemas are written, seconds.
BREAKAGES_EVERY = 10.0
#: Handshakes per second, and at once; the others wait their turn.
ADMIT_RATE, ADMIT_BURST = 800.0, 200.0
#: … for at most so many seconds, well within the time that a handshake may take; so many at most.
LONGEST_TURN = 10.0
MOST_WAITING = int(ADMIT_RATE * LONGEST_TURN)


class Gateway:
    """Everything one process holds; made when the server starts."""

    def __init__(self) -> None:
        """Prepare; `start` connects."""
        self.id = uuid.uuid4()
        self.directory = Directory(dsn())
        self.recorder = Recorder(dsn())
        self.sightings = Sightings(dsn())
        self.broadcast = Broadcast(self)
        self.arrivals = Arrivals(dsn(), self.broadcast.arrived)
        self.writer = Writer(dsn(), self.id, on_commit=self.broadcast.committed)
        self.clerk = Clerk()
        self.dispatcher = Dispatcher(self, dsn(), self.clerk)
        self.rulebook = Rulebook()
        self.fares = Fares()
        #: Charger id -> the socket that owns it in this process.
        self.sockets: dict[int, ChargerSocket] = {}
        self.guesses = Throttle(rate=10 / 60, burst=10)
        self.unknown = Throttle(rate=2.0, burst=100)
        #: One-time addresses below /files/ that nobody gave out.
        self.no_files = Throttle(rate=10 / 60, burst=30)
        #: Second sockets of one charger that are kept as events.
        self.knocks = Throttle(rate=1 / 60, burst=10)
        self.trust = trust.Trust()
        self.suspicions = Suspicions(self)
        self.stopping = False
        self._connection: AsyncConnection[Any] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up work: register, load, begin every loop."""
        await self.renew()
        self.writer.start()
        self.recorder.start()
        self.sightings.start()
        self.arrivals.start()
        await self.directory.start()
        self.trust = await self.clerk.do(lambda: trust.look(datetime.now(UTC)))
        self.turns = Turns(ADMIT_RATE, ADMIT_BURST, MOST_WAITING, LONGEST_TURN)
        await self.clerk.do(self.rulebook.look)
        loops = {"lease": self._leases, "seen": self._seen, "breakages": self._breakages}
        loops["trust"] = self._look_whom_to_trust
        loops["rulebook"] = partial(self.rulebook.watch, self.clerk)
        news = {"broadcast": self.broadcast.run, "nudges": self.broadcast.listen}
        orders = {"command nudges": self.dispatcher.listen, "commands": self.dispatcher.look}
        for name, run in {**loops, **news, **orders}.items():
            task = asyncio.get_running_loop().create_task(run(), name=name)
            task.add_done_callback(self._loop_ended)
            self._tasks.append(task)
        log.info("gateway_started", gateway=str(self.id))

    def _loop_ended(self, task: "asyncio.Task[None]") -> None:
        """A gateway without one of its loops must not go on: end it, to be started afresh."""
        if not self.stopping and not task.cancelled():
            log.critical("loop_died", loop=task.get_name(), error=repr(task.exception()))
            signal.raise_signal(signal.SIGTERM)

    async def stop(self) -> None:
        """Close: say why every connection ended, write what is queued, sign off."""
        self.stopping = True
        for charger_socket in list(self.sockets.values()):
            charger_socket.ended("gateway_restart")
        for task in self._tasks:
            task.cancel()
        await self.dispatcher.stop()
        await self.writer.stop()
        await self.clerk.stop()
        await self.recorder.stop()
        await self.sightings.stop()
        await self.arrivals.stop()
        await self.directory.stop()
        with contextlib.suppress(psycopg.Error, OSError):
            await BREAKAGES.write(await self._connected())
            await lease.sign_off(await self._connected(), self.id)
        if self._connection is not None:
            await self._connection.close()
        log.info("gateway_stopped", gateway=str(self.id))

    def hold(self, charger_socket: "ChargerSocket") -> None:
        """Make this socket the owner of its charger."""
        station = charger_socket.station
        station.rulebook, station.fares = self.rulebook, self.fares
        if station.version != "1.6" and station.site_id in self.rulebook.tariffs:
            self.clerk.soon(partial(self.fares.recall, station.id))
        self.sockets[charger_socket.station.id] = charger_socket
        self.directory.connected[charger_socket.station.id] = charger_socket.station
        CONNECTIONS.set(len(self.sockets))
        self.dispatcher.arrived(charger_socket.station.id)

    def release(self, charger_socket: "ChargerSocket") -> None:
        """Let go, unless another socket owns the charger by now."""
        if self.sockets.get(charger_socket.station.id) is charger_socket:
            del self.sockets[charger_socket.station.id]
            self.directory.connected.pop(charger_socket.station.id, None)
        CONNECTIONS.set(len(self.sockets))

    async def _leases(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            with contextlib.suppress(psycopg.Error, OSError):
                await self.renew()

    async def renew(self) -> None:
        """Renew the lease."""
        held = [charger_socket.token for charger_socket in self.sockets.values()]
        await lease.renew(await self._connected(), self.id, held)

    async def _connected(self) -> AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await connect(dsn())
        return self._connection

    async def _breakages(self) -> None:
        while True:
            await asyncio.sleep(BREAKAGES_EVERY)
            with contextlib.suppress(psycopg.Error, OSError):
                await BREAKAGES.write(await self._connected())

    async def _look_whom_to_trust(self) -> None:
        while True:
            await asyncio.sleep(trust.LOOK_EVERY)
            look = partial(trust.look, datetime.now(UTC), self.trust)
            found = await self.clerk.do(look)
            changed = (found.pem, found.revoked) != (self.trust.pem, self.trust.revoked)
            self.trust = found
            for charger_socket in list(self.sockets.values()) if changed else ():
                shown = charger_socket.admission.certificate
                if shown is not None and found.has_lost(shown):
                    charger_socket.end("kicked")

    async def _seen(self) -> None:
        while True:
            await asyncio.sleep(SEEN_EVERY)
            for charger_socket in self.sockets.values():
                charger_socket.report_life(self.writer)
            self.writer.flush_seen()


_gateway: Gateway | None = None


def noted(outcome: str, peer: str, identity: str = "", **said: Any) -> None:
    """Note how far a connection got that never came to a handshake; if there is a gateway."""
    if _gateway is not None:
        _gateway.arrivals.note(outcome, peer, identity, **said)


def stopping() -> bool:
    """Tell whether connections end because we do."""
    return _gateway is None or _gateway.stopping


def current() -> Gateway:
    """Return this process's gateway."""
    if _gateway is None:
        raise RuntimeError("The gateway is not running; it starts with the server's lifespan.")
    return _gateway


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Start the gateway with the ASGI server, and stop it with it."""
    global _gateway  # noqa: PLW0603 - one gateway a process
    await receive()
    _gateway = Gateway()
    try:
        await _gateway.start()
    except (psycopg.Error, OSError) as error:
        message = f"The gateway can't reach the database: {error}"
        await send({"type": "lifespan.startup.failed", "message": message})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await _gateway.stop()
    _gateway = None
    await send({"type": "lifespan.shutdown.complete"})
