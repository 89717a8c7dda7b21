"""The ledger's rows: their keys last, what people found stays, and late changes are told."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from inventory.models import Charger, Evse, ExclusionReason, Organisation, Site
from monitoring.kpis import rollup
from monitoring.models import (
    ConnectionSpan,
    DailyKpi,
    DirtyDay,
    ErrorMeaning,
    Event,
    Exclusion,
    Gateway,
    Outage,
    OutageChange,
    StatusSpan,
)
from monitoring.outages import evidence
from monitoring.outages.entries import MOST_ROWS
from monitoring.outages.queries import lines, outages

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


def at(day, hour=0, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def port(db):
    """A port, commissioned on 1 March, connected and Available ever since."""
    owner = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(organisation=owner, name="Depot", timezone="UTC", country="US")
    charger = Charger.objects.create(site=site, identity="CP-1", commissioned_at=at(1))
    evse = Evse.objects.create(charger=charger, number=1)
    connect(charger, at(1))
    StatusSpan.objects.create(evse=evse, status="Available", started=at(1))
    return evse


def connect(charger, opened, closed=None, reason=""):
    gateway = Gateway.objects.create(
        id=uuid.uuid4(), host="a", pid=1, started_at=opened, lease_until=at(30)
    )
    return ConnectionSpan.objects.create(
        charger=charger, token=uuid.uuid4(), gateway=gateway, opened=opened, closed=closed,
        close_reason=reason, peer="", ocpp_version="1.6", security_profile=1,
    )  # fmt: skip


def change(evse, status, started, **said):
    StatusSpan.objects.filter(evse=evse, ended=None).update(ended=started)
    return StatusSpan.objects.create(evse=evse, status=status, started=started, **said)


def fault(evse, started, ended, **said):
    span = change(evse, "Faulted", started, **said)
    change(evse, "Available", ended)
    return span


def mark(evse, *days):
    for day in days:
        DirtyDay.objects.update_or_create(
            charger_id=evse.charger_id, day=date(2026, 3, day), defaults={"marked_at": NOON}
        )


def find(outage, **found):
    user = User.objects.create(username="vera")
    found = {"found_note": "cable cut", "found_cause": "vandalism", **found}
    Outage.objects.filter(pk=outage.pk).update(found_by=user, found_at=NOON, **found)


def told():
    return [(o.started, o.ended, o.kind) for o in Outage.objects.order_by("started")]


def test_an_open_outage_grows_with_each_refresh_and_ends_as_the_same_row(port):
    change(port, "Faulted", at(9, 10))
    rollup.refresh(at(9, 11))
    first = Outage.objects.get()
    assert (first.ended, first.until, first.faulted) == (None, at(9, 11), 3600)
    rollup.refresh(at(9, 12))
    change(port, "Available", at(9, 13))
    rollup.refresh(at(9, 14))
    last = Outage.objects.get()
    assert (last.pk, last.ended, last.until, last.seconds) == (
        first.pk, at(9, 13), at(9, 13), 3 * 3600,
    )  # fmt: skip
    assert not OutageChange.objects.exists()


def test_an_outage_over_many_days_is_one_row_with_the_seconds_of_each_kind(port):
    change(port, "Faulted", at(3, 12))
    change(port, "Unavailable", at(5, 12))
    change(port, "Available", at(7, 12))
    for day in range(2, 10):
        rollup.refresh(at(day, 12))
        rollup.settle(at(day, 12))
    outage = Outage.objects.get()
    assert (outage.started, outage.ended, outage.kind) == (at(3, 12), at(7, 12), "faulted")
    assert (outage.faulted, outage.unavailable) == (2 * 86_400, 2 * 86_400)


def test_days_that_nobody_computed_for_a_while_heal_into_one_outage(port):
    change(port, "Faulted", at(3, 12))
    rollup.refresh(at(3, 13))
    rollup.refresh(at(6, 13))
    assert told() == [(at(3, 12), at(3, 13), "faulted"), (at(6), None, "faulted")]
    first = Outage.objects.earliest("started").pk
    rollup.settle(at(6, 13))
    assert told() == [(at(3, 12), None, "faulted")]
    assert Outage.objects.get().faulted == 73 * 3600
    assert Outage.objects.get().pk in {first, first + 1}


def test_late_data_that_prolongs_an_outage_keeps_its_row_what_was_found_and_tells_of_it(port):
    span = fault(port, at(3, 10), at(3, 11))
    rollup.settle(NOON)
    before = Outage.objects.get()
    find(before)
    StatusSpan.objects.filter(started=at(3, 11)).delete()
    StatusSpan.objects.filter(pk=span.pk).update(ended=at(3, 12))
    StatusSpan.objects.create(evse=port, status="Available", started=at(3, 12))
    mark(port, 3)
    rollup.recompute_dirty(NOON)
    after = Outage.objects.get()
    assert (after.pk, after.ended, after.found_note) == (before.pk, at(3, 12), "cable cut")
    kept = OutageChange.objects.get()
    assert (kept.outage_id, kept.actor) == (before.pk, None)
    assert kept.changes["faulted"] == [3600, 7200]
    assert kept.changes["ended"][1] == "2026-03-03T12:00:00+00:00"


def test_two_outages_that_turn_out_to_be_one_keep_what_was_found(port):
    fault(port, at(3, 10), at(3, 12))
    fault(port, at(3, 13), at(3, 14))
    rollup.settle(NOON)
    small = Outage.objects.latest("started")
    find(small)
    StatusSpan.objects.filter(started=at(3, 12)).update(status="Unavailable")
    mark(port, 3)
    rollup.recompute_dirty(NOON)
    whole = Outage.objects.get()
    assert whole.pk != small.pk
    assert (whole.seconds, whole.found_note, whole.found_cause) == (
        4 * 3600,
        "cable cut",
        "vandalism",
    )
    gone = OutageChange.objects.get(outage_id=small.pk)
    assert gone.changes["joined"] == whole.pk
    assert gone.changes["gone"]["found_note"] == "cable cut"


def test_an_outage_that_late_data_undoes_is_gone_and_told_of(port):
    fault(port, at(3, 10), at(3, 12))
    rollup.settle(NOON)
    was = Outage.objects.get()
    StatusSpan.objects.filter(started=at(3, 10)).update(status="Charging")
    mark(port, 3)
    rollup.recompute_dirty(NOON)
    assert not Outage.objects.exists()
    assert OutageChange.objects.get(outage_id=was.pk).changes["gone"]["faulted"] == 7200


def test_an_open_outage_ends_when_the_charger_is_decommissioned(port):
    change(port, "Faulted", at(8, 10))
    rollup.refresh(at(9, 11))
    rollup.settle(at(9, 11))
    assert Outage.objects.get().ended is None
    Charger.objects.update(decommissioned_at=at(9, 11, 30))
    rollup.refresh(NOON)
    assert Outage.objects.get().ended == at(9, 11, 30)
    Charger.objects.update(decommissioned_at=at(8, 12))
    rollup.settle(NOON)
    assert told() == [(at(8, 10), at(8, 12), "faulted")]


def test_an_outage_begins_at_the_earliest_when_the_charger_is_commissioned(port):
    change(port, "Faulted", at(2, 12))
    change(port, "Available", at(4, 12))
    Charger.objects.update(commissioned_at=at(3, 12))
    rollup.settle(NOON)
    outage = Outage.objects.get()
    assert (outage.started, outage.seconds) == (at(3, 12), 86_400)
    find(outage)
    Charger.objects.update(commissioned_at=at(4))
    rollup.settle(NOON)
    moved = Outage.objects.get()
    assert (moved.pk, moved.started, moved.found_note) == (outage.pk, at(4), "cable cut")


def test_causes_come_from_the_record_and_stay_with_their_evidence(port):
    span = fault(port, at(3, 10), at(3, 12), error_code="OtherError", vendor_error_code="E-STOP")
    ConnectionSpan.objects.update(closed=at(4, 10), close_reason="lost")
    back = connect(port.charger, at(4, 11), at(5, 10), "ping_timeout")
    connect(port.charger, at(5, 11), at(6, 10), "gateway_restart")
    connect(port.charger, at(6, 10, 2))
    Event.objects.create(
        charger=port.charger, kind="boot", at=at(4, 11), received=at(4, 11), code="Accepted",
        text="PowerUp",
    )  # fmt: skip
    rollup.settle(NOON)
    found = list(Outage.objects.order_by("started"))
    assert [o.cause for o in found] == ["emergency_stop", "power", "link", "ours"]
    assert (found[0].error_code, found[0].chargex) == ("E-STOP", 8)
    assert found[0].evidence == {"spans": [span.pk]}
    assert found[1].evidence["connections"][1] == back.pk


def test_what_staff_enter_for_a_code_goes_before_what_is_known_and_their_own_before_anybodys(port):
    owner = port.charger.site.organisation
    ErrorMeaning.objects.create(code="E-STOP", chargex=3)
    ErrorMeaning.objects.create(organisation=owner, code="e-stop", chargex=26, cause="vandalism")
    fault(port, at(3, 10), at(3, 12), error_code="OtherError", vendor_error_code="E-STOP")
    rollup.settle(NOON)
    outage = Outage.objects.get()
    assert (outage.chargex, outage.cause) == (26, "vandalism")


def test_codes_that_nobody_said_do_not_crowd_out_those_that_somebody_did(port, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_MEANINGS", 2)
    for code in ("A-1", "A-2", "e-stop"):
        ErrorMeaning.objects.create(
            organisation=port.charger.site.organisation, code=code, cause="vandalism"
        )
    fault(port, at(3, 10), at(3, 12), error_code="OtherError", vendor_error_code="E-STOP")
    rollup.settle(NOON)
    assert Outage.objects.get().cause == "vandalism"


def flap(evse, day, times):
    """Report Faulted and Available in turn, a tenth of a second each, all from six on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO monitoring_statusspan
                   (evse_id, status, started, ended, error_code, vendor_error_code, info)
            SELECT %s, CASE WHEN n %% 2 = 0 THEN 'Faulted' ELSE 'Available' END,
                   %s + n * interval '100 ms', %s + (n + 1) * interval '100 ms', '', '', ''
              FROM generate_series(0, %s) AS n
            """,
            [evse.pk, at(day, 6), at(day, 6), 2 * times],
        )


def test_a_port_that_flaps_all_day_has_a_bounded_number_of_rows(port):
    StatusSpan.objects.filter(evse=port).update(ended=at(3, 6))
    flap(port, 3, 10_000)
    fault(port, at(3, 20), at(4, 2))
    rollup.settle(at(4, 12))
    rows = list(Outage.objects.order_by("started"))
    day = DailyKpi.objects.get(evse=port, day=date(2026, 3, 3))
    assert len(rows) <= MOST_ROWS + 2
    assert sum(row.stretches for row in rows) == day.outages
    assert day.outages > 10_000
    assert sum(row.seconds for row in rows) == pytest.approx(day.faulted + 2 * 3600)
    assert (rows[-1].started, rows[-1].ended) == (at(3, 20), at(4, 2))
    assert OutageChange.objects.count() == 0


def test_a_window_cuts_outages_and_each_lens_tells_what_it_excludes(port):
    change(port, "Faulted", at(3, 12))
    change(port, "Available", at(5, 12))
    fault(port, at(7, 1), at(7, 2))
    lea, vera = (User.objects.create(username=name) for name in ("lea", "vera"))
    approved = Exclusion.objects.create(
        site=port.charger.site, started=at(4, 6), ended=at(4, 18), note="storm",
        reason=ExclusionReason.NATURAL_DISASTER, proposed_by=lea, proposed_at=at(5),
        decided_by=vera, decided_at=at(6), state="approved",
    )  # fmt: skip
    rollup.settle(NOON)
    found = outages(Charger.objects.all(), at(4), at(7, 1, 30))
    assert [o.lost for o in found] == [1800, 36 * 3600]
    one = list(lines(found, at(4), at(7, 1, 30)))[1]
    assert (one.start, one.end, one.seconds) == (at(4), at(5, 12), 36 * 3600)
    assert one.exclusions == [approved]
    assert (one.lenses["nevi"].outage, one.lenses["nevi"].excluded) == (36 * 3600, 12 * 3600)
    assert not outages(Charger.objects.none(), at(4), at(8)).exists()
    assert not outages(Charger.objects.all(), at(5, 12), at(7, 1)).exists()


def test_lines_of_many_outages_take_a_few_queries(port, django_assert_max_num_queries):
    for hour in range(20):
        fault(port, at(3, hour, 1), at(3, hour, 2))
    rollup.settle(NOON)
    found = list(outages(Charger.objects.all(), at(3), at(4)))
    assert len(found) == 20
    with django_assert_max_num_queries(7):
        assert len(list(lines(found, at(3), at(4)))) == 20


def test_writing_outages_takes_a_handful_of_statements(port, django_assert_max_num_queries):
    rollup.refresh(at(9, 1))
    for hour in range(2, 8):
        fault(port, at(9, hour), at(9, hour, 30))
    with django_assert_max_num_queries(45):
        rollup.refresh(NOON)
    assert Outage.objects.count() == 6


def test_a_change_that_is_no_news_is_not_written(port):
    fault(port, at(3, 10), at(3, 12))
    rollup.settle(NOON)
    row = Outage.objects.values().get()
    mark(port, 3)
    rollup.recompute_dirty(NOON + timedelta(hours=1))
    assert Outage.objects.values().get() == row
    assert not OutageChange.objects.exists()
