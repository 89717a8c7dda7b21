"""What is promised when the gateway, PostgreSQL or Valkey goes away in mid-load."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from websockets.asyncio.client import ClientConnection

from tests.scenarios.house import House, house
from tests.scenarios.ledger import BookkeepingCharger, Ledger

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all the faults here: each test leaves it whole."""
    with house(Path(tmp_path_factory.mktemp("house"))) as made:
        yield made


@asynccontextmanager
async def fleet(home: House) -> AsyncIterator[Ledger]:
    """Chargers that charge while the block runs."""
    ledger = Ledger()
    chargers = [BookkeepingCharger(i, k, home.port, ledger) for i, k in home.keys.items()]
    lives = [asyncio.create_task(charger.live()) for charger in chargers]
    try:
        yield ledger
    finally:
        for charger in chargers:
            charger.stopping = True
        _done, stuck = await asyncio.wait(lives, timeout=30)
        for task in stuck:
            task.cancel()
        for life in lives:
            if life.done() and not life.cancelled():
                life.result()


def assert_kept(home: House, ledger: Ledger) -> None:
    """Hold the ledger against the database: nothing acknowledged is missing, nothing doubled."""
    assert ledger.meters
    kept = {
        (row["identity"], int(row["energy"]))
        for row in home.rows(
            "SELECT c.identity, m.energy FROM monitoring_metersample m"
            " JOIN inventory_charger c ON c.id = m.charger_id"
        )
    }
    assert ledger.meters - kept == set()
    sessions = {row["id"]: row for row in home.rows("SELECT * FROM monitoring_session")}
    for transaction, (_identity, start, stop) in ledger.sessions.items():
        row = sessions[transaction]
        assert row["meter_start"] == start
        if stop is not None:
            assert (row["meter_stop"], row["energy"]) == (stop, stop - start)
    doubled = home.rows(
        "SELECT charger_id, started, meter_start FROM monitoring_session"
        " GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    assert doubled == []
    assert home.rows("SELECT * FROM monitoring_quarantinedfact") == []


ASK = """
from cpms.control.commands import SYSTEM, request
from cpms.control.operations import OPERATIONS
from inventory.models import Charger
operation = OPERATIONS[{operation!r}].read({fields!r})
request(Charger.objects.get(identity={identity!r}), operation, SYSTEM)
"""


async def ask(home: House, identity: str, operation: str, **fields: object) -> None:
    """Ask something of a charger, from a process of its own."""
    script = ASK.format(identity=identity, operation=operation, fields=fields)
    await asyncio.to_thread(home.manage, "shell", "--verbosity=0", "-c", script)


async def called(socket: ClientConnection) -> list[object]:
    """Return the next CALL."""
    while True:
        frame: list[object] = json.loads(await asyncio.wait_for(socket.recv(), 20))
        if frame[0] == 2:
            return frame


def commands(home: House) -> dict[str, str]:
    """Return the state of each command of this house, by its operation."""
    return {row["operation"]: row["state"] for row in home.rows("SELECT * FROM control_command")}


def live_messages(home: House) -> int:
    """Return how many messages to the live pages pass within a second."""
    with redis.Redis.from_url(home.servers.redis_url) as valkey, valkey.pubsub() as listener:
        listener.psubscribe("*live*")
        deadline = time.monotonic() + 1
        count = 0
        while time.monotonic() < deadline:
            message = listener.get_message(timeout=0.1)
            count += message is not None and message["type"] == "pmessage"
        return count


async def until(condition, seconds: float) -> None:
    """Wait until `condition()` holds, at most so long."""
    for _try in range(int(seconds * 10)):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"Not so within {seconds} s.")


async def test_a_killed_gateway_loses_nothing_it_acknowledged(home: House) -> None:
    async with fleet(home) as ledger:
        await until(lambda: len(ledger.meters) > 300, 20)
        await asyncio.sleep(2.5)  # the last proof of life is written every two seconds
        await asyncio.to_thread(home.kill_gateway)
        before = dict(ledger.connects)
        await asyncio.sleep(1)
        await asyncio.to_thread(home.start_gateway)
        await until(lambda: all(ledger.connects[i] > before[i] for i in before), 20)
        count = len(ledger.meters)
        await until(lambda: len(ledger.meters) > count + 100, 20)
    assert_kept(home, ledger)
    ended = home.rows(
        "SELECT s.*, g.lease_until FROM monitoring_connectionspan s"
        " JOIN monitoring_gateway g ON g.id = s.gateway_id"
        " WHERE close_reason IN ('replaced', 'gateway_died')"
    )
    assert len(ended) == len(home.keys)
    for span in ended:
        assert span["closed"] < span["noticed"]


