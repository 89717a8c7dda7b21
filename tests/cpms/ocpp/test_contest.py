"""Newcomers at the gateway's door: those who mean harm cost nobody else anything."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
import websockets
from channels.layers import get_channel_layer

from cpms.ocpp import handshake
from cpms.ocpp.duplicates import contest
from cpms.ocpp.throttle import Throttle
from cpms.ocpp.turns import Turns
from monitoring.live import GATEWAYS


class Held:
    """A socket that is there already."""

    def __init__(self, answers, meanwhile=lambda: None):
        self.answers, self.meanwhile = answers, meanwhile

    async def alive(self, patience):
        self.meanwhile()
        return self.answers


def house(held):
    hub = SimpleNamespace(sockets={1: held} if held else {}, events=[])
    hub.knocks = Throttle(rate=1 / 60, burst=10)
    hub.writer = SimpleNamespace(put=hub.events.extend)
    return hub


def newcomer(authenticated=False, held_by=None):
    station = SimpleNamespace(id=1, identity="CP-1", held_by=held_by)
    return handshake.Admission(station, "ocpp1.6", "1.6", 0, authenticated, "192.0.2.1")


async def refused(connection):
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with connection:
            pass
    return refusal.value.response.status_code


async def test_a_stranger_never_displaces_who_took_the_place_of_the_socket_it_asked():
    hub = house(None)
    living = Held(answers=True)
    hub.sockets[1] = Held(answers=False, meanwhile=lambda: hub.sockets.update({1: living}))
    verdict = await contest(hub, newcomer())
    assert isinstance(verdict, handshake.Refusal)
    assert hub.sockets[1] is living
    assert [event.code for event in hub.events] == ["kept_old"]


async def test_a_stranger_takes_the_place_of_a_socket_that_shows_no_life():
    hub = house(Held(answers=False))
    assert isinstance(await contest(hub, newcomer()), handshake.Admission)
    assert [event.code for event in hub.events] == ["replaced_old"]


async def test_of_two_strangers_that_ask_elsewhere_at_once_the_second_displaces_nobody():
    hub, living = house(None), Held(answers=True)
    hub.id = "ours"

    async def ask(*_):
        hub.sockets[1] = living  # The first, which asked the same, is in.
        return False

    hub.broadcast = SimpleNamespace(lives_elsewhere=ask)
    assert isinstance(await contest(hub, newcomer(held_by="another")), handshake.Refusal)
    assert [event.code for event in hub.events] == ["kept_old"]


async def test_an_authenticated_newcomer_needs_to_ask_nobody():
    hub = house(Held(answers=True))
    assert isinstance(await contest(hub, newcomer(authenticated=True)), handshake.Admission)


async def test_a_charger_that_we_hold_up_ourselves_counts_as_alive(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        held = gateway.hub.sockets[charger.id]
        held._connection.read_paused = True
        assert await held.alive(0.0)
        held._connection.read_paused = False


async def test_frames_prove_life_where_pings_are_not_answered(gateway, charger, monkeypatch):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        held = gateway.hub.sockets[charger.id]
        monkeypatch.setattr(held._connection, "handle_pong", lambda event: None)
        monkeypatch.setattr(held._connection, "send_keepalive_ping", lambda: None)
        assert not await held.alive(0.05)
        asked = asyncio.create_task(held.alive(0.5))
        await cp.call("Heartbeat", {})
        assert await asked


async def test_a_flood_of_handshakes_is_sent_away_and_leaves_no_debt(gateway, charger):
    gateway.hub.turns = Turns(rate=1.0, burst=1.0, most=3, longest=60.0)
    async with gateway.charger("CP-1"):
        crowd = [asyncio.ensure_future(refused(gateway.connect("CP-1"))) for _ in range(8)]
        done, waiting = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
        assert {knock.result() for knock in done} == {503}
        for knock in waiting:
            knock.cancel()
    gateway.hub.turns = Turns(rate=100.0, burst=10.0, most=100, longest=10.0)
    async with gateway.charger("CP-1") as cp:
        assert (await cp.boot())["status"] == "Accepted"


async def test_a_newer_socket_at_another_gateway_closes_the_older_one(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        held = gateway.hub.sockets[charger.id]
        elsewhere = "11111111-1111-4111-8111-111111111111"
        earlier, later = (held.opened + timedelta(seconds=n) for n in (-1, 1))
        heard = gateway.hub.broadcast._heard
        heard(taken((charger.id, elsewhere, earlier)))
        heard(taken((charger.id, str(held.token), later)))
        assert gateway.hub.sockets[charger.id] is held
        heard(taken((charger.id, elsewhere, later)))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await cp.read()
    assert closed.value.rcvd.code == 1008
    assert charger.id not in gateway.hub.sockets


def taken(*sockets):
    said = [(charger_id, token, opened.isoformat()) for charger_id, token, opened in sockets]
    return {"type": "sockets.taken", "sockets": said}


async def test_the_other_gateways_hear_who_holds_a_charger_now(gateway, charger):
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(GATEWAYS, channel)
    async with gateway.charger("CP-1"):
        news = await asyncio.wait_for(layer.receive(channel), 5)
        held = gateway.hub.sockets[charger.id]
        assert news["sockets"] == [[charger.id, str(held.token), held.opened.isoformat()]]
    await layer.group_discard(GATEWAYS, channel)
