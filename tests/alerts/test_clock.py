"""The server's clock is set an hour or a day ahead or back, and nothing is missed or early."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from alerts import clock, engine, notifications, steps
from alerts.clock import Look, Uptime
from alerts.models import EscalationStep, Incident, Notification, Watch
from inventory.models import Role
from tests.alerts.world import NOON, World, minutes, seen_at

JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]
TICK = timedelta(seconds=15)


class Host:
    """A host whose clock can be set while its time since power-on just goes on."""

    def __init__(self, name: str = "node", boot_id: str = "first") -> None:
        self.name, self.boot_id = name, boot_id
        self.on_at = NOON - timedelta(days=10)

    def look(self, really: datetime, shows: datetime) -> Look:
        """Look when it is really `really` and the database's clock shows `shows`."""
        uptime = Uptime(self.name, self.boot_id, (really - self.on_at).total_seconds())
        return clock.note(list(Watch.objects.order_by("host")), shows, uptime)

    def watch(self, start: datetime, end: datetime, ahead: timedelta = timedelta(0)) -> Look:
        """Look every fifteen seconds."""
        look = None
        while start <= end:
            look = self.look(start, start + ahead)
            start += TICK
        assert look is not None
        return look


@pytest.fixture
def host(db: None) -> Host:
    return Host()


def told() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("address", flat=True))


@pytest.mark.parametrize("jump", JUMPS)
def test_a_step_is_due_when_its_time_has_really_passed(
    world: World, host: Host, jump: timedelta
) -> None:
    world.person("olga", Role.OPERATOR)
    world.person("lea", Role.LEAD)
    world.lose(world.charger(), NOON - minutes(5))
    engine.run(seen_at(host.watch(NOON - minutes(1), NOON).now))
    steps.carry_out(NOON)
    assert told() == ["olga@example.org"]
    host.watch(NOON, NOON + minutes(2))
    look = host.watch(NOON + minutes(2), NOON + minutes(14.9), ahead=jump)
    steps.carry_out(look.now)
    assert told() == ["olga@example.org"], "too early"
    look = host.watch(NOON + minutes(15), NOON + minutes(15), ahead=jump)
    steps.carry_out(look.now)
    assert told() == ["olga@example.org", "lea@example.org"], "missed"
    notifications.deliver(lambda: look.now)
    assert not Notification.objects.exclude(state="sent").exists()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_message_left_by_a_dead_sender_is_taken_over_in_time(
    world: World, host: Host, jump: timedelta
) -> None:
    world.person("olga", Role.OPERATOR)
    world.lose(world.charger(), NOON - minutes(5))
    engine.run(seen_at(NOON))
    steps.carry_out(NOON)
    host.look(NOON, NOON)
    assert notifications.claim(NOON) is not None
    look = host.watch(NOON + TICK, NOON + timedelta(seconds=29), ahead=jump)
    assert notifications.claim(look.now) is None
    look = host.watch(NOON + timedelta(seconds=30), NOON + timedelta(seconds=30), ahead=jump)
    assert notifications.claim(look.now) is not None


@pytest.mark.parametrize("jump", JUMPS)
def test_the_clear_delay_is_neither_cut_nor_stretched(
    world: World, host: Host, jump: timedelta
) -> None:
    charger = world.charger()
    world.lose(charger, NOON - minutes(5))
    engine.run(seen_at(NOON))
    world.bring_back(charger, NOON)
    engine.run(seen_at(NOON))
    host.look(NOON, NOON)
    world.gateway.lease_until = NOON + timedelta(days=5)
    world.gateway.started_at = NOON - timedelta(days=5)
    world.gateway.save()
    engine.run(host.watch(NOON + TICK, NOON + minutes(1.9), ahead=jump))
    assert Incident.objects.get().state == "open"
    engine.run(host.watch(NOON + minutes(2), NOON + minutes(2), ahead=jump))
    assert Incident.objects.get().state == "resolved"


