"""A server of somebody else on loopback: an OCSP responder, and a provider of contracts."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import h11
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from tests.cpms.ocpp.papers import Paper

GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
HOUR = timedelta(hours=1)
#: A request's body -> status, content type and body.
Answers = Callable[[bytes], tuple[int, str, bytes]]


def answer(
    asked: bytes,
    signer: Paper,
    status: ocsp.OCSPCertStatus = GOOD,
    *,
    by: Paper | None = None,
    age: timedelta = timedelta(),
    serial: int | None = None,
) -> bytes:
    """Return the answer to an OCSP request, signed; `by` a deputy whose certificate goes along."""
    request = ocsp.load_der_ocsp_request(asked)
    start = datetime.now(UTC) - age
    revoked = start if status is REVOKED else None
    built = ocsp.OCSPResponseBuilder().add_response_by_hash(
        request.issuer_name_hash,
        request.issuer_key_hash,
        request.serial_number if serial is None else serial,
        request.hash_algorithm,
        status,
        start,
        start + HOUR,
        revoked,
        None,
    )
    voice = by or signer
    built = built.responder_id(ocsp.OCSPResponderEncoding.HASH, voice.certificate)
    built = built.certificates([voice.certificate])
    return built.sign(voice.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def hash_data(leaf: x509.Certificate, issuer: x509.Certificate, url: str) -> dict[str, str]:
    """Return OCPP's OCSPRequestDataType."""
    from cpms.control.outside.ocsp import about

    made = about(leaf, issuer, url)
    return {
        "hashAlgorithm": made.algorithm,
        "issuerNameHash": made.issuer_name_hash,
        "issuerKeyHash": made.issuer_key_hash,
        "serialNumber": made.serial,
        "responderURL": url,
    }


@dataclass
class Elsewhere:
    """The server; what it answers may be set."""

    port: int
    #: Given the request's body, returns status, content type and body.
    answers: Answers
    #: Headers that it sends besides.
    headers: list[tuple[str, str]] = field(default_factory=list)
    #: Path and body of each request.
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    #: Nobody is answered before it is set.
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}/asked"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        connection = h11.Connection(h11.SERVER)
        path, body = "", b""
        while True:
            event: Any = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65_536))
            elif isinstance(event, h11.Request):
                path = event.target.decode()
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.ConnectionClosed):
                break
            elif isinstance(event, h11.EndOfMessage):
                self.requests.append((path, body))
                await self.may_answer.wait()
                status, kind, said = self.answers(body)
                said_of = [("Content-Type", kind), ("Content-Length", str(len(said)))]
                head = h11.Response(status_code=status, headers=said_of + self.headers)
                for part in (head, h11.Data(data=said), h11.EndOfMessage()):
                    writer.write(connection.send(part) or b"")
                break
        writer.close()


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """Run the server."""
    made = Elsewhere(0, lambda body: (404, "text/plain", b""))
    made.may_answer.set()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def ocsp_answers(
    signer: Paper, *how: Any, **more: Any
) -> Callable[[bytes], tuple[int, str, bytes]]:
    """Return how a responder answers: `answer`'s arguments."""
    return lambda body: (200, "application/ocsp-response", answer(body, signer, *how, **more))


def json_answers(said: Any) -> Answers:
    """Return how a provider answers."""
    return lambda body: (200, "application/json", json.dumps(said).encode())
