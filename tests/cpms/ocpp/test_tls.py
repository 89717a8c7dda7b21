"""The listener with TLS: what it offers, whom it lets in by certificate, and what it survives."""

import asyncio
import base64
import contextlib
import socket
import ssl
from datetime import UTC, datetime
from ipaddress import ip_network
from urllib.parse import quote

import pytest
import websockets
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connections

from cpms.control.models import Authority, Certificate
from cpms.control.pki import authorities
from cpms.ocpp.tls import contexts, trust
from cpms.ocpp.tls import line as lines
from cpms.ocpp.tls.server import Listening
from monitoring.models import ConnectionAttempt, ConnectionSpan, Event, Sighting
from tests.cpms.ocpp.conftest import KEY, make_charger, serving
from tests.cpms.ocpp.papers import client, paper

SUITES = contexts.ECDSA_SUITES + contexts.STATIC_RSA_SUITES
OLD = ssl.TLSVersion.TLSv1_1


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Authorities and certificates: made once, keys take their time."""
    folder = tmp_path_factory.mktemp("tls")
    maker = paper("Maker CA", is_ca=True, organisation="Maker")
    stranger = paper("Stranger CA", is_ca=True)
    server = paper("Server CA", is_ca=True)
    hosts = ["localhost", "127.0.0.1"]
    made = {
        "good": paper("CP-1", maker),
        "serial": paper("SN-2", maker, organisation="Maker"),
        "other": paper("CP-9", maker),
        "expired": paper("CP-1", maker, days=(-9, -1)),
        "not_yet": paper("CP-1", maker, days=(2, 9)),
        "stranger": paper("CP-1", stranger),
        "self": paper("CP-1"),
    }
    shown = {name: one.file(folder) for name, one in made.items()}
    pairs = [paper("localhost", server, is_rsa=rsa, hosts=hosts).file(folder) for rsa in (0, 1)]
    files = [(path, path) for path in pairs]
    return {
        "papers": made,
        "maker": maker,
        "server": server,
        "shown": shown,
        "files": files,
        "folder": folder,
    }


@pytest.fixture
async def gateway(transactional_db, world, monkeypatch):
    """A gateway with both listeners, and chargers CP-1 (profile 3) and CP-2 (2)."""
    monkeypatch.setattr(trust, "LOOK_EVERY", 0.3)
    await sync_to_async(make_charger)("CP-1", security_profile=3)
    await sync_to_async(make_charger)("CP-2", security_profile=2, serial_number="SN-2")
    await sync_to_async(authorities.add_external)(world["maker"].pem, "", datetime.now(UTC))
    async with serving(Listening("127.0.0.1", 0, world["files"], True)) as running:
        yield running
    await sync_to_async(connections.close_all)()


async def status(gateway, world, identity, shown=None, password=None, **how):
    """Return 101 where it is let in over TLS, else the HTTP status; 0 where TLS ended it."""
    certificate = world["shown"][shown] if shown else None
    context = client(world["server"].pem, certificate, **how)
    try:
        async with gateway.connect(identity, password=password, ssl=context) as socket:
            await (await socket.ping())
            return 101
    except websockets.InvalidStatus as refusal:
        return refusal.response.status_code
    except (OSError, websockets.InvalidHandshake, websockets.ConnectionClosed, EOFError):
        return 0


async def events(identity):
    found = Event.objects.filter(charger__identity=identity, kind="security_event")
    return [event async for event in found.order_by("id")]


async def event(identity):
    async with asyncio.timeout(10):
        while not (found := await events(identity)):
            await asyncio.sleep(0.02)
    return found[0]


async def noted(outcome):
    """Return the connection attempt that ended so, once it is written."""
    found = ConnectionAttempt.objects.filter(outcome=outcome)
    async with asyncio.timeout(20):
        while not await found.aexists():
            await asyncio.sleep(0.02)
    return await found.aget()


async def test_each_suite_of_ocpp_is_offered_and_nothing_else(gateway, world):
    for suite in SUITES:
        assert await status(gateway, world, "CP-2", password=KEY, suite=suite) == 101
    for suite in ("AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256"):
        assert await status(gateway, world, "CP-2", password=KEY, suite=suite) == 0
    assert await status(gateway, world, "CP-2", password=KEY, newest=OLD) == 0
    assert await status(gateway, world, "CP-2", password=KEY) == 101  # TLS 1.3


async def test_a_certificate_lets_its_charger_in_and_nobody_else(gateway, world):
    assert await status(gateway, world, "CP-1", "good") == 101
    assert await status(gateway, world, "CP-2", "serial") == 101
    spans = ConnectionSpan.objects.filter(charger__identity="CP-2", security_profile=3)
    async with asyncio.timeout(10):
        while not await spans.aexists():
            await asyncio.sleep(0.02)
    assert await status(gateway, world, "CP-1", "other") == 401
    assert await status(gateway, world, "CP-1", "other", password=KEY) == 401
    assert await status(gateway, world, "CP-9", "other") == 401
    told = await event("CP-1")
    assert (told.code, told.data["name"]) == ("InvalidChargingStationCertificate", "CP-9")
    async with asyncio.timeout(20):
        while not await Sighting.objects.filter(reason="certificate").aexists():
            await asyncio.sleep(0.02)
    sighting = await Sighting.objects.aget(reason="certificate")
    assert (sighting.identity, sighting.said["certificate"]) == ("CP-1", "name")


@pytest.mark.parametrize("shown", ["expired", "not_yet"])
async def test_a_certificate_out_of_its_time_ends_the_line_and_is_said_whose_it_is(
    gateway, world, shown
):
    assert await status(gateway, world, "CP-1", shown) == 0
    assert (await event("CP-1")).code == "InvalidChargingStationCertificate"
    knock = await noted("tls_certificate")
    assert (knock.identity, knock.said["why"]) == ("cp-1", shown)


@pytest.mark.parametrize("shown", ["stranger", "self"])
async def test_a_certificate_by_somebody_else_ends_the_handshake(gateway, world, shown):
    assert await status(gateway, world, "CP-1", shown) == 0
    assert (await noted("tls_failed")).said["why"].startswith("certificate: ")


async def test_less_than_the_profile_asks_for_is_refused_and_kept(gateway, world):
    assert await status(gateway, world, "CP-1", password=KEY) == 401
    assert (await event("CP-1")).code == "SecurityProfileTooLow"
    with pytest.raises(websockets.InvalidStatus):
        async with gateway.connect("CP-2"):
            pass
    assert (await event("CP-2")).code == "SecurityProfileTooLow"
    assert await status(gateway, world, "CP-2", password=KEY) == 101
    assert await status(gateway, world, "CP-2", password="wrong") == 401


async def test_a_revoked_certificate_ends_its_line_and_lets_nobody_in_again(gateway, world):
    """And the listener takes up that it was revoked without being started again."""
    now = datetime.now(UTC)
    mine = await sync_to_async(issued)("CP-1", now)
    shown = mine.file(world["folder"])
    world["shown"]["mine"] = shown
    gateway.hub.trust = await sync_to_async(trust.look)(now)
    assert await status(gateway, world, "CP-1", "mine") in {0, 101}
    async with asyncio.timeout(20):  # Our own authority is new to the listener.
        while await status(gateway, world, "CP-1", "mine") != 101:
            await asyncio.sleep(0.1)
    context = client(world["server"].pem, shown)
    async with gateway.connect("CP-1", password=None, ssl=context) as socket:
        await Certificate.objects.aupdate(revoked_at=now)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 15)
    assert await status(gateway, world, "CP-1", "mine") == 0


async def test_an_authority_that_is_retired_ends_the_lines_of_its_chargers(gateway, world):
    context = client(world["server"].pem, world["shown"]["good"])
    async with gateway.connect("CP-1", password=None, ssl=context) as socket:
        row = await Authority.objects.aget(kind="external")
        await sync_to_async(authorities.retire)(row, datetime.now(UTC))
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 15)


def issued(identity, now):
    """Return a certificate that our own authority issued."""
    made = paper(identity)
    signer = authorities.issuing(authorities.Algorithm.ECDSA, now)
    said = authorities.x509.Leaf(identity, "Acme")
    signed = authorities.signed(signer, said, made.key.public_key(), now, authorities.CHARGER_LASTS)
    authorities.register(signer.row, signed, Certificate.Kind.CHARGER, identity)
    return type(made)(signed, made.key)


async def test_garbage_plain_text_and_silence_end_by_themselves(gateway, world, monkeypatch):
    monkeypatch.setattr(lines, "HANDSHAKE_SECONDS", 0.3)
    answers = {
        b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\n\r\n": b"HTTP/1.1 400",
        b"\x00" * 300: b"",
        b"\x16\x03\x01\xff\xff" + b"\xff" * 300: b"\x15",  # An alert.
        b"\x16\x03\x01": b"",
        b"": b"",
    }
    for said, answer in answers.items():
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.tls_port)
        writer.write(said)
        heard = b""
        with contextlib.suppress(ConnectionError):
            heard = await asyncio.wait_for(reader.read(), 10)
        assert heard.startswith(answer)
        writer.close()
    assert await status(gateway, world, "CP-2", password=KEY) == 101
    assert lines.TlsLine._shaking == 0


async def test_tls_to_the_plain_port_is_refused(gateway, world):
    with pytest.raises((ssl.SSLError, OSError)):
        await asyncio.open_connection("127.0.0.1", gateway.port, ssl=client(world["server"].pem))


async def test_renewed_files_are_shown_to_who_comes_next(gateway, world):
    context = client(world["server"].pem)
    async with gateway.connect("CP-2", ssl=context) as old:
        before = old.transport.get_extra_info("ssl_object").getpeercert(True)
        ecdsa, _ = world["files"][0]
        renewed = paper("localhost", world["server"], hosts=["localhost"])
        ecdsa.write_text(renewed.key_pem + renewed.pem)
        async with asyncio.timeout(20):
            while await shown_now(gateway, world) == before:
                await asyncio.sleep(0.1)
        await (await old.ping())


async def shown_now(gateway, world):
    _, writer = await asyncio.open_connection(
        "127.0.0.1", gateway.tls_port, ssl=client(world["server"].pem), server_hostname="localhost"
    )
    try:
        return writer.get_extra_info("ssl_object").getpeercert(True)
    finally:
        writer.transport.abort()


def asks_twice(context, port):
    """Return the HTTP answers to two connections, the second in the first one's session."""
    answers, session = [], None
    for _ in range(2):
        with (
            socket.create_connection(("127.0.0.1", port), 20) as tcp,
            context.wrap_socket(tcp, server_hostname="localhost", session=session) as line,
        ):
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answers.append((line.session_reused, line.recv(100)[:12]))
            session = line.session
    return answers


