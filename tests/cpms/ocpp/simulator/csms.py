"""A small central system that answers everything and checks every frame it is sent.

It stands on either kind of link: a WebSocket server on loopback, or a pair of queues.
"""

import asyncio
import base64
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema_rs
import ocpp
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from cpms.ocpp.simulator.clock import Clock, rfc3339
from cpms.ocpp.simulator.link import LostError, RefusedError, Target, UnreachableError
from cpms.ocpp.simulator.rpc import Json

VERSIONS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}
Answer = Callable[[Json], Json]


@cache
def validator(version: str, name: str) -> Any:
    """Return the compiled schema called `name` of the ocpp library."""
    folder = Path(ocpp.__file__).parent / f"v{version.replace('.', '')}" / "schemas"
    schema = json.loads((folder / f"{name}.json").read_text("utf-8-sig"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def parsed(text: str) -> list[Any]:
    """Return the frame as a message, an empty one if it isn't any."""
    try:
        message = json.loads(text)
    except ValueError:
        return []
    return message if isinstance(message, list) else []


@dataclass
class Peer:
    """One charger's connection as the central system sees it."""

    identity: str
    version: str
    send: Callable[[str], Awaitable[None]]
    close: Callable[[int], Awaitable[None]]
    pending: dict[str, tuple[str, asyncio.Future[Any]]] = field(default_factory=dict)


@dataclass
class Csms:
    """The central system. `problems` must stay empty; `log` is (identity, direction, frame).

    `answers` replaces the usual answers; one that raises LookupError makes a CALLERROR.
    `refuse_with` an HTTP status, or -1 for not being there at all.
    """

    clock: Clock = field(default_factory=Clock)
    answers: dict[str, Answer] = field(default_factory=dict)
    log: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    peers: dict[str, Peer] = field(default_factory=dict)
    connections: list[tuple[str, Target | None]] = field(default_factory=list)
    refuse_with: int = 0
    transactions: int = 0
    passwords: dict[str, bytes] = field(default_factory=dict)
    sockets: dict[str, ServerConnection] = field(default_factory=dict)
    close_codes: Counter[int] = field(default_factory=Counter)

    def actions(self, identity: str | None = None) -> list[str]:
        """Return the actions that a charger, or all, called in order."""
        return [action for action, _ in self.calls(identity)]

    def calls(self, identity: str | None = None) -> list[tuple[str, Json]]:
        """Return (action, payload) of the CALLs that a charger, or all, made in order."""
        heard = [text for who, way, text in self.log if way == "in" and identity in (None, who)]
        messages = [message for message in map(parsed, heard) if message[:1] == [2]]
        return [(message[2], message[3]) for message in messages if len(message) == 4]

    async def call(self, identity: str, action: str, payload: Json, patience: float = 30) -> Any:
        """Send a CALL to a charger and return the frame it answers with."""
        peer = self.peers[identity]
        number = f"csms-{len(self.log)}"
        future = asyncio.get_running_loop().create_future()
        peer.pending[number] = action, future
        text = json.dumps([2, number, action, payload])
        self.log.append((identity, "out", text))
        await peer.send(text)
        async with asyncio.timeout(patience):
            return await future

    async def take(self, peer: Peer, text: str) -> None:
        """Check one frame of a charger and answer it."""
        self.log.append((peer.identity, "in", text))
        message = parsed(text)
        if not message:
            self.problems.append(f"not a message: {text[:80]}")
        elif message[0] == 2 and len(message) == 4:
            await self._answer(peer, message)
        else:
            self._note_answer(peer, message)

    async def _answer(self, peer: Peer, message: list[Any]) -> None:
        _, number, action, payload = message
        suffix = "" if peer.version == "1.6" else "Request"
        self._check(peer, f"{action}{suffix}", payload)
        try:
            reply = self.reply(peer, action, payload)
            self._check(peer, f"{action}Response", reply)
            text = json.dumps([3, number, reply])
        except LookupError:
            text = json.dumps([4, number, "InternalError", "", {}])
        self.log.append((peer.identity, "out", text))
        await peer.send(text)

    def _note_answer(self, peer: Peer, message: list[Any]) -> None:
        if message[1] not in peer.pending:
            self.problems.append(f"answers nothing: {message}")
            return
        action, future = peer.pending.pop(message[1])
        if message[0] == 3:
            self._check(peer, f"{action}Response", message[2])
        if not future.done():
            future.set_result(message)

    def _check(self, peer: Peer, name: str, payload: Any) -> None:
        try:
            errors = list(validator(peer.version, name).iter_errors(payload))
        except OSError:
            self.problems.append(f"{peer.version} has no {name}")
            return
        except ValueError as problem:
            self.problems.append(f"{peer.version} {name}: {problem}")
            return
        self.problems += [f"{peer.version} {name}: {error.message}" for error in errors]

    def reply(self, peer: Peer, action: str, payload: Json) -> Json:
        """Return the answer to a charger's CALL."""
        if action in self.answers:
            return self.answers[action](payload)
        now = rfc3339(self.clock.now())
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": now, "interval": 300}
        if action == "Heartbeat":
            return {"currentTime": now}
        if action == "Authorize":
            name = "idTagInfo" if peer.version == "1.6" else "idTokenInfo"
            return {name: {"status": "Accepted"}}
        if action == "StartTransaction":
            self.transactions += 1
            return {"transactionId": self.transactions, "idTagInfo": {"status": "Accepted"}}
        return {"status": "Accepted"} if action in {"DataTransfer", "SignCertificate"} else {}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Serve WebSockets on loopback and give the URL that chargers dial."""
        names = [Subprotocol(name) for name in VERSIONS]
        async with serve(
            self._serve,
            "127.0.0.1",
            0,
            subprotocols=names,
            compression=None,
            process_request=self._judge,
        ) as server:
            port = server.sockets[0].getsockname()[1]
            yield f"ws://127.0.0.1:{port}/ocpp/"

    def _judge(self, socket: ServerConnection, _request: Request) -> Response | None:
        return socket.respond(HTTPStatus(self.refuse_with), "") if self.refuse_with else None

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        identity = socket.request.path.rsplit("/", 1)[1]
        self.connections.append((identity, None))
        if header := socket.request.headers.get("Authorization"):
            credentials = base64.b64decode(header.removeprefix("Basic "))
            self.passwords[identity] = credentials.split(b":", 1)[1]

        async def close(code: int) -> None:
            await socket.close(code)

        peer = Peer(identity, VERSIONS[socket.subprotocol or "ocpp1.6"], socket.send, close)
        self.peers[identity], self.sockets[identity] = peer, socket
        try:
            while True:
                await self.take(peer, str(await socket.recv()))
        except ConnectionClosed as closed:
            if closed.rcvd:
                self.close_codes[closed.rcvd.code] += 1

    async def dial(self, target: Target) -> "MemoryLink":
        """Open a link through memory; a Dial."""
        if self.refuse_with == -1:
            raise UnreachableError("nobody there")
        if self.refuse_with:
            raise RefusedError(self.refuse_with)
        self.connections.append((target.identity, target))
        return MemoryLink(self, target)


class MemoryLink:
    """A link whose frames reach the central system at once."""

    def __init__(self, csms: Csms, target: Target) -> None:
        self._csms = csms
        self._inbox: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._ended: LostError | None = None
        self._silent = False
        self.peer = Peer(target.identity, VERSIONS[target.subprotocols[0]], self._push, self._end)
        csms.peers[target.identity] = self.peer

    async def send(self, frame: str | bytes) -> None:
        if self._ended:
            raise self._ended
        if not self._silent:
            await self._csms.take(self.peer, str(frame))

    async def recv(self) -> str:
        while not self._inbox:
            if self._ended:
                raise self._ended
            await self._arrived.wait()
            self._arrived.clear()
        return self._inbox.popleft()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._end(code)

    def drop(self) -> None:
        self._ended = LostError()
        self._arrived.set()

    def vanish(self) -> None:
        self._silent = True

    async def _push(self, text: str) -> None:
        if not self._silent:
            self._inbox.append(text)
            self._arrived.set()

    async def _end(self, code: int) -> None:
        self._ended = LostError(code)
        self._arrived.set()
