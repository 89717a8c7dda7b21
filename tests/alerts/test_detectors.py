"""What counts as wrong, and from when."""

from datetime import timedelta

import pytest

from alerts import engine, wording
from alerts.detectors import (
    SETTLE,
    Situation,
    find_faulted,
    find_no_gateway,
    find_offline,
    find_wrong_clock,
)
from alerts.models import DetectorName, Incident
from inventory.models import Lifecycle
from monitoring.facts import CloseReason, Status
from monitoring.models import ChargerState, Gateway
from tests.alerts.world import LONG_AGO, NOON, World, make_gateway, minutes, seen_at

HEALTHY = Situation(NOON, LONG_AGO, LONG_AGO)


def test_a_charger_is_offline_since_its_last_proof_of_life(world: World) -> None:
    charger = world.charger()
    world.lose(charger, NOON - minutes(7))
    (finding,) = find_offline(HEALTHY)
    assert finding.since == finding.held_from == NOON - minutes(7)
    assert (finding.charger_id, finding.site_id) == (charger.pk, world.site.pk)
    assert finding.subject == charger.identity


@pytest.mark.parametrize("lifecycle", [x for x in Lifecycle if x != Lifecycle.ACTIVE])
def test_chargers_that_are_not_active_are_never_wrong(world: World, lifecycle: Lifecycle) -> None:
    charger = world.charger(lifecycle=lifecycle)
    port = world.port(charger)
    world.report(port, Status.FAULTED, NOON - minutes(30))
    world.lose(charger, NOON - minutes(7))
    ChargerState.objects.update(status=Status.FAULTED, status_since=NOON - minutes(9))
    assert not list(find_offline(HEALTHY))
    assert not list(find_faulted(HEALTHY))


def test_a_charger_that_never_connected_is_not_offline(world: World) -> None:
    charger = world.charger()
    ChargerState.objects.filter(charger=charger).update(online=False, since=None, last_seen=None)
    world.charger().state.delete()
    assert not list(find_offline(HEALTHY))


def test_an_online_charger_is_not_offline(world: World) -> None:
    world.charger()
    assert not list(find_offline(HEALTHY))


def test_hold_off_starts_again_when_our_gateway_comes_back(world: World) -> None:
    world.lose(world.charger(), NOON - minutes(7))
    restarted = Situation(NOON, NOON - minutes(2), LONG_AGO)
    (finding,) = find_offline(restarted)
    assert finding.since == NOON - minutes(7)
    assert finding.held_from == NOON - minutes(2)
    assert finding.not_before == NOON - minutes(2) + SETTLE


def test_a_port_is_faulted_since_it_first_said_so_whatever_codes_followed(world: World) -> None:
    port = world.port(world.charger())
    world.report(port, Status.FAULTED, NOON - minutes(20), "GroundFailure")
    world.report(port, Status.FAULTED, NOON - minutes(10), "OtherError")
    (finding,) = find_faulted(HEALTHY)
    assert finding.since == finding.held_from == NOON - minutes(20)
    assert finding.evse_id == port.pk
    assert finding.code == finding.evidence["error_code"] == "OtherError"


def test_a_fault_reported_late_is_held_from_when_it_was_noticed(world: World) -> None:
    port = world.port(world.charger())
    world.report(port, Status.FAULTED, NOON - minutes(600), noticed=NOON - minutes(1))
    (finding,) = find_faulted(HEALTHY)
    assert finding.since == NOON - minutes(600)
    assert finding.held_from == NOON - minutes(1)


def test_a_fault_of_an_offline_charger_opens_nothing(world: World) -> None:
    charger = world.charger()
    world.report(world.port(charger), Status.FAULTED, NOON - minutes(20))
    world.lose(charger, NOON - minutes(7))
    (finding,) = find_faulted(HEALTHY)
    assert finding.not_before is None


def test_a_charger_that_just_came_back_may_first_say_how_it_is(world: World) -> None:
    charger = world.charger()
    world.report(world.port(charger), Status.FAULTED, NOON - minutes(20))
    world.bring_back(charger, NOON - timedelta(seconds=10))
    (finding,) = find_faulted(HEALTHY)
    assert finding.not_before == NOON - timedelta(seconds=10) + SETTLE


