"""What people may do with an incident, and what they are told when they can't."""

import pytest
from django.contrib.auth.models import User

from alerts import engine, incidents
from alerts.models import Incident, IncidentEntry
from inventory.models import Role
from tests.alerts.world import NOON, World, minutes, seen_at

Kind = IncidentEntry.Kind


@pytest.fixture
def operator(world: World) -> User:
    return world.person("olga", Role.OPERATOR)


@pytest.fixture
def incident(world: World) -> Incident:
    world.lose(world.charger(), NOON - minutes(5))
    engine.run(seen_at(NOON))
    return Incident.objects.get()


def recover(world: World, incident: Incident) -> None:
    """Have the charger come back, and the engine see it two minutes past noon."""
    assert incident.charger is not None
    world.bring_back(incident.charger, NOON + minutes(1))
    engine.run(seen_at(NOON + minutes(2)))


def kinds(incident: Incident) -> list[str]:
    return list(incident.entries.values_list("kind", flat=True))


def test_acknowledging_says_who_and_when(incident: Incident, operator: User) -> None:
    done = incidents.acknowledge(incident.pk, by=operator, now=NOON + minutes(1), note=" Mine ")
    assert (done.state, done.acknowledged_by) == ("acknowledged", operator)
    assert done.acknowledged_at == NOON + minutes(1)
    assert Incident.objects.get() == done
    assert incident.entries.get(kind=Kind.ACKNOWLEDGED).note == "Mine"


def test_acknowledging_twice_changes_nothing_but_keeps_the_note(
    world: World, incident: Incident, operator: User
) -> None:
    other = world.person("otto", Role.OPERATOR)
    incidents.acknowledge(incident.pk, by=operator, now=NOON + minutes(1))
    incidents.acknowledge(incident.pk, by=operator, now=NOON + minutes(2))
    done = incidents.acknowledge(incident.pk, by=other, now=NOON + minutes(3), note="Me too")
    assert (done.acknowledged_by, done.acknowledged_at) == (operator, NOON + minutes(1))
    assert kinds(incident) == [Kind.OPENED, Kind.ACKNOWLEDGED, Kind.NOTE]


def test_what_is_still_wrong_cannot_be_resolved(incident: Incident, operator: User) -> None:
    with pytest.raises(incidents.StillWrong, match="suspend the charger"):
        incidents.resolve(incident.pk, by=operator, now=NOON + minutes(1))
    assert kinds(incident) == [Kind.OPENED]


def test_resolving_twice_changes_nothing(world: World, incident: Incident, operator: User) -> None:
    recover(world, incident)
    first = incidents.resolve(incident.pk, by=operator, now=NOON + minutes(3))
    again = incidents.resolve(incident.pk, by=operator, now=NOON + minutes(4))
    assert first.resolved_at == again.resolved_at == NOON + minutes(3)
    assert kinds(incident) == [Kind.OPENED, Kind.CLEARED, Kind.RESOLVED]


def test_what_is_over_cannot_be_acknowledged(
    world: World, incident: Incident, operator: User
) -> None:
    recover(world, incident)
    incidents.resolve(incident.pk, by=operator, now=NOON + minutes(3))
    with pytest.raises(incidents.AlreadyResolved):
        incidents.acknowledge(incident.pk, by=operator, now=NOON + minutes(4))


def test_what_recovers_by_itself_resolves_whether_acknowledged_or_not(
    world: World, incident: Incident, operator: User
) -> None:
    incidents.acknowledge(incident.pk, by=operator, now=NOON + minutes(1))
    recover(world, incident)
    engine.run(seen_at(NOON + minutes(4)))
    incident.refresh_from_db()
    assert (incident.state, incident.resolution) == ("resolved", "recovered")
    assert incident.acknowledged_by == operator


def test_a_note_needs_words(incident: Incident, operator: User) -> None:
    with pytest.raises(incidents.NothingSaid):
        incidents.note(incident.pk, by=operator, now=NOON, note=" \n")


def test_an_incident_that_is_not_there_is_not_acted_on(operator: User, db: None) -> None:
    with pytest.raises(Incident.DoesNotExist):
        incidents.acknowledge(10**9, by=operator, now=NOON)
