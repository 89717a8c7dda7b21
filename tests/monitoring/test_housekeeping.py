"""The record is kept whole with nobody watching."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from inventory.models import Charger, Evse, Organisation, Site
from monitoring import housekeeping
from monitoring.models import (
    ChargerState,
    ConnectionSpan,
    DirtyDay,
    Event,
    Gateway,
    PortState,
    QuarantinedFact,
    Session,
    StatusSpan,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def evse(db):
    organisation = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(organisation=organisation, name="Depot")
    charger = Charger.objects.create(site=site, identity="CP-1")
    return Evse.objects.create(charger=charger, number=1)


def running(evse, number, started, **fields):
    return Session.objects.create(
        id=number,
        charger=evse.charger,
        evse=evse,
        transaction_id=str(number),
        started=started,
        received=started,
        updated=started,
        **fields,
    )


def connected(evse, lease_until, last_seen):
    gateway = Gateway.objects.create(
        id=uuid.uuid4(), host="a", pid=1, started_at=NOON, lease_until=lease_until
    )
    token = uuid.uuid4()
    ConnectionSpan.objects.create(
        charger=evse.charger, token=token, gateway=gateway, opened=NOON, peer="",
        ocpp_version="1.6", security_profile=1,
    )  # fmt: skip
    ChargerState.objects.create(
        charger=evse.charger, online=True, since=NOON, connection=token, last_seen=last_seen
    )


def test_a_dead_gateways_connections_close_at_the_last_proof_of_life(evse):
    connected(evse, lease_until=NOON + timedelta(minutes=2), last_seen=NOON + timedelta(minutes=1))
    housekeeping.close_dead_gateways(NOON + timedelta(minutes=5))
    housekeeping.close_dead_gateways(NOON + timedelta(minutes=6))
    span = ConnectionSpan.objects.get()
    assert (span.closed, span.close_reason) == (NOON + timedelta(minutes=1), "gateway_died")
    assert span.noticed == NOON + timedelta(minutes=5)
    state = ChargerState.objects.get()
    assert (state.online, state.since) == (False, NOON + timedelta(minutes=1))


def test_a_living_gateways_connections_stay(evse):
    connected(evse, lease_until=NOON + timedelta(minutes=6), last_seen=NOON)
    housekeeping.close_dead_gateways(NOON + timedelta(minutes=5))
    assert ConnectionSpan.objects.get().closed is None
    assert ChargerState.objects.get().online


def test_a_session_on_a_port_that_is_available_again_is_abandoned(evse):
    running(evse, 1, NOON)
    PortState.objects.create(
        evse=evse, status="Available", since=NOON + timedelta(hours=1), session_id=1
    )
    assert housekeeping.abandon_zombies(NOON + timedelta(hours=1, minutes=5)) == 0
    assert housekeeping.abandon_zombies(NOON + timedelta(hours=2)) == 1
    session = Session.objects.get()
    assert (session.ended, session.flags) == (NOON + timedelta(hours=1), ["abandoned"])
    assert PortState.objects.get().session_id is None
    assert DirtyDay.objects.get().day.isoformat() == "2026-03-02"


def test_a_session_followed_by_another_is_abandoned_where_that_began(evse):
    running(evse, 1, NOON)
    running(evse, 2, NOON + timedelta(hours=3))
    PortState.objects.create(evse=evse, status="Charging", since=NOON)
    assert housekeeping.abandon_zombies(NOON + timedelta(hours=4)) == 1
    assert Session.objects.get(id=1).ended == NOON + timedelta(hours=3)
    assert Session.objects.get(id=2).ended is None


def test_an_orphan_stop_is_reconciled_by_token_and_meter_where_only_one_session_fits(evse):
    running(evse, 1, NOON, meter_start=500.0, id_token="TAG")
    PortState.objects.create(evse=evse, status="Available", since=NOON + timedelta(hours=1))
    stopped = NOON + timedelta(minutes=55)
    orphan = Event.objects.create(
        charger=evse.charger, kind="orphan_stop", at=stopped, received=stopped,
        data={"meterStop": 7500, "idTag": "TAG", "transactionId": "0", "reason": "EVDisconnected"},
    )  # fmt: skip
    housekeeping.abandon_zombies(NOON + timedelta(hours=2))
    session = Session.objects.get()
    assert (session.ended, session.energy, session.flags) == (stopped, 7000.0, ["reconciled"])
    orphan.refresh_from_db()
    assert orphan.data["session"] == 1


def test_an_orphan_stop_of_another_token_stays_an_orphan(evse):
    running(evse, 1, NOON, meter_start=500.0, id_token="TAG")
    PortState.objects.create(evse=evse, status="Available", since=NOON + timedelta(hours=1))
    Event.objects.create(
        charger=evse.charger, kind="orphan_stop", at=NOON + timedelta(minutes=55),
        received=NOON, data={"meterStop": 7500, "idTag": "OTHER"},
    )  # fmt: skip
    housekeeping.abandon_zombies(NOON + timedelta(hours=2))
    assert Session.objects.get().flags == ["abandoned"]


def test_partitions_are_made_ahead_and_dropped_by_retention(db):
    housekeeping.make_partitions(NOON)
    housekeeping.make_partitions(NOON)
    later = NOON + timedelta(days=30)
    dropped = housekeeping.drop_expired(later, meter_days=400, frame_days=30)
    assert dropped == ["monitoring_framesegment_20260301"]
    names = connection.introspection.table_names(include_views=True)
    assert "monitoring_metersample_20260305" in names
    assert "monitoring_framesegment_20260302" in names


def test_what_was_quarantined_is_kept_as_long_as_frames_are(db):
    for days in (29, 31):
        QuarantinedFact.objects.create(
            charger_id=7, received=NOON - timedelta(days=days), kind="Booted", fact={}, frame="[2]",
            error=f"{days} days ago",
        )  # fmt: skip
    assert housekeeping.forget_quarantined(NOON, 30) == 1
    assert QuarantinedFact.objects.get().error == "29 days ago"


def test_old_repeated_spans_are_merged_and_recent_ones_are_not(evse):
    def span(start, end, status):
        StatusSpan.objects.create(
            evse=evse, status=status, started=NOON + timedelta(hours=start),
            ended=end and NOON + timedelta(hours=end),
        )  # fmt: skip

    span(0, 1, "Available")
    span(1, 2, "Available")
    span(2, 3, "Charging")
    span(3, 4, "Available")
    span(5, 6, "Available")
    span(200, 201, "Available")
    span(201, None, "Available")
    assert housekeeping.merge_repeated_spans(NOON + timedelta(hours=205)) == 1
    starts = [
        (round((s.started - NOON).total_seconds() / 3600), s.status)
        for s in StatusSpan.objects.order_by("started")
    ]
    assert starts == [
        (0, "Available"), (2, "Charging"), (3, "Available"), (5, "Available"),
        (200, "Available"), (201, "Available"),
    ]  # fmt: skip
    assert StatusSpan.objects.order_by("started").first().ended == NOON + timedelta(hours=2)
