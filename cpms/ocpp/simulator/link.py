"""The wire under a simulated charger: dialling, its ways of ending, and its pace."""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

OPEN_TIMEOUT = 20.0
CLOSE_TIMEOUT = 2.0
#: How long a vanished charger's half-open socket lingers before its host forgets it.
GHOST_SECONDS = 900.0


class LostError(Exception):
    """The connection is gone. `code` and `reason` are the peer's, 1006 if it said nothing."""

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        super().__init__(f"connection lost ({code} {reason})".replace(" )", ")"))
        self.code = code
        self.reason = reason


class RefusedError(Exception):
    """The handshake was answered with something else than a WebSocket.

    `status` is the HTTP status, 0 when the answer was no usable HTTP.
    """

    def __init__(self, status: int, body: str = "") -> None:
        super().__init__(f"refused with HTTP status {status}" if status else f"refused: {body}")
        self.status = status
        self.body = body


class UnreachableError(Exception):
    """Nobody answers at the address, or its certificate is not trusted."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call, as whom, and in which dialects."""

    url: str
    identity: str
    subprotocols: Sequence[str] = ()
    password: bytes | None = None
    user: str | None = None
    tls: ssl.SSLContext | None = None

    @property
    def address(self) -> str:
        """Return the URL with the identity as its last path segment."""
        return f"{self.url.rstrip('/')}/{quote(self.identity, safe='')}"

    @property
    def headers(self) -> dict[str, str]:
        """Return the Authorization header, built by hand: a key may hold any byte and ':'."""
        if self.password is None:
            return {}
        user = self.identity if self.user is None else self.user
        credentials = base64.b64encode(user.encode() + b":" + self.password)
        return {"Authorization": f"Basic {credentials.decode()}"}


class Link(Protocol):
    """An open connection that carries text frames."""

    async def send(self, frame: str | bytes) -> None:
        """Send one frame; raises LostError."""

    async def recv(self) -> str | bytes:
        """Return the next frame; raises LostError."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it as a polite peer does."""

    def drop(self) -> None:
        """Break it at once, without a closing frame."""

    def vanish(self) -> None:
        """Stop reading and writing but leave the socket open, as a charger without power."""


Dial = Callable[[Target], Awaitable[Link]]


class WebSocketLink:
    """A Link over the `websockets` library."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.subprotocol = socket.subprotocol

    async def send(self, frame: str | bytes) -> None:
        """Send one frame; raises LostError."""
        try:
            await self._socket.send(frame)
        except ConnectionClosed as closed:
            raise _lost(closed) from closed

    async def recv(self) -> str | bytes:
        """Return the next frame; raises LostError."""
        try:
            return await self._socket.recv()
        except ConnectionClosed as closed:
            raise _lost(closed) from closed

    async def ping(self) -> None:
        """Send a ping and wait for its pong."""
        await (await self._socket.ping())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it, waiting briefly for the peer's close frame."""
        await self._socket.close(code, reason)

    def drop(self) -> None:
        """Break it at once, without a closing frame."""
        self._socket.transport.abort()

    def vanish(self) -> None:
        """Leave the socket half-open for a while: no byte, no pong, no close."""
        self._socket.transport.pause_reading()
        loop = asyncio.get_running_loop()
        loop.call_later(GHOST_SECONDS, self._socket.transport.abort)


async def dial(target: Target) -> WebSocketLink:
    """Open a WebSocket to `target`; raises RefusedError or UnreachableError.

    No pings of our own and no compression: both are the other side's to ask for, and
    cost a task and 300 KB of zlib a charger.
    """
    try:
        socket = await connect(
            target.address,
            subprotocols=[Subprotocol(name) for name in target.subprotocols] or None,
            additional_headers=target.headers,
            user_agent_header=None,
            compression=None,
            proxy=None,
            ping_interval=None,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            max_size=None,
            ssl=target.tls,
        )
    except InvalidStatus as refusal:
        body = (refusal.response.body or b"").decode(errors="replace")
        raise RefusedError(refusal.response.status_code, body) from refusal
    except InvalidHandshake as refusal:
        raise RefusedError(0, str(refusal)) from refusal
    except (OSError, TimeoutError) as problem:
        raise UnreachableError(str(problem) or "timed out") from problem
    return WebSocketLink(socket)


class Gate:
    """Bounds how fast a fleet dials: a fleet that comes back must not be an attack."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second
        self._next = 0.0

    async def pass_through(self) -> None:
        """Wait for this caller's turn."""
        now = asyncio.get_running_loop().time()
        turn = max(self._next, now)
        self._next = turn + self._gap
        if turn > now:
            await asyncio.sleep(turn - now)


def _lost(closed: ConnectionClosed) -> LostError:
    received = closed.rcvd
    return LostError(received.code, received.reason) if received else LostError()
