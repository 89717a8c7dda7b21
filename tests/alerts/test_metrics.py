"""What Prometheus is told about alerts."""

import math

import pytest

from alerts import clock, engine, metrics, steps
from alerts.models import Notification
from inventory.models import Role
from tests.alerts.world import World, minutes, seen_at


def numbers() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.read()
        for sample in family.samples
    }


def test_an_installation_at_peace(db: None) -> None:
    read = numbers()
    assert read["kilowatch_incidents", "major", "open"] == 0
    assert read["kilowatch_notifications", "dead"] == 0
    assert read[("kilowatch_escalation_lateness_seconds",)] == 0
    assert math.isnan(read[("kilowatch_alert_engine_age_seconds",)])


def test_open_incidents_messages_and_lateness(world: World) -> None:
    now = clock.look().now
    world.gateway.lease_until = now + minutes(60)
    world.gateway.save()
    world.person("olga", Role.OPERATOR)
    world.lose(world.charger(), now - minutes(15))
    engine.run(seen_at(now - minutes(10)))
    read = numbers()
    assert read["kilowatch_incidents", "major", "open"] == 1
    assert read[("kilowatch_escalation_lateness_seconds",)] == pytest.approx(600, abs=30)
    assert read[("kilowatch_alert_engine_age_seconds",)] == pytest.approx(0, abs=30)
    steps.carry_out(now - minutes(5))
    read = numbers()
    assert read["kilowatch_notifications", "pending"] == 1
    assert read[("kilowatch_notification_age_seconds",)] == pytest.approx(300, abs=30)
    assert read[("kilowatch_escalation_lateness_seconds",)] == 0
    Notification.objects.update(state="dead")
    assert numbers()["kilowatch_notifications", "dead"] == 1
