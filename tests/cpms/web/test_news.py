"""What a page asks for that no WebSocket gets through to."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient

from cpms.web import audience
from inventory.models import Organisation, Role
from monitoring import live
from tests.network import person, tenant

pytestmark = pytest.mark.django_db(transaction=True)

CHANGE: live.Change = {"site": 1, "ports": [1], "kinds": ["status"]}
EVERYTHING = [{"type": "resync", "within": 0}]


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "OVERLAP", 0.0)


@pytest.fixture(autouse=True)
async def no_connections_left() -> AsyncIterator[None]:
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def organisation() -> Organisation:
    return tenant()


@pytest.fixture
async def client(organisation: Organisation) -> AsyncClient:
    client = AsyncClient()
    operator: User = await sync_to_async(person)("olga", Role.OPERATOR, organisation)
    await client.aforce_login(operator)
    return client


async def ask(client: AsyncClient, since: float) -> list[dict[str, Any]]:
    answer = await client.get("/live/news/", {"since": str(since)})
    assert answer.status_code == 200
    news: list[dict[str, Any]] = answer.json()["news"]
    return news


async def tell(group: str, message: dict[str, Any]) -> None:
    await get_channel_layer().group_send(group, message)


async def wait_for(client: AsyncClient, since: float, kind: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for message in await ask(client, since):
            if message["type"] == kind:
                return message
    raise AssertionError(f"No {kind} within 20 s.")


async def test_who_asks_for_the_first_time_fetches_everything(client: AsyncClient) -> None:
    assert await ask(client, 0) == EVERYTHING


async def test_what_was_said_since_one_last_asked_is_told_once(
    client: AsyncClient, organisation: Organisation
) -> None:
    await ask(client, 0)
    asked = time.time()
    await tell(live.org_group(organisation.pk), live.changed({"CP-1": CHANGE}))
    await tell(live.org_group(organisation.pk), live.incidents())
    changed = await wait_for(client, asked, "changed")
    assert changed["chargers"] == {"CP-1": {"site": 1, "ports": [1], "kinds": ["status"]}}
    await wait_for(client, asked, "incidents")
    assert await ask(client, time.time() + 5) == []


async def test_what_was_said_while_others_were_asked_is_not_taken_for_nothing(
    client: AsyncClient, organisation: Organisation
) -> None:
    await ask(client, 0)
    asked, said = time.time(), asyncio.Event()

    class Socket:
        person = 0

        def tell(self, kind: str, text: str) -> None:
            said.set()

        def look_again(self) -> None:
            """Nothing is changed here."""

    (ours,) = audience.hub()._audiences.values()
    ours.members.add(Socket())
    ours._polled = float("-inf")
    await tell(live.org_group(organisation.pk), live.incidents())
    await asyncio.wait_for(said.wait(), 20)
    assert await ask(client, asked) == EVERYTHING


async def test_another_tenant_s_news_are_not_told(client: AsyncClient) -> None:
    other = await sync_to_async(tenant)("Other")
    await ask(client, 0)
    asked = time.time()
    await tell(live.org_group(other.pk), live.changed({"THEIRS": CHANGE}))
    await tell(live.EVERYBODY, live.incidents())
    await wait_for(client, asked, "incidents")
    assert all(message["type"] != "changed" for message in await ask(client, asked))


async def test_one_whose_session_has_ended_is_told_so_and_not_led_away() -> None:
    assert (await AsyncClient().get("/live/news/")).status_code == 401


@pytest.mark.parametrize("since", ["", "nonsense", "nan", "-inf", "1e400", "9" * 500])
async def test_nonsense_is_answered(client: AsyncClient, since: str) -> None:
    assert (await client.get("/live/news/", {"since": since})).status_code == 200
