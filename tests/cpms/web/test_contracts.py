"""The pages of contractors and contracts, and of how a site's uptime is reckoned."""

from typing import Any

import pytest
from django.test import Client

from inventory.models import Contract, Contractor, Organisation, Role, Site
from tests.api import Tenant

UGLY = '<b>"\u202e' + "x" * 100


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def as_(tenant: Tenant, role: Role = Role.LEAD, *sites: Site) -> Client:
    client = Client()
    client.force_login(tenant.person(role, *sites))
    return client


def contractor(tenant: Tenant, name: str = "Fixers") -> Contractor:
    return Contractor.objects.create(organisation=tenant.organisation, name=name, phone="0800 1/2")


def contract(tenant: Tenant, **clauses: Any) -> Contract:
    clauses.setdefault("contractor", Contractor.objects.first() or contractor(tenant))
    made = Contract.objects.create(**{"name": "SLA 2026", "starts": "2026-01-01", **clauses})
    made.sites.add(tenant.site)
    return made


def asked(tenant: Tenant, **others: Any) -> dict[str, Any]:
    return {
        "name": "SLA", "starts": "2026-03-01", "sites": [tenant.site.pk], "percent": "98.5",
        "counts_offline": "on", "counts_silent": "on", "reasons": ["vandalism"],
        "on_mon": "08:00-12:00, 13:00–18:00", "on_sat": "10:00–24:00", **others,
    }  # fmt: skip


def test_a_lead_adds_a_contractor_and_a_contract(nord: Tenant) -> None:
    client = as_(nord)
    firm = {"organisation": nord.organisation.pk, "name": "Fixers", "email": "a@example.org"}
    answer = client.post("/contractors/new/", firm)
    address = f"/contractors/{Contractor.objects.get().pk}/contracts/new/"
    assert answer.headers["Location"] == address
    assert b"Nord Depot" in client.get(address).content
    answer = client.post(address, asked(nord))
    made = Contract.objects.get()
    assert answer.headers["Location"] == f"/contracts/{made.pk}/"
    assert (made.uptime_target, made.excluded_reasons) == (0.985, ["vandalism"])
    assert made.hours["mon"] == [["08:00", "12:00"], ["13:00", "18:00"]]
    assert made.hours["sat"] == [["10:00", "24:00"]]
    assert made.hours["sun"] == []
    page = client.get(f"/contracts/{made.pk}/").content.decode()
    assert all(said in page for said in ("98.5 %", "Vandalism", "08:00–12:00, 13:00–18:00"))
    form = client.get(f"/contracts/{made.pk}/edit/").content.decode()
    assert all(said in form for said in ('value="98.5"', "08:00–12:00, 13:00–18:00"))
    assert "98.5 %" in client.get("/contractors/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("percent", "101", "less than or equal to 100"),
        ("percent", "nan", "Enter a number"),
        ("on_mon", "18:00–08:00", "ends before it starts"),
        ("on_mon", "8 to 12", "is a pair"),
        ("on_mon", "08:00–12:00, 11:00–13:00", "overlap"),
        ("ends", "2026-02-28", "before the first"),
        ("sites", ["999999"], "not one of the available choices"),
        ("reasons", ["luck"], "not one of the available choices"),
        ("name", "", "required"),
    ],
)
def test_what_no_contract_can_say_is_refused_beside_its_field(
    nord: Tenant, field: str, value: Any, says: str
) -> None:
    firm = contractor(nord)
    answer = as_(nord).post(f"/contractors/{firm.pk}/contracts/new/", asked(nord, **{field: value}))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Contract.objects.exists()


def test_a_site_has_one_contract_at_a_time(nord: Tenant) -> None:
    known = contract(nord)
    address = f"/contractors/{known.contractor_id}/contracts/new/"
    answer = as_(nord).post(address, asked(nord))
    assert answer.status_code == 422
    assert "“SLA 2026” of Fixers is in force at Nord Depot" in answer.content.decode()


