"""The stage of each module's cases: one gateway, one database, many chargers."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.conformance.asking import Operator
from tests.conformance.stage import Stage, World, tear_down
from tests.cpms.ocpp.conftest import serving


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """What is stored before the gateway starts; all is gone after the module."""
    with django_db_blocker.unblock():
        yield World.make()
        tear_down()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(world: World) -> AsyncIterator[Stage]:
    """A running gateway, and an operator."""
    async with serving() as gateway:
        operator = await sync_to_async(Operator)(world.operator)
        yield Stage(world, gateway, operator)
        await operator.leave()
    # The ORM's asynchronous calls keep a connection in their thread.
    await sync_to_async(connections.close_all)()


@pytest.fixture
def transactional_db(world: World) -> None:
    """The module's database instead of pytest-django's, which is emptied after each test."""
