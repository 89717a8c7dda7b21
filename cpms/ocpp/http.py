"""HTTP on the chargers' listener: bounds on a request's head that uvicorn doesn't have."""

from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cpms.ocpp import gateway
from cpms.ocpp.handshake import NOT_NAMES, Peer, identity_of, peer_of, within

#: Seconds for the whole handshake: TCP and TLS, the request, our answer.
HANDSHAKE_SECONDS = 15.0
#: Bytes of a request's line and headers; uvicorn has no limit.
LARGEST_HEAD = 65_536

#: Answers to requests that never get as far as the application.
NO_ROOM = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)
#: The first byte of a TLS handshake. (RFC 8446 §5.1)
TLS_HANDSHAKE = 0x16
#: What is asked for over HTTP in earnest.
PAGES = ("/healthz", "/readyz", "/metrics", "/files/", "/pki/")
NOT_UNDERSTOOD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Http(HttpToolsProtocol):
    """HTTP, with a bound on how long and how large a request's head may be."""

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HANDSHAKE_SECONDS, transport.abort)
        self._head: int | None = 0
        self._first: int | None = None
        #: What is wrong with it has been noted, or nothing is.
        self._told = False

    def data_received(self, data: bytes) -> None:
        """Refuse a head that goes on and on: a flood of headers would fill the memory."""
        if self._first is None:
            self._first = data[0]
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD:
            self._tell("not_http")
            self.transport.write(NO_ROOM)
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Note what it spoke instead of HTTP."""
        self._tell("tls_on_plain" if self._first == TLS_HANDSHAKE else "not_http")
        super().send_400_response(msg)

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
        if not (self.parser.should_upgrade() and self._should_upgrade()):
            self._tell_of_page()
        self._told = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._late.cancel()
        if not gateway.stopping():
            self._tell("silent" if self._first is None else "cut_off")
        super().connection_lost(exc)

    def _tell_of_page(self) -> None:
        """Note who asks for a page where chargers' WebSockets are."""
        path = self.scope["path"]
        if path.startswith(PAGES):
            return
        headers = dict(self.scope["headers"])
        soap = b"soapaction" in headers or b"xml" in headers.get(b"content-type", b"")
        identity = identity_of(self.scope["raw_path"].decode("latin-1"))
        self._tell(
            "no_upgrade",
            "" if identity.lower() in NOT_NAMES or soap else identity,
            peer_of(self.scope),
            path=path,
            method=self.scope["method"],
            soap=soap,
            websocket=b"sec-websocket-key" in headers,
        )

    def _tell(
        self, outcome: str, identity: str = "", peer: Peer | None = None, **said: Any
    ) -> None:
        """Note an outcome, the first of this connection; a proxy's own looks are nobody's."""
        peer = peer or Peer(self.client[0] if self.client else "", self.scheme == "https")
        if self._told or (not identity and within(peer.address, settings.TRUSTED_PROXIES)):
            return
        self._told = True
        gateway.noted(outcome, peer.address, identity, tls=peer.tls, proxy=peer.proxy, **said)
