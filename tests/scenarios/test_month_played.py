"""The hand-worked month through the whole system: frames, facts, roll-ups, figures, reports.

A charger says over a real socket what `month.py` has happen; people propose and decide as they
would. The roll-ups are made on the way, night by night; they, the ledger and the submission that
NEVI asks for say what the paper says.
"""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection, connections

from cpms.control.models import Token
from cpms.reports import making, orders, storage
from cpms.reports.figures import figures
from cpms.reports.orders import Wish
from inventory.models import (
    Charger,
    Connector,
    Contract,
    Contractor,
    Evse,
    Organisation,
    Role,
    Site,
)
from monitoring import housekeeping, partitions
from monitoring.days import days
from monitoring.kpis import rollup
from monitoring.kpis.queries import Days
from monitoring.kpis.sums import sums
from monitoring.models import Outage
from monitoring.outages import exclusions, maintenance
from monitoring.outages.scope import Scope
from tests import network
from tests.cpms.ocpp.conftest import KEY
from tests.scenarios.month import CONTRACT_LEAVES_OUT, LENSES, OPENING_HOURS, ZONE, Month
from tests.scenarios.player import IDENTITY, V16, V201, Player, Tongue
from tests.scenarios.test_month import FEBRUARY, MARCH, Paper, assert_as_on_paper


def house(script: Month) -> Charger:
    """Make the site under all lenses, its charger, and the cards."""
    owner = Organisation.objects.create(name="Acme", slug="acme", accept_unknown_tokens=True)
    Token.objects.create(organisation=owner, id_token="STOLEN", status=Token.Status.BLOCKED)
    site = Site.objects.create(
        organisation=owner, name="Depot", timezone=ZONE, opening_hours=OPENING_HOURS,
        lenses=list(LENSES),
    )  # fmt: skip
    contract = Contract.objects.create(
        contractor=Contractor.objects.create(organisation=owner, name="Fixers"), name="SLA",
        starts="2026-01-01", in_opening_hours=True, excluded_reasons=CONTRACT_LEAVES_OUT,
        counts_silent=False,
    )  # fmt: skip
    contract.sites.add(site)
    charger = Charger(site=site, identity=IDENTITY, commissioned_at=script.commissioned)
    charger.set_password(KEY)
    charger.save()
    evse = Evse.objects.create(charger=charger, number=1)
    Connector.objects.create(evse=evse, type=Connector.Type.CCS2, max_power=150_000)
    for name, role in (("lea", Role.LEAD), ("max", Role.MANAGER)):
        network.person(name, role, owner)
    return charger


def plan_work(charger: Charger, script: Month) -> None:
    start, end = script.work
    wanted = maintenance.Plan(Scope.at(charger.site), start, end, "Filters")
    maintenance.plan(wanted, by=person("lea"), now=script.commissioned)


def decide(charger: Charger, script: Month, now: datetime) -> None:
    """Have Lea propose what is to be left out, and Max approve most of it."""
    for left_out in script.exclusions:
        wish = exclusions.Wish(
            Scope.at(charger), left_out.start, left_out.end, left_out.reason, "See the report."
        )
        exclusion = exclusions.propose(wish, by=person("lea"), now=now)
        if left_out.approved:
            exclusions.approve(exclusion, by=person("max"), now=now)


def person(name: str) -> User:
    return User.objects.get(username=name)


def work(now: datetime) -> None:
    """Do what beat has workers do every minute."""
    housekeeping.abandon_zombies(now)
    rollup.recompute_dirty(now)


def night(now: datetime) -> None:
    """Do what they do once a day is over."""
    rollup.settle(now)
    work(now)


@asynccontextmanager
async def playing(player: Player) -> AsyncIterator[Player]:
    """Give the player; stop its gateway after it, whatever happens."""
    try:
        yield player
    finally:
        await player.stop()
        await sync_to_async(connections.close_all)()


@pytest.fixture
def partitioned(transactional_db: None) -> Any:
    """Partitions for meter values and frames of both months."""
    month = days(FEBRUARY.script.first, MARCH.script.last + timedelta(days=1))
    made = [(table, day) for day in month for table in partitions.TABLES]
    with connection.cursor() as cursor:
        for table, day in made:
            cursor.execute(partitions.create(table, day))
    yield
    with connection.cursor() as cursor:
        for table, day in made:
            cursor.execute(f"DROP TABLE {partitions.name(table, day)}")


@pytest.mark.parametrize(
    ("paper", "tongue"), [(FEBRUARY, V16()), (MARCH, V201())], ids=["1.6", "2.0.1"]
)
async def test_a_month_of_frames_comes_to_what_the_paper_says(
    partitioned: None, paper: Paper, tongue: Tongue
) -> None:
    script = paper.script
    after = datetime(2026, script.first.month + 1, 1, 3, tzinfo=UTC)
    charger = await sync_to_async(house)(script)
    await sync_to_async(plan_work)(charger, script)

    with time_machine.travel(script.commissioned, tick=False) as clock:
        async with playing(Player(tongue, clock, work, night)) as player:
            await player.play(script)
            clock.move_to(after, tick=False)
            await sync_to_async(night)(after)
            await sync_to_async(decide)(charger, script, after)
            await sync_to_async(work)(after)
            found = await sync_to_async(whole)(script, after)
            await sync_to_async(assert_told_as_on_paper)(paper, after)

    assert_as_on_paper(paper, found.ports, found.links)


def whole(script: Month, now: datetime) -> Any:
    (found,) = sums(Charger.objects.all(), Days(script.first, script.last), now=now)
    return found


def assert_told_as_on_paper(paper: Paper, now: datetime) -> None:
    """Compare what people and authorities read: figures by lens, the ledger, NEVI's report."""
    days = Days(paper.script.first, paper.script.last)
    for lens, (window, outage, excluded, _ineligible) in paper.lenses.items():
        (fleet,) = figures(Charger.objects.all(), days, metrics=["uptime"], lens=lens, now=now)
        told = fleet.figures["uptime"].value
        assert told == pytest.approx(1 - (outage - excluded) / window), lens
    assert Outage.objects.count() == paper.outages
    window, outage, excluded, _ineligible = paper.lenses["nevi"]
    row = nevi_row(paper.script, now)
    assert [
        float(row[name]) for name in ("month_minutes", "t_outage_minutes", "t_excluded_minutes")
    ] == [window, outage, excluded]
    assert float(row["uptime_percent"]) == pytest.approx(
        100 * (1 - (outage - excluded) / window), abs=5e-5
    )


def nevi_row(script: Month, now: datetime) -> dict[str, str]:
    """Make NEVI's submission for the month; return the port's line of the CSV."""
    wish = Wish(
        Organisation.objects.get(), "nevi", first=script.first,
        end=script.last + timedelta(days=1), formats=["csv"],
    )  # fmt: skip
    report = orders.request(wish, by=None, now=now)
    making.make(report.pk, lambda: now)
    file = report.files.get(name__endswith="-uptime.csv")
    (row,) = csv.DictReader(io.StringIO(b"".join(storage.content(file)).decode()))
    return row
