"""A gateway that was cut off from the database takes its living connections back."""

import asyncio
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from cpms.ocpp import lease
from monitoring import housekeeping
from monitoring.models import ChargerState, ConnectionSpan, Gateway


async def swept(gateway):
    """Have the sweep find the gateway's lease run out."""
    await Gateway.objects.aupdate(lease_until=datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
    await sync_to_async(housekeeping.close_dead_gateways)(datetime.now(UTC))


async def test_living_connections_are_taken_back_when_the_lease_is_renewed(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        opened = (await ConnectionSpan.objects.aget()).opened
        await swept(gateway)
        assert not (await ChargerState.objects.aget()).online
        await gateway.hub.renew()
        span = await ConnectionSpan.objects.aget()
        state = await ChargerState.objects.aget()
        assert (span.opened, span.closed, span.close_reason) == (opened, None, "")
        assert (state.online, state.connection, state.since) == (True, span.token, opened)
        assert (await Gateway.objects.aget()).ended_at is None


async def test_a_connection_that_ended_meanwhile_stays_closed(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        await swept(gateway)
    await asyncio.sleep(0.2)
    await gateway.hub.renew()
    assert (await ConnectionSpan.objects.aget()).closed is not None
    assert not (await ChargerState.objects.aget()).online


async def test_a_charger_that_went_to_another_gateway_is_left_to_it(gateway, charger):
    async with gateway.charger("CP-1") as cp:
        await cp.boot()
        await swept(gateway)
        mine = await ConnectionSpan.objects.aget()
        other = await ConnectionSpan.objects.acreate(
            charger=charger,
            token="11111111-1111-4111-8111-111111111111",
            gateway_id=mine.gateway_id,
            opened=datetime.now(UTC) + timedelta(seconds=1),
            peer="",
            ocpp_version="1.6",
            security_profile=1,
        )
        await ChargerState.objects.aupdate(online=True, connection=other.token)
        await gateway.hub.renew()
        state = await ChargerState.objects.aget()
        assert str(state.connection) == other.token
        await ConnectionSpan.objects.filter(pk=other.pk).adelete()


async def test_a_lease_runs_by_the_database_s_clock(gateway):
    kept = await Gateway.objects.aget()
    assert lease.LEASE - timedelta(seconds=5) < kept.lease_until - datetime.now(UTC) < lease.LEASE