def test_a_contractor_goes_after_its_contracts(nord: Tenant) -> None:
    known, client = contract(nord), as_(nord)
    address = f"/contractors/{known.contractor_id}/delete/"
    client.post(address)
    assert Contractor.objects.exists()
    client.post(f"/contracts/{known.pk}/delete/")
    client.post(address)
    assert not Contractor.objects.exists()


def test_two_contractors_of_one_name_are_refused(nord: Tenant) -> None:
    contractor(nord)
    other, client = contractor(nord, "Other"), as_(nord)
    body = {"organisation": nord.organisation.pk, "name": "Fixers"}
    assert client.post("/contractors/new/", body).status_code == 422
    assert client.post(f"/contractors/{other.pk}/edit/", {"name": "Fixers"}).status_code == 422


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.MANAGER])
def test_others_look_and_do_not_touch(nord: Tenant, role: Role) -> None:
    known, client = contract(nord), as_(nord, role)
    page = client.get("/contractors/").content.decode()
    assert "SLA 2026" in page
    assert "/edit/" not in page
    assert client.get(f"/contracts/{known.pk}/").status_code == 200
    assert client.get("/contractors/new/").status_code == 403
    for address in (f"/contracts/{known.pk}/edit/", f"/contracts/{known.pk}/delete/"):
        assert client.post(address).status_code == 403
    reckoning = f"/sites/{nord.site.pk}/reckoning/"
    assert b"on_mon" not in client.get(reckoning).content
    assert client.post(reckoning, {"by_place": "on"}).status_code == 403


def test_a_site_says_and_is_told_how_its_uptime_is_reckoned(nord: Tenant) -> None:
    contract(nord, starts="2020-01-01", uptime_target=0.98)
    client, address = as_(nord), f"/sites/{nord.site.pk}/reckoning/"
    assert address.encode() in client.get(f"/sites/{nord.site.pk}/").content
    body = {"country": "us", "region": "California", "by_place": "on", "on_mon": "06:00–22:00"}
    assert client.post(address, body).headers["Location"] == f"/sites/{nord.site.pk}/"
    site = Site.objects.get(pk=nord.site.pk)
    assert (site.country, site.lenses) == ("US", None)
    assert site.opening_hours["mon"] == [["06:00", "22:00"]]
    page = client.get(address).content.decode()
    for said in ("23 CFR 680.116(b)", "&gt; 97 %", "California:", "2 ports", "SLA 2026", "≥ 98 %"):
        assert said in page
    client.post(address, {"country": "US", "region": "CA", "lenses_chosen": ["uk"]})
    site.refresh_from_db()
    assert (site.lenses, site.opening_hours) == (["uk"], {})


@pytest.mark.parametrize(
    ("field", "value"), [("country", "USA"), ("lenses_chosen", "mars"), ("on_sun", "26:00–27:00")]
)
def test_what_no_site_can_say_is_refused(nord: Tenant, field: str, value: str) -> None:
    address = f"/sites/{nord.site.pk}/reckoning/"
    answer = as_(nord).post(address, {"by_place": "on", field: value})
    assert answer.status_code == 422
    assert Site.objects.get(pk=nord.site.pk).country == ""


def test_many_contracts_and_ugly_names_take_no_more_queries(
    nord: Tenant, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        firm = contractor(nord, f"{UGLY}{number}")
        contract(
            nord,
            contractor=firm,
            name=UGLY,
            starts=f"20{number + 10}-01-01",
            ends=f"20{number + 10}-12-31",
        )
    client = as_(nord)
    with django_assert_max_num_queries(15):
        page = client.get("/contractors/").content.decode()
    assert "<b>&quot;" not in page
    assert "&lt;b&gt;" in page


def test_there_is_something_to_read_without_any(nord: Tenant) -> None:
    assert b"No contractors yet" in as_(nord).get("/contractors/").content
    assert b"Nobody entered one" in as_(nord, Role.VIEWER).get("/contractors/").content
    Organisation.objects.create(name="Sued", slug="sued")
    assert as_(nord, Role.LEAD, nord.site).get("/contractors/new/").status_code == 403
