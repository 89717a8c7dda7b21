"""Turns at the door are shared fairly among addresses."""

import asyncio

from cpms.ocpp.throttle import neighbourhood
from cpms.ocpp.turns import Turns


async def crowd(turns, address, many):
    """Return the tasks of many who wait from one address."""
    waiting = [asyncio.ensure_future(turns.take(address)) for _ in range(many)]
    await asyncio.sleep(0)
    return waiting


async def test_who_comes_while_nobody_waits_goes_through_at_once():
    turns = Turns(rate=1.0, burst=3.0, most=10, longest=60.0)
    assert [await turns.take("192.0.2.7") for _ in range(3)] == [True] * 3


async def test_an_address_that_floods_holds_up_itself():
    turns = Turns(rate=50.0, burst=1.0, most=300, longest=60.0)
    flood = await crowd(turns, "192.0.2.7", 400)
    assert any(task.done() and not task.result() for task in flood)
    before = sum(task.done() and task.result() for task in flood)
    others = [await crowd(turns, f"198.51.100.{number}", 1) for number in range(5)]
    assert await asyncio.gather(*(task for tasks in others for task in tasks)) == [True] * 5
    admitted = sum(task.done() and task.result() for task in flood) - before
    assert admitted <= 7
    for task in flood:
        task.cancel()


async def test_there_is_room_for_others_however_one_address_floods():
    turns = Turns(rate=0.1, burst=1.0, most=90, longest=60.0)
    await crowd(turns, "192.0.2.7", 500)
    assert len(turns._waiting["192.0.2.7"]) <= 60
    (newcomer,) = await crowd(turns, "198.51.100.1", 1)
    assert not newcomer.done()
    newcomer.cancel()


async def test_who_waits_too_long_is_sent_away():
    turns = Turns(rate=4.0, burst=1.0, most=10, longest=0.1)
    assert await turns.take("192.0.2.7")
    assert not await turns.take("192.0.2.7")


async def test_a_fleet_behind_one_address_gets_in_at_the_full_rate():
    turns = Turns(rate=400.0, burst=1.0, most=1_000, longest=60.0)
    started = asyncio.get_running_loop().time()
    assert all(await asyncio.gather(*await crowd(turns, "192.0.2.7", 100)))
    assert 0.2 < asyncio.get_running_loop().time() - started < 5.0


async def test_a_queue_that_is_over_leaves_no_debt():
    turns = Turns(rate=100.0, burst=10.0, most=100, longest=60.0)
    assert all(await asyncio.gather(*await crowd(turns, "192.0.2.7", 30)))
    await asyncio.sleep(0.15)
    assert [await turns.take("192.0.2.7") for _ in range(8)] == [True] * 8
    assert not turns._waiting


def test_an_ipv6_household_is_one_address():
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff") == "2001:db8::/64"
    assert neighbourhood("::1") == "::/64"
    assert neighbourhood("::ffff:192.0.2.7") == neighbourhood("192.0.2.7") == "192.0.2.7"
    assert neighbourhood("unix:") == "unix:"