def test_a_pause_of_the_engine_is_no_jump(world: World, host: Host) -> None:
    world.lose(world.charger(), NOON - minutes(5))
    engine.run(seen_at(host.look(NOON, NOON).now))
    due = EscalationStep.objects.get(number=2).due_at
    look = host.look(NOON + minutes(90), NOON + minutes(90))
    assert EscalationStep.objects.get(number=2).due_at == due
    assert (look.jumped_at, look.watching_since) == (None, NOON + minutes(90))


def test_small_corrections_are_no_jump(host: Host) -> None:
    host.look(NOON, NOON)
    assert host.look(NOON + TICK, NOON + TICK + timedelta(seconds=20)).jumped_at is None


def test_a_restart_of_the_host_is_no_jump(host: Host) -> None:
    host.look(NOON, NOON)
    host.boot_id, host.on_at = "second", NOON + minutes(9)
    assert host.look(NOON + minutes(10), NOON + minutes(10)).jumped_at is None


def test_several_hosts_move_what_is_due_once(world: World) -> None:
    first, second = Host("one"), Host("two")
    world.lose(world.charger(), NOON - minutes(5))
    engine.run(seen_at(NOON))
    due = EscalationStep.objects.get(number=2).due_at
    for host in (first, second):
        host.look(NOON, NOON)
    jump = timedelta(hours=1)
    looks = [host.look(NOON + TICK, NOON + TICK + jump) for host in (first, second)]
    assert EscalationStep.objects.get(number=2).due_at == due + jump
    assert {look.jumped_at for look in looks} == {NOON + TICK + jump}


@pytest.mark.django_db
class TestWatching:
    def test_goes_on_as_long_as_any_host_looks(self) -> None:
        first, second = Host("one"), Host("two")
        first.watch(NOON, NOON + minutes(1))
        look = second.look(NOON + minutes(1.2), NOON + minutes(1.2))
        assert look.watching_since == NOON
        look = second.watch(NOON + minutes(1.2), NOON + minutes(5))
        assert look.watching_since == NOON

    def test_begins_anew_after_a_break(self, host: Host) -> None:
        host.watch(NOON, NOON + minutes(1))
        look = host.look(NOON + minutes(2), NOON + minutes(2))
        assert look.watching_since == NOON + minutes(2)

    def test_is_not_broken_by_a_jump(self, host: Host) -> None:
        host.watch(NOON, NOON + minutes(1))
        day = timedelta(days=1)
        look = host.look(NOON + minutes(1), NOON + minutes(1) + day)
        assert look.watching_since == NOON + day
        assert look.jumped_at == NOON + minutes(1) + day

    def test_forgets_hosts_that_are_gone(self) -> None:
        Host("old").look(NOON - timedelta(days=8), NOON - timedelta(days=8))
        Host("new").look(NOON, NOON)
        assert list(Watch.objects.values_list("host", flat=True)) == ["new"]

    def test_a_jump_forward_seen_before_a_jump_back_does_not_hold_alerts_off(
        self, host: Host
    ) -> None:
        host.look(NOON, NOON)
        host.look(NOON + TICK, NOON + TICK + timedelta(days=1))
        look = host.look(NOON + 2 * TICK, NOON + 2 * TICK)
        assert look.jumped_at == NOON + 2 * TICK


def test_now_is_the_databases_clock_and_moves_within_a_transaction(db: None) -> None:
    first = clock.now()
    second = clock.now()
    assert first.tzinfo is not None
    assert first < second
    assert abs(first - timezone.now()) < timedelta(minutes=5)


def test_looking_notes_this_host(db: None) -> None:
    before = datetime.now(UTC) - timedelta(minutes=5)
    look = clock.look()
    row = Watch.objects.get()
    assert (row.looked_at, row.host) == (look.now, clock.read_uptime().host)
    assert look.now > before
    assert clock.look().watching_since == look.watching_since
