"""Roll-ups hold what the pure functions say, live, once settled, and after late facts."""

import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection, transaction

from inventory.models import Charger, Evse, ExclusionReason, Lifecycle, Organisation, Site
from monitoring import tasks
from monitoring.days import bounds, day_of, days
from monitoring.kpis import histories as ledger
from monitoring.kpis import rollup
from monitoring.kpis.attempts import Attempt as Tried
from monitoring.kpis.attempts import Outcome, repeated
from monitoring.kpis.columns import HOURLY, link_columns, port_columns
from monitoring.kpis.history import ChargerHistory
from monitoring.kpis.measure import Measured, measured
from monitoring.kpis.parts import Window
from monitoring.kpis.survey import survey
from monitoring.models import (
    Attempt,
    ChargerState,
    ConnectionSpan,
    DailyConnectivity,
    DailyKpi,
    DirtyDay,
    Event,
    Exclusion,
    Gateway,
    MaintenanceWindow,
    Outage,
    RollupState,
    RunningState,
    Session,
    SilentRun,
    StatusSpan,
)
from monitoring.outages import silent
from monitoring.outages.dirty import mark_work
from monitoring.outages.entries import KINDS, Entry, entries
from monitoring.outages.scope import Scope
from tests.bench.history import generate

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def port(db: None) -> Evse:
    """A port in Berlin, commissioned on 1 March, connected and Available ever since."""
    owner = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(organisation=owner, name="Depot", timezone="Europe/Berlin")
    charger = Charger.objects.create(site=site, identity="CP-1", commissioned_at=at(1))
    evse = Evse.objects.create(charger=charger, number=1)
    connect(charger, at(1))
    StatusSpan.objects.create(evse=evse, status="Available", started=at(1))
    return evse


def connect(charger: Charger, opened: datetime, lease_until: datetime = NOON + DAY) -> None:
    gateway = Gateway.objects.create(
        id=uuid.uuid4(), host="a", pid=1, started_at=opened, lease_until=lease_until
    )
    ConnectionSpan.objects.create(
        charger=charger, token=uuid.uuid4(), gateway=gateway, opened=opened, peer="",
        ocpp_version="1.6", security_profile=1,
    )  # fmt: skip


def change(evse: Evse, status: str, started: datetime) -> None:
    """Report a status that lasts from `started` on."""
    StatusSpan.objects.filter(evse=evse, ended=None).update(ended=started)
    StatusSpan.objects.create(evse=evse, status=status, started=started)


def charge(evse: Evse, started: datetime, ended: datetime, **said: Any) -> Session:
    return Session.objects.create(
        id=1, charger=evse.charger, evse=evse, transaction_id="1", started=started,
        ended=ended, received=started, updated=started, id_token="AB",
        **{"energy": 900.0, **said},
    )  # fmt: skip


def day_row(evse: Evse, day: int) -> DailyKpi:
    return DailyKpi.objects.get(evse=evse, day=date(2026, 3, day))


def rows() -> list[list[Any]]:
    """Return all that is rolled up, without the keys of the rows."""
    return [
        sorted(model.objects.values_list(*names), key=str)
        for model in (DailyKpi, DailyConnectivity, Attempt, Outage, SilentRun)
        if (names := [f.attname for f in model._meta.concrete_fields if f.name != "id"])
    ]


def assert_all_as_computed_from_scratch(now: datetime) -> None:
    """Compare every row with what the pure functions make of the whole past."""
    chargers = list(Charger.objects.select_related("site"))
    pasts = ledger.histories([c.pk for c in chargers], LONG_AGO, now, now)
    everybody = tries(chargers, pasts, now)
    for charger in chargers:
        zone = ZoneInfo(charger.site.timezone)
        assert charger.commissioned_at
        chosen = list(days(day_of(charger.commissioned_at, zone), day_of(now, zone)))
        windows = [Window(*(t.timestamp() for t in bounds(day, zone))) for day in chosen]
        commissioned = Window(charger.commissioned_at.timestamp(), inf)
        expected = measured(pasts[charger.pk], windows, commissioned, now.timestamp())
        take_out_second_tries(expected, windows, charger.site_id, everybody)
        links = {row.day: row for row in DailyConnectivity.objects.filter(charger=charger)}
        assert sorted(links) == [chosen[place] for place in expected.links]
        for place, link in expected.links.items():
            for name, value in link_columns(link).items():
                assert getattr(links[chosen[place]], name) == pytest.approx(value), name
        for key in pasts[charger.pk].ports:
            found = {row.day: row for row in DailyKpi.objects.filter(evse=key)}
            assert sorted(found) == [chosen[place] for place in expected.ports[key]]
            for place, totals in expected.ports[key].items():
                for name, value in port_columns(totals).items():
                    if name not in HOURLY:
                        stored = getattr(found[chosen[place]], name)
                        assert stored == pytest.approx(value), name
            attempts = Attempt.objects.filter(evse=key).order_by("started")
            ended = [(a.started.timestamp(), a.ended.timestamp(), a.outcome) for a in attempts]
            assert ended == [tuple(a[:3]) for a in expected.attempts[key]]
            assert_silent_runs_of(key, expected.attempts[key])
            assert_outages_of(key, entries(expected.outages[key], windows, now.timestamp()))


