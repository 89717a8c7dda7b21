"""A port that says it is fine and fails every driver is down from the first of them on."""

import uuid
from datetime import UTC, date, datetime
from itertools import count, pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.models import Charger, Evse, Organisation, Site
from monitoring.kpis import rollup
from monitoring.kpis.attempts import Outcome
from monitoring.models import (
    ConnectionSpan,
    DailyKpi,
    DirtyDay,
    Gateway,
    Outage,
    Session,
    SilentRun,
    StatusSpan,
)
from monitoring.outages.silent import Run, Tried, runs

FAILED, SUCCESS, REFUSED = Outcome.NO_ENERGY, Outcome.SUCCESS, Outcome.REFUSED
keys = count(1)


def tried(*said):
    return [Tried(float(start), outcome, token) for start, outcome, token in said]


def test_three_failures_by_two_drivers_are_a_run_until_the_next_success():
    attempts = tried((1, FAILED, "A"), (2, FAILED, "a"), (3, FAILED, "B"), (9, SUCCESS, "C"))
    assert list(runs(attempts, 3, 2)) == [Run(1, 9, 3, 2)]
    assert list(runs(attempts[:3], 3, 2)) == [Run(1, inf, 3, 2)]


def test_one_driver_alone_or_too_few_failures_are_none():
    alone = tried((1, FAILED, "A"), (2, FAILED, "A"), (3, FAILED, "a"))
    assert not list(runs(alone, 3, 2))
    assert not list(runs(alone[:2], 3, 1))
    assert list(runs(alone, 3, 1)) == [Run(1, inf, 3, 1)]


def test_attempts_without_a_token_are_a_driver_each():
    assert list(runs(tried((1, FAILED, ""), (2, FAILED, ""), (3, FAILED, "")), 3, 2))


def test_refused_and_unauthorized_attempts_neither_make_nor_break_a_run():
    attempts = tried(
        (0, REFUSED, "X"), (1, FAILED, "A"), (2, REFUSED, "X"), (3, Outcome.NO_AUTHORIZATION, ""),
        (4, FAILED, "B"), (5, FAILED, "C"), (6, SUCCESS, "D"), (7, FAILED, "E"),
    )  # fmt: skip
    assert list(runs(attempts, 3, 2)) == [Run(1, 6, 3, 3)]


outcomes = st.lists(st.tuples(st.sampled_from(Outcome), st.sampled_from(["", "A", "B"])))


@settings(max_examples=50)
@given(outcomes, st.integers(2, 4), st.integers(1, 3))
def test_runs_never_overlap_and_end_with_a_success(said, least, tokens):
    attempts = tried(*((start, *one) for start, one in enumerate(said)))
    found = list(runs(attempts, least, tokens))
    successes = {a.start for a in attempts if a.outcome is SUCCESS} | {inf}
    for run in found:
        assert run.start < run.end
        assert run.end in successes
        assert run.attempts >= max(least, run.tokens)
    assert all(one.end < other.start for one, other in pairwise(found))


def at(day, hour=0, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def port(db):
    """A port, commissioned on 1 March, connected and Available ever since."""
    owner = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(organisation=owner, name="Depot", timezone="UTC")
    charger = Charger.objects.create(site=site, identity="CP-1", commissioned_at=at(1))
    evse = Evse.objects.create(charger=charger, number=1)
    gateway = Gateway.objects.create(
        id=uuid.uuid4(), host="a", pid=1, started_at=at(1), lease_until=at(30)
    )
    ConnectionSpan.objects.create(
        charger=charger, token=uuid.uuid4(), gateway=gateway, opened=at(1), peer="",
        ocpp_version="1.6", security_profile=1,
    )  # fmt: skip
    StatusSpan.objects.create(evse=evse, status="Available", started=at(1))
    return evse


def session(evse, started, ended, token, energy=0.0):
    key = next(keys)
    return Session.objects.create(
        id=key, charger=evse.charger, evse=evse, transaction_id=str(key), started=started,
        ended=ended, received=started, updated=ended, id_token=token, energy=energy,
    )  # fmt: skip


def hours(day):
    row = DailyKpi.objects.get(day=date(2026, 3, day))
    return row.silent / 3600, row.up / 3600


def test_a_port_that_fails_three_drivers_over_midnight_is_down_from_the_first(port):
    session(port, at(3, 8), at(3, 9), "A", 9_000.0)
    session(port, at(3, 20), at(3, 20, 10), "A")
    session(port, at(3, 22), at(3, 22, 10), "B")
    rollup.refresh(at(3, 23))
    rollup.settle(at(4, 0, 45))
    assert hours(3) == (0, 24)
    session(port, at(4, 1), at(4, 1, 10), "C")
    rollup.refresh(at(4, 2))
    run = SilentRun.objects.get()
    assert (run.started, run.ended, run.attempts, run.tokens) == (at(3, 20), None, 3, 3)
    assert hours(4) == (2, 0)
    assert DirtyDay.objects.get().day == date(2026, 3, 3)
    rollup.recompute_dirty(at(4, 2))
    assert not DirtyDay.objects.exists()
    assert hours(3) == (4, 20)
    outage = Outage.objects.get()
    assert (outage.started, outage.ended, outage.kind, outage.cause) == (
        at(3, 20), None, "silent", "silent",
    )  # fmt: skip
    assert len(outage.evidence["attempts"]) == 3
    session(port, at(4, 5), at(4, 6), "D", 9_000.0)
    rollup.refresh(at(4, 7))
    assert SilentRun.objects.get().ended == at(4, 5)
    assert hours(4) == (5, 2)
    assert Outage.objects.get().ended == at(4, 5)


def test_a_late_success_breaks_a_run_and_its_days_are_computed_again(port):
    for day, token in ((3, "A"), (5, "B"), (7, "C")):
        session(port, at(day, 12), at(day, 12, 10), token)
    rollup.settle(at(9, 12))
    assert [hours(day)[0] for day in (3, 5, 8)] == [12, 24, 24]
    late = session(port, at(5, 11), at(5, 11, 50), "D", 9_000.0)
    DirtyDay.objects.create(charger=port.charger, day=date(2026, 3, 5), marked_at=at(9))
    rollup.recompute_dirty(at(9, 13))
    rollup.recompute_dirty(at(9, 13))
    assert not SilentRun.objects.exists()
    assert not Outage.objects.exists()
    assert not DirtyDay.objects.exists()
    assert [hours(day)[0] for day in (3, 5, 8)] == [0, 0, 0]
    late.delete()


def test_how_many_failures_and_drivers_make_a_run_is_a_setting(port, settings):
    settings.SILENT_RUN_ATTEMPTS, settings.SILENT_RUN_TOKENS = 2, 1
    session(port, at(3, 12), at(3, 12, 10), "A")
    session(port, at(3, 13), at(3, 13, 10), "A")
    rollup.settle(at(9, 12))
    assert SilentRun.objects.get().tokens == 1


def test_keeping_runs_again_changes_nothing(port):
    for hour, token in ((12, "A"), (13, "B"), (14, "C")):
        session(port, at(3, hour), at(3, hour, 10), token)
    rollup.settle(at(9, 12))
    before = SilentRun.objects.values().get()
    DirtyDay.objects.create(charger=port.charger, day=date(2026, 3, 3), marked_at=at(9))
    rollup.recompute_dirty(at(9, 12))
    assert SilentRun.objects.values().get() == before
    assert not DirtyDay.objects.exists()
