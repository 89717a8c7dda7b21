"""Sums since the first day give what adding up the daily rows gives, whatever has happened."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from inventory.models import Charger, Evse, Site
from monitoring.kpis import columns, rollup, running, scope
from monitoring.kpis.figures import Metric, figure
from monitoring.kpis.queries import Days, GroupBy, Instants, Sums, Window, sums
from monitoring.kpis.ranking import distribution, heat_map, worst_ports
from monitoring.kpis.wanted import needed
from monitoring.models import DailyKpi, RollupState, RunningKpi, RunningState
from tests.bench.history import generate
from tests.monitoring.kpis.daily import DAY, HOUR, NOON, charger, link_day, port, port_day
from tests.monitoring.test_rollup import report_late

EVERYONE = Charger.objects.all()
FIRST = date(2026, 3, 21)


def windows(now: datetime) -> list[Window]:
    """Whole, cut on the left, on both sides; reaching out; of instants."""
    last = now.date()
    return [
        Days(FIRST + timedelta(days=3), last),
        Days(date(2026, 3, 22), date(2026, 3, 28)),
        Days(date(2026, 1, 1), date(2026, 12, 31)),
        Days(date(2026, 3, 1), date(2026, 4, 9)),
        Instants(now - timedelta(days=9, hours=5), now - timedelta(days=1, hours=1)),
    ]


def read(window: Window, now: datetime) -> dict[Any, list[float]]:
    """Return all numbers that are read of the window, by what they are of."""
    found: dict[Any, list[float]] = {
        (by, each.key): numbers(each)
        for by in (GroupBy.FLEET, GroupBy.PORT, GroupBy.SITE, GroupBy.FIRMWARE, GroupBy.MONTH)
        for each in sums(EVERYONE, window, by=by, now=now)
    }
    if isinstance(window, Days):
        found |= read_days(window, now)
        ranked = worst_ports(EVERYONE, window, now=now)
        found |= {("worst", n): [each.evse_id, each.lost] for n, each in enumerate(ranked)}
        spread = distribution(EVERYONE, window, now=now)
        found["spread"] = [float(each.ports) for each in spread]
    return found


def read_days(window: Days, now: datetime) -> dict[Any, list[float]]:
    """Return what is read day by day: of whole sites, of one, and of parts of sites."""
    found: dict[Any, list[float]] = {}
    some = Charger.objects.order_by("pk")[::2]
    (site,) = Site.objects.filter(pk=some[0].site_id)
    scopes = {
        "all": EVERYONE,
        "site": Charger.objects.filter(site=site),
        "others": Charger.objects.exclude(site=site),
        "some": Charger.objects.filter(pk__in=[each.pk for each in some]),
    }
    for name, chargers in scopes.items():
        days = sums(chargers, window, by=GroupBy.DAY, now=now)
        found |= {(name, each.key): numbers(each) for each in days}
        for what in ("lost", "busy"):
            hours = heat_map(chargers, window, what=what, now=now)
            found[name, what] = [seconds for weekday in hours for seconds in weekday]
    return found


def numbers(found: Sums) -> list[float]:
    row = {**columns.port_columns(found.ports), **columns.link_columns(found.links)}
    counts = row.pop("round_trips") or [0] * len(columns.CLASSES)
    for name in columns.HOURLY:
        row.pop(name)
    return [*(float(row[name] or 0) for name in sorted(row)), *counts]


def assert_sums_are_those_of_the_days(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for window in windows(now):
        found = read(window, now)
        with monkeypatch.context() as patch:
            patch.setattr(scope, "WORTH_IT", timedelta(days=9_999))
            expected = read(window, now)
        assert found.keys() == expected.keys()
        for key, each in expected.items():
            assert found[key] == pytest.approx(each, abs=1e-3), (window, key)


@pytest.mark.parametrize("seed", [1, 2])
def test_sums_are_those_of_the_days_whatever_happens(
    db: None, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = generate(chargers=9, ports=2, days=10, seed=seed, until=NOON)
    early = NOON - timedelta(days=4)
    rng, now = random.Random(seed), NOON
    for moment in (early, early + timedelta(days=1)):
        rollup.settle(moment)
        rollup.refresh(moment)
        running.extend()
    rollup.settle(now)
    rollup.refresh(now)
    assert_sums_are_those_of_the_days(now, monkeypatch)
    running.extend()
    assert RunningState.objects.filter(before__gte=now.date()).count() == 9
    assert_sums_are_those_of_the_days(now, monkeypatch)
    for _late in range(6):
        report_late(rng, rng.choice(history.ports), now - rng.uniform(0.1, 9) * timedelta(days=1))
    rollup.recompute_dirty(now)
    assert_sums_are_those_of_the_days(now, monkeypatch)
    two, three, *_others = history.chargers
    Charger.objects.filter(pk=two.pk).update(
        site=history.chargers[-1].site, firmware_version="9.9.9"
    )
    Site.objects.filter(pk=three.site_id).update(timezone="Pacific/Auckland")
    assert_sums_are_those_of_the_days(now, monkeypatch)
    rollup.settle(now)
    assert_sums_are_those_of_the_days(now, monkeypatch)
    running.extend()
    assert_sums_are_those_of_the_days(now, monkeypatch)
    assert running.extend() == 0
    Charger.objects.filter(pk=two.pk).update(site=two.site)
    assert_sums_are_those_of_the_days(now, monkeypatch)
    rollup.settle(now)
    assert_sums_are_those_of_the_days(now, monkeypatch)
    running.extend()
    Charger.objects.filter(pk=three.pk).update(decommissioned_at=now - timedelta(days=5))
    rollup.settle(now)
    assert_sums_are_those_of_the_days(now, monkeypatch)
    running.extend()
    assert_sums_are_those_of_the_days(now, monkeypatch)


@pytest.fixture
def month(db: None) -> Evse:
    """A port of a charger with a month of days, an hour lost on each, summed up."""
    one = port(charger("CP-1", commissioned_at=NOON - timedelta(days=30)))
    for day in range(1, 31):
        port_day(one, date(2026, 3, day), lost=HOUR)
        link_day(one.charger, date(2026, 3, day))
    one.charger.rollup = RollupState.objects.create(
        charger=one.charger, settled_before=date(2026, 3, 31)
    )
    running.extend()
    return one


def lost(first: int, last: int) -> float:
    window = Days(date(2026, 3, first), date(2026, 3, last))
    (fleet,) = sums(EVERYONE, window, by=GroupBy.FLEET, now=NOON)
    return fleet.ports.faulted / HOUR


def test_a_window_is_read_from_sums_and_not_from_days(month: Evse) -> None:
    DailyKpi.objects.update(faulted=0.0)
    assert (lost(1, 30), lost(2, 29), lost(10, 20)) == (30, 28, 11)


def test_a_day_that_was_written_is_read_from_the_day(month: Evse) -> None:
    running.cut({month.charger_id: date(2026, 3, 20)})
    DailyKpi.objects.filter(day=date(2026, 3, 20)).update(faulted=3 * HOUR)
    assert (lost(1, 30), lost(1, 19), lost(15, 25), lost(20, 20)) == (32, 19, 13, 3)
    assert running.extend() == 11
    DailyKpi.objects.update(faulted=0.0)
    assert (lost(1, 30), lost(1, 19), lost(15, 25)) == (32, 19, 13)


def test_a_charger_that_has_no_sums_is_read_by_day_beside_one_that_has(month: Evse) -> None:
    other = port(charger("CP-2"))
    for day in range(1, 31):
        port_day(other, date(2026, 3, day), lost=2 * HOUR)
    assert lost(1, 30) == 90
    DailyKpi.objects.filter(evse=month).update(faulted=0.0)
    assert lost(1, 30) == 90


def test_whole_outages_leave_no_crumbs_of_uptime(db: None) -> None:
    one = port(charger("CP-1"))
    for day in range(1, 31):
        share = DAY / 3 if day < 10 else DAY
        window = {"nevi_window": DAY, "nevi_outage": share, "nevi_excluded": 0.0}
        port_day(one, date(2026, 3, day), lost=share, **window)
        link_day(one.charger, date(2026, 3, day))
    RollupState.objects.create(charger=one.charger, settled_before=date(2026, 3, 31))
    running.extend()
    march = Days(date(2026, 3, 10), date(2026, 3, 30))
    (fleet,) = sums(EVERYONE, march, by=GroupBy.FLEET, now=NOON)
    assert figure(Metric.UPTIME, fleet.ports, fleet.links, "nevi").value == 0.0
    assert figure(Metric.UPTIME, fleet.ports, fleet.links).value == 0.0


def test_sums_run_on_over_days_on_which_a_port_has_none(month: Evse) -> None:
    month.charger.rollup.settled_before = date(2026, 4, 20)
    month.charger.rollup.save()
    assert running.extend() == 20
    months = sums(EVERYONE, Days(date(2026, 3, 25), date(2026, 4, 15)), by=GroupBy.MONTH, now=NOON)
    assert {each.label: each.ports.faulted / HOUR for each in months} == {"2026-03": 6}
    (april,) = sums(EVERYONE, Days(date(2026, 3, 25), date(2026, 4, 15)), now=NOON)
    assert april.ports.faulted == 6 * HOUR


def test_what_is_forgotten_is_not_summed_up(month: Evse) -> None:
    running.forget([month.charger_id])
    assert not RunningKpi.objects.exists()
    assert lost(1, 30) == 30
    DailyKpi.objects.filter(day__lt=date(2026, 3, 15)).delete()
    assert running.extend() > 0
    assert lost(1, 30) == 16


def lost_by_day(first: int, last: int) -> dict[int, float]:
    days = sums(EVERYONE, Days(date(2026, 3, first), date(2026, 3, last)), by=GroupBy.DAY, now=NOON)
    return {each.key.day: each.ports.faulted / HOUR for each in days if isinstance(each.key, date)}


def test_days_of_a_site_are_read_and_not_those_of_its_ports(month: Evse) -> None:
    DailyKpi.objects.update(faulted=0.0)
    assert set(lost_by_day(1, 30).values()) == {1}
    running.cut({month.charger_id: date(2026, 3, 20)})
    assert lost_by_day(1, 30) == {day: float(day < 20) for day in range(1, 31)}
    running.extend()
    assert lost_by_day(1, 30) == {day: float(day < 20) for day in range(1, 31)}
    running.forget([month.charger_id])
    assert set(lost_by_day(1, 30).values()) == {0}


@pytest.mark.parametrize("change", ["moved", "another", "deleted"])
def test_days_of_a_site_are_not_read_once_others_stand_there(month: Evse, change: str) -> None:
    other = port(charger("CP-2"))
    running.extend()
    DailyKpi.objects.update(faulted=2 * HOUR)
    assert set(lost_by_day(1, 30).values()) == {1}
    match change:
        case "moved":
            elsewhere = Site.objects.create(organisation=other.charger.site.organisation, name="B")
            Charger.objects.filter(pk=month.charger_id).update(site=elsewhere)
        case "another":
            charger("CP-3")
        case "deleted":
            other.charger.delete()
    assert set(lost_by_day(1, 30).values()) == {2}


@pytest.mark.parametrize("lens", ["raw", "nevi", "uk", "california", "contract"])
def test_a_metric_is_computed_from_the_columns_that_it_is_said_to_need(db: None, lens: str) -> None:
    one = port(charger("CP-1"))
    names = [f.name for f in DailyKpi._meta.concrete_fields if f.name not in ("id", "until", "day")]
    values: dict[str, Any] = {
        name: 3.0 + n for n, name in enumerate(names) if name not in ("evse", "charger")
    }
    values |= {"lost_hours": None, "busy_hours": None}
    DailyKpi.objects.create(
        evse=one, charger=one.charger, day=date(2026, 3, 2), until=NOON, **values
    )
    link_day(
        one.charger, date(2026, 3, 2), after_lost=4, offline=9.0, unseen=2.0, refusals=5,
        disconnects=3, longest_offline=7.0, flapping=6.0, missed_pings=8,
        round_trips=[1, 2, 3, 4, 5, 6, 7, 8],
    )  # fmt: skip
    march = Days(date(2026, 3, 1), date(2026, 3, 30))
    (whole,) = sums(EVERYONE, march, now=NOON)
    for metric in Metric:
        (some,) = sums(EVERYONE, march, now=NOON, wanted=needed([metric], lens))
        expected = figure(metric, whole.ports, whole.links, lens)
        assert figure(metric, some.ports, some.links, lens) == expected
        assert expected.value is not None
