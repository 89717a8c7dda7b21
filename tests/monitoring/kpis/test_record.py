"""What the record doesn't tell any more stays as it was told, whatever is computed again."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from inventory.models import Charger, Evse, Lifecycle, Organisation, Site
from monitoring import retention
from monitoring.kpis import record, rollup
from monitoring.models import (
    Attempt,
    ConnectionSpan,
    DailyConnectivity,
    DailyKpi,
    DirtyDay,
    Gateway,
    Outage,
    RecordStart,
    RollupState,
    Session,
    SilentRun,
    StatusSpan,
)

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: 90 days before is 1 April, 12:00; of it and the next day a part may be missing.
FIRST = date(2026, 4, 2)
MIDNIGHT = datetime(2026, 4, 2, tzinfo=UTC)


def ago(days, hours=0):
    return NOW - timedelta(days=days, hours=hours)


@pytest.fixture
def port(db, settings):
    """A port of 120 days, each with a session and a fault of an hour; its oldest are forgotten."""
    settings.HISTORY_RETENTION_DAYS = 90
    owner = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(organisation=owner, name="Depot", timezone="UTC", country="US")
    charger = Charger.objects.create(site=site, identity="CP-1", commissioned_at=ago(120))
    evse = Evse.objects.create(charger=charger, number=1)
    gateway = Gateway.objects.create(
        id=uuid.uuid4(), host="a", pid=1, started_at=ago(120), lease_until=NOW + DAY
    )
    for opened, closed in ((120, 100), (99, 95), (94, None)):
        ConnectionSpan.objects.create(
            charger=charger, token=uuid.uuid4(), gateway=gateway, opened=ago(opened),
            closed=closed and ago(closed), close_reason="lost" if closed else "", peer="",
            ocpp_version="1.6", security_profile=1,
        )  # fmt: skip
    for day in range(120, 0, -1):
        for after, until, status in ((0, 1, "Faulted"), (1, 24, "Available")):
            StatusSpan.objects.create(
                evse=evse, status=status, started=ago(day) + after * HOUR,
                ended=ago(day) + until * HOUR,
            )  # fmt: skip
        Session.objects.create(
            id=day, charger=charger, evse=evse, transaction_id=str(day), started=ago(day, -3),
            ended=ago(day, -4), received=ago(day), updated=ago(day), id_token="AB", energy=9_000.0,
        )  # fmt: skip
    settings.HISTORY_RETENTION_DAYS = 1_100
    rollup.settle(NOW)
    rollup.refresh(NOW)
    settings.HISTORY_RETENTION_DAYS = 90
    retention.forget(NOW, 90)
    return evse


def old():
    """Return all that is told of the days that can't be computed any more."""
    return [
        *DailyKpi.objects.filter(day__lt=FIRST).order_by("day").values(),
        *DailyConnectivity.objects.filter(day__lt=FIRST).order_by("day").values(),
        *Attempt.objects.filter(ended__lt=MIDNIGHT).order_by("ended").values(),
        *Outage.objects.filter(started__lt=MIDNIGHT).order_by("started").values(),
    ]


def assert_same_as(before):
    assert len(before) > 4 * 25
    assert old() == before


def test_the_record_begins_where_what_is_forgotten_ends(port):
    assert not StatusSpan.objects.filter(ended__lt=ago(90)).exists()
    assert record.first_day("UTC", NOW) == FIRST


def test_a_changed_time_zone_leaves_them_as_they_are(port):
    before = old()
    Site.objects.update(timezone="America/New_York")
    rollup.settle(NOW)
    assert_same_as(before)
    assert DailyKpi.objects.get(day=date(2026, 5, 1)).until == datetime(2026, 5, 2, 4, tzinfo=UTC)
    assert DailyKpi.objects.get(day=date(2026, 5, 1)).faulted == 3600


@pytest.mark.parametrize(("moved", "outages"), [(ago(119), 89), (ago(60), 60), (None, 0)])
def test_a_changed_commissioning_leaves_them_as_they_are(port, moved, outages):
    before = old()
    Charger.objects.update(commissioned_at=moved)
    rollup.settle(NOW)
    rollup.refresh(NOW)
    assert_same_as(before)
    kept = {row.day for row in DailyKpi.objects.filter(day__gte=FIRST)}
    assert kept == {day for day in days_from(FIRST) if moved and day >= moved.date()}
    assert Outage.objects.filter(started__gte=MIDNIGHT).count() == outages


def days_from(first):
    return [first + n * DAY for n in range((NOW.date() - first).days + 1)]


def test_a_charger_that_is_planned_or_gone_again_leaves_them_as_they_are(port):
    before = old()
    Charger.objects.update(lifecycle=Lifecycle.PENDING)
    rollup.settle(NOW)
    assert_same_as(before)
    Charger.objects.update(lifecycle=Lifecycle.DECOMMISSIONED, decommissioned_at=ago(100))
    rollup.settle(NOW)
    assert_same_as(before)
    assert not DailyKpi.objects.filter(day__gte=FIRST).exists()


def test_changed_opening_hours_leave_them_as_they_are(port):
    before = old()
    Site.objects.update(opening_hours={"mon": [["08:00", "20:00"]]})
    assert rollup.settle(NOW) > 0
    assert_same_as(before)