async def test_a_session_that_is_taken_up_again_is_judged_like_any_other(gateway, world):
    for shown in ("good", None):
        certificate = world["shown"][shown] if shown else None
        context = client(world["server"].pem, certificate, suite=SUITES[0])
        ask = sync_to_async(asks_twice, thread_sensitive=False)
        answers = await ask(context, gateway.tls_port)
        assert answers == [(False, b"HTTP/1.1 200"), (True, b"HTTP/1.1 200")]


# TLS ended by a proxy, which passes on what the charger showed


def header(world, *names):
    """Return the header that nginx sends ($ssl_client_escaped_cert)."""
    return {"X-SSL-Client-Cert": quote("".join(world["papers"][name].pem for name in names))}


def byte_sequence(world, name):
    """Return the header of RFC 9440."""
    der = world["papers"][name].certificate.public_bytes(Encoding.DER)
    return {"Client-Cert": f":{base64.b64encode(der).decode()}:"}


async def through_proxy(gateway, identity, headers, scheme="https"):
    """Return 101 or the HTTP status of who comes through a proxy."""
    said = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": scheme, **headers}
    try:
        async with websockets.connect(
            gateway.url(identity), additional_headers=said, subprotocols=["ocpp1.6"]
        ):
            return 101
    except websockets.InvalidStatus as refusal:
        return refusal.response.status_code


