"""Due steps are carried out once, by whoever comes first, with what happened meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.utils import Error

from alerts import engine, escalation, incidents, policies, steps
from alerts.models import (
    DetectorName,
    EscalationStep,
    Incident,
    IncidentEntry,
    Notification,
    PolicyVersion,
)
from inventory.models import Role, Site
from monitoring.models import Gateway
from tests.alerts.world import NOON, World, minutes, seen_at

OPENED = NOON + minutes(5)


@pytest.fixture
def operator(world: World) -> User:
    return world.person("olga", Role.OPERATOR)


@pytest.fixture
def lead(world: World) -> User:
    return world.person("lea", Role.LEAD)


@pytest.fixture
def incident(world: World, operator: User, lead: User) -> Incident:
    """An incident opened at `OPENED`, by the standard policy."""
    world.lose(world.charger(), NOON)
    engine.run(seen_at(OPENED))
    return Incident.objects.get()


def told() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("address", flat=True))


def test_operators_are_told_at_once_and_leads_after_fifteen_minutes(incident: Incident) -> None:
    steps.carry_out(OPENED)
    assert told() == ["olga@example.org"]
    steps.carry_out(OPENED + minutes(14.9))
    assert told() == ["olga@example.org"]
    steps.carry_out(OPENED + minutes(15))
    assert told() == ["olga@example.org", "lea@example.org"]
    entries = incident.entries.filter(kind=IncidentEntry.Kind.ESCALATED)
    assert [entry.data for entry in entries] == [
        {"step": 1, "told": ["olga"]},
        {"step": 2, "told": ["lea"]},
    ]


def test_a_step_is_carried_out_once_however_often_it_is_tried(incident: Incident) -> None:
    assert steps.carry_out(OPENED) == 1
    assert steps.carry_out(OPENED) == 0
    assert len(told()) == 1


def test_overdue_steps_are_made_up_for(incident: Incident) -> None:
    steps.carry_out(OPENED + minutes(600))
    assert told() == ["olga@example.org", "lea@example.org"]


def test_acknowledging_keeps_the_leads_asleep(incident: Incident, operator: User) -> None:
    steps.carry_out(OPENED)
    incidents.acknowledge(incident.pk, by=operator, now=OPENED + minutes(3))
    steps.carry_out(OPENED + minutes(15))
    assert told() == ["olga@example.org"]
    assert incident.steps.get(number=2).state == EscalationStep.State.SKIPPED


def test_resolving_takes_back_what_is_due(world: World, incident: Incident, operator: User) -> None:
    assert incident.charger is not None
    world.bring_back(incident.charger, NOON + minutes(6))
    engine.run(seen_at(OPENED + minutes(1)))
    incidents.resolve(incident.pk, by=operator, now=OPENED + minutes(2))
    steps.carry_out(OPENED + minutes(60))
    assert told() == []
    assert set(incident.steps.values_list("state", flat=True)) == {"skipped"}


def test_an_open_incident_keeps_the_policy_it_began_with(
    world: World, incident: Incident, lead: User
) -> None:
    policy = policies.policy_of(world.organisation.pk)
    only = escalation.Step(minutes(0), ("manager",))
    policies.publish(policy, [only], by=lead, now=OPENED)
    steps.carry_out(OPENED + minutes(15))
    assert told() == ["olga@example.org", "lea@example.org"]


def test_a_version_of_a_policy_never_changes(incident: Incident) -> None:
    versions = PolicyVersion.objects.filter(pk=incident.policy_version_id)
    with pytest.raises(Error, match="never changes"), transaction.atomic():
        versions.update(steps=[])
    with pytest.raises(IntegrityError):
        versions.delete()


def test_writing_the_same_policy_again_makes_no_version(world: World, lead: User) -> None:
    policy = policies.policy_of(world.organisation.pk)
    first = policies.publish(policy, escalation.STANDARD, by=lead, now=NOON)
    assert policies.publish(policy, escalation.STANDARD, by=lead, now=OPENED) == first
    changed = [*escalation.STANDARD, escalation.Step(minutes(60), ("manager",))]
    assert policies.publish(policy, changed, by=lead, now=OPENED).number == 2


class TestWhoIsTold:
    def test_only_members_whose_sites_include_it(self, world: World) -> None:
        elsewhere = Site.objects.create(organisation=world.organisation, name="Elsewhere")
        world.person("here", Role.OPERATOR, world.site)
        world.person("there", Role.OPERATOR, elsewhere)
        world.person("all", Role.OPERATOR)
        World.make("Sudwind").person("stranger", Role.OPERATOR)
        self.alert(world)
        assert set(told()) == {"here@example.org", "all@example.org"}

    def test_nobody_who_has_left_or_has_no_address(self, world: World) -> None:
        world.person("mute", Role.OPERATOR, email="")
        left = world.person("left", Role.OPERATOR)
        left.is_active = False
        left.save()
        world.person("ada", Role.ADMINISTRATOR)
        self.alert(world)
        assert told() == ["ada@example.org"]

    def test_whoever_runs_the_installation_where_there_is_nobody_else(self, world: World) -> None:
        User.objects.create_superuser("root", "root@example.org")
        self.alert(world)
        assert told() == ["root@example.org"]

    def test_that_nobody_could_be_told_is_said(self, world: World) -> None:
        self.alert(world)
        assert told() == []
        assert IncidentEntry.objects.filter(kind=IncidentEntry.Kind.NOBODY).count() == 1

    def test_our_own_outage_goes_to_whoever_runs_the_installation(self, world: World) -> None:
        world.person("olga", Role.OPERATOR)
        world.person("con", Role.CONTRACTOR)
        User.objects.create_superuser("root", "root@example.org")
        Gateway.objects.update(lease_until=NOON)
        engine.run(seen_at(OPENED))
        steps.carry_out(OPENED + minutes(60))
        assert Incident.objects.get().detector == DetectorName.NO_GATEWAY
        assert set(told()) == {"root@example.org"}

    def alert(self, world: World) -> None:
        world.lose(world.charger(), NOON)
        engine.run(seen_at(OPENED))
        steps.carry_out(OPENED)


def test_a_step_and_its_messages_are_stored_together_or_not_at_all(
    incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(IncidentEntry.objects, "bulk_create", fail)
        with pytest.raises(RuntimeError):
            steps.carry_out(OPENED)
    assert told() == []
    assert incident.steps.get(number=1).state == EscalationStep.State.PENDING
    steps.carry_out(OPENED)
    assert len(told()) == 1


def test_the_key_names_incident_episode_step_and_recipient(
    incident: Incident, operator: User
) -> None:
    steps.carry_out(OPENED)
    key = Notification.objects.get().key
    assert key == f"i{incident.pk}.e1.s1.u{operator.pk}"


def test_a_step_that_somebody_else_has_carried_out_is_not_claimed(incident: Incident) -> None:
    stale = list(incident.steps.filter(number=1))
    incident.steps.update(state=EscalationStep.State.DONE, finished_at=OPENED)
    with pytest.raises(steps.ClaimedElsewhere):
        steps.Chunk(OPENED).claim(stale, EscalationStep.State.DONE)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_everybody_once(transactional_db: None) -> None:
    world = World.make()
    world.person("olga", Role.OPERATOR)
    for _ in range(250):
        world.lose(world.charger(), NOON)
    engine.run(seen_at(OPENED))
    barrier = threading.Barrier(3)

    def race(_number: int) -> None:
        try:
            barrier.wait(10)
            steps.carry_out(OPENED)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(race, range(3)))  # Raises what any of them raised.
    steps.carry_out(OPENED)
    assert Notification.objects.count() == 250
    assert Notification.objects.values("incident").distinct().count() == 250
    assert EscalationStep.objects.filter(state="done").count() == 250
