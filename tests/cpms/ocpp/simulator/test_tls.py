"""Simulated chargers over TLS."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from cpms.ocpp.management.commands.simulate import trust
from cpms.ocpp.simulator import UnreachableError
from cpms.ocpp.simulator.link import Target, dial


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a self-signed certificate of 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a central system")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def silence(socket: ServerConnection) -> None:
    """Answer nothing until the charger hangs up."""
    await socket.wait_closed()


async def test_a_central_system_is_reached_over_tls_only_if_it_is_trusted(
    certificate: Path,
) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    names = [Subprotocol("ocpp1.6")]
    async with serve(silence, "127.0.0.1", 0, subprotocols=names, ssl=server_side) as server:
        url = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
        link = await dial(Target(url, "CP-1", names, tls=trust(url, certificate)))
        await link.close()
        with pytest.raises(UnreachableError, match="certificate"):
            await dial(Target(url, "CP-1", names, tls=trust(url, None)))


def test_a_plain_url_needs_no_trust() -> None:
    assert trust("ws://host/ocpp", None) is None
