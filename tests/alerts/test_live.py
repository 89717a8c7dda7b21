"""Open pages hear of changes, once they are stored, and only those of people who see them."""

from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks
from redis.exceptions import ConnectionError as RedisGone

from alerts import engine, live
from alerts.models import Incident
from monitoring.live import EVERYBODY, org_group, site_group
from monitoring.models import Gateway
from tests.alerts.world import NOON, World, minutes, seen_at


class Layer:
    """A channel layer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append((group, message))


class BrokenLayer:
    """A channel layer whose Redis is gone."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise RedisGone("no Redis")


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    layer = Layer()
    monkeypatch.setattr(live, "get_channel_layer", lambda: layer)
    return layer


def test_opening_tells_the_organisation_and_the_site(
    world: World, layer: Layer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for _ in range(3):
        world.lose(world.charger(), NOON)
    with django_capture_on_commit_callbacks(execute=True):
        engine.run(seen_at(NOON + minutes(5)))
    groups = [org_group(world.organisation.pk), site_group(world.site.pk)]
    assert layer.sent == [(group, {"type": "live.incidents"}) for group in groups]


def test_a_pass_that_changes_nothing_tells_nobody(
    world: World, layer: Layer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    world.lose(world.charger(), NOON)
    engine.run(seen_at(NOON + minutes(5)))
    with django_capture_on_commit_callbacks(execute=True):
        engine.run(seen_at(NOON + minutes(6)))
    assert layer.sent == []


def test_our_own_outage_is_told_to_everybody(
    world: World, layer: Layer, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    Gateway.objects.update(lease_until=NOON)
    with django_capture_on_commit_callbacks(execute=True):
        engine.run(seen_at(NOON + minutes(5)))
    assert [group for group, _message in layer.sent] == [EVERYBODY]


def test_without_redis_the_alert_is_stored_all_the_same(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.make()
    monkeypatch.setattr(live, "get_channel_layer", BrokenLayer)
    world.lose(world.charger(), NOON)
    with transaction.atomic():
        engine.run(seen_at(NOON + minutes(5)))
    assert Incident.objects.count() == 1
