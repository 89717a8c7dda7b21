"""What TLS costs the gateway: handshakes, and memory of connections that are open."""

import asyncio
import contextlib
import ssl
import time
from datetime import UTC, datetime

from tests.bench import stage
from tests.bench.table import Table

#: Connections that are open at once; handshakes that are on their way at once.
OPEN, AT_ONCE = 1_000, 8
SUITES = {"ECDSA, TLS 1.3": "", "static RSA, TLS 1.2": "AES128-GCM-SHA256"}
#: Handshakes per CPU second at least, of each.
TARGETS = {"ECDSA, TLS 1.3": 500, "static RSA, TLS 1.2": 200}


def run(table: Table, quick: bool) -> None:
    """A gateway with certificates of its own authority, and clients that trust its root."""
    from cpms.control.pki import authorities

    authorities.ensure(datetime.now(UTC))
    root = "".join(row.certificate for row in authorities.roots(datetime.now(UTC)))
    port, tls = stage.free_port(), stage.free_port()
    command = ["manage.py", "gateway", f"--port={port}"]
    settings = {"OCPP_TLS_PORT": str(tls), "OCPP_TLS_STATIC_RSA": "1"}
    with stage.server(command, port, KILOWATCH_ROLE="gateway", **settings) as server:
        asyncio.run(_listens(tls, _client(root, "")))
        each = asyncio.run(_memory(tls, _client(root, ""), server.pid)) / 1024
        table.add("memory per open TLS connection", f"{each:.1f} KB", "≤ 80 KB", each <= 80)
        for name, suite in SUITES.items():
            rate = asyncio.run(_rate(tls, _client(root, suite), server.pid, 2 if quick else 6))
            least = TARGETS[name]
            said = f"TLS handshakes per CPU second ({name})"
            table.add(said, f"{rate:,.0f}", f"≥ {least}", rate >= least)


def _client(root: str, suite: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cadata=root)
    made.check_hostname = False
    if suite:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers(suite)
    return made


async def _connect(port: int, context: ssl.SSLContext) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    made, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port, ssl=context)
    return made


async def _listens(port: int, context: ssl.SSLContext) -> None:
    """Wait until the second listener is open: it makes its certificates first."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                (await _connect(port, context)).abort()
                return
            await asyncio.sleep(0.1)


async def _memory(port: int, context: ssl.SSLContext, pid: int) -> float:
    """Return the bytes that each connection adds to the gateway."""
    before = stage.memory_bytes(pid)
    held = [await _connect(port, context) for _ in range(OPEN)]
    after = stage.memory_bytes(pid)
    for transport in held:
        transport.abort()
    return (after - before) / OPEN


async def _rate(port: int, context: ssl.SSLContext, pid: int, seconds: float) -> float:
    """Return the handshakes that the gateway does in a second of its processor's time."""
    start, until, done = stage.cpu_seconds(pid), time.monotonic() + seconds, 0

    async def knock() -> None:
        nonlocal done
        while time.monotonic() < until:
            (await _connect(port, context)).abort()
            done += 1

    await asyncio.gather(*(knock() for _ in range(AT_ONCE)))
    return done / (stage.cpu_seconds(pid) - start)
