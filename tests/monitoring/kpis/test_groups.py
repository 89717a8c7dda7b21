"""Totals are read by what a charger is now, and add up whatever they are grouped by."""

from datetime import date
from typing import Any

import pytest

from inventory.models import Charger, ChargerModel, Contract, Contractor, Sim, Site
from monitoring.kpis.queries import Days, GroupBy, Sums, sums
from tests.monitoring.kpis.daily import DAY, HOUR, NOON, charger, link_day, port, port_day

FIRST, LAST = date(2026, 2, 27), date(2026, 3, 3)
WINDOW = Days(FIRST, LAST)


@pytest.fixture
def network(db: None) -> dict[str, Charger]:
    """Three chargers on two sites, each with a port that lost an hour on a day of its own."""
    hyc = ChargerModel.objects.create(vendor="Alpitronic", name="HYC300")
    one = charger("CP-1", model=hyc, firmware_version="1.2")
    sim = Sim.objects.create(
        organisation=one.site.organisation, iccid="8" * 19, operator="Telenord"
    )
    two = charger("CP-2", model=hyc, firmware_version="1.3", sim=sim)
    three = charger("CP-3", site="Harbour", owner="Bolt")
    Site.objects.filter(name="Depot").update(region="Hessen")
    for number, each in enumerate((one, two, three)):
        lost = date(2026, 3, 1 + number)
        made = port(each)
        for day in (date(2026, 2, 28), *(date(2026, 3, n) for n in (1, 2, 3))):
            port_day(made, day, lost=HOUR if day == lost else 0.0, attempts=1 + number)
            link_day(each, day, round_trips=[1, 0, 0, 0, 0, 0, 0, number], longest_offline=number)
    return {each.identity: each for each in (one, two, three)}


def read(by: GroupBy, chargers: Any = None) -> list[Sums]:
    scope = Charger.objects.all() if chargers is None else chargers
    return sums(scope, WINDOW, by=by, now=NOON)


def lost(by: GroupBy, chargers: Any = None) -> dict[str, float]:
    return {each.label: each.ports.outage / HOUR for each in read(by, chargers)}


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (GroupBy.FLEET, {"Fleet": 3}),
        (GroupBy.ORGANISATION, {"Acme": 2, "Bolt": 1}),
        (GroupBy.REGION, {"Hessen": 2, "none": 1}),
        (GroupBy.SITE, {"Depot": 2, "Harbour": 1}),
        (GroupBy.CHARGER, {"CP-1": 1, "CP-2": 1, "CP-3": 1}),
        (GroupBy.PORT, {"CP-1/1": 1, "CP-2/1": 1, "CP-3/1": 1}),
        (GroupBy.MODEL, {"Alpitronic HYC300": 2, "none": 1}),
        (GroupBy.FIRMWARE, {"1.2": 1, "1.3": 1, "none": 1}),
        (GroupBy.SIM_OPERATOR, {"Telenord": 1, "none": 2}),
        (GroupBy.CONTRACTOR, {"none": 3}),
        (GroupBy.DAY, {"2026-02-28": 0, "2026-03-01": 1, "2026-03-02": 1, "2026-03-03": 1}),
        (GroupBy.MONTH, {"2026-02": 0, "2026-03": 3}),
    ],
)
def test_lost_hours_by(network: None, by: GroupBy, expected: dict[str, float]) -> None:
    assert lost(by) == expected
    assert list(lost(by)) == list(expected)


@pytest.mark.parametrize("by", list(GroupBy))
def test_groups_add_up(network: None, by: GroupBy) -> None:
    groups = read(by)
    assert sum(each.ports.attempts for each in groups) == 4 * (1 + 2 + 3)
    assert sum(each.ports.measured for each in groups) == 12 * DAY
    assert sum(each.links.online for each in groups) == 12 * DAY
    assert max(each.links.longest_offline for each in groups) == 2
    found = [each.links.round_trips for each in groups]
    assert [sum(column) for column in zip(*found, strict=True)] == [12, 0, 0, 0, 0, 0, 0, 12]


def test_a_charger_counts_for_what_it_is_now(network: dict[str, Charger]) -> None:
    Charger.objects.filter(identity="CP-1").update(
        site=network["CP-3"].site, firmware_version="1.3"
    )
    assert lost(GroupBy.SITE) == {"Depot": 1, "Harbour": 2}
    assert lost(GroupBy.FIRMWARE) == {"1.3": 2, "none": 1}
    network["CP-2"].delete()
    assert lost(GroupBy.FIRMWARE) == {"1.3": 1, "none": 1}
    assert lost(GroupBy.SITE) == {"Harbour": 2}


def test_a_sites_contractor_is_who_has_a_contract_on_the_last_day(
    network: dict[str, Charger],
) -> None:
    depot = network["CP-1"].site
    for name, starts, ends in (
        ("Gone", date(2025, 1, 1), date(2026, 3, 2)),
        ("Here", date(2026, 3, 3), date(2026, 3, 3)),
        ("Soon", date(2026, 3, 4), None),
    ):
        firm = Contractor.objects.create(organisation=depot.organisation, name=name)
        contract = Contract.objects.create(contractor=firm, name="A", starts=starts, ends=ends)
        contract.sites.add(depot)
    assert lost(GroupBy.CONTRACTOR) == {"Here": 2, "none": 1}


def test_only_the_scope_is_counted_whatever_its_queryset_looks_like(network: None) -> None:
    some = Charger.objects.filter(identity__in=["CP-1", "CP-3"])
    assert lost(GroupBy.SITE, some.order_by("-site__name").distinct()) == {"Depot": 1, "Harbour": 1}
    assert lost(GroupBy.FLEET, Charger.objects.filter(evses__number=1).distinct()) == {"Fleet": 3}
    assert lost(GroupBy.FLEET, Charger.objects.none()) == {"Fleet": 0}
    assert lost(GroupBy.MODEL, Charger.objects.none()) == {}
