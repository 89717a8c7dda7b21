"""What a 1.6 charger says in frames, also hours late, is what its KPIs are computed from."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from inventory.models import Charger
from monitoring.kpis import rollup
from monitoring.kpis.attempts import Outcome
from monitoring.kpis.queries import Group, Instants, Metric, failures, figures
from monitoring.models import DirtyDay
from tests.cpms.ocpp.conftest import RawCharger, RunningGateway, make_charger

MINUTE = timedelta(minutes=1)


@pytest.fixture
def veteran(transactional_db: None) -> Charger:
    """A charger with one port that is in service for a week."""
    return make_charger("CP-9", 1, commissioned_at=datetime.now(UTC) - timedelta(days=7))


async def report(cp: RawCharger, status: str, at: datetime, error: str = "NoError") -> None:
    said = {"connectorId": 1, "errorCode": error, "status": status, "timestamp": at.isoformat()}
    assert await cp.call("StatusNotification", said) == {}


async def charge(cp: RawCharger, start: datetime, energy: int, **stop: Any) -> None:
    begun = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": start.isoformat()}
    answer = await cp.call("StartTransaction", begun)
    ended = {"meterStop": energy, "timestamp": (start + 20 * MINUTE).isoformat(), **stop}
    stop = {**ended, "transactionId": answer["transactionId"]}
    assert isinstance(await cp.call("StopTransaction", stop), dict)


async def visit(cp: RawCharger, at: datetime, energy: int, **stop: Any) -> None:
    await report(cp, "Preparing", at)
    await report(cp, "Charging", at + MINUTE)
    await charge(cp, at + MINUTE, energy, **stop)
    await report(cp, "Finishing", at + 21 * MINUTE)
    await report(cp, "Available", at + 23 * MINUTE)


def computed(now: datetime) -> tuple[Group, dict[str, int]]:
    """Run the jobs; return the figures of the last hours and the attempts by outcome."""
    rollup.settle(now)
    rollup.refresh(now)
    rollup.recompute_dirty(now)
    window = Instants(now - timedelta(hours=9), now)
    (fleet,) = figures(Charger.objects.all(), window, now=now)
    return fleet, failures(Charger.objects.all(), window)


async def test_drivers_visits_in_frames_are_attempts(
    veteran: Charger, gateway: RunningGateway
) -> None:
    now = datetime.now(UTC)
    async with gateway.charger("CP-9") as cp:
        await cp.boot()
        await report(cp, "Available", now - timedelta(hours=8))
        await visit(cp, now - timedelta(hours=7), 9_000, idTag="TAG", reason="Local")
        await visit(cp, now - timedelta(hours=6), 9_000, reason="EmergencyStop")
        await visit(cp, now - timedelta(hours=5), 20, reason="EVDisconnected")
        fleet, outcomes = await sync_to_async(computed)(datetime.now(UTC))
    assert outcomes == {Outcome.SUCCESS: 1, Outcome.FAULT: 1, Outcome.NO_ENERGY: 1}
    success = fleet.figures[Metric.SESSION_SUCCESS]
    assert (success.numerator, success.denominator) == (1, 3)
    assert fleet.figures[Metric.UPTIME].value == 1.0
    assert 0 < fleet.figures[Metric.ONLINE_RATE].numerator < 60
    assert not await DirtyDay.objects.aexists()


async def test_what_arrives_hours_late_changes_the_figures_of_its_day(
    veteran: Charger, gateway: RunningGateway
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    async with gateway.charger("CP-9") as cp:
        await cp.boot()
        await report(cp, "Available", yesterday - timedelta(hours=2))
        await sync_to_async(computed)(datetime.now(UTC))
        await visit(cp, yesterday, 9_000)
        assert await DirtyDay.objects.aexists()
        now = datetime.now(UTC)
        await sync_to_async(computed)(now)
    window = Instants(yesterday - MINUTE, yesterday + 60 * MINUTE)
    assert await sync_to_async(failures)(Charger.objects.all(), window) == {Outcome.SUCCESS: 1}