async def test_spans_of_a_gateway_that_never_comes_back_close_at_the_last_proof_of_life(
    home: House,
) -> None:
    async with fleet(home) as ledger:
        await until(lambda: len(ledger.meters) > 100, 20)
        await asyncio.sleep(2.5)
        await asyncio.to_thread(home.kill_gateway)
    home.execute("UPDATE monitoring_gateway SET lease_until = now() WHERE ended_at IS NULL")
    home.manage(
        "shell", "--verbosity=0", "-c",
        "from monitoring.tasks import close_dead_gateways as c; c()",
    )  # fmt: skip
    assert home.rows("SELECT 1 FROM monitoring_connectionspan WHERE closed IS NULL") == []
    assert home.rows("SELECT 1 FROM monitoring_chargerstate WHERE online") == []
    died = home.rows("SELECT * FROM monitoring_connectionspan WHERE close_reason = 'gateway_died'")
    assert {span["closed"] < span["noticed"] for span in died} == {True}
    await asyncio.to_thread(home.start_gateway)


async def test_postgresql_stopped_for_20_seconds_loses_nothing_acknowledged(home: House) -> None:
    async with fleet(home) as ledger:
        await until(lambda: len(ledger.meters) > 200, 20)
        await asyncio.to_thread(home.servers.postgres.stop)
        at_stop = len(ledger.meters)
        await asyncio.sleep(20)
        assert len(ledger.meters) <= at_stop + len(home.keys)
        home.servers.postgres.start()  # from this thread: the server dies with its starter
        count = len(ledger.meters)
        await until(lambda: len(ledger.meters) > count + 200, 15)
    assert home.gateway is not None
    assert home.gateway.poll() is None
    assert set(ledger.errors) <= {
        "MeterValues: InternalError",
        "StartTransaction: InternalError",
        "StopTransaction: InternalError",
    }
    assert_kept(home, ledger)


async def test_valkey_stopped_and_started_delays_no_fact_and_the_live_view_recovers(
    home: House,
) -> None:
    async with fleet(home) as ledger:
        await until(lambda: len(ledger.meters) > 100, 20)
        await asyncio.to_thread(home.servers.valkey.kill)
        count = len(ledger.meters)
        await until(lambda: len(ledger.meters) > count + 500, 20)
        home.servers.valkey.start()
        await until(lambda: live_messages(home) > 0, 20)
    assert ledger.errors == []
    assert_kept(home, ledger)


async def test_a_start_that_was_out_when_its_gateway_died_is_unknown_and_never_sent_again(
    home: House,
) -> None:
    charger = BookkeepingCharger("CP-1", home.keys["CP-1"], home.port, Ledger())
    async with charger.connect() as charger.socket:
        await charger.call("BootNotification", {"chargePointVendor": "A", "chargePointModel": "B"})
        await ask(home, "CP-1", "start", id_token="CAFE", evse=1)
        assert (await called(charger.socket))[2] == "RemoteStartTransaction"
        await asyncio.to_thread(home.kill_gateway)
    await asyncio.to_thread(home.start_gateway)
    home.execute("UPDATE monitoring_gateway SET lease_until = now() WHERE ended_at IS NULL")
    async with charger.connect() as charger.socket:
        await charger.call("BootNotification", {"chargePointVendor": "A", "chargePointModel": "B"})
        settle = "from cpms.control.tasks import settle_commands as s; s()"
        await asyncio.to_thread(home.manage, "shell", "--verbosity=0", "-c", settle)
        assert commands(home)["start"] == "unknown"
        await ask(home, "CP-1", "clear_cache")
        assert (await called(charger.socket))[2] == "ClearCache"


async def test_commands_reach_their_chargers_while_valkey_is_away(home: House) -> None:
    charger = BookkeepingCharger("CP-2", home.keys["CP-2"], home.port, Ledger())
    await asyncio.to_thread(home.servers.valkey.kill)
    try:
        async with charger.connect() as charger.socket:
            boot = {"chargePointVendor": "A", "chargePointModel": "B"}
            await charger.call("BootNotification", boot)
            await ask(home, "CP-2", "unlock", evse=1)
            call = await called(charger.socket)
            assert call[2] == "UnlockConnector"
            await charger.socket.send(json.dumps([3, call[1], {"status": "Unlocked"}]))
            await until(lambda: commands(home)["unlock"] == "accepted", 10)
    finally:
        home.servers.valkey.start()
