"""Contractors and contracts over REST: who sees and writes them, and one contract for a site."""

import pytest

from inventory.models import Contract, Contractor, Role, Site
from tests.api import Api, Tenant


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


@pytest.fixture
def sued(db: None) -> Tenant:
    return Tenant.make("Sued")


def contractor(tenant: Tenant, name: str = "Fixers") -> Contractor:
    return Contractor.objects.create(organisation=tenant.organisation, name=name)


def contract(tenant: Tenant, *sites: Site, **clauses: object) -> Contract:
    firm = Contractor.objects.filter(organisation=tenant.organisation).first() or contractor(tenant)
    made = Contract.objects.create(
        contractor=firm, **{"name": "SLA 2026", "starts": "2026-01-01", **clauses}
    )
    made.sites.set(sites or [tenant.site])
    made.refresh_from_db()
    return made


def site(tenant: Tenant, name: str) -> Site:
    return Site.objects.create(organisation=tenant.organisation, name=name)


def clauses(tenant: Tenant, **others: object) -> dict[str, object]:
    firm = contractor(tenant, "Others")
    return {
        "contractor": firm.pk, "name": "SLA", "sites": [tenant.site.pk], "starts": "2026-03-01",
        **others,
    }  # fmt: skip


def test_a_lead_adds_a_contractor_and_a_contract(nord: Tenant) -> None:
    api = nord.api()
    firm = api.post("contractors/", {"organisation": nord.organisation.pk, "name": "Fixers"})
    assert firm.status == 201
    body = {
        "contractor": firm.body["id"], "name": "SLA 2026", "sites": [nord.site.pk],
        "starts": "2026-01-01", "ends": None, "uptime_target": 0.98,
        "hours": {"mon": [["08:00", "18:00"]]}, "in_opening_hours": True,
        "excluded_reasons": ["vandalism", "network_provider"], "counts_offline": False,
    }  # fmt: skip
    answer = api.post("contracts/", body)
    assert answer.status == 201, answer.body
    assert body.items() <= answer.body.items()
    assert answer.body["organisation"] == nord.organisation.pk
    made = Contract.objects.get()
    assert list(made.sites.all()) == [nord.site]
    again = api.patch(f"contracts/{made.pk}/", {"uptime_target": 0.97})
    assert (again.status, again.body["sites"]) == (200, [nord.site.pk])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uptime_target", 1.01),
        ("uptime_target", -0.1),
        ("uptime_target", "nan"),
        ("excluded_reasons", ["bad_luck"]),
        ("excluded_reasons", ["vandalism", "vandalism"]),
        ("hours", {"mon": [["18:00", "08:00"]]}),
        ("hours", {"monday": []}),
        ("ends", "2026-02-28"),
        ("sites", [9_999_999]),
        ("sites", ["x"]),
        ("sites", 7),
        ("name", "x" * 121),
        ("contractor", 9_999_999),
    ],
)
def test_what_no_contract_can_say_is_refused(nord: Tenant, field: str, value: object) -> None:
    answer = nord.api().post("contracts/", clauses(nord, **{field: value}))
    assert answer.status == 400
    assert field in answer.problem()["errors"]


def test_two_contracts_at_a_site_at_once_are_refused_by_the_name_of_the_other(
    nord: Tenant,
) -> None:
    contract(nord, ends="2026-06-30")
    api, asked = nord.api(), clauses(nord, starts="2026-06-30")
    answer = api.post("contracts/", asked)
    assert answer.status == 400
    (sentence,) = answer.problem()["errors"]["sites"]
    assert sentence == (
        "A site has one contract at a time: “SLA 2026” of Fixers is in force at Nord Depot "
        "from 2026-01-01 to 2026-06-30."
    )
    assert api.post("contracts/", {**asked, "starts": "2026-07-01"}).status == 201


def test_a_contract_may_not_grow_into_another_ones_days_or_sites(nord: Tenant) -> None:
    other = site(nord, "Other")
    contract(nord, ends="2026-06-30")
    later = contract(nord, starts="2026-07-01", name="SLA B")
    third = contract(nord, other, name="SLA C")
    api = nord.api()
    assert api.patch(f"contracts/{later.pk}/", {"starts": "2026-06-30"}).status == 400
    refused = api.patch(f"contracts/{third.pk}/", {"sites": [other.pk, nord.site.pk]})
    assert "“SLA 2026”" in refused.problem()["errors"]["sites"][0]
    assert api.patch(f"contracts/{third.pk}/", {"ends": "2026-12-31"}).status == 200


