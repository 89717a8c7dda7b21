"""What the gateway keeps of the way in, and how the page that watches it says it in words."""

import asyncio
import contextlib
import ipaddress
import json
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
import websockets
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.utils import timezone

from cpms.ocpp import arrivals, http
from cpms.ocpp.throttle import Throttle
from cpms.web.connect.watching import watch
from inventory.models import Charger
from monitoring.masking import MASK
from monitoring.models import ConnectionAttempt, Sighting
from tests.cpms.ocpp.conftest import KEY, make_charger
from tests.cpms.ocpp.wire import head, line

HOST = b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def watcher(transactional_db):
    """Who sees everything."""
    return User.objects.create_superuser("noc", "noc@example.org", "a good long password")


async def seen(watcher, identity="CP-1"):
    """Return what the page shows."""
    return await sync_to_async(_seen)(watcher, identity)


def _seen(watcher, identity):
    charger = Charger.objects.select_related("site", "model", "state").get(identity=identity)
    return watch(watcher, charger, timezone.now())


async def stops(watcher, label, *said, identity="CP-1"):
    """Wait until the page says that it stopped at the step, in these words; return the page."""
    async with asyncio.timeout(20):
        while True:
            shown = await seen(watcher, identity)
            if shown.stopped and shown.label == label and said[0] in shown.words.what:
                break
            await asyncio.sleep(0.05)
    told = f"{shown.words.what} {shown.words.todo}"
    for words in said:
        assert words in told
    states = [line.state for line in shown.lines]
    failed = states.index("failed")
    assert shown.lines[failed].at is not None or label in {"Clock", "Heartbeat"}
    return shown


async def knock(gateway, path="CP-1", **options):
    """Try to connect; return the status."""
    try:
        async with gateway.connect(path, **options):
            return 101
    except websockets.InvalidStatus as refusal:
        return refusal.response.status_code


async def send(gateway, *parts):
    """Send bytes, and close the line once it has been answered, or at once where it isn't."""
    async with line(gateway) as raw:
        await raw.send(*parts)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(raw.reader.read(100), 0.3)


def steps(shown):
    """Return how each step stands."""
    return [line.state for line in shown.lines]


async def test_before_anything_came_the_page_waits_for_the_first_knock(gateway, charger, watcher):
    shown = await seen(watcher)
    assert steps(shown) == ["current"] + ["waiting"] * 8
    assert not any((shown.stopped, shown.online, shown.knocked, shown.whole))


# Before the handshake


async def test_a_connection_without_a_word_is_told(gateway, charger, watcher):
    async with line(gateway):
        pass
    shown = await stops(watcher, "Address and identity", "closed it without a word", "127.0.0.1")
    assert steps(shown)[:4] == ["done", "done", "failed", "waiting"]


async def test_tls_to_the_plain_port_is_told(gateway, charger, watcher):
    await send(gateway, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64))
    shown = await stops(watcher, "Encryption", "spoke TLS to the plain port", "write ws://")
    assert steps(shown)[:3] == ["done", "failed", "waiting"]


async def test_tls_to_the_port_behind_the_proxy_names_the_public_one(
    gateway, charger, watcher, settings
):
    settings.OCPP_PUBLIC_URL = "wss://ocpp.example/ocpp"
    await send(gateway, b"\x16\x03\x01" + bytes(64))
    shown = await stops(
        watcher, "Encryption", "spoke TLS", "wss://ocpp.example/ocpp/CP-1", "port 443"
    )
    assert steps(shown) == ["done", "failed"] + ["waiting"] * 7


