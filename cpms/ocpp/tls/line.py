"""A connection to the TLS listener: the handshake, then a transport like any other.

Not the event loop's own TLS: that tells nobody why a handshake failed, and keeps 256 KB for each
connection.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, cast

from cpms.ocpp.http import HANDSHAKE_SECONDS

#: Bytes of text that are taken out of TLS at once.
AT_ONCE = 65_536
#: Handshakes that may be on their way; more are turned away. Each keeps about 30 KB.
MOST_SHAKING = 8_000
#: The first byte of a TLS handshake. (RFC 8446 §5.1)
HANDSHAKE = 0x16
HTTP = re.compile(rb"[A-Z]{3,8} ")
SPEAK_TLS = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n"
    b"content-length: 41\r\n\r\nThis port speaks TLS: use wss or https.\r\n"
)

#: Given the line once it is encrypted, returns who speaks over it; None where nobody may.
Admit = Callable[["TlsLine"], asyncio.Protocol | None]
#: Told the peer's address and why no encrypted line came about.
Tell = Callable[[str, str], None]
#: Given the peer's address, waits until it is its turn; False where that takes too long.
Turn = Callable[[str], Awaitable[bool]]


class TlsLine(asyncio.Transport, asyncio.Protocol):
    """A protocol to the socket below, and a transport to the protocol above."""

    _shaking: ClassVar[int] = 0

    def __init__(self, context: ssl.SSLContext, turn: Turn, admit: Admit, tell: Tell) -> None:
        """Take a connection; who has `context` keeps it, whatever is renewed meanwhile."""
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._context, self._turn, self._admit, self._tell = context, turn, admit, tell
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = self._context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._tcp: asyncio.Transport
        self._above: asyncio.Protocol | None = None
        self._heard = self._its_turn = self._paused = self._closing = self._over = False
        self._late: asyncio.TimerHandle | None = None
        #: What is known of the peer's certificate, for `get_extra_info`.
        self.extra: dict[str, Any] = {}

    # --- To the socket below ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the handshake, but not for ever."""
        self._tcp = cast("asyncio.Transport", transport)
        if TlsLine._shaking >= MOST_SHAKING:
            self._over = True
            self._tcp.abort()
            return
        TlsLine._shaking += 1
        self._late = self._loop.call_later(HANDSHAKE_SECONDS, self._give_up, "slow")
        self._tcp.pause_reading()
        self._waiting = self._loop.create_task(self._take_turn())

    async def _take_turn(self) -> None:
        """Read no more than who came before: a handshake costs a millisecond of our time."""
        come_in = await self._turn(self._peer)
        if self._over:
            return
        if not come_in:
            self._give_up("busy")
            return
        self._its_turn = True
        self._tcp.resume_reading()
        if self._heard:
            self._go_on()

    @property
    def _peer(self) -> str:
        found = self._tcp.get_extra_info("peername")
        return str(found[0]) if found else ""

    def data_received(self, data: bytes) -> None:
        """Take what came: a part of the handshake, or of what is said."""
        if self._over:
            return
        if not self._heard:
            self._heard = True
            if data[0] != HANDSHAKE:
                self._refuse_plain(data)
                return
        self._incoming.write(data)
        if self._its_turn:
            self._go_on()
        elif self._incoming.pending > AT_ONCE:  # uvloop reads on, asked to pause so early.
            self._give_up("not_tls")

    def _go_on(self) -> None:
        if self._above is None:
            self._shake()
        if self._above is not None:
            self._listen()

    def eof_received(self) -> bool:
        """The peer says no more: the connection ends."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who speaks over it, or that nobody came so far."""
        above, self._above = self._above, None
        if above is not None:
            above.connection_lost(exc)
        elif not self._over:
            self._end("cut_off" if self._heard else "silent")
        self._over = True

    def pause_writing(self) -> None:
        """Pass on that the peer doesn't read."""
        if self._above is not None:
            self._above.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it reads again."""
        if self._above is not None:
            self._above.resume_writing()

    def _shake(self) -> None:
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as problem:
            self._flush()  # The alert that says what is wrong.
            self._give_up(_reason(problem))
            return
        self._flush()
        self._done()
        above = self._admit(self)
        if above is None:
            self._over = True
            self.close()
            return
        self._above = above
        above.connection_made(self)

    def _refuse_plain(self, data: bytes) -> None:
        """Say to who speaks HTTP what this port is."""
        is_http = HTTP.match(data) is not None
        if is_http:
            self._tcp.write(SPEAK_TLS)
        self._give_up("plain" if is_http else "not_tls")

    def _give_up(self, why: str) -> None:
        self._end(why)
        self._tcp.abort() if why in {"slow", "busy"} else self._tcp.close()

    def _end(self, why: str) -> None:
        """End a handshake that came to nothing, once."""
        self._over = True
        self._done()
        self._tell(self._peer, why)

    def _done(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
            TlsLine._shaking -= 1

    def _listen(self) -> None:
        """Hand up what came, for as long as it is wanted."""
        try:
            while self._above is not None and not self._paused:
                data = self._ssl.read(AT_ONCE)
                if not data:
                    self._tcp.close()
                    break
                self._above.data_received(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:  # It ends the conversation, or breaks the rules of TLS.
            self._flush()
            self._tcp.close()
            return
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._tcp.is_closing():
            self._tcp.write(self._outgoing.read())

    # --- To the protocol above ---

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        if self._closing or not data:
            return
        try:
            self._ssl.write(data)  # Into memory: all of it.
        except ssl.SSLError:  # The peer broke the rules of TLS.
            self.abort()
            return
        self._flush()

    def pause_reading(self) -> None:
        """Hand nothing up for now."""
        self._paused = True
        self._tcp.pause_reading()

    def resume_reading(self) -> None:
        """Hand up what came meanwhile, and what comes."""
        if not self._paused or self._tcp.is_closing():
            return
        self._paused = False
        self._tcp.resume_reading()
        self._loop.call_soon(self._listen)

    def close(self) -> None:
        """Say that nothing more comes, and close once that is sent."""
        if self._closing:
            return
        self._closing = True
        with contextlib.suppress(ssl.SSLError):  # It wants the peer's goodbye: nobody waits.
            self._ssl.unwrap()
        self._flush()
        self._tcp.close()

    def abort(self) -> None:
        """Close at once."""
        self._closing = True
        self._tcp.abort()

    def is_closing(self) -> bool:
        """Tell whether it is closed, or about to be."""
        return self._closing or self._tcp.is_closing()

    def is_reading(self) -> bool:
        """Tell whether what comes is handed up."""
        return not self._paused

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand everything to another from here."""
        self._above = cast("asyncio.Protocol", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who is handed what comes."""
        return self._above or self

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the peer hasn't taken yet."""
        return self._tcp.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say from how many such bytes on writing is to pause."""
        self._tcp.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the connection."""
        if name == "ssl_object":
            return self._ssl
        if name == "sslcontext":
            return self._context
        if name in self.extra:
            return self.extra[name]
        return self._tcp.get_extra_info(name, default)


def _reason(problem: ssl.SSLError) -> str:
    """Return OpenSSL's word for it in lower case, with what is wrong with a certificate."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"certificate: {problem.verify_message}"
    return (problem.reason or "unreadable").lower()
