"""Field notes 1–8 and 26: who gets in, under which name, and how we know that it lives."""

import asyncio
import base64
import ipaddress
import time
from datetime import UTC, datetime, timedelta

import pytest
import websockets
from asgiref.sync import sync_to_async

from cpms.ocpp import probing
from cpms.ocpp.turns import Turns
from inventory import credentials
from inventory.models import Charger, ChargerModel
from monitoring.models import ChargerState, ConnectionSpan, Event, PingDay, Sighting
from monitoring.nearest import Nearest
from tests.cpms.ocpp.conftest import KEY, make_charger
from tests.cpms.ocpp.wire import PING, frame, head, line

RAW = bytes.fromhex(KEY)


async def answer(gateway, path, **options):
    """Return status and body of the handshake's answer, 101 where it is accepted."""
    try:
        async with gateway.connect(path, **options) as socket:
            return 101, socket.subprotocol
    except websockets.InvalidStatus as refusal:
        return refusal.response.status_code, refusal.response.body.decode()


async def status_of(gateway, path, **options):
    return (await answer(gateway, path, **options))[0]


async def until(condition, seconds=5.0):
    """Wait until the awaited `condition()` is true."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def sightings(gateway):
    await gateway.hub.sightings.flush()
    return [s async for s in Sighting.objects.order_by("identity", "reason")]


def with_quirks(charger, **quirks):
    charger.model = ChargerModel.objects.create(vendor="Acme", name="One", quirks=quirks)
    charger.save()


# 1 Identity


@pytest.mark.parametrize(
    "path",
    ["CP-1", "CP-1/", "/CP-1", "//CP-1//", "webSocket/CentralSystem/CP-1", "cp-1", "Cp%2D1",
     "CP-1?token=x", "%43P-1/", "a/b/c/CP-1/?x=/y"],
)  # fmt: skip
async def test_the_identity_is_the_last_segment_however_it_is_written_1(gateway, charger, path):
    async with gateway.charger(path, "1.6", user="CP-1") as cp:
        await cp.boot()
    span = await ConnectionSpan.objects.aget()
    assert span.charger_id == charger.pk
    assert not await Sighting.objects.aexists()


async def test_the_listener_s_root_serves_as_well_1(gateway, charger):
    async with line(gateway, head("/CP-1")) as cp:
        await cp.call("Heartbeat", {})
        assert b"currentTime" in (await cp.read())[1]


# 2 Subprotocol


async def test_the_subprotocol_is_the_first_of_our_preference_2(gateway, charger):
    for offered, chosen in (
        (["ocpp1.6", "ocpp2.0.1", "ocpp2.1"], "ocpp2.1"),
        (["ocpp1.6", "ocpp2.0.1"], "ocpp2.0.1"),
        (["ocpp1.2", "ocpp1.6", "something"], "ocpp1.6"),
    ):
        assert await answer(gateway, "CP-1", subprotocols=offered) == (101, chosen)


async def test_no_usable_subprotocol_is_400_and_shown_with_the_charger_2(gateway, charger):
    assert await status_of(gateway, "CP-1", subprotocols=["ocpp1.5"]) == 400
    assert await status_of(gateway, "CP-1", subprotocols=None) == 400
    (seen,) = await sightings(gateway)
    assert (seen.reason, seen.charger_id, seen.count) == ("subprotocol", charger.pk, 2)
    assert seen.said["subprotocols"] == "ocpp1.5"


async def test_a_missing_subprotocol_is_1_6_where_the_model_s_quirk_says_so_2(gateway, charger):
    await sync_to_async(with_quirks)(charger, missing_subprotocol="ocpp1.6")
    async with gateway.charger("CP-1", subprotocols=None) as cp:
        assert cp.socket.subprotocol is None
        assert (await cp.boot())["status"] == "Accepted"
    assert await status_of(gateway, "CP-1", subprotocols=["ocpp1.5"]) == 400


async def test_the_version_may_change_from_one_connection_to_the_next_2(gateway, charger):
    for version, boot in (("1.6", "boot"), ("2.0.1", "boot2"), ("1.6", "boot")):
        async with gateway.charger("CP-1", version) as cp:
            assert (await getattr(cp, boot)())["status"] == "Accepted"
        assert (await Charger.objects.aget()).ocpp_version == version
    assert await ConnectionSpan.objects.acount() == 3


# 3 Basic auth


@pytest.mark.parametrize("password", [KEY, KEY.upper(), RAW], ids=["hex", "HEX", "bytes"])
async def test_the_key_is_taken_as_bytes_and_as_their_hex_text_3(gateway, charger, password):
    assert await status_of(gateway, "CP-1", password=password) == 101


async def test_a_password_may_hold_colons_and_a_person_may_have_chosen_it_3(
    gateway, transactional_db
):
    chosen = await sync_to_async(make_charger)("CP-1")
    chosen.set_password("a:b::ü")
    await chosen.asave()
    assert await status_of(gateway, "CP-1", password="a:b::ü") == 101
    assert await status_of(gateway, "CP-1", password="a") == 401


async def test_the_user_name_must_be_the_identity_whatever_its_case_3(gateway, charger):
    await sync_to_async(make_charger)("CP-2")
    assert await status_of(gateway, "CP-1", user="cp-1") == 101
    assert await status_of(gateway, "CP-1", user="CP-2") == 401
    assert await status_of(gateway, "CP-1", user="CP-1 ") == 401
    (seen,) = await sightings(gateway)
    assert (seen.reason, seen.charger_id) == ("username", charger.pk)


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic ???", "Bearer x", "Basic " + base64.b64encode(b"CP-1").decode(), "",
     "Basic " + base64.b64encode(b"\xff\xfe:\x00").decode(), "basic"],
)  # fmt: skip
async def test_a_header_that_makes_no_sense_is_no_credentials_3(gateway, charger, header):
    headers = {"Authorization": header}
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await websockets.connect(
            gateway.url("CP-1"), subprotocols=["ocpp1.6"], additional_headers=headers
        )
    assert refusal.value.response.status_code == 401


# 4 Unknown identity, and the statuses of INTERFACES


async def test_unknown_wrong_and_missing_are_401_alike_4(gateway, charger):
    answers = []
    for path, options in (
        ("CP-99", {}),
        ("CP-1", {"password": "wrong"}),
        ("CP-1", {"password": None}),
        ("CP-1", {"user": "CP-2"}),
        ("CP-99", {"password": None}),
        ("x" * 300, {}),
        ("%00", {}),
    ):
        with pytest.raises(websockets.InvalidStatus) as refusal:
            async with gateway.connect(path, **options):
                pass
        response = refusal.value.response
        shown = {k.lower(): v for k, v in response.headers.raw_items() if k.lower() != "date"}
        answers.append((response.status_code, bytes(response.body), shown))
    assert {status for status, *_rest in answers} == {401}
    assert all(answer == answers[0] for answer in answers)
    assert "www-authenticate" in answers[0][2]


async def test_unknown_and_wrong_take_the_same_time_4(gateway, charger):
    """No enumeration by the clock: medians within a millisecond or half of each other."""
    times = {"CP-1": [], "CP-99": []}
    for _ in range(25):
        for path, spent in times.items():
            gateway.hub.guesses._buckets.clear()
            started = time.perf_counter()
            await status_of(gateway, path, password="wrong")
            spent.append(time.perf_counter() - started)
    known, unknown = (sorted(spent)[12] for spent in times.values())
    assert abs(known - unknown) < max(0.001, 0.5 * min(known, unknown))


async def test_unknown_is_404_only_where_unauthenticated_chargers_are_allowed_4(
    gateway, charger, settings
):
    settings.OCPP_ALLOW_UNAUTHENTICATED = True
    assert await status_of(gateway, "CP-99") == 404
    assert await status_of(gateway, "CP-1", password="wrong") == 401


async def test_a_network_that_is_not_allowed_is_403_4(gateway, charger, settings):
    settings.OCPP_NETWORKS = [ipaddress.ip_network("192.0.2.0/24")]
    assert await status_of(gateway, "CP-1") == 403
    settings.OCPP_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    assert await status_of(gateway, "CP-1") == 101


async def test_guessing_is_throttled_where_it_comes_from_even_with_the_right_password_4(
    gateway, charger
):
    statuses = [await status_of(gateway, "CP-1", password=f"guess{n}") for n in range(14)]
    assert statuses == [401] * 10 + [429] * 4
    assert await status_of(gateway, "CP-1") == 429
    assert await status_of(gateway, "CP-1", local_addr=("127.0.0.3", 0)) == 101
    elsewhere = {"local_addr": ("127.0.0.2", 0)}
    assert await status_of(gateway, "CP-1", password="guess", **elsewhere) == 401
    assert await status_of(gateway, "CP-2", password="guess") == 401


async def test_a_lower_security_profile_than_the_charger_s_is_refused_4(gateway, transactional_db):
    await sync_to_async(make_charger)("CP-TLS", security_profile=2)
    assert await status_of(gateway, "CP-TLS") == 401
    (seen,) = await sightings(gateway)
    assert seen.reason == "profile"


async def test_an_unknown_identity_is_kept_with_what_it_said_4(gateway, charger):
    for _again in range(3):
        await status_of(gateway, "CP_1", user_agent_header="Acme/1.0")
    (seen,) = await sightings(gateway)
    assert (seen.identity, seen.reason, seen.count, seen.peer) == (
        "CP_1", "unknown", 3, "127.0.0.1",
    )  # fmt: skip
    assert seen.said == {
        "path": "/ocpp/CP_1", "subprotocols": "ocpp1.6", "user_agent": "Acme/1.0", "key": "given",
    }  # fmt: skip
    assert credentials.matches(bytes(seen.key_digest), bytes.fromhex(KEY))
    first = seen.first_seen
    await status_of(gateway, "CP_1")
    (seen,) = await sightings(gateway)
    assert (seen.count, seen.first_seen) == (4, first)
    assert seen.last_seen > first
    assert Nearest(["CP-1", "XX-7"]).of(seen.identity) == ["CP-1"]


@pytest.mark.parametrize(
    ("path", "identity"),
    [("CP-1/ws", "CP-1"), ("cp-1/connector/1", "CP-1"), ("", "/ocpp/"), ("/", "/ocpp//")],
)
async def test_a_wrong_path_is_shown_with_the_charger_it_means_4(gateway, charger, path, identity):
    user = "CP-1" if identity == "CP-1" else "nobody"
    assert await status_of(gateway, path, user=user) == 401
    await until(lambda: seen_as(gateway, "path"))
    (seen,) = await sightings(gateway)
    assert (seen.identity, seen.charger_id is not None) == (identity, identity == "CP-1")


async def seen_as(gateway, reason):
    return any(s.reason == reason for s in await sightings(gateway))


async def test_another_charger_under_a_known_identity_is_shown_and_overwrites_nothing_4(
    gateway, charger
):
    acme = await ChargerModel.objects.acreate(vendor="Acme", name="One")
    await Charger.objects.aupdate(serial_number="SN-1", model=acme)
    boot = {
        "chargePointVendor": "Other",
        "chargePointModel": "One",
        "chargePointSerialNumber": "SN-2",
    }
    async with gateway.charger("CP-1") as cp:
        assert (await cp.call("BootNotification", boot))["status"] == "Accepted"
    event = await Event.objects.aget(kind="identity_mismatch")
    assert event.data["serial_number"] == {"known": "SN-1", "said": "SN-2"}
    assert event.data["vendor"] == {"known": "Acme", "said": "Other"}
    (seen,) = await sightings(gateway)
    assert (seen.reason, seen.charger_id) == ("mismatch", charger.pk)
    assert seen.said == {"serial_number": "SN-2", "vendor": "Other"}
    kept = await Charger.objects.select_related("model").aget()
    assert (kept.serial_number, kept.model) == ("SN-1", acme)
    assert await ChargerModel.objects.acount() == 1


# 5 Two sockets


async def test_the_newest_authenticated_socket_wins_and_the_charger_stays_online_5(
    gateway, charger
):
    async with gateway.charger("CP-1") as old:
        await old.boot()
        async with gateway.charger("CP-1") as new:
            assert (await new.call("Heartbeat", {}))["currentTime"]
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await old.read()
            assert closed.value.rcvd.code == 1008
            await new.call("StatusNotification", status_of_port())
            state = await ChargerState.objects.aget()
            assert state.online
            spans = [s async for s in ConnectionSpan.objects.order_by("opened")]
            assert [s.close_reason for s in spans] == ["replaced", ""]
            assert state.connection == spans[1].token
    event = await Event.objects.aget(kind="duplicate_connection")
    assert (event.code, event.data["peer"]) == ("replaced_old", "127.0.0.1")


def status_of_port(status="Available", **more):
    return {"connectorId": 1, "errorCode": "NoError", "status": status, **more}


async def test_two_clients_that_displace_each_other_are_a_fight_within_a_minute_5(gateway, charger):
    for _ in range(5):
        connection = gateway.connect("CP-1")
        socket = await connection.__aenter__()
        await socket.send('[2,"1","Heartbeat",{}]')
        await socket.recv()
    await socket.close()
    await until(lambda: Event.objects.filter(kind="duplicate_fight").aexists())
    assert await Event.objects.filter(kind="duplicate_fight").acount() == 1


@pytest.fixture
def unguarded(transactional_db):
    """A charger that needs no credentials."""
    made = make_charger("CP-0", security_profile=0)
    made.password_digest = None
    made.save()
    return made


async def test_an_unauthenticated_newcomer_displaces_nobody_who_answers_a_ping_5(
    gateway, unguarded
):
    async with gateway.charger("CP-0", password=None) as old:
        await old.boot()
        held = gateway.hub.sockets[unguarded.pk]
        assert await status_of(gateway, "CP-0", password=None) == 403
        assert await status_of(gateway, "CP-0") == 403
        assert (await old.call("Heartbeat", {}))["currentTime"]
        assert gateway.hub.sockets[unguarded.pk] is held
        await until(lambda: Event.objects.filter(kind="duplicate_connection").aexists())
    span = await ConnectionSpan.objects.aget()
    assert span.close_reason in {"", "clean"}
    assert (await Event.objects.filter(kind="duplicate_connection").afirst()).code == "kept_old"


async def test_an_unauthenticated_newcomer_takes_the_place_of_a_dead_socket_5(
    gateway, unguarded, monkeypatch
):
    monkeypatch.setattr("cpms.ocpp.duplicates.PATIENCE", 0.2)
    async with line(gateway, head("/ocpp/CP-0", key=None)) as old:
        await old.call("Heartbeat", {})
        async with gateway.charger("CP-0", password=None) as new:
            await new.call("StatusNotification", status_of_port())
            spans = [s async for s in ConnectionSpan.objects.order_by("opened")]
            assert [s.close_reason for s in spans] == ["replaced", ""]


async def test_a_charger_that_answers_no_ping_is_asked_by_a_call_before_it_is_displaced_5(
    gateway, unguarded, monkeypatch
):
    monkeypatch.setattr("cpms.ocpp.duplicates.PATIENCE", 0.5)
    await sync_to_async(with_quirks)(unguarded, answers_pings=False)
    async with line(gateway, head("/ocpp/CP-0", key=None)) as old:
        knocking = asyncio.ensure_future(status_of(gateway, "CP-0", password=None))
        opcode, asked = await old.read()
        if opcode == PING:
            opcode, asked = await old.read()
        assert b"TriggerMessage" in asked
        message_id = asked.split(b'"')[1]
        await old.send(frame(1, b'[4,"' + message_id + b'","NotSupported","",{}]'))
        assert await knocking == 403


async def test_knocking_at_a_taken_place_is_an_event_within_bounds_5(gateway, unguarded):
    async with gateway.charger("CP-0", password=None) as old:
        await old.boot()
        for _ in range(25):
            await status_of(gateway, "CP-0", password=None)
        await old.call("StatusNotification", status_of_port())
    assert await Event.objects.filter(kind="duplicate_connection").acount() == 10


# 6 Liveness


async def test_a_half_open_connection_ends_within_two_ping_intervals_at_the_last_sign_of_life_6(
    gateway, charger
):
    await sync_to_async(with_quirks)(charger, ping_interval=1)
    async with line(gateway, head("/ocpp/CP-1")) as cp:
        await cp.call("Heartbeat", {})
        alive_until = datetime.now(UTC)
        await until(lambda: ConnectionSpan.objects.filter(closed__isnull=False).aexists())
        noticed = datetime.now(UTC)
    span = await ConnectionSpan.objects.aget()
    assert (span.close_reason, span.missed_pings) == ("ping_timeout", 1)
    assert abs(span.closed - alive_until) < timedelta(seconds=0.5)
    assert timedelta(seconds=1.5) < noticed - alive_until < timedelta(seconds=3)
    state = await ChargerState.objects.aget()
    assert (state.online, state.since) == (False, span.closed)


async def test_any_frame_proves_life_where_a_pong_is_late_6(gateway, charger):
    await sync_to_async(with_quirks)(charger, ping_interval=1)
    async with line(gateway, head("/ocpp/CP-1")) as cp:
        for _ in range(7):
            await asyncio.sleep(0.5)
            await cp.call("Heartbeat", {})
        assert (await ConnectionSpan.objects.aget()).closed is None


async def test_a_charger_that_never_answers_a_ping_ends_when_it_missed_two_heartbeats_6(
    gateway, charger, monkeypatch
):
    monkeypatch.setattr("cpms.ocpp.charger_socket.SILENCE_GRACE", 0.5)
    quirks = {"answers_pings": False, "ping_interval": 1, "heartbeat_interval": 1}
    await sync_to_async(with_quirks)(charger, **quirks)
    async with line(gateway, head("/ocpp/CP-1")) as cp:
        started = time.monotonic()
        await cp.call("Heartbeat", {})
        assert await cp.closed(8) is None
        assert 2.4 < time.monotonic() - started < 6
    await until(lambda: ConnectionSpan.objects.filter(close_reason="ping_timeout").aexists())


async def test_round_trips_are_measured_6(gateway, charger):
    await sync_to_async(with_quirks)(charger, ping_interval=1)
    async with gateway.charger("CP-1") as cp:
        await asyncio.sleep(1.3)
        await cp.boot()
    await until(lambda: ConnectionSpan.objects.filter(closed__isnull=False).aexists())
    span = await ConnectionSpan.objects.aget()
    lasted = (span.closed - span.opened).total_seconds() * 1000
    assert 0 < span.rtt_p50 <= span.rtt_p95 < lasted
    day = await PingDay.objects.aget()
    assert (sum(day.round_trips) > 0, day.missed) == (True, span.missed_pings)


async def test_a_deaf_charger_is_found_and_said_to_hear_again_6(gateway, charger, monkeypatch):
    monkeypatch.setattr(probing, "BOOT_PATIENCE", 0.0)
    monkeypatch.setattr(probing, "PATIENCE", 0.1)
    await sync_to_async(with_quirks)(charger, probe_interval=1)
    await ChargerState.objects.acreate(charger=charger, booted_at=datetime.now(UTC))
    async with gateway.charger("CP-1") as cp:
        await until(lambda: ChargerState.objects.filter(deaf_since__isnull=False).aexists())
        async with asyncio.timeout(5):
            while await ChargerState.objects.filter(deaf_since__isnull=False).aexists():
                _kind, message_id, action, payload = await cp.read()
                assert (action, payload) == ("TriggerMessage", {"requestedMessage": "Heartbeat"})
                await cp.socket.send(f'[4,"{message_id}","NotSupported","",{{}}]')
    kinds = [e.kind async for e in Event.objects.order_by("at") if e.kind != "boot"]
    assert kinds == ["deaf", "hears_again"]


async def test_a_charger_that_must_not_be_probed_is_not_6(gateway, charger, monkeypatch):
    monkeypatch.setattr(probing, "BOOT_PATIENCE", 0.0)
    await sync_to_async(with_quirks)(charger, probe_interval=0)
    await ChargerState.objects.acreate(charger=charger, booted_at=datetime.now(UTC))
    async with gateway.charger("CP-1") as cp:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(cp.socket.recv(), 0.5)


# 7 No boot


async def test_the_last_known_boot_stands_after_a_reconnect_without_one_7(
    gateway, charger, monkeypatch
):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
    booted_at = (await ChargerState.objects.aget()).booted_at
    monkeypatch.setattr(probing, "BOOT_PATIENCE", 0.0)
    async with gateway.charger("CP-1") as cp:
        assert (await cp.call("Heartbeat", {}))["currentTime"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(cp.socket.recv(), 0.3)
    assert (await ChargerState.objects.aget()).booted_at == booted_at


async def test_a_boot_is_asked_for_only_where_none_is_known_7(gateway, charger, monkeypatch):
    monkeypatch.setattr(probing, "BOOT_PATIENCE", 0.0)
    async with gateway.charger("CP-1") as cp:
        _kind, message_id, action, payload = await cp.read()
        assert (action, payload) == ("TriggerMessage", {"requestedMessage": "BootNotification"})
        await cp.socket.send(f'[3,"{message_id}",{{"status":"Accepted"}}]')
        assert (await cp.boot())["status"] == "Accepted"


# 8 Talking while Pending, or before Boot


async def test_1_6_is_answered_before_boot_and_while_pending_8(gateway, transactional_db):
    await sync_to_async(make_charger)("CP-P", lifecycle="pending")
    async with gateway.charger("CP-P") as cp:
        assert await cp.call("StatusNotification", status_of_port()) == {}
        assert (await cp.boot())["status"] == "Pending"
        assert "currentTime" in await cp.call("Heartbeat", {})
        start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": now()}
        assert (await cp.call("StartTransaction", start))["transactionId"] > 0


def now():
    return datetime.now(UTC).isoformat()


async def test_2_0_1_gets_a_security_error_until_it_is_accepted_8(gateway, transactional_db):
    await sync_to_async(make_charger)("CP-P", lifecycle="pending")
    async with gateway.charger("CP-P", "2.0.1") as cp:
        assert (await cp.call("Heartbeat", {}))[2] == "SecurityError"
        assert (await cp.boot2())["status"] == "Pending"
        assert (await cp.call("Heartbeat", {}))[2] == "SecurityError"


@pytest.mark.parametrize(
    ("lifecycle", "word"),
    [
        ("planned", "Pending"),
        ("commissioning", "Accepted"),
        ("suspended", "Rejected"),
        ("decommissioned", "Rejected"),
    ],
)
async def test_a_boot_is_answered_by_the_charger_s_lifecycle_8(
    gateway, transactional_db, lifecycle, word
):
    await sync_to_async(make_charger)("CP-L", lifecycle=lifecycle)
    async with gateway.charger("CP-L") as cp:
        answer = await cp.boot()
        assert (answer["status"], answer["interval"] > 0) == (word, True)


# 26 Everyone comes back at once


async def test_a_fleet_that_comes_back_at_once_is_let_in_at_a_bounded_rate_26(
    gateway, transactional_db
):
    for number in range(8):
        await sync_to_async(make_charger)(f"F-{number}", ports=0)
    gateway.hub.turns = Turns(10.0, 2.0, most=100, longest=10.0)
    started = time.monotonic()
    statuses = await asyncio.gather(*(status_of(gateway, f"F-{n}") for n in range(8)))
    assert statuses == [101] * 8
    assert time.monotonic() - started > 0.5


async def test_heartbeat_intervals_are_spread_and_stay_the_same_for_a_charger_26(
    gateway, transactional_db
):
    for number in range(6):
        await sync_to_async(make_charger)(f"F-{number}", ports=0)
    intervals = []
    for _again in range(2):
        for number in range(6):
            async with gateway.charger(f"F-{number}") as cp:
                intervals.append((await cp.boot())["interval"])
    assert intervals[:6] == intervals[6:]
    assert len(set(intervals)) > 3
    assert all(270 <= interval <= 330 for interval in intervals)
