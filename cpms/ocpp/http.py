"""HTTP on the chargers' listener: bounds on a request's head that uvicorn doesn't have."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Seconds for the whole handshake: TCP and TLS, the request, our answer.
HANDSHAKE_SECONDS = 15.0
#: Bytes of a request's line and headers; uvicorn has no limit.
LARGEST_HEAD = 65_536

#: Answers to requests that never get as far as the application.
NO_ROOM = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)
NOT_UNDERSTOOD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Http(HttpToolsProtocol):
    """HTTP, with a bound on how long and how large a request's head may be."""

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HANDSHAKE_SECONDS, transport.abort)
        self._head: int | None = 0

    def data_received(self, data: bytes) -> None:
        """Refuse a head that goes on and on: a flood of headers would fill the memory."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD:
            self.transport.write(NO_ROOM)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Start anew for the next request of a connection that is kept."""
        super().on_message_begin()
        if self._head is None:
            self._head = 0
            self._late = self.loop.call_later(HANDSHAKE_SECONDS, self.transport.abort)

    def on_headers_complete(self) -> None:
        """Stop it: the request is here."""
        self._late.cancel()
        self._head = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._late.cancel()
        super().connection_lost(exc)
