"""The verdicts that are stored: which sessions, by which samples, and when again."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import connection

from inventory.models import Connector, Evse
from monitoring.facts import Status
from monitoring.models import Session, SessionReconciliation, SessionToReconcile
from monitoring.partitions import create
from monitoring.reconciliation import judgement, rows
from monitoring.reconciliation.judgement import Judgement, Metered
from tests import network

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(hours=5)
MINUTE = timedelta(minutes=1)
KEYS = count(5_000)


@pytest.fixture
def port(db: None) -> Evse:
    """A port of 22 kW, and partitions for its samples."""
    charger = network.charger(network.site(network.tenant()), "CP-1", Status.AVAILABLE)
    evse = charger.evses.get()
    Connector.objects.create(evse=evse, max_power=22_000)
    make_partition()
    return evse


def make_partition() -> None:
    with connection.cursor() as cursor:
        cursor.execute(create("monitoring_metersample", NOON.date()))


def charged(port: Evse, minutes: int = 60, **said: object) -> Session:
    """A session from noon on, by its registers of 11 kWh."""
    key = next(KEYS)
    said = {"meter_start": 1_001.0, "meter_stop": 12_001.0, "energy": 11_000.0} | said
    return Session.objects.create(
        id=key, charger=port.charger, evse=port, transaction_id=str(key), started=NOON,
        ended=NOON + minutes * MINUTE, received=NOON, updated=NOON, **said,
    )  # fmt: skip


def sample(session: Session, minute: float, register: float, **said: int | None) -> None:
    said = {"session_id": session.pk, "evse_id": session.evse_id} | said
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO monitoring_metersample"
            " (charger_id, evse_id, session_id, at, received, offset_ms, context, energy)"
            " VALUES (%s, %s, %s, %s, %s, 0, 0, %s)",
            [session.charger_id, said["evse_id"], said["session_id"], NOON + minute * MINUTE,
             NOON, register],
        )  # fmt: skip


def verdict(session: Session) -> SessionReconciliation:
    rows.work_through(NOW)
    return SessionReconciliation.objects.get(session=session)


def test_a_session_is_judged_once_it_ended(port):
    session = charged(port)
    sample(session, 0, 1_001)
    sample(session, 60, 12_001)

    found = verdict(session)

    assert (found.verdict, found.basis, found.billable) == ("agrees", "registers", 11_000)
    assert (found.by_registers, found.by_samples, found.samples) == (11_000, 11_000, 2)
    assert not SessionToReconcile.objects.exists()


def test_a_running_session_is_not_judged(port):
    session = charged(port)
    SessionToReconcile.objects.all().delete()
    Session.objects.filter(pk=session.pk).update(ended=None)

    rows.work_through(NOW)

    assert not SessionReconciliation.objects.exists()


def test_a_session_changed_after_its_end_is_judged_again(port):
    session = charged(port, meter_stop=None)
    assert verdict(session).cause == "stop_missing"

    Session.objects.filter(pk=session.pk).update(meter_stop=12_001.0)

    assert verdict(session).cause == ""


def test_samples_of_the_port_that_name_no_session_count_while_it_ran(port):
    session = charged(port)
    for minute, register in ((-3, 500), (0, 1_001), (60, 12_001), (63, 20_000)):
        sample(session, minute, register, session_id=None)
    sample(session, 30, 999_999, session_id=None, evse_id=None)

    assert verdict(session).by_samples == 11_000


def test_samples_of_another_session_do_not_count(port):
    session, other = charged(port), charged(port)
    sample(session, 0, 1_001)
    sample(session, 60, 7_001)
    sample(other, 30, 500_000)

    found = verdict(session)

    assert found.by_samples == 6_000
    assert (found.verdict, found.cause) == ("contradictory", "other_session")


def test_a_verdict_outlives_its_samples(port):
    session = charged(port)
    sample(session, 0, 1_001)
    sample(session, 60, 7_001)
    assert verdict(session).by_samples == 6_000
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM monitoring_metersample")

    Session.objects.filter(pk=session.pk).update(soc=80)
    rows.work_through(NOW + timedelta(days=4_000))

    assert SessionReconciliation.objects.get().by_samples == 6_000


def test_a_session_while_the_charger_was_not_connected_lost_its_samples_to_that(port):
    network.connection(port.charger, NOON, NOON + 15 * MINUTE, "lost")
    network.connection(port.charger, NOON + 45 * MINUTE)
    session = charged(port)
    sample(session, 0, 1_001)
    sample(session, 15, 3_751)

    assert verdict(session).cause == "offline_gap"


def test_the_work_is_done_in_portions_with_few_queries(port, django_assert_max_num_queries):
    for _each in range(50):
        charged(port)
    Session.objects.update(soc=50)  # asks for each of them again

    with django_assert_max_num_queries(12):
        assert rows.work_through(NOW) == 50


def test_a_session_that_is_gone_meanwhile_is_no_error(port):
    charged(port).delete()

    assert rows.work_through(NOW) == 1
    assert not SessionReconciliation.objects.exists()


def test_a_session_that_cannot_be_judged_holds_up_no_other(port, monkeypatch):
    _bad, good = charged(port, energy=-1.0), charged(port, minutes=50)

    def judge(metered: Metered) -> Judgement:
        if metered.reported == -1.0:
            raise ZeroDivisionError
        return judgement.judge(metered)

    monkeypatch.setattr(rows, "judge", judge)
    assert rows.work_through(NOW) == 2
    assert [row.session_id for row in SessionReconciliation.objects.all()] == [good.pk]
    assert not SessionToReconcile.objects.exists()
