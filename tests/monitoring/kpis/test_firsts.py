"""A driver's second try is known as such, whichever charger of the site it is at."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum

from inventory.models import Charger, Evse, Organisation, Site
from monitoring.kpis import rollup
from monitoring.kpis.attempts import Attempt as Tried
from monitoring.kpis.attempts import Outcome, repeated
from monitoring.kpis.queries import Days, GroupBy, Instants, sums
from monitoring.models import (
    Attempt,
    ConnectionSpan,
    DailyKpi,
    DirtyDay,
    Gateway,
    Session,
    StatusSpan,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def ports() -> list[Evse]:
    """Two chargers of a site in Berlin with a port each, and one of another site."""
    owner = Organisation.objects.create(name="Acme", slug="acme")
    gateway = Gateway.objects.create(
        id=uuid.uuid4(), host="a", pid=1, started_at=at(1), lease_until=at(30)
    )
    sites = [
        Site.objects.create(organisation=owner, name=name, timezone="Europe/Berlin")
        for name in ("Depot", "Harbour")
    ]
    found = []
    for number, site in enumerate([sites[0], sites[0], sites[1]], 1):
        charger = Charger.objects.create(site=site, identity=f"CP-{number}", commissioned_at=at(1))
        ConnectionSpan.objects.create(
            charger=charger, token=uuid.uuid4(), gateway=gateway, opened=at(1), peer="",
            ocpp_version="1.6", security_profile=1,
        )  # fmt: skip
        evse = Evse.objects.create(charger=charger, number=1)
        StatusSpan.objects.create(evse=evse, status="Available", started=at(1))
        found.append(evse)
    return found


def charge(evse: Evse, started: datetime, *, well: bool, token: str = "AB") -> Session:
    key = Session.objects.count() + 1
    return Session.objects.create(
        id=key, charger=evse.charger, evse=evse, transaction_id=str(key), started=started,
        ended=started + 5 * MINUTE, received=started, updated=started, id_token=token,
        energy=9_000.0 if well else 0.0, stop_reason="Local",
    )  # fmt: skip


def late(evse: Evse, when: datetime) -> None:
    DirtyDay.objects.update_or_create(
        charger_id=evse.charger_id, day=when.date(), defaults={"marked_at": NOON}
    )


def counted(evse: Evse, day: int) -> tuple[int, int]:
    row = DailyKpi.objects.get(evse=evse, day=date(2026, 3, day))
    return row.first, row.first_successes


def test_who_fails_at_one_charger_and_succeeds_at_the_next_has_not_charged_at_first_try(
    ports: list[Evse],
) -> None:
    here, beside, elsewhere = ports
    charge(here, at(3, 9), well=False)
    charge(beside, at(3, 9, 20), well=True)
    charge(elsewhere, at(3, 9, 20), well=True)
    rollup.settle(NOON)
    assert [counted(port, 3) for port in ports] == [(1, 0), (0, 0), (1, 1)]
    (fleet,) = sums(Charger.objects.all(), Days(date(2026, 3, 1), date(2026, 3, 9)), now=NOON)
    assert (fleet.ports.attempts, fleet.ports.first, fleet.ports.first_successes) == (3, 2, 1)


def test_a_failure_that_is_told_late_changes_the_neighbours_day(ports: list[Evse]) -> None:
    here, beside, _elsewhere = ports
    charge(beside, at(3, 23, 10), well=True)  # 00:10 of the 4th in Berlin
    rollup.settle(NOON)
    assert counted(beside, 4) == (1, 1)
    failed = charge(here, at(3, 22, 50), well=False)
    late(here, failed.started)
    rollup.recompute_dirty(NOON)
    assert (counted(here, 3), counted(beside, 4)) == ((1, 0), (0, 0))
    Session.objects.filter(pk=failed.pk).update(energy=9_000.0)
    late(here, failed.started)
    rollup.recompute_dirty(NOON)
    assert (counted(here, 3), counted(beside, 4)) == ((1, 1), (1, 1))


def test_a_window_that_cuts_a_day_leaves_second_tries_out_as_well(ports: list[Evse]) -> None:
    here, beside, _elsewhere = ports
    charge(here, at(3, 9), well=False)
    charge(beside, at(3, 9, 20), well=True)
    rollup.settle(NOON)
    window = Instants(at(3, 9), at(3, 10))
    found = sums(Charger.objects.all(), window, by=GroupBy.CHARGER, now=NOON)
    assert [one.ports.first for one in found] == [1, 0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_days_of_a_site_hold_what_its_attempts_say(ports: list[Evse], seed: int) -> None:
    rng = random.Random(seed)
    made: list[Session] = []
    for visit in range(120):
        evse, when = rng.choice(ports), at(2) + (30 * visit + rng.randrange(20)) * MINUTE
        made.append(charge(evse, when, well=rng.random() < 0.4, token=rng.choice("ABC")))
        if visit % 40 == 20:
            rollup.refresh(when + 60 * MINUTE)
    rollup.settle(NOON)
    rollup.refresh(NOON)
    assert_as_the_attempts_say()
    for session in rng.sample(made, 30):
        session.energy = rng.choice([0.0, 9_000.0])
        session.save()
        late(session.evse, session.started)  # type: ignore[arg-type]
    rollup.recompute_dirty(NOON)
    assert_as_the_attempts_say()


def assert_as_the_attempts_say() -> None:
    total = first = successes = 0
    for site in Site.objects.all():
        rows = list(Attempt.objects.filter(evse__charger__site=site))
        tried = [
            Tried(a.started.timestamp(), a.ended.timestamp(), Outcome(a.outcome), a.id_token)
            for a in rows
        ]
        again = repeated(tried)
        assert [row.again for row in rows] == again
        firsts = [one for one, second in zip(tried, again, strict=True) if not second]
        total += len(rows)
        first += len(firsts)
        successes += sum(one.outcome is Outcome.SUCCESS for one in firsts)
    stored = DailyKpi.objects.aggregate(Sum("attempts"), Sum("first"), Sum("first_successes"))
    assert list(stored.values()) == [total, first, successes]
    assert total > first > successes > 0
