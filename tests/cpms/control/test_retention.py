"""What was asked of chargers ends some day, and takes nothing along that must stay."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cpms.control import retention
from cpms.control.models import Bulk, Command
from inventory.models import Charger
from tests import network

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
LONG_AGO = datetime(2025, 3, 1, 3, 0, tzinfo=UTC)
State = Command.State

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger() -> Charger:
    """A charger."""
    return network.charger(network.site(network.tenant()), "CP-1")


def command(charger: Charger, at: datetime, state: str = State.ACCEPTED, **more: Any) -> Command:
    """A command that was asked for at `at`."""
    made = Command.objects.create(
        charger=charger, operation="reset", state=state, expires_at=at + timedelta(minutes=5),
        requested_by_name="Olga", **more,
    )  # fmt: skip
    Command.objects.filter(pk=made.pk).update(requested_at=at)
    return made


def test_old_commands_are_forgotten_and_new_ones_kept(charger: Charger) -> None:
    command(charger, LONG_AGO)
    kept = command(charger, NOW - timedelta(days=89))
    assert retention.forget(NOW, 90) == 1
    assert list(Command.objects.all()) == [kept]
    assert retention.forget(NOW, 90) == 0


@pytest.mark.parametrize("state", [State.PENDING, State.SENT])
def test_what_is_not_over_is_kept(charger: Charger, state: str) -> None:
    command(charger, LONG_AGO, state)
    assert retention.forget(NOW, 90) == 0


def test_a_bulk_goes_with_its_last_command(charger: Charger) -> None:
    owner = charger.site.organisation
    bulk = Bulk.objects.create(organisation=owner, operation="reset", requested_by_name="Olga")
    Bulk.objects.filter(pk=bulk.pk).update(requested_at=LONG_AGO)
    command(charger, LONG_AGO, bulk=bulk)
    last = command(charger, NOW, bulk=bulk)
    retention.forget(NOW, 90)
    assert Bulk.objects.count() == 1
    last.delete()
    retention.forget(NOW, 90)
    assert Bulk.objects.count() == 0


def test_more_than_a_portion_goes_in_one_night(
    charger: Charger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    for _n in range(5):
        command(charger, LONG_AGO)
    assert retention.forget(NOW, 90) == 5
