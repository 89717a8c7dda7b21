"""Files for real: a simulated charger fetches firmware and sends logs, on this machine only.

Any other address is only talked of: a simulation must not ask strangers for files.
"""

import asyncio
import re
import ssl
import urllib.request
from email.message import Message as Headers
from http.client import HTTPException
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from cpms.ocpp.simulator.charger import Charger

HERE = frozenset({"localhost", "127.0.0.1", "::1"})
PATIENCE = 60.0
CHUNK = 262_144
VERSION = re.compile(r"\d+(?:\.\w+)+|\d+")


def is_here(address: str) -> bool:
    """Tell whether a file can be fetched from, or sent to, this address for real."""
    parts = urlsplit(address)
    return parts.scheme in {"http", "https"} and parts.hostname in HERE


async def fetch(charger: Charger, address: str) -> str | None:
    """Fetch firmware; return what it is called, None where that failed."""
    if not is_here(address):
        return PurePosixPath(urlsplit(address).path).name
    try:
        return await asyncio.to_thread(_fetch, address, charger.world.tls)
    except (OSError, HTTPException, ValueError):
        return None


async def send(charger: Charger, address: str, name: str) -> bool:
    """Send a log; tell whether that worked."""
    if not is_here(address):
        return True
    try:
        await asyncio.to_thread(_send, f"{address}/{name}", log_of(charger), charger.world.tls)
    except (OSError, HTTPException, ValueError):
        return False
    return True


def version_in(name: str) -> str:
    """Return the version that a file's name names: "fw-3.5.0.bin" is 3.5.0."""
    stem = PurePosixPath(name).stem
    found = VERSION.findall(stem)
    return (found[-1] if found else stem)[:50]


def log_of(charger: Charger) -> bytes:
    """Return a log as a charger might have one."""
    spec = charger.spec
    model = f"{spec.vendor} {spec.model} {spec.serial}"
    lines = [
        f"{charger.stamp()} {model} firmware {spec.firmware_version}",
        f"{charger.stamp()} ocpp {spec.version} identity {spec.identity}",
    ]
    for port in charger.ports.values():
        told = f"port {port.number} {port.status} {port.error} offers {port.allowed_w:.0f} W"
        lines.append(f"{charger.stamp()} {told}")
        if port.session is not None:
            lines.append(f"{charger.stamp()} port {port.number} session {port.session.key}")
    lines += [f"{charger.stamp()} temperature {20 + charger.rng.random() * 30:.1f} C"] * 200
    return "\n".join(lines).encode() + b"\n"


def _fetch(address: str, tls: ssl.SSLContext | None) -> str:
    with urllib.request.urlopen(address, timeout=PATIENCE, context=tls) as answer:  # noqa: S310
        while answer.read(CHUNK):
            pass
        return _name(answer.headers) or PurePosixPath(urlsplit(address).path).name


def _name(headers: Headers) -> str:
    return headers.get_filename() or ""


def _send(address: str, content: bytes, tls: ssl.SSLContext | None) -> None:
    request = urllib.request.Request(address, content, method="PUT")  # noqa: S310
    request.add_header("Content-Type", "application/octet-stream")
    with urllib.request.urlopen(request, timeout=PATIENCE, context=tls) as answer:  # noqa: S310
        answer.read()