async def test_something_else_than_http_is_told(gateway, charger, watcher):
    await send(gateway, b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
    shown = await stops(watcher, "Address and identity", "not HTTP", "OCPP-J")
    assert steps(shown) == ["done", "done", "failed"] + ["waiting"] * 6


async def test_half_a_request_is_told(gateway, charger, watcher):
    async with line(gateway) as raw:
        await raw.send(HOST)
    shown = await stops(watcher, "Address and identity", "broke off in the middle")
    assert steps(shown) == ["done", "done", "failed"] + ["waiting"] * 6


async def test_a_request_that_goes_on_too_slowly_is_told(gateway, charger, watcher, monkeypatch):
    monkeypatch.setattr(http, "HANDSHAKE_SECONDS", 0.2)
    async with line(gateway) as raw:
        await raw.send(HOST)
        assert await raw.closed(10) is None
    await stops(watcher, "Address and identity", "broke off in the middle")


async def test_a_page_asked_for_in_plain_http_is_told(gateway, charger, watcher):
    await send(gateway, HOST + b"\r\n")
    shown = await stops(
        watcher, "Address and identity", "The charger asked for the page /ocpp/CP-1", "http://"
    )
    assert steps(shown) == ["done", "done", "failed"] + ["waiting"] * 6


async def test_an_upgrade_that_a_proxy_took_away_is_told(gateway, charger, watcher):
    await send(gateway, HOST + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    shown = await stops(
        watcher, "Address and identity", "not for a WebSocket", "took the “Upgrade” header"
    )
    assert steps(shown) == ["done", "done", "failed"] + ["waiting"] * 6


async def test_soap_is_told(gateway, charger, watcher):
    body = b"<Envelope/>"
    await send(
        gateway,
        b"POST /ocpp/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n",
        b"Content-Length: %d\r\n\r\n" % len(body) + body,
    )
    shown = await stops(watcher, "Address and identity", "OCPP over SOAP", "1.6J")
    assert steps(shown) == ["done", "done", "failed"] + ["waiting"] * 6


async def test_probes_of_health_leave_no_trace(gateway, charger):
    for path in (b"/healthz", b"/readyz", b"/metrics"):
        await send(gateway, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await gateway.hub.arrivals.flush()
    assert not await ConnectionAttempt.objects.aexists()


async def test_looks_of_a_trusted_proxy_leave_no_trace(gateway, charger, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    async with line(gateway):
        pass
    await send(gateway, b"\x16\x03\x01")
    await gateway.hub.arrivals.flush()
    assert not await ConnectionAttempt.objects.aexists()


async def test_an_incomplete_websocket_request_is_told(gateway, charger, watcher):
    await send(gateway, HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    shown = await stops(watcher, "Address and identity", "The charger sent a request", "incomplete")
    assert steps(shown) == ["done", "done", "failed"] + ["waiting"] * 6


@pytest.mark.parametrize("upgrade", ["", "Upgrade: websocket\r\nConnection: Upgrade\r\n"])
async def test_behind_a_trusted_proxy_it_is_the_charger_that_knocked(
    gateway, charger, settings, upgrade
):
    """A proxy that mangles the upgrade is what most often goes wrong behind one."""
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    forwarded = "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\n"
    await send(gateway, HOST + f"{forwarded}{upgrade}\r\n".encode())
    await gateway.hub.arrivals.flush()
    kept = await ConnectionAttempt.objects.aget()
    assert (kept.peer, kept.said["tls"], kept.said["proxy"]) == ("198.51.100.7", True, "127.0.0.1")


# The handshake


async def test_a_network_that_is_not_allowed_is_told(gateway, charger, watcher, settings):
    settings.OCPP_NETWORKS = [ipaddress.ip_network("192.0.2.0/24")]
    assert await knock(gateway) == 403
    shown = await stops(watcher, "It reaches us", "came from 127.0.0.1", "OCPP_NETWORKS")
    assert steps(shown)[0] == "failed"


async def test_more_behind_the_identity_is_told(gateway, charger, watcher):
    assert await knock(gateway, "CP-1/ws", user="CP-1") == 401
    await stops(watcher, "Address and identity", "asked for /ocpp/CP-1/ws", "ocpp/CP-1.")


@pytest.mark.parametrize(
    ("said", "difference"),
    [
        ("CP-0O1", "The letter O in place of the digit 0 at place 5: they look alike"),
        ("CP_001", "“_” in place of “-” at place 3: they look alike"),
        ("CP-01", "The digit 0 is missing"),
        ("XCP-001", "The letter X is too much at place 1"),
    ],
)
async def test_a_name_that_is_nearly_right_is_told_with_the_difference(
    gateway, watcher, said, difference
):
    await sync_to_async(make_charger)("CP-001")
    assert await knock(gateway, said) == 401
    shown = await stops(
        watcher, "Address and identity", f"connected as “{said}”", "“CP-001”", difference,
        identity="CP-001",
    )  # fmt: skip
    assert steps(shown)[:4] == ["done", "done", "failed", "waiting"]


async def test_the_wrong_user_name_is_told(gateway, charger, watcher):
    assert await knock(gateway, user="admin") == 401
    await stops(watcher, "Password", "user name “admin”", "must be the identity, CP-1")


@pytest.mark.parametrize("user", [KEY, KEY.upper(), f"CP-1 {KEY}", "Kq7zLr2mXw9vTb4nHs"])
async def test_a_key_in_place_of_the_user_name_is_told_and_not_kept(
    gateway, charger, watcher, user
):
    assert await knock(gateway, user=user) == 401
    await stops(watcher, "Password", "looks like a key where the user name belongs")
    await gateway.hub.sightings.flush()
    kept = await ConnectionAttempt.objects.aget(), await Sighting.objects.aget()
    for row in kept:
        assert row.said["user"] == MASK


async def test_a_chosen_password_in_place_of_the_user_name_is_not_kept(gateway, charger, watcher):
    charger.set_password("correct horse")
    await charger.asave()
    assert await knock(gateway, user="correct horse", password=b"") == 401
    assert await knock(gateway, user="other words", password=b"other words") == 401
    await stops(watcher, "Password", "looks like a key where the user name belongs")
    await gateway.hub.sightings.flush()
    assert (await Sighting.objects.aget()).said["user"] == MASK
    assert "horse" not in json.dumps((await ConnectionAttempt.objects.aget()).said)


PASSWORDS = [
    (None, "no password at all"),
    (b"", "empty password"),
    (b"x" * 19, "wrong length: 19 bytes"),
    (bytes(range(7)), "wrong length: 7 bytes"),
    (b"f" * 40, "wrong password of the right length"),
    (KEY[:20], "20 hex digits, half of a key"),
    (f'"{KEY}"', "blanks or quotes"),
    (f"CP-1:{KEY}", "identity and a colon before it"),
    (KEY.encode().hex(), "hex twice over"),
]


@pytest.mark.parametrize(("password", "said"), PASSWORDS)
async def test_the_shape_of_a_wrong_password_is_told_and_none_of_it_kept(
    gateway, charger, watcher, password, said
):
    assert await knock(gateway, password=password) == 401
    shown = await stops(watcher, "Password", said)
    assert steps(shown)[:5] == ["done", "done", "done", "failed", "waiting"]
    kept = await ConnectionAttempt.objects.aget()
    written = json.dumps(kept.said)
    assert KEY[:20] not in written
    assert "x" * 19 not in written


async def test_a_password_in_other_capitals_is_told(gateway, charger, watcher):
    charger.set_password("Correct Horse")
    await charger.asave()
    assert await knock(gateway, password="correct horse") == 401
    await stops(watcher, "Password", "other capitals and small letters")
    assert "horse" not in json.dumps((await ConnectionAttempt.objects.aget()).said).lower()


async def test_a_header_that_makes_no_sense_is_told(gateway, charger, watcher):
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(
            gateway.url("CP-1"),
            subprotocols=["ocpp1.6"],
            additional_headers={"Authorization": "Basic ???"},
        )
    await stops(watcher, "Password", "no HTTP Basic that can be read")


async def test_a_connection_without_the_tls_that_its_profile_asks_for_is_told(gateway, watcher):
    await sync_to_async(make_charger)("CP-T", security_profile=2)
    assert await knock(gateway, "CP-T") == 401
    shown = await stops(watcher, "Encryption", "came without TLS", "wss://", identity="CP-T")
    assert steps(shown)[:3] == ["done", "failed", "waiting"]


async def test_tls_that_a_proxy_speaks_of_counts_only_where_the_proxy_is_trusted(
    gateway, watcher, settings
):
    await sync_to_async(make_charger)("CP-T", security_profile=2)
    forwarded = head("/ocpp/CP-T", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https")
    await send(gateway, forwarded)
    await stops(watcher, "Encryption", "came without TLS", "TRUSTED_PROXIES", identity="CP-T")
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    async with line(gateway, forwarded):
        shown = await online(watcher, "CP-T")
        assert [line.detail for line in shown.lines[:2]] == ["198.51.100.7", "TLS"]


async def test_too_many_wrong_passwords_are_told(gateway, charger, watcher):
    for number in range(11):
        await knock(gateway, password=f"guess{number}")
    assert await knock(gateway) == 429
    await stops(watcher, "Password", "Too many wrong passwords", "wait a minute")


async def test_a_second_charger_without_a_password_is_told(gateway, watcher, transactional_db):
    twin = await sync_to_async(make_charger)("CP-0", security_profile=0)
    twin.password_digest = None
    await twin.asave()
    async with gateway.charger("CP-0", password=None) as cp:
        await cp.boot()
        assert await knock(gateway, "CP-0", password=None) == 403
        await gateway.hub.arrivals.flush()
        shown = await seen(watcher, "CP-0")
        assert "Another connection under this identity is alive" in shown.traces[0].words.what


@pytest.mark.parametrize(
    ("offered", "said"),
    [(["ocpp1.5"], "It asked for ocpp1.5 only"), (None, "named no subprotocol")],
)
async def test_a_version_that_is_not_spoken_is_told(gateway, charger, watcher, offered, said):
    assert await knock(gateway, subprotocols=offered) == 400
    shown = await stops(watcher, "OCPP version", said, "ocpp1.6")
    assert steps(shown)[:6] == ["done"] * 4 + ["failed", "waiting"]


# Inside


async def online(watcher, identity="CP-1"):
    """Wait until the page shows it online and by which way, and return the page."""
    async with asyncio.timeout(20):
        while not ((shown := await seen(watcher, identity)).online and shown.lines[0].detail):
            await asyncio.sleep(0.05)
    return shown


async def shows(watcher, *states, identity="CP-1"):
    """Wait until the steps from the boot on stand so; return the page."""
    async with asyncio.timeout(20):
        while True:
            shown = await seen(watcher, identity)
            if shown.online and steps(shown)[5 : 5 + len(states)] == list(states):
                return shown
            await asyncio.sleep(0.05)


async def test_a_charger_that_arrives_turns_every_step_green(gateway, charger, watcher):
    async with gateway.charger("CP-1") as cp:
        await shows(watcher, "current", "waiting", "waiting")
        shown = await online(watcher)
        assert steps(shown)[:5] == ["done"] * 5
        assert [line.detail for line in shown.lines[:5]] == [
            "127.0.0.1", "none: the connection is in the open", "/ocpp/CP-1", "", "OCPP 1.6",
        ]  # fmt: skip
        await cp.boot()
        await shows(watcher, "done", "current", "waiting")
        await cp.call("StatusNotification", status(1))
        shown = await shows(watcher, "done", "current")
        assert "No StatusNotification for connector 2 yet" in shown.words.what
        await cp.call("StatusNotification", status(2))
        await shows(watcher, "done", "done", "current")
        await cp.call("Heartbeat", {})
        shown = await shows(watcher, "done", "done", "done")
        assert shown.whole
        assert not shown.words.what
    shown = await stops(watcher, "It reaches us", "It was connected, and is gone")
    assert not shown.online


def status(connector, **more):
    """Return a StatusNotification."""
    return {"connectorId": connector, "errorCode": "NoError", "status": "Available", **more}


@pytest.mark.parametrize(("lifecycle", "word"), [("pending", "Pending"), ("suspended", "Rejected")])
async def test_a_boot_that_its_lifecycle_holds_up_is_told_until_it_is_activated(
    gateway, watcher, lifecycle, word
):
    held = await sync_to_async(make_charger)("CP-L", lifecycle=lifecycle)
    async with gateway.charger("CP-L") as cp:
        assert (await cp.boot())["status"] == word
        words = (f"“{word}”", lifecycle.capitalize(), "ctivate")
        await stops(watcher, "Boot", *words, identity="CP-L")
        held.lifecycle = "active"
        await held.asave()
        gateway.hub.directory.nudge()
        async with asyncio.timeout(20):
            while (await cp.boot())["status"] != "Accepted":
                await asyncio.sleep(0.1)
        await shows(watcher, "done", identity="CP-L")


async def test_a_boot_that_cannot_be_read_is_told(gateway, charger, watcher):
    async with gateway.charger("CP-1") as cp:
        await cp.call("BootNotification", {"chargePointVendor": 7})
        shown = await stops(watcher, "Boot", "could not be read")
        assert steps(shown) == ["done"] * 5 + ["failed"] + ["waiting"] * 3
        await cp.boot()
        shown = await shows(watcher, "done")
        assert not shown.stopped


async def test_a_clock_that_is_wrong_is_told(gateway, charger, watcher):
    ahead = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        for connector in (1, 2):
            await cp.call("StatusNotification", status(connector, timestamp=ahead))
        await cp.call("Heartbeat", {})
        shown = await stops(watcher, "Clock", "Its clock is 3 h 00 min ahead", "time zone")
        assert steps(shown) == ["done"] * 8 + ["failed"]


async def test_what_went_wrong_before_is_told_beside_what_is_right_now(gateway, charger, watcher):
    await knock(gateway, password="wrong")
    async with gateway.charger("CP-1"):
        shown = await online(watcher)
        (trace,) = shown.traces
        assert trace.knock.outcome == "credentials"
        assert not shown.stopped


# Bounds


async def test_ten_thousand_made_up_names_and_addresses_cost_a_bounded_number_of_rows(
    gateway, charger, monkeypatch
):
    monkeypatch.setattr(arrivals, "MOST_ROWS", 60)
    note = gateway.hub.arrivals.note
    for batch in range(10):
        for number in range(1_000):
            address = f"10.{batch}.{number >> 8}.{number & 255}"
            note("unknown", address, f"made-up-{batch}-{number}")
            note("silent", address)
        assert len(gateway.hub.arrivals._pending) <= arrivals.MOST_STRANGERS + 1
        await knock(gateway, password=f"wrong{batch}")
        await gateway.hub.arrivals.flush()
    assert await ConnectionAttempt.objects.filter(charger=None).acount() <= 60
    own = await ConnectionAttempt.objects.aget(charger=charger, outcome="credentials")
    assert own.count == 10


@pytest.mark.parametrize(
    ("hub_part", "fault_in"), [("arrivals", "flush"), ("sightings", "flush"), ("sightings", "look")]
)
async def test_an_error_of_ours_is_logged_and_does_not_end_the_writing(
    gateway, charger, monkeypatch, hub_part, fault_in
):
    part, log = getattr(gateway.hub, hub_part), Mock()
    monkeypatch.setattr("cpms.ocpp.notebook.log", log)
    right, failed = getattr(part, fault_in), asyncio.Event()

    async def fail_once():
        monkeypatch.setattr(part, fault_in, right)
        failed.set()
        raise ValueError("ours")

    monkeypatch.setattr(part, fault_in, fail_once)
    gateway.hub.sightings.nudge()
    assert await knock(gateway, password="wrong") == 401
    async with asyncio.timeout(30):
        await failed.wait()
        kind = {"arrivals": ConnectionAttempt, "sightings": Sighting}[hub_part]
        while not await kind.objects.aexists():
            await knock(gateway, password="wrong again")
            await asyncio.sleep(0.1)
    log.exception.assert_called_once_with(f"{hub_part}_not_written")


async def test_one_address_cannot_take_the_place_of_all_others(gateway, charger):
    for number in range(200):
        gateway.hub.arrivals.note("unknown", "192.0.2.7", f"made-up-{number}")
    gateway.hub.arrivals.note("unknown", "198.51.100.7", "CP-l")
    await gateway.hub.arrivals.flush()
    assert await ConnectionAttempt.objects.filter(identity="cp-l").aexists()
    assert await ConnectionAttempt.objects.acount() <= 17


async def test_an_ipv6_network_is_one_address(gateway, charger):
    for number in range(5):
        gateway.hub.arrivals.note("silent", f"2001:db8:1:2::{number:x}")
    await gateway.hub.arrivals.flush()
    kept = await ConnectionAttempt.objects.aget()
    assert (kept.address, kept.count, kept.peer) == ("2001:db8:1:2::/64", 5, "2001:db8:1:2::4")


async def test_a_charger_s_name_in_other_letters_is_no_other_sighting(gateway, charger):
    for name in ("CP-1", "cp-1", "Cp-1"):
        assert await knock(gateway, name, password="wrong") == 401
    await gateway.hub.sightings.flush()
    sighting = await Sighting.objects.aget()
    assert (sighting.identity, sighting.reason, sighting.count) == ("CP-1", "credentials", 3)


async def test_an_ipv6_network_makes_up_no_more_names_than_an_address_may(
    gateway, charger, settings
):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.0/8")]
    gateway.hub.unknown = Throttle(rate=0.001, burst=2)
    for number in range(5):
        await send(gateway, head(f"/ocpp/made-up-{number}", f"X-Forwarded-For: 2001:db8::{number}"))
    await send(gateway, head("/ocpp/CP-l", "X-Forwarded-For: 2001:db8:0:1::1"))
    await gateway.hub.sightings.flush()
    known = [sighting.identity async for sighting in Sighting.objects.order_by("identity")]
    assert known == ["CP-l", "made-up-0", "made-up-1"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\u202eX", "x" * 300, "a\0b", "💥" * 40]
)
async def test_ugly_names_are_kept_readable(gateway, charger, name):
    gateway.hub.arrivals.note("unknown", "192.0.2.7", name, path=name, user_agent=name * 50)
    await gateway.hub.arrivals.flush()
    kept = await ConnectionAttempt.objects.aget()
    assert len(kept.identity) <= 100
    assert "\0" not in kept.identity
    assert len(kept.said["user_agent"]) <= 200


async def test_a_charger_that_is_deleted_meanwhile_keeps_nothing_from_being_written(
    gateway, charger
):
    gateway.hub.arrivals.note("entered", "192.0.2.7", "GONE", known=True)
    gateway.hub.arrivals.note("entered", "192.0.2.7", "CP-1", known=True)
    await gateway.hub.arrivals.flush()
    kept = {a.identity: a.charger_id async for a in ConnectionAttempt.objects.all()}
    assert kept == {"gone": None, "cp-1": charger.pk}
