"""History ends where it was told to, and what is still going on doesn't."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from inventory.models import Evse
from monitoring import retention
from monitoring.facts import Status
from monitoring.models import ConnectionSpan, Event, Gateway, StatusSpan
from tests.network import charger, site, tenant

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture
def evse(db):
    one = charger(site(tenant(), "Depot"), "CP-1", Status.AVAILABLE, since=ago(900))
    StatusSpan.objects.all().delete()
    return Evse.objects.get(charger=one)


def event(evse, days):
    return Event.objects.create(charger=evse.charger, kind="boot", at=ago(days), received=ago(days))


def spanned(evse, started, ended):
    return StatusSpan.objects.create(
        evse=evse,
        status=Status.FAULTED,
        started=ago(started),
        ended=None if ended is None else ago(ended),
    )


def test_events_and_spans_that_are_over_go_with_their_time(evse):
    kept = event(evse, 99)
    event(evse, 101)
    spanned(evse, 300, 200)
    across = spanned(evse, 200, 50)
    retention.forget(NOW, 100)
    assert list(Event.objects.all()) == [kept]
    assert list(StatusSpan.objects.all()) == [across]


def test_a_status_that_still_holds_is_kept_however_old(evse):
    lasting = spanned(evse, 800, None)
    retention.forget(NOW, 100)
    assert list(StatusSpan.objects.all()) == [lasting]


def test_a_gateways_run_goes_with_its_last_connection(evse):
    old, held = (
        Gateway.objects.create(
            id=uuid.uuid4(), host="a", pid=1, started_at=ago(300), lease_until=ago(150),
            ended_at=ago(150),
        )
        for _ in range(2)
    )  # fmt: skip
    for gateway, opened, closed in ((old, 300, 250), (held, 200, 40)):
        ConnectionSpan.objects.create(
            charger=evse.charger, token=uuid.uuid4(), gateway=gateway, opened=ago(opened),
            closed=ago(closed), peer="192.0.2.7", ocpp_version="1.6", security_profile=1,
        )  # fmt: skip
    retention.forget(NOW, 100)
    assert list(Gateway.objects.all()) == [held]
    assert ConnectionSpan.objects.get().gateway == held


def test_more_than_a_portion_goes_in_portions(evse, monkeypatch):
    monkeypatch.setattr(retention, "PORTION", 3)
    for days in range(101, 111):
        event(evse, days)
    assert retention.forget(NOW, 100)["monitoring_event"] == 10
    assert not Event.objects.exists()