def test_a_dirty_mark_of_long_ago_is_worked_off_and_changes_nothing(port):
    before = old()
    for day in (ago(119), ago(95), ago(90), ago(89)):
        DirtyDay.objects.create(charger=port.charger, day=day.date(), marked_at=NOW)
    rollup.recompute_dirty(NOW)
    assert not DirtyDay.objects.exists()
    assert_same_as(before)


def test_late_news_that_reach_over_the_edge_change_only_what_can_be_computed(port):
    before = old()
    StatusSpan.objects.filter(started__lt=MIDNIGHT + DAY).delete()
    StatusSpan.objects.create(
        evse=port, status="Unavailable", started=ago(110), ended=MIDNIGHT + 13 * HOUR
    )
    for day in (ago(110), MIDNIGHT):
        DirtyDay.objects.create(charger=port.charger, day=day.date(), marked_at=NOW)
    rollup.recompute_dirty(NOW)
    assert [row for row in old() if "kind" not in row] == [
        row for row in before if "kind" not in row
    ]
    across = Outage.objects.filter(started__lte=MIDNIGHT, ended__gt=MIDNIGHT).get()
    assert (across.started, across.ended) == (MIDNIGHT, MIDNIGHT + 13 * HOUR)


def test_a_state_that_was_lost_is_made_anew_from_what_there_is(port):
    before = old()
    RollupState.objects.all().delete()
    rollup.settle(NOW)
    assert_same_as(before)


def test_a_longer_retention_brings_nothing_back_and_destroys_nothing(port, settings):
    before = old()
    settings.HISTORY_RETENTION_DAYS = 1_100
    Site.objects.update(timezone="Europe/Berlin")
    rollup.settle(NOW)
    assert_same_as(before)
    retention.forget(NOW, 1_100)
    assert RecordStart.objects.get().at == ago(90)


def test_days_beyond_what_is_rolled_up_at_all_stay_though_their_record_is_whole(
    port, monkeypatch, settings
):
    settings.HISTORY_RETENTION_DAYS = 1_100
    RecordStart.objects.all().delete()
    monkeypatch.setattr(rollup, "HISTORY", timedelta(days=30))
    before = list(DailyKpi.objects.filter(day__lt=ago(31).date()).order_by("day").values())
    Site.objects.update(timezone="Asia/Tokyo")
    rollup.settle(NOW)
    rest = DailyKpi.objects.filter(day__lt=ago(31).date()).order_by("day")
    assert list(rest.values()) == before


def test_a_charger_that_never_came_back_stays_offline_when_its_connection_is_old(port):
    ConnectionSpan.objects.filter(closed=None).update(closed=ago(93), close_reason="lost")
    DirtyDay.objects.create(charger=port.charger, day=MIDNIGHT.date(), marked_at=NOW)
    rollup.settle(NOW)
    rollup.recompute_dirty(NOW)
    retention.forget(NOW, 90)
    retention.forget(NOW + DAY, 90)
    rollup.refresh(NOW + DAY)
    rollup.settle(NOW + DAY)
    today = DailyKpi.objects.latest("day")
    assert (today.offline, today.no_data) == (12 * 3600, 0)
    assert Outage.objects.get(ended=None).cause == "link"


def test_an_outage_whose_beginning_is_forgotten_keeps_what_was_told_of_it(port):
    long = Outage.objects.get(started=ago(89))
    StatusSpan.objects.filter(started__gte=ago(89)).delete()
    parts = (("Faulted", 89, 88, "CX008"), ("Unavailable", 88, None, ""))
    for status, started, ended, code in parts:
        StatusSpan.objects.create(
            evse=port, status=status, started=ago(started), ended=ended and ago(ended),
            vendor_error_code=code,
        )  # fmt: skip
    for day in (89, 88):
        DirtyDay.objects.create(charger=port.charger, day=ago(day).date(), marked_at=NOW)
    rollup.recompute_dirty(NOW)
    before = Outage.objects.get(pk=long.pk)
    assert (before.cause, before.chargex, before.ended) == ("emergency_stop", 8, None)
    later = NOW + 5 * DAY
    Gateway.objects.update(lease_until=later + DAY)
    rollup.settle(later)
    retention.forget(later, 90)
    assert not StatusSpan.objects.filter(vendor_error_code="CX008").exists()
    StatusSpan.objects.filter(ended=None).update(ended=later - HOUR)
    rollup.settle(later)
    rollup.refresh(later)
    after = Outage.objects.get(pk=long.pk)
    assert (after.started, after.ended) == (ago(89), later - HOUR)
    assert (after.cause, after.chargex, after.evidence) == (
        "emergency_stop", 8, before.evidence,
    )  # fmt: skip


def test_silent_runs_of_old_attempts_outlive_the_record(port):
    SilentRun.objects.create(
        evse=port, started=ago(118), ended=ago(117), attempts=3, tokens=2
    )  # fmt: skip
    rollup.settle(NOW + DAY)
    rollup.recompute_dirty(NOW + DAY)
    assert SilentRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_forgotten_while_days_are_computed():
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            record.first_day("UTC", NOW)
            waiting = other.submit(in_thread, ago(50))
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
            assert not RecordStart.objects.exists()
        waiting.result(30)
    assert RecordStart.objects.get().at == ago(50)
    assert record.first_day("UTC", NOW) == date(2026, 5, 12)


def in_thread(at):
    try:
        record.move(at)
    finally:
        connection.close()