async def test_a_certificate_that_a_trusted_proxy_passes_on_counts(gateway, world, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    assert await through_proxy(gateway, "CP-1", header(world, "good")) == 101
    assert await through_proxy(gateway, "CP-1", byte_sequence(world, "good")) == 101
    bad = [
        header(world, "other"),
        header(world, "expired"),
        header(world, "stranger"),
        header(world, "self"),
        header(world, "stranger", "good"),
        byte_sequence(world, "expired"),
        {"X-SSL-Client-Cert": "nonsense"},
        {"X-SSL-Client-Cert": "x" * 7_000},
        {"Client-Cert": ":nonsense!:"},
        {"Client-Cert": "bm9uc2Vuc2U="},
        {},
    ]
    for headers in bad:
        gateway.hub.guesses = type(gateway.hub.guesses)(rate=1.0, burst=100.0)
        assert await through_proxy(gateway, "CP-1", headers) == 401, headers
    # Over a plain line to the proxy it was nobody's to show.
    assert await through_proxy(gateway, "CP-1", header(world, "good"), "http") == 401


async def test_nobody_else_s_word_on_a_certificate_is_taken(gateway, world, settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert await through_proxy(gateway, "CP-1", header(world, "good")) == 401


async def test_files_that_can_t_be_used_keep_nothing_else_from_working(
    transactional_db, world, tmp_path, monkeypatch
):
    monkeypatch.setattr(trust, "LOOK_EVERY", 0.1)
    await sync_to_async(make_charger)("CP-2", security_profile=1)
    pair = tmp_path / "both.pem"
    pair.write_text("nonsense")
    asked = asyncio.Event()
    read = contexts.read
    monkeypatch.setattr(contexts, "read", lambda *files: asked.set() or read(*files))

    async def mend():
        await asked.wait()
        renewed = paper("localhost", world["server"], hosts=["localhost"])
        pair.write_text(renewed.key_pem + renewed.pem)

    mending = asyncio.create_task(mend())
    async with serving(Listening("127.0.0.1", 0, [(pair, pair)])) as running:  # Opens once mended.
        await mending
        assert await status(running, world, "CP-2", password=KEY) == 101
        async with running.connect("CP-2"):
            pass
    await sync_to_async(connections.close_all)()
