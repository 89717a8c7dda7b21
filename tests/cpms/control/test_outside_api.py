"""Whom we may ask about contracts, over REST."""

import pytest
from django.contrib.auth.models import User

from cpms.control.models import ContractPool, Responder
from inventory.models import Membership, Organisation, Role
from tests.api import Api
from tests.cpms.ocpp.papers import paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation():
    return Organisation.objects.create(name="Acme", slug="acme")


def api(organisation, role):
    user = User.objects.create_user(f"u{role}")
    Membership.objects.create(user=user, organisation=organisation, role=role)
    return Api.of(user)


def test_an_administrator_adds_and_removes_them(organisation):
    mine, of = api(organisation, Role.ADMINISTRATOR), {"organisation": organisation.pk}
    made = mine.send("POST", "ocsp-responders/", {**of, "host": "OCSP.example:8080"})
    assert (made.status, made.body["host"]) == (201, "ocsp.example:8080")
    assert mine.send("DELETE", f"ocsp-responders/{made.body['id']}/").status == 204
    assert not Responder.objects.exists()
    assert mine.send("POST", "ocsp-responders/", {**of, "host": "no host"}).status == 400

    pem = paper("MO root", is_ca=True).pem
    made = mine.send("POST", "contract-authorities/", {**of, "certificate": pem})
    assert (made.status, made.body["subject"]) == (201, "MO root")
    assert mine.send("POST", "contract-authorities/", {**of, "certificate": "x"}).status == 400

    for url in ("https://pool.example/1", "https://pool.example/2"):
        said = {**of, "url": url, "token": "geheim"}
        made = mine.send("POST", "contract-providers/", said)
        assert (made.status, made.body["has_token"]) == (201, True)
        assert "geheim" not in str(made.body)
    assert ContractPool.objects.get().url == "https://pool.example/2"


def test_a_lead_does_not(organisation):
    theirs = api(organisation, Role.LEAD)
    said = {"organisation": organisation.pk, "host": "ocsp.example"}
    assert theirs.send("POST", "ocsp-responders/", said).status == 403
    assert theirs.send("GET", "ocsp-responders/").body["results"] == []
    assert not Responder.objects.exists()
