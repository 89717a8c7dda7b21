"""The server with two listeners: the plain one, and beside it the one with TLS where it is on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from cryptography import x509
from django.conf import settings
from prometheus_client import Counter

from cpms.control.pki import authorities, chains
from cpms.control.pki.x509 import Algorithm
from cpms.ocpp import gateway
from cpms.ocpp.throttle import neighbourhood
from cpms.ocpp.tls import contexts, trust
from cpms.ocpp.tls.contexts import Pair
from cpms.ocpp.tls.line import MOST_SHAKING, TlsLine
from cpms.ocpp.tls.shown import Shown
from cpms.ocpp.tls.trust import Trust
from cpms.ocpp.turns import Turns

log = structlog.get_logger(__name__)

HANDSHAKES = Counter("kilowatch_tls_handshakes_total", "TLS handshakes.", ["result"])
#: Handshakes a second, and at once: an RSA key does 400 in a second of the processor's time. The
#: others wait their turn, for at most so many seconds.
SHAKE_RATE, SHAKE_BURST, LONGEST_TURN = 250.0, 100.0, 10.0
#: Seconds between looks at certificates of our own authority: reading an RSA key takes its time.
OWN_EVERY = 60.0
#: What OpenSSL says, and what is counted; certificates have more words than a metric may have.
KNOWN = frozenset({
    "silent", "cut_off", "slow", "busy", "plain", "not_tls", "unsupported_protocol",
    "no_shared_cipher", "wrong_version_number", "expired", "not_yet", "revoked", "untrusted",
})  # fmt: skip


@dataclass(frozen=True)
class Listening:
    """Where the listener with TLS is, and what it shows."""

    host: str
    port: int
    #: Files with a certificate and its key, one of each kind; none: made by our own authority.
    files: Sequence[tuple[Path, Path]] = ()
    static_rsa: bool = False

    @classmethod
    def of_settings(cls) -> "Listening | None":
        """Return what the settings say; None where TLS is off."""
        if not settings.OCPP_TLS_PORT:
            return None
        return cls(
            settings.OCPP_TLS_HOST,
            settings.OCPP_TLS_PORT,
            settings.OCPP_TLS_FILES,
            settings.OCPP_TLS_STATIC_RSA,
        )

    def pairs(self, now: datetime) -> list[Pair]:
        """Return what it shows now; needs the ORM where that is ours to make."""
        if self.files:
            return self.from_files()
        found = [
            authorities.server_identity(algorithm, authorities.public_names(), now)
            for algorithm in Algorithm
        ]
        return [Pair(one.chain_pem, one.key_pem) for one in found]

    def from_files(self) -> list[Pair]:
        """Return what is in the files now; raise `Unusable`."""
        return [contexts.read(certificate, key) for certificate, key in self.files]


class Server(uvicorn.Server):
    """uvicorn's server, with a listener more."""

    def __init__(self, config: uvicorn.Config, listening: Listening | None = None) -> None:
        """Listen with TLS as well where `listening` says so."""
        super().__init__(config)
        self.listening = listening
        self._context: Any = None
        #: What the context was made of.
        self._pairs: list[Pair] = []
        self._trusted = ""
        #: loop.time() from which our own authority's certificates are looked up again.
        self._look_again = 0.0
        self._renewal: asyncio.Task[None] | None = None
        self._opened: asyncio.Server | None = None
        self._turns: Turns | None = None

    async def startup(self, sockets: Any = None) -> None:
        """Open the listeners."""
        await super().startup(sockets)
        if self.listening is None or not self.started:
            return
        await self._look()
        keeping = self._keep_renewed()
        self._renewal = asyncio.get_running_loop().create_task(keeping, name="TLS certificates")

    async def shutdown(self, sockets: Any = None) -> None:
        """Close them."""
        if self._renewal is not None:
            self._renewal.cancel()
        await super().shutdown(sockets)

    @property
    def tls_port(self) -> int:
        """Return the port of the listener with TLS; 0 while it isn't open."""
        return int(self._opened.sockets[0].getsockname()[1]) if self._opened else 0

    def _line(self) -> TlsLine:
        return TlsLine(self._context, self._take_turn, self._admit, _tell)

    async def _take_turn(self, address: str) -> bool:
        """Wait for one's turn at the handshake, address by address."""
        assert self._turns is not None
        return await self._turns.take(neighbourhood(address))

    def _admit(self, line: TlsLine) -> asyncio.Protocol | None:
        """Hand an encrypted line to HTTP, unless it came with a certificate that doesn't count."""
        hub, now = gateway.current(), datetime.now(UTC)
        try:
            chain = _shown(line)
        except ValueError:  # OpenSSL can read it, we can't.
            _tell(_address(line), "certificate: unreadable")
            return None
        if chain:
            certificate = _verified(line, chain, hub.trust, now)
            why = hub.trust.distrust(certificate, now) if certificate else "untrusted"
            if certificate is None or why:
                HANDSHAKES.labels(why).inc()
                hub.suspicions.certificate(_address(line), certificate or Shown.of(chain), why)
                return None
            line.extra["kilowatch.certificate"] = certificate
        HANDSHAKES.labels("ok").inc()
        made: Any = self.config.http_protocol_class
        return made(  # type: ignore[no-any-return]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def _keep_renewed(self) -> None:
        """Take up renewed certificates and other authorities; open lines keep what they have."""
        while True:
            await asyncio.sleep(trust.LOOK_EVERY)
            await self._look()

    async def _look(self) -> None:
        """Make the settings anew where they have to be, and listen once there are some.

        The plain listener goes on whatever is wrong with the certificates.
        """
        try:
            await self._renew()
            await self._open()
        except (contexts.Unusable, authorities.Unavailable, OSError) as problem:
            log.error("tls_not_renewed", error=str(problem))  # noqa: TRY400

    async def _open(self) -> None:
        """Listen, if that isn't so yet."""
        if self._opened is not None or self.listening is None or self._context is None:
            return
        self._turns = Turns(SHAKE_RATE, SHAKE_BURST, MOST_SHAKING, LONGEST_TURN)
        self._opened = await asyncio.get_running_loop().create_server(
            self._line, self.listening.host, self.listening.port, backlog=self.config.backlog
        )
        self.servers.append(self._opened)
        log.info("tls_listening", port=self.tls_port)

    async def _renew(self) -> None:
        """Make the settings for the next connections, if what they are made of has changed.

        Raises `Unusable` and `Unavailable`.
        """
        assert self.listening is not None
        hub, listening = gateway.current(), self.listening
        trusted, now = hub.trust.pem, asyncio.get_running_loop().time()
        if not listening.files and trusted == self._trusted and now < self._look_again:
            return
        self._look_again = now + OWN_EVERY
        pairs = await hub.clerk.do(lambda: listening.pairs(datetime.now(UTC)))
        if (pairs, trusted) != (self._pairs, self._trusted):
            self._context = contexts.context(pairs, trusted, static_rsa=listening.static_rsa)
            self._pairs, self._trusted = pairs, trusted


def _address(line: TlsLine) -> str:
    peer = line.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def _shown(line: TlsLine) -> list[x509.Certificate]:
    """Return the certificates that the charger showed, its own first; none where it has none."""
    leaf = line.get_extra_info("ssl_object").getpeercert(binary_form=True)
    if leaf is None:
        return []
    others = [one for one in _chain(line, "get_unverified_chain") if one != leaf]
    return [x509.load_der_x509_certificate(one) for one in (leaf, *others)]


def _verified(
    line: TlsLine, shown: list[x509.Certificate], trust: Trust, now: datetime
) -> Shown | None:
    """Return what the verified chain says.

    Of a session that is taken up again (TLS 1.2) OpenSSL has verified it before and kept no chain.
    """
    chain = [x509.load_der_x509_certificate(one) for one in _chain(line, "get_verified_chain")]
    found = chain or chains.verified(shown, trust.trusted, now)
    return Shown.of(found) if found else None


def _chain(line: TlsLine, name: str) -> list[bytes]:
    """Return a chain that OpenSSL holds: by methods that are public since Python 3.13."""
    ssl_object = line.get_extra_info("ssl_object")
    holder = ssl_object if hasattr(ssl_object, name) else ssl_object._sslobj  # noqa: SLF001
    found = getattr(holder, name)() or ()
    return [one if isinstance(one, bytes) else bytes(one.public_bytes(_DER)) for one in found]


#: `_ssl.ENCODING_DER`, which nothing public names.
_DER = 2


def _tell(peer: str, why: str) -> None:
    """Count a handshake that failed, and note it for who watches a charger come."""
    result = why if why in KNOWN else "certificate" if why.startswith("certificate") else "other"
    HANDSHAKES.labels(result).inc()
    if gateway.stopping() or why in {"silent", "cut_off", "busy"}:
        return
    gateway.noted("plain_on_tls" if why == "plain" else "tls_failed", peer, tls=True, why=why)
