"""How fast and how well incidents are repaired, worked by hand."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from alerts import policies
from alerts.models import DetectorName, Incident, IncidentEntry
from alerts.repair import DEFINITIONS, RepairMetric, RepairTotals, repair_figure, repairs
from inventory.models import Charger, Evse, Role
from monitoring.kpis.groups import Key
from monitoring.kpis.queries import Days, GroupBy, Instants
from tests.alerts.world import NOON, World, minutes

pytestmark = pytest.mark.django_db
Kind = IncidentEntry.Kind
#: 2 March; the window is that day in Berlin.
TODAY = Days(date(2026, 3, 2), date(2026, 3, 2))
LATER = NOON + timedelta(days=30)
KEYS = count(1)


def happened(
    world: World,
    *story: tuple[float, str] | tuple[float, str, User | None],
    charger: Charger | None = None,
    evse: Evse | None = None,
    key: str = "",
    resolution: str = "recovered",
) -> Incident:
    """Store an incident with its timeline: minutes after noon, what happened, who did it."""
    moments = [(NOON + minutes(at), kind, who[0] if who else None) for at, kind, *who in story]
    openings = [at for at, kind, _who in moments if kind in ("opened", "reopened")]
    last = {kind: (at, who) for at, kind, who in moments if at >= openings[-1]}
    acknowledged, resolved = (last.get(kind, (None, None)) for kind in ("acknowledged", "resolved"))
    incident = Incident.objects.create(
        detector=DetectorName.OFFLINE, dedup_key=key or f"key-{next(KEYS)}",
        organisation=world.organisation, site=world.site, charger=charger, evse=evse,
        subject="CP", severity=2, since=openings[-1], opened_at=openings[-1],
        policy_version=policies.current(world.organisation.pk, NOON), episode=len(openings),
        state="resolved" if resolved[0] else "open", resolution=resolution if resolved[0] else "",
        acknowledged_at=acknowledged[0], acknowledged_by=acknowledged[1],
        resolved_at=resolved[0], resolved_by=resolved[1],
    )  # fmt: skip
    for at, kind, *who in story:
        data = {"resolution": resolution} if kind == "resolved" else {}
        IncidentEntry.objects.create(
            incident=incident, at=NOON + minutes(at), kind=kind, data=data,
            actor=who[0] if who else None,
        )  # fmt: skip
    return incident


def read(
    window: Days | Instants = TODAY, by: GroupBy = GroupBy.FLEET, now: datetime = LATER
) -> Mapping[Key, RepairTotals]:
    return dict(repairs(Charger.objects.all(), window, by=by, now=now))


def values(totals: RepairTotals) -> list[float | None]:
    return [repair_figure(metric, totals).value for metric in RepairMetric]


def test_times_are_means_from_the_opening(world: World) -> None:
    lea, charger = world.person("lea", Role.OPERATOR), world.charger()
    happened(world, (0, "opened"), (4, "acknowledged", lea), (60, "resolved"), charger=charger)
    happened(world, (10, "opened"), (12, "acknowledged", lea), (30, "resolved"), charger=charger)
    happened(world, (20, "opened"), (30, "resolved"), charger=charger)
    happened(world, (30, "opened"), charger=charger)
    (totals,) = read().values()
    assert (totals.acknowledged, totals.repaired, totals.by_itself) == (2, 3, 1)
    assert values(totals)[:2] == [3 * 60, 30 * 60]


def test_an_incident_that_came_back_soon_was_repaired_twice_and_not_fixed_at_first(
    world: World,
) -> None:
    charger = world.charger()
    happened(
        world, (0, "opened"), (10, "resolved"), (20, "reopened"), (50, "resolved"), charger=charger
    )
    (totals,) = read().values()
    assert (totals.repaired, totals.until_repaired) == (2, 40 * 60)
    assert (totals.decided, totals.fixed) == (2, 1)


def test_each_time_it_was_open_is_judged_by_what_happened_then(world: World) -> None:
    lea, cem = world.person("lea", Role.OPERATOR), world.person("cem", Role.CONTRACTOR)
    happened(
        world,
        (0, "opened"), (2, "acknowledged", lea), (10, "resolved"),
        (20, "reopened"), (25, "note", cem), (30, "resolved"),
        (40, "reopened"), (50, "resolved"),
        charger=world.charger(),
    )  # fmt: skip
    (totals,) = read().values()
    assert (totals.acknowledged, totals.until_acknowledged) == (1, 2 * 60)
    assert (totals.repaired, totals.until_repaired) == (3, 30 * 60)
    assert (totals.remotely, totals.by_itself, totals.fixed) == (2, 1, 1)


def test_a_fault_that_comes_back_within_14_days_was_not_fixed(world: World) -> None:
    charger, day = world.charger(), 24 * 60.0
    happened(world, (0, "opened"), (10, "resolved"), charger=charger, key="same")
    happened(world, (14 * day + 10, "opened"), charger=charger, key="same")
    happened(world, (0, "opened"), (9, "resolved"), charger=charger, key="other")
    happened(world, (14 * day + 10, "opened"), charger=charger, key="other")
    (totals,) = read().values()
    assert (totals.decided, totals.fixed) == (2, 1)  # the other stayed away a minute longer


def test_a_repair_of_which_it_is_not_known_whether_it_holds_is_not_counted_yet(
    world: World,
) -> None:
    charger = world.charger()
    happened(world, (0, "opened"), (10, "resolved"), charger=charger, key="quiet")
    happened(world, (0, "opened"), (10, "resolved"), charger=charger, key="back")
    happened(world, (60, "opened"), charger=charger, key="back")
    (totals,) = read(now=NOON + timedelta(days=13)).values()
    assert (totals.repaired, totals.decided, totals.fixed) == (2, 1, 0)
    figure = repair_figure(RepairMetric.FIRST_TIME_FIX, totals)
    assert (figure.value, figure.details) == (0.0, {"undecided": 1})


def test_where_a_contractor_had_a_hand_somebody_was_there(world: World) -> None:
    lea, cem = world.person("lea", Role.OPERATOR), world.person("cem", Role.CONTRACTOR)
    charger = world.charger()
    happened(world, (0, "opened"), (5, "note", cem), (60, "resolved"), charger=charger)
    happened(world, (0, "opened"), (5, "acknowledged", lea), (60, "resolved"), charger=charger)
    happened(world, (0, "opened"), (60, "resolved"), charger=charger)
    happened(world, (0, "opened"), (60, "resolved"), (90, "note", cem), charger=charger)
    (totals,) = read().values()
    assert (totals.repaired, totals.remotely, totals.by_itself) == (4, 3, 2)
    assert values(totals)[2] == 0.75


def test_what_nobody_watches_any_longer_was_not_repaired(world: World) -> None:
    charger = world.charger()
    happened(world, (0, "opened"), (10, "resolved"), charger=charger, resolution="unwatched")
    assert [values(totals) for totals in read().values()] in ([], [[None] * 4])


def test_where_nothing_happened_nothing_is_known(world: World) -> None:
    assert values(RepairTotals()) == [None] * 4
    assert read() == {}


def test_a_day_is_the_sites_own(world: World) -> None:
    charger = world.charger()
    happened(world, (600, "opened"), (661, "resolved"), charger=charger)  # 00:01 in Berlin
    tomorrow = Days(date(2026, 3, 3), date(2026, 3, 3))
    assert read() == {}
    assert [totals.repaired for totals in read(tomorrow).values()] == [1]
    assert list(read(tomorrow, GroupBy.DAY)) == [date(2026, 3, 3)]
    hour = Instants(NOON + minutes(600), NOON + minutes(660))
    assert (read(hour), len(read(Instants(hour.start, NOON + minutes(662))))) == ({}, 1)


def test_groups_hold_their_own_and_what_is_of_a_whole_site_no_charger(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    north = World.make("Nord")
    charger, other = world.charger(), north.charger()
    port = world.port(charger)
    happened(world, (0, "opened"), (10, "resolved"), charger=charger, evse=port)
    happened(world, (0, "opened"), (20, "resolved"), charger=charger)
    happened(world, (0, "opened"), (30, "resolved"))
    happened(north, (0, "opened"), (40, "resolved"), charger=other)
    found = {}
    for by in GroupBy:
        with django_assert_num_queries(1):
            found[by] = {key: totals.repaired for key, totals in read(by=by).items()}
    assert found[GroupBy.FLEET] == {None: 4}
    assert found[GroupBy.SITE] == {world.site.pk: 3, north.site.pk: 1}
    assert found[GroupBy.ORGANISATION] == {world.organisation.pk: 3, north.organisation.pk: 1}
    assert found[GroupBy.CHARGER] == {charger.pk: 2, other.pk: 1}
    assert found[GroupBy.PORT] == {port.pk: 1}
    assert found[GroupBy.DAY] == {date(2026, 3, 2): 4}
    one = repairs(Charger.objects.filter(pk=other.pk), TODAY, now=LATER)
    assert [totals.repaired for totals in one.values()] == [1]


def test_each_metric_says_what_it_is() -> None:
    assert list(DEFINITIONS) == list(RepairMetric)
    for metric in RepairMetric:
        assert set(repair_figure(metric, RepairTotals()).details) == set(
            DEFINITIONS[metric].details
        )