Tries = dict[int, list[tuple[int, Tried]]]


def tries(chargers: list[Charger], pasts: dict[int, ChargerHistory], now: datetime) -> Tries:
    """Return all attempts ever, with their ports, by site."""
    found: Tries = defaultdict(list)
    for charger in chargers:
        assert charger.commissioned_at
        counted = Window(charger.commissioned_at.timestamp(), inf)
        ever = [Window(counted.start, now.timestamp())]
        made = measured(pasts[charger.pk], ever, counted, now.timestamp()).attempts
        found[charger.site_id] += [(port, one) for port, each in made.items() for one in each]
    return found


def take_out_second_tries(
    expected: Measured, windows: list[Window], site: int, everybody: Tries
) -> None:
    here = everybody[site]
    for (port, one), again in zip(here, repeated([one for _port, one in here]), strict=True):
        if again and port in expected.ports and one.outcome is not Outcome.REFUSED:
            (place,) = [p for p, w in enumerate(windows) if w.start <= one.end < w.end]
            expected.ports[port][place].first -= 1
            expected.ports[port][place].first_successes -= one.outcome is Outcome.SUCCESS


def assert_silent_runs_of(port: int, attempts: Sequence[Tried]) -> None:
    expected = silent.runs((silent.Tried(a.start, a.outcome, a.token) for a in attempts), 3, 2)
    stored = SilentRun.objects.filter(evse=port).order_by("started")
    found = [(r.started.timestamp(), r.ended and r.ended.timestamp(), r.tokens) for r in stored]
    assert found == [
        (run.start, None if run.end == inf else run.end, run.tokens) for run in expected
    ]


def assert_outages_of(port: int, expected: list[Entry]) -> None:
    stored = list(Outage.objects.filter(evse=port).order_by("started"))
    assert [(o.started.timestamp(), o.ended and o.ended.timestamp()) for o in stored] == [
        (entry.start, None if entry.open else entry.end) for entry in expected
    ]
    for outage, entry in zip(stored, expected, strict=True):
        assert (outage.kind, outage.stretches) == (entry.kind, entry.stretches)
        assert outage.until.timestamp() == entry.end
        lost = [getattr(outage, kind) for kind in KINDS]
        assert lost == pytest.approx(list(entry.seconds))
    daily = list(DailyKpi.objects.filter(evse=port))
    assert sum(outage.stretches for outage in stored) == sum(day.outages for day in daily)
    for kind in KINDS:
        lost = sum(getattr(outage, kind) for outage in stored)
        assert lost == pytest.approx(sum(getattr(day, kind) for day in daily)), kind


def report_late(rng: random.Random, evse: Evse, when: datetime) -> None:
    """Store a status that was reported late, where it belongs, and mark its day."""
    span = StatusSpan.objects.filter(evse=evse, started__lt=when).latest("started")
    ended, span.ended = span.ended, when
    if ended is None or ended > when:
        span.save()
        status = rng.choice(["Available", "Faulted", "Unavailable", "Preparing", "Charging"])
        StatusSpan.objects.create(evse=evse, status=status, started=when, ended=ended)
        mark(evse, when)


