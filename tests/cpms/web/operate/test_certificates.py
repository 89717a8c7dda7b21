"""The section on certificates, the page of our authorities, and both over REST."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cpms.control import upgrades
from cpms.control.models import (
    Authority,
    Certificate,
    CertificateName,
    Command,
    InstalledCertificate,
    SigningRequest,
)
from cpms.control.pki import authorities, registry, x509
from cpms.control.pki.requests import Use
from inventory.models import Charger, Role, Site
from tests import pki
from tests.api import Api
from tests.network import person

NOW = datetime.now(UTC).replace(microsecond=0)
SECTION = "/chargers/CP-1/operate/certificates/"


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    pki.quick_keys(monkeypatch)


def issued(charger: Charger, at: datetime = NOW, *, taken: bool = True) -> Certificate:
    """Have the charger ask for a certificate, and take it."""
    name = registry.cpo_name(charger.site.organisation_id)
    request = registry.receive(charger.pk, pki.csr("CP-1", name), Use.CHARGER, None, at)
    made = registry.issue(request, at)
    if taken:
        Certificate.objects.filter(pk=made.pk).update(accepted_at=at)
    return made


def shown(client: Client, address: str = SECTION) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_section_says_what_there_is_and_what_ends(
    client: Client, operator: User, station: Charger
) -> None:
    assert "We issued none to it" in shown(client)
    soon = NOW - authorities.CHARGER_LASTS + timedelta(days=5, hours=1)
    issued(station, soon)
    registry.receive(station.pk, "junk", Use.CHARGER, None, NOW)
    InstalledCertificate.objects.create(
        charger=station, kind="csms_root", serial="1f", seen_at=NOW, subject="<b>root</b>"
    )
    page = shown(client)
    assert "ends in 5 days" in page
    assert "can&#x27;t be read" in page
    assert "&lt;b&gt;root&lt;/b&gt;" in page
    assert "serial=1f" in page


def test_a_page_of_many_certificates_asks_the_database_little(
    client: Client, operator: User, station: Charger, django_assert_max_num_queries
) -> None:
    made = issued(station)
    for number in range(30):
        made.pk, made.serial, made.fingerprint = None, str(number), str(number)
        made.request = None
        made.save()
    with django_assert_max_num_queries(32):
        shown(client)
    with django_assert_max_num_queries(20):
        shown(client, "/certificates/")


def test_a_certificate_is_revoked_by_who_may_and_only_once(
    client: Client, operator: User, station: Charger
) -> None:
    made = issued(station)
    address = f"{SECTION}{made.pk}/revoke/"
    client.post(address, {"reason": "keyCompromise"})
    made.refresh_from_db()
    assert (made.revocation, made.revoked_by) == ("keyCompromise", str(operator))
    client.post(address, {"reason": "superseded"})
    made.refresh_from_db()
    assert made.revocation == "keyCompromise"
    client.force_login(person("vera", Role.VIEWER, station.site.organisation))
    assert client.post(address, {"reason": "superseded"}).status_code == 403
    assert client.get(f"{SECTION}{made.pk}.pem").content.startswith(b"-----BEGIN CERT")


def test_the_way_to_a_higher_profile_goes_step_by_step(
    client: Client, operator: User, station: Charger, settings
) -> None:
    settings.OCPP_PUBLIC_URL, settings.OCPP_TLS_PORT = "wss://ocpp.example/ocpp", 9443
    Charger.objects.filter(pk=station.pk).update(password_digest=b"1" * 32)
    assert "It trusts our root" in shown(client)
    refused = client.post(f"{SECTION}upgrade/profile/", follow=True)
    assert "This step isn&#x27;t due" in refused.content.decode()
    authorities.ensure(NOW)
    root = authorities.roots(NOW)[0]
    InstalledCertificate.objects.create(
        charger=station, kind="csms_root", seen_at=NOW, fingerprint=root.fingerprint
    )
    bad = {"slot": "1", "url": "ws://ocpp.example/ocpp", "interface": "Wired0"}
    page = client.post(f"{SECTION}upgrade/profile/", bad, follow=True).content.decode()
    assert "need a wss:// address" in page
    client.post(f"{SECTION}upgrade/profile/", {**bad, "url": "wss://ocpp.example/ocpp"})
    asked = Command.objects.get(operation="set_network_profile")
    assert (asked.request["security_profile"], asked.request["slot"]) == (2, 1)
    Command.objects.filter(pk=asked.pk).update(state="accepted")
    upgrades.accepted(station.pk, 2, NOW)
    assert "It accepted profile 2" in shown(client)
    alone = client.post(f"{SECTION}upgrade/priority/", {"slot": "1", "others": "1"}, follow=True)
    assert "it falls back to that" in alone.content.decode()
    assert not Command.objects.filter(operation="change_settings").exists()
    client.post(f"{SECTION}upgrade/priority/", {"slot": "1", "others": "0, 1"})
    order = Command.objects.get(operation="change_settings").request["settings"][0]
    assert (order["name"], order["value"]) == ("NetworkConfigurationPriority", "1,0")


def test_an_old_charger_is_told_its_profile_by_a_setting(
    client: Client, operator: User, station: Charger, settings
) -> None:
    settings.OCPP_TLS_PORT = 9443
    Charger.objects.filter(pk=station.pk).update(ocpp_version="1.6", security_profile=2)
    authorities.ensure(NOW)
    InstalledCertificate.objects.create(
        charger=station, kind="csms_root", seen_at=NOW,
        fingerprint=authorities.roots(NOW)[0].fingerprint,
    )  # fmt: skip
    assert "It has a certificate of its own" in shown(client)
    issued(station)
    client.post(f"{SECTION}upgrade/profile/")
    change = Command.objects.get().request["settings"][0]
    assert (change["name"], change["value"]) == ("SecurityProfile", "3")


def test_staff_trusts_another_s_authority_and_nobody_else_does(
    client: Client, operator: User, place: Site
) -> None:
    pem = x509.pem(pki.root())
    assert client.post("/certificates/trust/", {"certificate": pem}).status_code == 403
    assert client.post("/certificates/make/").status_code == 403
    assert "Trust another" not in shown(client, "/certificates/")
    client.force_login(User.objects.create_superuser("root"))
    junk = client.post("/certificates/trust/", {"certificate": "junk"}).content.decode()
    assert "no certificate in PEM" in junk
    client.post("/certificates/trust/", {"certificate": pem})
    row = Authority.objects.get()
    client.post("/certificates/make/")
    assert Authority.objects.count() == 7
    assert "Test root" in shown(client, "/certificates/")
    assert client.get(f"/certificates/{row.pk}.crl").status_code == 404
    issuing = Authority.objects.filter(kind="issuing").first()
    assert issuing is not None
    assert client.get(f"/certificates/{issuing.pk}.crl").status_code == 200
    client.post(f"/certificates/{row.pk}/retire/")
    row.refresh_from_db()
    assert row.retired_at is not None
    asked = {"organisation": place.organisation_id, "name": "NorthCPO"}
    client.post("/certificates/names/", asked)
    assert CertificateName.objects.get().name == "NorthCPO"
    client.post("/certificates/names/", {**asked, "name": ""})
    assert not CertificateName.objects.exists()


def test_certificates_over_rest(operator: User, station: Charger) -> None:
    made = issued(station)
    api = Api.of(operator, scopes=["read", "write"])
    (told,) = api.get("certificates/", charger="cp-1", revoked="false").results
    assert (told["charger"], told["fingerprint"]) == ("CP-1", made.fingerprint)
    assert "key" not in told
    answer = api.send("POST", f"certificates/{made.pk}/revoke/", {"reason": "superseded"})
    assert answer.status == 200, answer.body
    assert answer.body["revocation"] == "superseded"
    assert api.send("POST", f"certificates/{made.pk}/revoke/", {}).status == 409
    kinds = [row["kind"] for row in api.get("certificate-authorities/").results]
    assert sorted(kinds) == ["issuing", "root"]
    assert api.get("installed-certificates/", kind="csms_root").results == []
    assert SigningRequest.objects.count() == 1


def test_another_s_authority_over_rest_is_staff_s(operator: User, place: Site) -> None:
    body = {"certificate": x509.pem(pki.root())}
    assert Api.of(operator).post("certificate-authorities/", body).status == 403
    api = Api.of(User.objects.create_superuser("root"))
    assert api.post("certificate-authorities/", {"certificate": "junk"}).status == 422
    made = api.post("certificate-authorities/", body)
    assert (made.status, made.body["kind"], made.body["signs"]) == (201, "external", False)
    gone = api.post(f"certificate-authorities/{made.body['id']}/retire/")
    assert gone.body["retired_at"] is not None
