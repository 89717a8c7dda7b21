"""The page on Plug & Charge: whom an organisation's chargers may have us ask."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from cpms.control import vault
from cpms.control.models import ContractAuthority, ContractPool, Responder
from inventory.models import Membership, Organisation, Role
from tests.cpms.ocpp.papers import paper

pytestmark = pytest.mark.django_db
MO_ROOT = paper("MO root", is_ca=True)


@pytest.fixture
def organisation():
    return Organisation.objects.create(name="Acme", slug="acme")


def signed_in(organisation, role):
    user = User.objects.create_user(f"u{role}")
    Membership.objects.create(user=user, organisation=organisation, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(organisation):
    return signed_in(organisation, Role.ADMINISTRATOR)


def page(organisation):
    return f"/plug-and-charge/{organisation.pk}/"


def post(client, organisation, path, **said):
    return client.post(f"{page(organisation)}{path}", said, follow=True)


def test_an_administrator_goes_straight_to_their_organisation(client, organisation):
    answer = client.get("/plug-and-charge/")
    assert answer.url == page(organisation)
    text = client.get(answer.url).content.decode()
    assert "contracts are refused" in text
    assert "told that it failed" in text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.LEAD])
def test_nobody_else_changes_whom_we_ask(organisation, role):
    other = signed_in(organisation, role)
    assert other.get("/plug-and-charge/").status_code == 403
    assert other.get(page(organisation)).status_code == 404
    assert post(other, organisation, "responders/", host="ocsp.example").status_code == 404
    assert not Responder.objects.exists()


def test_responders_are_let_be_asked_and_taken_away(client, organisation):
    post(client, organisation, "responders/", host=" HTTP://OCSP.Example.com:8080/path ")
    post(client, organisation, "responders/", host="ocsp.example.com")
    post(client, organisation, "responders/", host="ocsp.example.com")
    hosts = [row.host for row in Responder.objects.all()]
    assert hosts == ["ocsp.example.com", "ocsp.example.com:8080"]
    row = Responder.objects.first()
    answer = post(client, organisation, f"responders/{row.pk}/remove/")
    assert answer.status_code == 200
    assert Responder.objects.count() == 1
    assert LogEntry.objects.filter(additional_data__deed="responder allowed").exists()


@pytest.mark.parametrize(
    "host",
    ["", "a b", "ftp://a.example", "http://u:p@a.example/", "a.example:99999", "a" * 300,
     "<script>alert(1)</script>", "a\0b.example", "ä.example", "a.example/path", "a..example"],
)  # fmt: skip
def test_what_is_no_host_is_refused_in_words(client, organisation, host):
    answer = post(client, organisation, "responders/", host=host)
    assert answer.status_code == 200
    assert "kw-form-error" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert not Responder.objects.exists()


def test_an_authority_counts_if_it_is_one(client, organisation):
    post(client, organisation, "authorities/", certificate=MO_ROOT.pem)
    assert ContractAuthority.objects.get().subject == "MO root"
    bad = [paper("Car").pem, paper("Old", is_ca=True, days=(-9, -1)).pem, "nonsense"]
    for pem in bad:
        text = post(client, organisation, "authorities/", certificate=pem).content.decode()
        assert "kw-form-error" in text
    assert ContractAuthority.objects.count() == 1


def test_the_provider_s_token_is_sealed_never_shown_and_kept_for_its_host_only(
    client, organisation
):
    post(client, organisation, "provider/", url="https://pool.example/ccp", token="geheim")
    row = ContractPool.objects.get()
    assert b"geheim" not in bytes(row.token)
    assert vault.unseal(bytes(row.token)) == b"geheim"
    answer = post(client, organisation, "provider/", url="https://pool.example/v1", token="")
    assert "geheim" not in answer.content.decode()
    assert ContractPool.objects.get().token is not None
    post(client, organisation, "provider/", url="https://other.example/v1", token="")
    assert ContractPool.objects.get().token is None
    answer = post(client, organisation, "provider/", url="http://pool.example/", token="x")
    assert "in the open" in answer.content.decode()
    assert "geheim" not in str(list(LogEntry.objects.values()))
    post(client, organisation, "provider/remove/")
    assert not ContractPool.objects.exists()


def test_a_try_says_what_came_of_it_and_goes_nowhere_inside(client, organisation):
    row = Responder.objects.create(organisation=organisation, host="127.0.0.1:1")
    text = post(client, organisation, f"responders/{row.pk}/try/").content.decode()
    assert "is inside a network of ours" in text
    ContractPool.objects.create(organisation=organisation, url="http://169.254.169.254/latest/")
    text = post(client, organisation, "provider/try/").content.decode()
    assert "is inside a network of ours" in text
