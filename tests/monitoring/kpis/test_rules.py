"""Days follow the rules they are reckoned by: when those change, they are computed again."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from inventory.models import Charger, Connector, Contract, Contractor, Evse, Organisation, Site
from monitoring.days import bounds, days, zone_of
from monitoring.kpis import histories as ledger
from monitoring.kpis import rollup
from monitoring.kpis.measure import measured
from monitoring.kpis.parts import Window
from monitoring.kpis.rules import digests, rules_of
from monitoring.lenses.california import quarters
from monitoring.models import (
    DailyKpi,
    Exclusion,
    MaintenanceWindow,
    Outage,
    QuarterHours,
    RollupState,
)
from tests.bench.history import generate
from tests.monitoring.test_rollup import (
    LONG_AGO,
    NOON,
    assert_all_as_computed_from_scratch,
    change,
    connect,
    mark,
    report_late,
)

CCS = Connector.Type.CCS1
HOURS = {"mon": [["06:00", "22:00"]], "tue": [["00:00", "24:00"]]}


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def port(db: None) -> Evse:
    """A fast port in California, commissioned on 1 March, connected and Available ever since."""
    owner = Organisation.objects.create(name="Acme", slug="acme")
    site = Site.objects.create(
        organisation=owner, name="Mall", timezone="America/Los_Angeles", country="US", region="CA"
    )
    charger = Charger.objects.create(site=site, identity="CP-1", commissioned_at=at(1, 8))
    evse = Evse.objects.create(charger=charger, number=1)
    Connector.objects.create(evse=evse, type=CCS, max_power=150_000)
    connect(charger, at(1))
    change(evse, "Available", at(1))
    return evse


def contract(site: Site, **clauses: object) -> Contract:
    contractor, _new = Contractor.objects.get_or_create(
        organisation=site.organisation, name="Fixers"
    )
    clauses = {"name": "SLA", "starts": date(2026, 3, 1), **clauses}
    made = Contract.objects.create(contractor=contractor, **clauses)
    made.sites.add(site)
    return made


def exclude(
    start: datetime, hours: float, reason: str, site: Site, charger: Charger | None = None
) -> None:
    end = start + timedelta(hours=hours)
    one, other = (User.objects.get_or_create(username=name)[0] for name in ("ann", "bob"))
    Exclusion.objects.create(
        site=site, charger=charger, started=start, ended=end, reason=reason, note="-",
        state="approved", proposed_by=one, proposed_at=end, decided_by=other, decided_at=end,
    )  # fmt: skip


def plan(charger: Charger, start: datetime, end: datetime) -> None:
    MaintenanceWindow.objects.create(
        organisation=charger.site.organisation, site=charger.site, charger=charger, note="-",
        started=start, ended=end, planned_at=LONG_AGO,
        planned_by=User.objects.get_or_create(username="ann")[0],
    )  # fmt: skip


def day_row(port: Evse, day: int) -> DailyKpi:
    return DailyKpi.objects.get(evse=port, day=date(2026, 3, day))


def assert_quarters_as_computed_from_scratch(now: datetime) -> None:
    found = {(row.evse_id, row.day): row for row in QuarterHours.objects.all()}
    expected = {}
    chargers = list(Charger.objects.select_related("site"))
    pasts = ledger.histories([charger.pk for charger in chargers], LONG_AGO, now, now)
    for charger in chargers:
        zone = zone_of(charger.site.timezone)
        chosen = list(days(date(2026, 3, 20), date(2026, 4, 1)))
        windows = [Window(*(t.timestamp() for t in bounds(day, zone))) for day in chosen]
        assert charger.commissioned_at
        counts = Window(charger.commissioned_at.timestamp(), windows[-1].end)
        seen = measured(pasts[charger.pk], windows, counts, now.timestamp())
        for key, pieces in seen.california.items():
            for place in seen.ports[key]:
                expected[key, chosen[place]] = quarters(pieces, windows[place])
    assert {key: (row.outage, row.excluded) for key, row in found.items()} == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_under_every_lens_are_what_the_pure_functions_make_of_the_whole_past(
    db: None, seed: int
) -> None:
    history = generate(chargers=9, ports=2, days=4, seed=seed, until=NOON)
    rng = random.Random(seed)
    sites = list(Site.objects.order_by("pk"))
    Connector.objects.update(type=CCS, max_power=60_000)
    Site.objects.update(lenses=["nevi", "uk", "california"], opening_hours=HOURS)
    rollup.settle(NOON)
    for site in sites:
        contract(site, excluded_reasons=["vandalism"], hours=HOURS, counts_offline=False)
        exclude(NOON - timedelta(days=rng.uniform(0.5, 3)), rng.uniform(1, 50), "vandalism", site)
    for charger in Charger.objects.select_related("site__organisation"):
        start = NOON - timedelta(days=rng.uniform(0.5, 3))
        plan(charger, start, start + timedelta(hours=rng.uniform(1, 90)))
        reason = rng.choice(["scheduled_maintenance", "utility_outage"])
        exclude(start - timedelta(days=1), rng.uniform(1, 70), reason, charger.site, charger)
    for _late in range(20):
        report_late(rng, rng.choice(history.ports), NOON - timedelta(days=rng.uniform(0.1, 3.9)))
    for evse in history.ports:
        for day in range(5):
            mark(evse, NOON - timedelta(days=day))
    rollup.recompute_dirty(NOON)
    rollup.settle(NOON)
    rollup.refresh(NOON)
    assert DailyKpi.objects.exclude(contract_window=None).exists()
    assert DailyKpi.objects.filter(california_excluded__gt=0).exists()
    assert_all_as_computed_from_scratch(NOON)
    assert_quarters_as_computed_from_scratch(NOON)


def other_hours(port: Evse) -> None:
    Site.objects.update(opening_hours={"thu": [["06:00", "22:00"]]})


def other_lenses(port: Evse) -> None:
    Site.objects.update(lenses=["nevi"])


def other_region(port: Evse) -> None:
    Site.objects.update(region="Nevada")


def other_connector(port: Evse) -> None:
    Connector.objects.update(type=Connector.Type.TYPE2)


def new_contract(port: Evse) -> None:
    contract(port.charger.site)


@pytest.mark.parametrize(
    "happens", [other_hours, other_lenses, other_region, other_connector, new_contract]
)
def test_a_change_of_the_rules_computes_the_days_again(
    port: Evse, happens: Callable[[Evse], None]
) -> None:
    change(port, "Faulted", at(5, 12))
    change(port, "Available", at(5, 22))
    rollup.settle(at(9, 12))
    rollup.refresh(at(9, 12))
    assert rollup.settle(at(9, 12)) == 0
    assert day_row(port, 5).california_outage == 10 * 3_600
    before = digests([port.charger_id])
    happens(port)
    assert digests([port.charger_id]) != before
    assert rollup.settle(at(9, 12)) == 8
    assert RollupState.objects.get().rules == digests([port.charger_id])[port.charger_id]
    assert rollup.settle(at(9, 12)) == 0
    assert_all_as_computed_from_scratch(at(9, 12))


def test_a_charger_that_moves_leaves_behind_what_was_decided_for_the_whole_site(
    port: Evse,
) -> None:
    change(port, "Faulted", at(5, 12))
    change(port, "Available", at(5, 22))
    exclude(at(5, 12), 10, "utility_outage", port.charger.site)
    rollup.settle(at(9, 12))
    assert day_row(port, 5).nevi_excluded == 10 * 3_600
    here = port.charger.site
    there = Site.objects.create(
        organisation=here.organisation, name="Pier", timezone=here.timezone, country="US",
        region="CA",
    )  # fmt: skip
    Charger.objects.update(site=there)
    rollup.settle(at(9, 12))
    assert day_row(port, 5).nevi_excluded == 0
    assert rollup.settle(at(9, 12)) == 0
    assert_all_as_computed_from_scratch(at(9, 12))


def test_days_of_a_version_that_knew_less_are_computed_again(port: Evse) -> None:
    """Those have nothing in columns that came later, and no outages."""
    Site.objects.update(lenses=[])
    change(port, "Faulted", at(5, 12))
    change(port, "Available", at(5, 22))
    rollup.settle(at(9, 12))
    DailyKpi.objects.update(outages=0, lost_hours=None)
    Outage.objects.all().delete()
    RollupState.objects.update(site=None)
    rollup.settle(at(9, 12))
    assert day_row(port, 5).outages == 1
    assert_all_as_computed_from_scratch(at(9, 12))


def test_what_the_uptimes_do_not_depend_on_computes_nothing_again(port: Evse) -> None:
    rollup.settle(at(9, 12))
    Site.objects.update(name="Other", contact="-", city="Fresno")
    Connector.objects.update(max_power=200_000)
    Contractor.objects.create(organisation=port.charger.site.organisation, name="Others")
    assert rollup.settle(at(9, 12)) == 0


def test_a_site_under_no_lens_has_no_digest_whatever_its_hours(port: Evse) -> None:
    Site.objects.update(lenses=[], opening_hours=HOURS)
    assert digests([port.charger_id]) == {port.charger_id: ""}


def test_hours_that_can_not_be_read_hold_up_nobody(port: Evse) -> None:
    Site.objects.update(opening_hours={"mon": [["26:00", "27:00"]]})
    assert rules_of([port.charger_id])[port.charger_id].hours == {}
    rollup.settle(at(9, 12))
    assert day_row(port, 5).nevi_window == 86_400


def test_the_hours_of_planned_work_are_those_of_the_whole_year(port: Evse) -> None:
    """CEC: planned maintenance up to 72 hours per year; each run reads a few days of it."""
    for day in (3, 7, 11):
        plan(port.charger, at(day, 8), at(day + 2, 8))
    change(port, "Unavailable", at(3, 8))
    rollup.settle(at(20, 12))
    RollupState.objects.update(settled_before=date(2026, 3, 12))
    DailyKpi.objects.filter(day__gte=date(2026, 3, 12)).delete()
    rollup.settle(at(20, 12))
    hours = {day: (day_row(port, day).california_excluded or 0) / 3_600 for day in range(1, 15)}
    assert {day: spent for day, spent in hours.items() if spent} == {3: 24, 4: 24, 7: 24}


def test_quarters_of_an_hour_are_kept_for_ports_under_california_alone(port: Evse) -> None:
    change(port, "Faulted", at(5, 18))
    change(port, "Available", at(5, 20))
    rollup.settle(at(9, 12))
    kept = {row.day.day: len(row.outage) for row in QuarterHours.objects.all()}
    assert kept == {**dict.fromkeys(range(1, 10), 96), 8: 92}
    fifth = QuarterHours.objects.get(day=date(2026, 3, 5))
    assert fifth.outage == [0] * 40 + [900] * 8 + [0] * 48
    Connector.objects.update(type=Connector.Type.TYPE2)
    rollup.settle(at(9, 12))
    assert not QuarterHours.objects.exists()


def test_a_contract_for_many_sites_is_worked_off_run_by_run_after_what_is_due(
    port: Evse, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = port.charger.site
    for number in range(2, 5):
        other = Charger.objects.create(site=site, identity=f"CP-{number}", commissioned_at=at(1, 8))
        Evse.objects.create(charger=other, number=1)
    rollup.settle(at(9, 12))
    contract(site)
    monkeypatch.setattr(rollup, "MOST_AGAIN", 16)
    assert [rollup.settle(at(9, 12)) for _run in range(3)] == [16, 16, 0]
    assert not DailyKpi.objects.filter(contract_window=None).exists()
