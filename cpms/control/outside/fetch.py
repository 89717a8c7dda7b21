"""One HTTP request to a server of somebody else, bounded in every way.

The host's name is resolved once, and the address that was judged is the one that is connected
to; redirects aren't followed. So nobody is led to a server of our own network (SSRF).
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import h11
from django.conf import settings

#: Seconds for all of it; bytes of an answer.
PATIENCE = 8.0
LARGEST = 65_536
#: Requests on their way at once; more are refused.
MOST_AT_ONCE = 50
#: IPv6 addresses that stand for an IPv4 address.
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_under_way = 0


class Unreachable(Exception):
    """No usable answer; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    body: bytes


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    largest: int = LARGEST,
    patience: float = PATIENCE,
) -> Reply:
    """Send `body` to `url` and return the answer, at most `largest` bytes. Raises `Unreachable`."""
    global _under_way  # noqa: PLW0603 - of the process
    if _under_way >= MOST_AT_ONCE:
        raise Unreachable("Too many requests to others are on their way.")
    _under_way += 1
    try:
        async with asyncio.timeout(patience):
            return await _post(readable(url), body, headers, largest)
    except TimeoutError:
        raise Unreachable(f"No answer within {patience:g} seconds.") from None
    except (OSError, ssl.SSLError, h11.ProtocolError) as problem:
        raise Unreachable(f"{type(problem).__name__}: {problem}"[:300]) from None
    finally:
        _under_way -= 1


def readable(url: str) -> SplitResult:
    """Return the parts of an http(s) URL without user and password; raise `Unreachable`."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not url.isascii() or not url.isprintable() or " " in url or "@" in parts.netloc:
        raise Unreachable("This is no http or https address.")
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port, also where the address doesn't say it."""
    return parts.port or (443 if parts.scheme == "https" else 80)


async def _post(parts: SplitResult, body: bytes, headers: Mapping[str, str], largest: int) -> Reply:
    address = await outside(parts.hostname or "", port_of(parts))
    context = _context() if parts.scheme == "https" else None
    name = parts.hostname if context else None
    reader, writer = await asyncio.open_connection(
        address, port_of(parts), ssl=context, server_hostname=name
    )
    try:
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=16_384)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        said = [("Host", parts.netloc), ("Connection", "close"), *headers.items()]
        said.append(("Content-Length", str(len(body))))
        for event in (
            h11.Request(method="POST", target=target, headers=said),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            writer.write(connection.send(event) or b"")
        await writer.drain()
        return await _reply(connection, reader, largest)
    finally:
        writer.transport.abort()


async def _reply(connection: Any, reader: asyncio.StreamReader, largest: int) -> Reply:
    head, body = None, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(16_384))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > largest:
                raise Unreachable(f"The answer is longer than {largest} bytes.")
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return Reply(head.status_code, bytes(body))
        elif isinstance(event, h11.ConnectionClosed):
            raise Unreachable("The server hung up.")


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


async def outside(host: str, port: int) -> str:
    """Return an address of `host` that may be connected to; raise `Unreachable`.

    One address inside, among others, condemns the name: it is not one that serves the public.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"There is no host {host[:100]}.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(may_be_asked(address) for address in addresses):
        raise Unreachable(f"{host[:100]} is inside a network of ours: it isn't asked.")
    return addresses[0]


def may_be_asked(address: str) -> bool:
    """Tell whether an address is of the open internet, or of a network that we may ask in."""
    parsed: Address
    with contextlib.suppress(ValueError):
        parsed = _meant(ipaddress.ip_address(address.partition("%")[0]))
        if _within(parsed, settings.OUTSIDE_NETWORKS):
            return True
        return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved
    return False


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if address.teredo is not None:
        inner = address.teredo[1]
    if address in NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _within(address: Address, networks: Sequence[Any]) -> bool:
    return any(address in network for network in networks)
