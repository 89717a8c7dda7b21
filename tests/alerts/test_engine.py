"""Findings become incidents, once, and end by themselves."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from alerts import engine
from alerts.detectors import DETECTORS, Finding, Situation
from alerts.models import DetectorName, EscalationStep, Incident, IncidentEntry, Severity
from inventory.models import Lifecycle, Role
from monitoring.facts import Status
from monitoring.models import Gateway
from tests.alerts.world import NOON, World, make_gateway, minutes, only_incident, seen_at

State = Incident.State
Kind = IncidentEntry.Kind
SECOND = timedelta(seconds=1)


def run(now: datetime, **look: datetime) -> None:
    engine.run(seen_at(now, **look))


def kinds(incident: Incident) -> list[str]:
    return list(incident.entries.values_list("kind", flat=True))


def test_nothing_is_opened_before_the_hold_off_is_over(world: World) -> None:
    world.rule(DetectorName.OFFLINE, hold_off=300)
    world.lose(world.charger(), NOON)
    run(NOON + minutes(5) - SECOND)
    assert not Incident.objects.exists()
    run(NOON + minutes(5))
    incident = only_incident()
    assert (incident.state, incident.since) == (State.OPEN, NOON)
    assert incident.opened_at == NOON + minutes(5)
    assert incident.organisation == world.organisation
    assert kinds(incident) == [Kind.OPENED]


def test_an_incident_keeps_the_evidence_of_its_beginning(world: World) -> None:
    world.lose(world.charger(), NOON)
    run(NOON + minutes(5))
    evidence = only_incident().evidence
    assert evidence["close_reason"] == "ping_timeout"
    assert evidence["peer"] == "192.0.2.7"
    assert datetime.fromisoformat(evidence["last_proof_of_life"]) == NOON


def test_running_twice_changes_nothing(world: World) -> None:
    world.lose(world.charger(), NOON)
    run(NOON + minutes(5))
    before = Incident.objects.values().get()
    run(NOON + minutes(5))
    run(NOON + minutes(6))
    assert Incident.objects.values().get() == before
    assert IncidentEntry.objects.count() == 1
    assert EscalationStep.objects.count() == 2


def test_a_missed_run_heals_itself(world: World) -> None:
    lost, back = world.charger(), world.charger()
    world.lose(back, NOON)
    run(NOON + minutes(5))
    world.bring_back(back, NOON + minutes(6))
    world.lose(lost, NOON + minutes(7))
    run(NOON + minutes(90))
    assert lost.incidents.get().state == State.OPEN
    assert back.incidents.get().cleared_at == NOON + minutes(90)


def test_it_resolves_by_itself_after_the_clear_delay(world: World) -> None:
    world.rule(DetectorName.OFFLINE, clear_delay=120)
    charger = world.charger()
    world.lose(charger, NOON)
    run(NOON + minutes(5))
    world.bring_back(charger, NOON + minutes(6))
    run(NOON + minutes(7))
    assert only_incident().cleared_at == NOON + minutes(7)
    run(NOON + minutes(9) - SECOND)
    assert only_incident().state == State.OPEN
    run(NOON + minutes(9))
    incident = only_incident()
    assert (incident.state, incident.resolution) == (State.RESOLVED, "recovered")
    assert (incident.resolved_at, incident.resolved_by) == (NOON + minutes(9), None)
    assert kinds(incident) == [Kind.OPENED, Kind.CLEARED, Kind.RESOLVED]
    assert set(incident.steps.values_list("state", flat=True)) == {"skipped"}


def test_what_is_wrong_again_within_the_clear_delay_stays_open(world: World) -> None:
    charger = world.charger()
    world.lose(charger, NOON)
    run(NOON + minutes(5))
    world.bring_back(charger, NOON + minutes(6))
    run(NOON + minutes(6))
    world.lose(charger, NOON + minutes(7))
    run(NOON + minutes(7))
    run(NOON + minutes(20))
    incident = only_incident()
    assert (incident.state, incident.cleared_at, incident.episode) == (State.OPEN, None, 1)
    assert kinds(incident) == [Kind.OPENED, Kind.CLEARED, Kind.RETURNED]


def test_the_same_trouble_soon_after_opens_the_same_incident_and_escalates_again(
    world: World,
) -> None:
    charger = world.charger()
    world.lose(charger, NOON)
    run(NOON + minutes(5))
    Incident.objects.update(
        state=State.ACKNOWLEDGED,
        acknowledged_at=NOON + minutes(6),
        acknowledged_by=world.person("eve", Role.OPERATOR),
    )
    world.bring_back(charger, NOON + minutes(8))
    run(NOON + minutes(8))
    run(NOON + minutes(10))
    world.lose(charger, NOON + minutes(20))
    run(NOON + minutes(25))
    incident = only_incident()
    assert (incident.state, incident.episode, incident.resolved_at) == (State.OPEN, 2, None)
    assert (incident.acknowledged_at, incident.acknowledged_by) == (None, None)
    assert incident.since == NOON + minutes(20)
    assert incident.steps.filter(episode=2, state="pending").count() == 2
    assert kinds(incident)[-1] == Kind.REOPENED


def test_the_same_trouble_much_later_is_another_incident(world: World) -> None:
    charger = world.charger()
    world.lose(charger, NOON)
    run(NOON + minutes(5))
    world.bring_back(charger, NOON + minutes(6))
    run(NOON + minutes(6))
    run(NOON + minutes(8))
    world.lose(charger, NOON + minutes(60))
    run(NOON + minutes(65))
    assert Incident.objects.count() == 2


def test_a_charger_that_is_suspended_is_no_longer_watched(world: World) -> None:
    charger = world.charger()
    world.lose(charger, NOON)
    run(NOON + minutes(5))
    charger.lifecycle = Lifecycle.SUSPENDED
    charger.save()
    run(NOON + minutes(6))
    assert only_incident().resolution == Incident.Resolution.UNWATCHED


def test_a_rule_that_is_switched_off_ends_its_incidents(world: World) -> None:
    rule = world.rule(DetectorName.OFFLINE)
    world.lose(world.charger(), NOON)
    run(NOON + minutes(5))
    rule.enabled = False
    rule.save()
    run(NOON + minutes(6))
    assert only_incident().resolution == Incident.Resolution.UNWATCHED


def test_each_organisation_has_its_own_rule_and_the_others_the_common_one(world: World) -> None:
    other = World.make("Sudwind")
    world.rule(DetectorName.OFFLINE, hold_off=60, severity=Severity.CRITICAL)
    common = other.rule(DetectorName.OFFLINE, hold_off=180, severity=Severity.MINOR)
    common.organisation = None
    common.save()
    mine, theirs = world.charger(), other.charger()
    for place, charger in ((world, mine), (other, theirs)):
        place.lose(charger, NOON)
    run(NOON + minutes(1))
    assert mine.incidents.get().severity == Severity.CRITICAL
    assert not theirs.incidents.exists()
    run(NOON + minutes(3))
    assert theirs.incidents.get().severity == Severity.MINOR


def test_ignored_error_codes_alert_nobody(world: World) -> None:
    world.rule(DetectorName.FAULTED, ignored_codes=["WeakSignal"])
    charger = world.charger()
    noise, fault = world.port(charger, 1), world.port(charger, 2)
    world.report(noise, Status.FAULTED, NOON, "WeakSignal")
    world.report(fault, Status.FAULTED, NOON, "GroundFailure")
    run(NOON + minutes(10))
    incident = only_incident()
    assert incident.evse == fault
    assert incident.subject == f"{charger.identity}/2"


def test_a_fault_that_lasts_shorter_than_the_hold_off_tells_nobody(world: World) -> None:
    port = world.port(world.charger())
    world.report(port, Status.FAULTED, NOON)
    run(NOON + minutes(2))
    world.report(port, Status.AVAILABLE, NOON + minutes(2.5))
    run(NOON + minutes(10))
    assert not Incident.objects.exists()


def test_history_that_a_charger_replays_alerts_nobody(world: World) -> None:
    charger = world.charger()
    port = world.port(charger)
    world.lose(charger, NOON - minutes(600))
    run(NOON - minutes(601))
    world.bring_back(charger, NOON)
    for minute in range(10):  # A queue so long that it takes ten minutes to replay.
        at, told = NOON - minutes(500 - 20 * minute), NOON + minutes(minute)
        world.report(port, Status.FAULTED, at, noticed=told)
        run(told)
        world.report(port, Status.AVAILABLE, at + minutes(10), noticed=told + minutes(0.5))
        run(told + minutes(0.5))
    run(NOON + minutes(60))
    assert not Incident.objects.exists()


class TestOurOwnOutage:
    """No contractor is paged for what our gateway did."""

    def fail(self, world: World, at: datetime) -> None:
        """Have the gateway die with its lease running out, and the sweep end its connections."""
        Gateway.objects.update(lease_until=at)
        for charger in self.chargers:
            world.lose(charger, at)

    @pytest.fixture(autouse=True)
    def fleet(self, world: World) -> None:
        self.chargers = [world.charger() for _ in range(3)]

    def test_a_gateway_that_is_gone_is_one_incident_of_the_installation(self, world: World) -> None:
        self.fail(world, NOON)
        for minute in range(30):
            run(NOON + minutes(minute))
        incident = only_incident()
        assert incident.detector == DetectorName.NO_GATEWAY
        assert incident.severity == Severity.CRITICAL
        assert (incident.organisation, incident.site, incident.charger) == (None, None, None)

    def test_a_restart_pages_nobody_for_chargers_that_come_back(self, world: World) -> None:
        self.fail(world, NOON)
        run(NOON + minutes(1))
        make_gateway(started_at=NOON + minutes(20))
        for charger, minute in zip(self.chargers, (20.2, 21, 24), strict=True):
            run(NOON + minutes(minute - 0.1))
            world.bring_back(charger, NOON + minutes(minute))
        for minute in range(25, 60):
            run(NOON + minutes(minute))
        assert only_incident().detector == DetectorName.NO_GATEWAY
        assert only_incident().state == State.RESOLVED

    def test_who_does_not_come_back_is_offline_a_hold_off_after_the_restart(
        self, world: World
    ) -> None:
        self.fail(world, NOON)
        make_gateway(started_at=NOON + minutes(20))
        run(NOON + minutes(25) - SECOND)
        assert not Incident.objects.exists()
        run(NOON + minutes(25))
        assert Incident.objects.filter(detector=DetectorName.OFFLINE).count() == 3
        assert {i.since for i in Incident.objects.all()} == {NOON}

    def test_a_rolling_deploy_is_no_restart(self, world: World) -> None:
        world.lose(self.chargers[0], NOON)
        make_gateway(started_at=NOON + minutes(3))
        Gateway.objects.filter(started_at__lt=NOON).update(lease_until=NOON + minutes(4))
        run(NOON + minutes(5))
        assert only_incident().charger == self.chargers[0]

    def test_incidents_from_before_are_left_alone_until_a_gateway_is_back(
        self, world: World
    ) -> None:
        lost, back = self.chargers[0], self.chargers[1]
        for charger in (lost, back):
            world.lose(charger, NOON)
        run(NOON + minutes(5))
        world.bring_back(back, NOON + minutes(6))
        run(NOON + minutes(6))
        self.fail(world, NOON + minutes(6.5))
        run(NOON + minutes(40))
        assert lost.incidents.get().state == State.OPEN
        assert back.incidents.get().cleared_at == NOON + minutes(6)

    def test_an_engine_that_was_blind_lets_things_settle_first(self, world: World) -> None:
        world.lose(self.chargers[0], NOON)
        run(NOON + minutes(30), watching_since=NOON + minutes(29.5))
        assert not Incident.objects.exists()
        run(NOON + minutes(30.5), watching_since=NOON + minutes(29.5))
        assert only_incident().charger == self.chargers[0]

    def test_a_worker_that_starts_before_its_gateway_reports_no_outage(self, world: World) -> None:
        Gateway.objects.update(lease_until=NOON - minutes(600))
        run(NOON, watching_since=NOON - SECOND)
        assert not Incident.objects.exists()


def test_hold_off_starts_again_when_the_clock_was_set(world: World) -> None:
    world.lose(world.charger(), NOON)
    run(NOON + minutes(61), jumped_at=NOON + minutes(60))
    assert not Incident.objects.exists()
    run(NOON + minutes(65), jumped_at=NOON + minutes(60))
    assert Incident.objects.exists()


def test_a_detector_that_fails_does_not_keep_the_others_from_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(situation: Situation) -> Iterable[Finding]:
        raise RuntimeError("broken query")

    offline, *others = DETECTORS
    assert offline.name == DetectorName.OFFLINE
    monkeypatch.setattr(engine, "DETECTORS", (replace(offline, find=fail), *others))
    world.report(world.port(world.charger()), Status.FAULTED, NOON)
    with pytest.raises(ExceptionGroup, match="Some detectors failed"):
        run(NOON + minutes(10))
    assert only_incident().detector == DetectorName.FAULTED


def test_the_database_refuses_two_unresolved_incidents_of_one_key(world: World) -> None:
    world.lose(world.charger(), NOON)
    run(NOON + minutes(5))
    twin = only_incident()
    twin.pk = None
    with pytest.raises(IntegrityError, match="one_unresolved"), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_two_engines_at_once_open_every_incident_once(transactional_db: None) -> None:
    world = World.make()
    for _ in range(30):
        world.lose(world.charger(), NOON)
    barrier = threading.Barrier(4)

    def race(_number: int) -> None:
        try:
            for _ in range(3):
                barrier.wait(10)
                run(NOON + minutes(5))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(race, range(4)))  # Raises what any of them raised.
    assert Incident.objects.count() == 30
    assert EscalationStep.objects.count() == 60
    assert IncidentEntry.objects.count() == 30


def test_a_pass_asks_the_same_number_of_questions_however_many_are_wrong(
    world: World, django_assert_max_num_queries: object
) -> None:
    for _ in range(40):
        charger = world.charger()
        world.report(world.port(charger), Status.FAULTED, NOON)
        world.lose(world.charger(), NOON)
    with django_assert_max_num_queries(51):  # type: ignore[operator]
        run(NOON + minutes(10))
    with django_assert_max_num_queries(26):  # type: ignore[operator]
        run(NOON + minutes(11))
    assert Incident.objects.count() == 80