def test_a_contract_is_for_its_organisations_sites(nord: Tenant, sued: Tenant) -> None:
    both = nord.person(Role.LEAD)
    both.memberships.create(organisation=sued.organisation, role=Role.LEAD)
    answer = Api.of(both).post("contracts/", clauses(nord, sites=[sued.site.pk]))
    assert answer.problem()["errors"]["sites"]
    assert not Contract.objects.exists()


def test_another_tenants_are_not_there(nord: Tenant, sued: Tenant) -> None:
    theirs = contract(sued)
    api = nord.api()
    assert api.get("contracts/").results == []
    assert api.get("contractors/").results == []
    assert api.get(f"contracts/{theirs.pk}/").status == 404
    assert api.patch(f"contractors/{theirs.contractor_id}/", {"name": "Mine"}).status == 404
    assert api.post("contracts/", clauses(nord, sites=[sued.site.pk])).status == 400


def test_who_sees_some_sites_sees_their_contracts_and_of_those_only_their_sites(
    nord: Tenant,
) -> None:
    mine, other = site(nord, "Mine"), site(nord, "Other")
    shared, hidden = contract(nord, mine, nord.site), contract(nord, other, name="Hidden")
    api = nord.api(Role.LEAD, mine)
    assert [(row["id"], row["sites"]) for row in api.get("contracts/").results] == [
        (shared.pk, [mine.pk])
    ]
    assert api.get(f"contracts/{hidden.pk}/").status == 404
    assert api.patch(f"contracts/{shared.pk}/", {"notes": "x"}).status == 403
    assert api.delete(f"contracts/{shared.pk}/").status == 403
    firm = f"contractors/{shared.contractor_id}/"
    assert api.get(firm).status == 200
    assert api.patch(firm, {"email": "me@example.org"}).status == 403
    new = {"organisation": nord.organisation.pk, "name": "Mine"}
    assert api.post("contractors/", new).status == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.MANAGER, Role.CONTRACTOR])
def test_contracts_are_the_leads_and_administrators(nord: Tenant, role: Role) -> None:
    known = contract(nord)
    api = nord.api(role)
    assert api.get(f"contracts/{known.pk}/").status == 200
    assert api.patch(f"contracts/{known.pk}/", {"notes": "x"}).status == 403
    assert api.post("contracts/", clauses(nord)).status == 403


def test_a_contractor_goes_after_its_contracts(nord: Tenant) -> None:
    known, api = contract(nord), nord.api()
    assert api.delete(f"contractors/{known.contractor_id}/").status == 409
    assert api.delete(f"contracts/{known.pk}/").status == 204
    assert api.delete(f"contractors/{known.contractor_id}/").status == 204


def test_contracts_are_found_by_site_and_day_and_exported(nord: Tenant) -> None:
    other = site(nord, "Other")
    first, second = contract(nord, ends="2026-06-30"), contract(nord, other, name="Other")
    api = nord.api()
    assert ids(api.get("contracts/", site=nord.site.pk).results) == [first.pk]
    assert ids(api.get("contracts/", in_force_on="2026-07-01").results) == [second.pk]
    table = api.get("contracts/", format="csv").raw.decode()
    assert [line.split(",")[3] for line in table.splitlines()] == ["name", "SLA 2026", "Other"]


def ids(rows: list[dict[str, int]]) -> list[int]:
    return [row["id"] for row in rows]


def test_a_sites_lenses_are_set_over_rest(nord: Tenant) -> None:
    api, address = nord.api(), f"sites/{nord.site.pk}/"
    assert api.get(address).body["lenses"] is None
    assert api.patch(address, {"lenses": ["uk", "nevi"]}).body["lenses"] == ["uk", "nevi"]
    assert api.patch(address, {"lenses": ["mars"]}).status == 400
    assert api.patch(address, {"lenses": ["uk", "uk"]}).status == 400
    assert api.patch(address, {"lenses": None}).body["lenses"] is None
