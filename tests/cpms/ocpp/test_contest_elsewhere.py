"""A charger that another gateway holds is as safe from strangers as one that we hold."""

import asyncio
import uuid
from datetime import timedelta

import pytest
import websockets
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.utils import timezone

from monitoring.live import GATEWAYS
from monitoring.models import ChargerState, ConnectionSpan, Event, Gateway
from tests.cpms.ocpp.conftest import make_charger

NOBODYS = {"password": None}


def held_elsewhere(charger, alive=True):
    """Store that another gateway, alive or not, holds the charger's connection."""
    now = timezone.now()
    lease = now + timedelta(minutes=1 if alive else -1)
    other = Gateway.objects.create(
        id=uuid.uuid4(), host="other", pid=1, started_at=now, lease_until=lease
    )
    token = uuid.uuid4()
    ConnectionSpan.objects.create(
        charger=charger, token=token, gateway=other, opened=now, peer="", ocpp_version="1.6",
        security_profile=0,
    )  # fmt: skip
    ChargerState.objects.create(charger=charger, online=True, since=now, connection=token)
    return other


@pytest.fixture
def unguarded(transactional_db):
    """A charger that needs no credentials."""
    charger = make_charger("CP-0", security_profile=0)
    charger.password_digest = None
    charger.save()
    return charger


class OtherGateway:
    """What a second gateway says on the channel layer."""

    def __init__(self, gateway_id, alive):
        self.id, self.alive = str(gateway_id), alive
        self.asked = 0

    async def run(self):
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(GATEWAYS, channel)
        while True:
            message = await layer.receive(channel)
            if message["type"] == "socket.asked" and message["gateway"] == self.id:
                self.asked += 1
                told = {"type": "socket.told", "charger_id": message["charger_id"]}
                await layer.send(message["channel"], {**told, "alive": self.alive})


async def status_of(connection):
    """Return the status of the refusal, 101 if it was none."""
    try:
        async with connection:
            return 101
    except websockets.InvalidStatus as refusal:
        return refusal.response.status_code


async def ready(gateway):
    """Wait until the gateway hears the layer."""
    while gateway.hub.broadcast._channel is None:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("alive", "status", "kept"), [(True, 403, True), (False, 101, False)])
async def test_a_stranger_waits_until_the_other_gateway_finds_its_socket_dead_5(
    unguarded, gateway, alive, status, kept
):
    other = await sync_to_async(held_elsewhere)(unguarded)
    speaker = OtherGateway(other.id, alive)
    speaking = asyncio.create_task(speaker.run())
    await ready(gateway)
    await asyncio.sleep(0.1)
    assert await status_of(gateway.connect("CP-0", **NOBODYS)) == status
    speaking.cancel()
    assert speaker.asked == 1
    await asyncio.sleep(0.1)
    span = await ConnectionSpan.objects.aget(gateway=other)
    assert (span.closed is None) == kept
    if kept:
        event = await Event.objects.aget(kind="duplicate_connection")
        assert (event.code, event.data) == ("kept_old", {"peer": "127.0.0.1"})


async def test_a_stranger_is_kept_out_while_the_other_gateway_cannot_be_asked_5(
    unguarded, gateway, monkeypatch
):
    monkeypatch.setattr("cpms.ocpp.duplicates.PATIENCE", -0.7)
    await sync_to_async(held_elsewhere)(unguarded)
    await ready(gateway)
    assert await status_of(gateway.connect("CP-0", **NOBODYS)) == 403
    gateway.hub.broadcast._channel = None
    assert await status_of(gateway.connect("CP-0", **NOBODYS)) == 403


async def test_a_gateway_whose_lease_ran_out_keeps_nobody_out_5(unguarded, gateway):
    await sync_to_async(held_elsewhere)(unguarded, alive=False)
    assert await status_of(gateway.connect("CP-0", **NOBODYS)) == 101


async def test_an_authenticated_newcomer_need_not_wait_for_the_other_gateway_5(gateway, charger):
    other = await sync_to_async(held_elsewhere)(charger)
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        span = await ConnectionSpan.objects.aget(gateway=other)
        assert span.close_reason == "replaced"


async def test_we_say_of_our_own_sockets_whether_they_live(gateway, charger):
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await ready(gateway)
    async with gateway.charger("CP-1"):
        for charger_id, alive in ((charger.id, True), (999_999, False)):
            question = {
                "type": "socket.asked",
                "charger_id": charger_id,
                "gateway": str(gateway.hub.id),
                "channel": channel,
            }
            await layer.group_send(GATEWAYS, question)
            answer = await asyncio.wait_for(layer.receive(channel), 5)
            assert answer == {"type": "socket.told", "charger_id": charger_id, "alive": alive}
