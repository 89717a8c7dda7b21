"""What our listener offers: TLS 1.2 and 1.3, an RSA and an ECDSA certificate, few cipher suites.

OCPP asks for two suites with ECDSA and two with static RSA (2.0.1 part 2, A00.FR.318; the 1.6
security whitepaper has the same four). Static RSA has no forward secrecy: those two are offered
only where the listener is told so.
"""

import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ECDSA_SUITES = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
#: Not asked for by OCPP: RSA with forward secrecy.
RSA_SUITES = ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384")
STATIC_RSA_SUITES = ("AES128-GCM-SHA256", "AES256-GCM-SHA384")
#: X509_V_FLAG_NO_CHECK_TIME: OpenSSL would cut an expired certificate off without a word on whose
#: it was. The times are ours to judge (`tls.shown`), before anything is said over the line.
NO_CHECK_TIME = 0x200000


class Pair(NamedTuple):
    """A certificate with those above it, and its key: PEM."""

    chain: bytes
    key: bytes


class Unusable(Exception):
    """A certificate or key can't be used; the message says which and why."""


def context(pairs: Sequence[Pair], trusted: str, *, static_rsa: bool) -> ssl.SSLContext:
    """Return the settings of a listener that shows `pairs` and takes certificates by `trusted`.

    `trusted` is PEM; without one nobody is asked for a certificate. Raises `Unusable`.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    made.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    made.num_tickets = 0  # A session is never resumed: who enters shows its certificate anew.
    suites = ECDSA_SUITES + RSA_SUITES + (STATIC_RSA_SUITES if static_rsa else ())
    made.set_ciphers(":".join(suites))
    for pair in pairs:
        _load(made, pair)
    if trusted:
        made.verify_mode = ssl.CERT_OPTIONAL
        made.verify_flags = ssl.VerifyFlags(
            made.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
        )
        made.load_verify_locations(cadata=trusted)
    return made


def _load(made: ssl.SSLContext, pair: Pair) -> None:
    """Have the context read a pair; it reads files only."""
    with tempfile.NamedTemporaryFile(prefix="kilowatch-", suffix=".pem") as both:  # mode 0600
        both.write(pair.key.strip() + b"\n" + pair.chain)
        both.flush()
        try:
            made.load_cert_chain(both.name, password="")  # Or OpenSSL would ask the terminal.
        except (ssl.SSLError, ValueError) as problem:
            raise Unusable(f"The listener can't use its certificate and key: {problem}") from None


def read(certificate: Path, key: Path) -> Pair:
    """Return the pair in two files, which may be one; raise `Unusable`."""
    try:
        return Pair(certificate.read_bytes(), key.read_bytes())
    except OSError as problem:
        raise Unusable(f"{problem.filename} can't be read: {problem.strerror}.") from None