def test_a_charger_may_be_faulted_as_a_whole(world: World) -> None:
    charger = world.charger()
    ChargerState.objects.update(
        status=Status.FAULTED,
        error_code="PowerMeterFailure",
        status_since=NOON - minutes(9),
        status_noticed=NOON - minutes(8),
    )
    (finding,) = find_faulted(HEALTHY)
    assert (finding.charger_id, finding.evse_id) == (charger.pk, None)
    assert finding.since == NOON - minutes(9)
    assert finding.held_from == NOON - minutes(8)
    assert finding.code == "PowerMeterFailure"


def test_a_living_gateway_is_nothing_to_report(world: World) -> None:
    situation = engine.assess(seen_at(NOON))
    assert situation.reachable_since == LONG_AGO
    assert not list(find_no_gateway(situation))


def test_all_gateways_gone_is_one_finding_since_the_last_lease(world: World) -> None:
    Gateway.objects.update(lease_until=NOON - minutes(5))
    make_gateway(until=NOON - minutes(3))
    situation = engine.assess(seen_at(NOON))
    assert situation.reachable_since is None
    (finding,) = find_no_gateway(situation)
    assert finding.since == NOON - minutes(3)


def test_an_installation_that_never_ran_a_gateway_misses_none(db: None) -> None:
    assert not list(find_no_gateway(Situation(NOON, None, LONG_AGO)))


def test_a_gateway_that_said_goodbye_lives_no_longer_than_that(world: World) -> None:
    Gateway.objects.update(ended_at=NOON - minutes(1), lease_until=NOON - minutes(1))
    assert engine.assess(seen_at(NOON)).reachable_since is None


def test_a_charger_dropped_by_our_gateway_gets_time_to_find_another(world: World) -> None:
    Gateway.objects.update(lease_until=NOON - timedelta(seconds=30))
    make_gateway()  # The other one, which lives on.
    world.rule(DetectorName.OFFLINE, hold_off=10)
    charger = world.charger()
    world.lose(charger, NOON - timedelta(seconds=60), CloseReason.GATEWAY_DIED)
    engine.run(seen_at(NOON))  # Noticed 30 seconds ago.
    assert not charger.incidents.exists()
    engine.run(seen_at(NOON + timedelta(seconds=30)))
    assert charger.incidents.get().evidence["close_reason"] == "gateway_died"


def test_a_gateway_that_was_taken_for_dead_but_lives_loses_nobody(world: World) -> None:
    charger = world.charger()
    world.lose(charger, NOON - minutes(20), CloseReason.GATEWAY_DIED)
    Gateway.objects.update(ended_at=NOON - minutes(19))  # It renews its lease all the same.
    engine.run(seen_at(NOON))
    assert not Incident.objects.exists()


def test_a_charger_that_did_not_come_back_after_our_restart_is_offline(world: World) -> None:
    charger = world.charger()
    world.lose(charger, NOON - minutes(20), CloseReason.GATEWAY_RESTART)
    engine.run(seen_at(NOON))
    assert Incident.objects.get().charger == charger


@pytest.mark.parametrize("offset", [61_000, -3_600_000])
def test_a_clock_is_wrong_that_is_off_by_more_than_a_minute(world: World, offset: int) -> None:
    right, wrong = world.charger(), world.charger()
    ChargerState.objects.filter(charger=right).update(clock_offset=-59_000)
    ChargerState.objects.filter(charger=wrong).update(clock_offset=offset, since=NOON - minutes(20))
    (finding,) = find_wrong_clock(HEALTHY)
    assert (finding.subject, finding.held_from) == (wrong.identity, NOON - minutes(20))
    assert finding.evidence == {"clock_offset": offset}


def test_a_wrong_clock_is_told_until_it_is_right(world: World) -> None:
    charger = world.charger()
    state = ChargerState.objects.filter(charger=charger)
    state.update(clock_offset=90_000, since=NOON)
    engine.run(seen_at(NOON + minutes(9)))
    assert not Incident.objects.exists()
    engine.run(seen_at(NOON + minutes(11)))
    incident = Incident.objects.get()
    assert incident.detector == DetectorName.CLOCK
    assert "90 s fast" in " ".join(wording.explanation(incident))
    state.update(clock_offset=40)
    engine.run(seen_at(NOON + minutes(20)))
    engine.run(seen_at(NOON + minutes(30)))
    incident.refresh_from_db()
    assert incident.resolved_at is not None