def mark(evse: Evse | None, when: datetime) -> None:
    assert evse
    DirtyDay.objects.update_or_create(
        charger_id=evse.charger_id, day=when.date(), defaults={"marked_at": NOON}
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_row_is_what_the_pure_functions_make_of_the_whole_past(db: None, seed: int) -> None:
    history = generate(chargers=9, ports=2, days=4, seed=seed, until=NOON)
    Site.objects.update(lenses=["nevi"])
    rollup.settle(NOON)
    rollup.refresh(NOON)
    assert_all_as_computed_from_scratch(NOON)
    rng = random.Random(seed)
    for _late in range(40):
        report_late(rng, rng.choice(history.ports), NOON - rng.uniform(0.1, 3.9) * DAY)
    for session in rng.sample(list(Session.objects.all()), 20):
        session.energy, session.stop_reason = 5.0, "Reboot"
        session.ended = session.started + rng.uniform(1, 90) * MINUTE
        session.id_token = "AGAIN"
        mark(session.evse, session.started)
        mark(session.evse, session.ended)
        session.save()
    fail_for_a_while(rng, rng.choice(history.ports))
    for _decision in range(12):
        take_out(rng, rng.choice(history.ports))
    rollup.recompute_dirty(NOON)
    rollup.refresh(NOON + MINUTE)
    rollup.refresh(NOON)
    rollup.recompute_dirty(NOON)
    assert not DirtyDay.objects.exists()
    assert SilentRun.objects.exists()
    assert DailyKpi.objects.filter(nevi_excluded__gt=0).exists()
    assert_all_as_computed_from_scratch(NOON)


def take_out(rng: random.Random, evse: Evse) -> None:
    """Exclude some hours of a port, its charger or its site, or plan work for them."""
    start = NOON - rng.uniform(0.1, 3.9) * DAY
    places: list[Site | Charger | Evse] = [evse, evse.charger, evse.charger.site]
    scope = Scope.at(rng.choice(places))
    place = {"site": scope.site, "charger": scope.charger, "evse": scope.evse}
    who, _made = User.objects.get_or_create(username="olga")
    other, _made = User.objects.get_or_create(username="lea")
    end = start + rng.uniform(1, 20) * HOUR
    hours = {"started": start, "ended": end, "note": "x"}
    if rng.random() < 0.4:
        MaintenanceWindow.objects.create(
            organisation=scope.site.organisation, **place, **hours, planned_by=who,
            planned_at=start,
        )  # fmt: skip
    elif not Exclusion.objects.filter(**place).exists():
        Exclusion.objects.create(
            **place, **hours, reason=rng.choice(ExclusionReason.values), state="approved",
            proposed_by=who, proposed_at=NOON, decided_by=other, decided_at=NOON,
        )  # fmt: skip
    mark_work(scope.chargers, start, end, NOON)


def fail_for_a_while(rng: random.Random, evse: Evse) -> None:
    """Let late news make the sessions of half a day fail."""
    sessions = list(Session.objects.filter(evse=evse, ended__lt=NOON - DAY).order_by("started"))
    first = rng.randrange(max(len(sessions) - 5, 1))
    for session in sessions[first : first + 5]:
        session.energy, session.flags = 0.0, []
        assert session.ended
        mark(evse, session.ended)
        session.save()


def test_running_a_job_again_changes_nothing(db: None) -> None:
    generate(chargers=5, ports=2, days=3, seed=4, until=NOON)
    rollup.settle(NOON)
    rollup.refresh(NOON)
    before = rows()
    RollupState.objects.update(settled_before=None, refreshed_at=None)
    rollup.settle(NOON)
    rollup.refresh(NOON)
    assert rows() == before


def test_days_that_no_run_computed_are_computed_by_the_next_one(port: Evse) -> None:
    change(port, "Faulted", at(5, 11))
    change(port, "Available", at(5, 17))
    rollup.settle(at(3, 12))
    assert DailyKpi.objects.latest("day").day == date(2026, 3, 3)
    rollup.settle(at(9, 12))
    assert DailyKpi.objects.latest("day").day == date(2026, 3, 8)
    assert DailyKpi.objects.count() == 8
    assert day_row(port, 5).faulted == 6 * 3600
    assert rollup.settle(at(9, 12)) == 0


def test_a_day_is_the_sites_and_has_23_hours_when_its_clocks_go_forward(port: Evse) -> None:
    rollup.settle(NOON)
    assert day_row(port, 28).up == 24 * 3600
    assert day_row(port, 29).up == 23 * 3600
    assert day_row(port, 29).until == at(29, 22)


def test_today_counts_up_to_the_last_refresh(port: Evse) -> None:
    rollup.refresh(at(9, 12))
    assert (day_row(port, 9).up, day_row(port, 9).until) == (13 * 3600, at(9, 12))
    rollup.refresh(at(9, 12, 1))
    assert day_row(port, 9).up == 13 * 3600 + 60


def test_a_charger_is_not_refreshed_twice_within_seconds(port: Evse) -> None:
    assert rollup.refresh(at(9, 12)) == 1
    assert rollup.refresh(at(9, 12) + timedelta(seconds=5)) == 0
    assert rollup.refresh(at(9, 12) + timedelta(seconds=20)) == 1


def test_a_clock_that_was_set_back_does_not_stop_the_refresh(port: Evse) -> None:
    rollup.refresh(at(9, 12))
    assert rollup.refresh(at(8, 12)) == 1


def test_a_clock_that_was_set_back_finds_outages_of_the_future(port: Evse) -> None:
    change(port, "Faulted", at(8, 11))
    rollup.refresh(at(9, 12))
    change(port, "Available", at(9, 13))
    change(port, "Faulted", at(10, 9))
    rollup.refresh(at(10, 12))
    assert rollup.refresh(at(8, 12)) == 1
    rollup.refresh(at(9, 14))
    rollup.settle(at(10, 13))
    rollup.refresh(at(10, 13))
    found = Outage.objects.order_by("started").values_list("started", "ended")
    assert list(found) == [(at(8, 11), at(9, 13)), (at(10, 9), None)]


def test_days_of_a_charger_that_flaps_a_lot_are_computed_one_by_one(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(chargers=3, ports=2, days=4, seed=7, until=NOON)
    monkeypatch.setattr(rollup, "MOST_STATUSES", 20)
    rollup.settle(NOON)
    rollup.refresh(NOON)
    rollup.recompute_dirty(NOON)
    assert_all_as_computed_from_scratch(NOON)


def test_yesterday_is_completed_right_after_midnight_and_settled_later(port: Evse) -> None:
    rollup.refresh(at(9, 22, 59))
    assert day_row(port, 9).up == 23 * 3600 + 59 * 60
    rollup.refresh(at(9, 23, 1))
    assert day_row(port, 9).up == 24 * 3600
    rollup.settle(at(9, 23, 1))
    assert RollupState.objects.get().settled_before == date(2026, 3, 9)
    rollup.settle(at(9, 23, 45))
    assert RollupState.objects.get().settled_before == date(2026, 3, 10)


def test_a_late_fault_changes_all_the_days_it_lasts(port: Evse) -> None:
    rollup.settle(at(9, 12))
    change(port, "Faulted", at(3, 11))
    StatusSpan.objects.filter(evse=port, ended=None).update(ended=at(6, 11))
    StatusSpan.objects.create(evse=port, status="Available", started=at(6, 11))
    mark(port, at(3, 11))
    assert rollup.recompute_dirty(at(9, 12)) == 1
    assert [day_row(port, day).faulted / 3600 for day in (2, 3, 4, 5, 6, 7)] == [
        *(0, 12, 24, 24),
        *(12, 0),
    ]


def test_a_day_that_is_marked_again_while_it_is_computed_stays_marked(
    port: Evse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollup.settle(at(9, 12))
    mark(port, at(3))

    def interrupted(*arguments: Any) -> dict[int, Measured]:
        DirtyDay.objects.update(marked_at=NOON + MINUTE)
        monkeypatch.undo()
        return survey(*arguments)

    monkeypatch.setattr(rollup, "survey", interrupted)
    assert rollup.recompute_dirty(at(9, 12)) == 0
    assert DirtyDay.objects.count() == 1
    assert rollup.recompute_dirty(at(9, 12)) == 1


def test_a_session_that_late_facts_prolong_replaces_its_attempt(port: Evse) -> None:
    charge(port, at(3, 9), at(3, 10))
    rollup.settle(at(9, 12))
    assert Attempt.objects.get().ended == at(3, 10)
    Session.objects.update(started=at(2, 9), ended=at(4, 9))
    for day in (2, 3, 4):
        mark(port, at(day))
    rollup.recompute_dirty(at(9, 12))
    attempt = Attempt.objects.get()
    assert (attempt.started, attempt.ended) == (at(2, 9), at(4, 9))
    assert [day_row(port, day).attempts for day in (2, 3, 4)] == [0, 0, 1]


def test_the_day_an_attempt_is_taken_from_counts_anew_though_nobody_marked_it(port: Evse) -> None:
    charge(port, at(3, 9), at(3, 10), flags=["abandoned"])
    rollup.settle(at(9, 12))
    assert day_row(port, 3).attempts == 1
    Session.objects.update(ended=at(4, 9), flags=[])
    mark(port, at(4, 9))
    rollup.recompute_dirty(at(9, 12))
    rollup.recompute_dirty(at(9, 12))
    assert not DirtyDay.objects.exists()
    assert [day_row(port, day).attempts for day in (3, 4)] == [0, 1]


def test_an_attempt_over_midnight_counts_on_the_day_it_ends(port: Evse) -> None:
    charge(port, at(3, 20), at(4, 2))
    rollup.settle(at(9, 12))
    assert [day_row(port, day).successes for day in (3, 4)] == [0, 1]


def test_a_session_of_three_weeks_is_one_attempt(port: Evse) -> None:
    Event.objects.create(
        charger=port.charger, kind="authorization", at=at(2, 8, 58), received=at(2, 9),
        code="Accepted", text="AB",
    )  # fmt: skip
    charge(port, at(2, 9), at(23, 9))
    for day in range(3, 25):
        rollup.settle(at(day, 12))
    assert Attempt.objects.get().started == at(2, 8, 58)
    assert day_row(port, 23).successes == 1


def test_what_happens_after_midnight_tells_at_which_port_a_token_was_meant(port: Evse) -> None:
    other = Evse.objects.create(charger=port.charger, number=2)
    change(port, "Preparing", at(3, 22, 50))
    Event.objects.create(
        charger=port.charger, kind="authorization", at=at(3, 22, 58), received=at(3, 22, 58),
        code="Accepted", text="AB",
    )  # fmt: skip
    change(port, "Available", at(3, 22, 59))
    charge(other, at(3, 23, 1), at(4, 9))
    for day in (3, 4, 5):
        rollup.settle(at(day, 12))
    assert Attempt.objects.get(evse=port).outcome == Outcome.NO_AUTHORIZATION
    assert Attempt.objects.get(evse=other).started == at(3, 22, 58)


def test_a_connection_left_open_by_a_dead_gateway_ends_at_the_last_proof_of_life(
    port: Evse,
) -> None:
    ConnectionSpan.objects.all().delete()
    connect(port.charger, at(1), lease_until=at(5, 12))
    ChargerState.objects.create(charger=port.charger, online=True, last_seen=at(5, 11))
    rollup.refresh(at(5, 13))
    day = DailyConnectivity.objects.get(day=date(2026, 3, 5))
    assert (day.online, day.offline) == (12 * 3600, 2 * 3600)
    assert day_row(port, 5).offline == 2 * 3600


def test_a_charger_counts_from_its_commissioning_to_its_decommissioning(port: Evse) -> None:
    port.charger.commissioned_at, port.charger.decommissioned_at = at(3, 11), at(4, 11)
    port.charger.lifecycle = Lifecycle.DECOMMISSIONED
    port.charger.save()
    rollup.settle(at(9, 12))
    assert {row.day.day: row.up / 3600 for row in DailyKpi.objects.all()} == {3: 12, 4: 12}


@pytest.mark.parametrize("stage", [Lifecycle.PLANNED, Lifecycle.PENDING])
def test_a_charger_that_is_not_in_service_yet_has_no_days(port: Evse, stage: Lifecycle) -> None:
    Charger.objects.update(lifecycle=stage)
    rollup.settle(at(9, 12))
    rollup.refresh(at(9, 12))
    assert not any(rows())


def test_a_charger_whose_commissioning_or_time_zone_changes_is_computed_again(port: Evse) -> None:
    charge(port, at(3, 20), at(3, 23))
    rollup.settle(at(9, 12))
    Charger.objects.update(commissioned_at=at(3))
    rollup.settle(at(9, 12))
    assert DailyKpi.objects.earliest("day").day == date(2026, 3, 3)
    assert day_row(port, 4).attempts == 1
    Site.objects.update(timezone="America/New_York")
    rollup.settle(at(9, 12))
    assert day_row(port, 3).attempts == 1
    assert day_row(port, 3).until == at(4, 5)
    Charger.objects.update(commissioned_at=None)
    rollup.settle(at(9, 12))
    assert not any(rows())


def test_a_charger_that_can_not_be_measured_holds_up_no_other(
    port: Evse, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Charger.objects.create(site=port.charger.site, identity="CP-2", commissioned_at=at(1))
    Evse.objects.create(charger=other, number=1)
    monkeypatch.setattr("monitoring.kpis.survey.measured", broken_for(port.pk))
    rollup.settle(at(9, 12))
    assert set(DailyKpi.objects.values_list("charger", flat=True)) == {other.pk}
    monkeypatch.undo()
    rollup.settle(at(9, 12))
    assert DailyKpi.objects.filter(charger=port.charger).count() == 9


def broken_for(port: int) -> Callable[..., Measured]:
    def measure(history: ChargerHistory, *arguments: Any) -> Measured:
        if port in history.ports:
            raise ArithmeticError
        return measured(history, *arguments)

    return measure


@pytest.mark.django_db(transaction=True)
def test_settling_leaves_chargers_that_another_job_works_on_and_refreshing_waits_for_them() -> None:
    generate(chargers=12, ports=1, days=2, seed=5, until=NOON)
    rollup.settle(NOON)
    RollupState.objects.update(settled_before=date(2026, 3, 30))
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            list(RollupState.objects.select_for_update()[:4])
            assert other.submit(in_thread, rollup.settle, NOON).result(20) == 8
            refresh = other.submit(in_thread, rollup.refresh, NOON)
            with pytest.raises(TimeoutError):
                refresh.result(0.5)
        assert refresh.result(20) == 12
    assert rollup.settle(NOON) == 4


@pytest.mark.django_db(transaction=True)
def test_jobs_run_at_once_leave_the_same_rows_as_one() -> None:
    generate(chargers=12, ports=2, days=3, seed=6, until=NOON)
    with ThreadPoolExecutor(3) as workers:
        jobs = [rollup.settle, rollup.refresh, rollup.settle]
        for job in [workers.submit(in_thread, job, NOON) for job in jobs]:
            job.result(60)
    rollup.settle(NOON)
    assert_all_as_computed_from_scratch(NOON)
    found = rows()
    for model in (DailyKpi, DailyConnectivity, Attempt, Outage, SilentRun, RollupState):
        model.objects.all().delete()
    rollup.settle(NOON)
    rollup.refresh(NOON)
    assert all(found[:4])
    assert rows() == found


def in_thread(job: Callable[[datetime], int], now: datetime) -> int:
    try:
        return job(now)
    finally:
        connection.close()


def worked_off(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Let shares be worked off as soon as they are shared out; return what was in them."""
    found: list[list[int]] = []

    def work(arguments: tuple[list[int]], **_options: Any) -> None:
        found.append(arguments[0])
        tasks.settle_share(*arguments)

    monkeypatch.setattr(tasks.settle_share, "apply_async", work)
    return found


def test_the_tasks_work_on_the_present(port: Evse, monkeypatch: pytest.MonkeyPatch) -> None:
    worked_off(monkeypatch)
    with time_machine.travel(at(9, 12), tick=False):
        tasks.settle_kpis()
        tasks.refresh_todays_kpis()
    assert DailyKpi.objects.latest("day").until == at(9, 12)
    assert DailyKpi.objects.count() == 9
    assert RunningState.objects.get().before == date(2026, 3, 9)


def test_shares_of_the_work_leave_what_one_run_leaves(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = generate(chargers=12, ports=2, days=3, seed=7, until=NOON)
    rng = random.Random(7)
    monkeypatch.setattr(rollup, "SHARE", 5)
    found = worked_off(monkeypatch)
    with time_machine.travel(NOON, tick=False):
        tasks.settle_kpis()
        assert sorted(map(len, found)) == [2, 5, 5]
        for _late in range(9):
            report_late(rng, rng.choice(history.ports), NOON - rng.uniform(0.1, 2.9) * DAY)
        marked = set(DirtyDay.objects.values_list("charger", flat=True))
        found.clear()
        tasks.settle_kpis()
        assert {charger for share in found for charger in share} == marked
        found.clear()
        tasks.settle_kpis()
        assert not found
    rollup.refresh(NOON)
    assert_all_as_computed_from_scratch(NOON)


def test_late_facts_come_after_a_day_that_is_over_and_other_rules_last(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = generate(chargers=12, ports=1, days=3, seed=8, until=NOON)
    keys = [charger.pk for charger in history.chargers]
    rollup.settle(NOON)
    RollupState.objects.filter(pk__in=keys[:4]).update(rules="others")
    mark(history.ports[5], NOON - DAY)
    RollupState.objects.filter(pk=keys[9]).update(settled_before=date(2026, 3, 30))
    monkeypatch.setattr(rollup, "SHARE", 1)
    assert rollup.shares(NOON) == [[key] for key in (keys[9], keys[5], *keys[:4])]
    monkeypatch.setattr(rollup, "MOST_SHARES", 2)
    assert rollup.shares(NOON) == [[keys[9]], [keys[5]]]


def test_todays_figures_are_computed_often_enough_to_be_at_most_a_minute_old() -> None:
    schedule = tasks.BEAT["refresh-todays-kpis"]["schedule"]
    assert isinstance(schedule, float)
    assert schedule <= 45
