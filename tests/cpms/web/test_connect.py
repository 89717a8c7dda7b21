"""The guide that connects a charger, as somebody goes through it."""

import re

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from cpms.web.connect.address import Address
from cpms.web.connect.differences import difference
from cpms.web.connect.passwords import password
from inventory import credentials
from inventory.models import Charger, Lifecycle, Organisation, Role, Site
from monitoring.models import ConnectionAttempt
from tests.network import NOON, charger, person, signed_in, site, tenant

SITE = {"name": "Depot", "timezone": "Europe/Berlin", "address": "", "city": "", "country": "de"}
WHO = {"identity": "CP-1", "model": "", "ocpp_version": "1.6", "security_profile": "1"}


@pytest.fixture
def admin(db):
    """The only one there is, in an empty installation."""
    return signed_in(User.objects.create_superuser("admin", "a@example.org", "a long password"))


@pytest.fixture
def lead(db):
    """Somebody who may add chargers to one organisation."""
    return signed_in(person("lead", Role.LEAD, tenant()))


def text(answer):
    return answer.content.decode()


def key_of(answer):
    found = re.search(r'class="kw-key">([0-9a-f]+)<', text(answer))
    return found.group(1) if found else None


def knocked(identity, outcome="unknown", **fields):
    """Add what the gateway notes of a knock."""
    fields = {"peer": "192.0.2.7", "said": {"identity": identity}, **fields}
    return ConnectionAttempt.objects.create(
        identity=identity.lower(), outcome=outcome, first_at=NOON, last_at=NOON, **fields
    )


# Through it


def test_an_empty_installation_leads_from_nothing_to_what_to_type_in(admin, settings):
    settings.DEBUG = True
    start = text(admin.get("/connect/"))
    assert "Begin with the site where it stands" in start
    answer = admin.post("/connect/", {**SITE, "new_organisation": "Städtische Werke"})
    made = Site.objects.get()
    assert answer["Location"] == f"/connect/{made.pk}/"
    assert made.organisation.name == "Städtische Werke"
    assert made.organisation.slug == "stadtische-werke"
    assert made.country == "DE"
    answer = admin.post(f"/connect/{made.pk}/", WHO)
    key = key_of(answer)
    assert len(bytes.fromhex(key)) >= 20
    kept = Charger.objects.get()
    assert credentials.matches(bytes(kept.password_digest), bytes.fromhex(key))
    assert (kept.lifecycle, kept.security_profile) == (Lifecycle.COMMISSIONING, 1)
    shown = text(answer)
    for wanted in ("ws://localhost:9000/ocpp/CP-1", "ws://localhost:9000/ocpp/<", "ocpp1.6"):
        assert wanted in shown
    assert "simulate --identity CP-1 --url ws://127.0.0.1:9000/ocpp/ --version 1.6 --pass" in shown
    assert shown.count("<svg") > 2


def test_the_key_is_shown_once(admin):
    place = site(tenant())
    answer = admin.post(f"/connect/{place.pk}/", WHO)
    key = key_of(answer)
    assert "no-store" in answer["Cache-Control"]
    again = admin.get("/connect/charger/CP-1/")
    assert key not in text(again)
    assert key_of(again) is None
    other = key_of(admin.post("/connect/charger/CP-1/key/"))
    assert other not in {key, None}
    kept = Charger.objects.get()
    assert credentials.matches(bytes(kept.password_digest), bytes.fromhex(other))
    assert not credentials.matches(bytes(kept.password_digest), bytes.fromhex(key))


def test_a_charger_without_a_password_gets_none(admin):
    place = site(tenant())
    answer = admin.post(f"/connect/{place.pk}/", {**WHO, "security_profile": "0"})
    assert key_of(answer) is None
    assert Charger.objects.get().password_digest is None


def test_tls_cannot_be_asked_for_where_the_address_has_none(admin, settings):
    place = site(tenant())
    answer = admin.post(f"/connect/{place.pk}/", {**WHO, "security_profile": "2"})
    assert "has no TLS" in text(answer)
    assert not Charger.objects.exists()
    settings.OCPP_PUBLIC_URL = "wss://ocpp.example/ocpp"
    answer = admin.post(f"/connect/{place.pk}/", {**WHO, "security_profile": "2"})
    assert "wss://ocpp.example/ocpp/CP-1" in text(answer)
    assert "is this machine alone" not in text(answer)


def test_the_name_by_which_the_reader_reaches_the_machine_is_offered(admin):
    place = site(tenant())
    answer = admin.post(f"/connect/{place.pk}/", WHO, HTTP_HOST="192.0.2.9:8000")
    assert "ws://192.0.2.9:9000/ocpp/" in text(answer)


def test_activating_puts_it_into_operation(admin):
    held = charger(site(tenant()), "CP-1", since=None, lifecycle="pending")
    page = text(admin.get("/connect/charger/CP-1/"))
    assert "Activate it" in page
    assert admin.post("/connect/charger/CP-1/activate/").status_code == 302
    held.refresh_from_db()
    assert held.lifecycle == Lifecycle.ACTIVE
    assert "Activate it" not in text(admin.get("/connect/charger/CP-1/"))


def test_many_sites_are_searched(lead):
    organisation = Organisation.objects.get()
    for number in range(30):
        site(organisation, f"Depot {number:02}")
    page = text(lead.get("/connect/"))
    assert "There are more" in page
    found = text(lead.get("/connect/?q=depot+17"))
    assert "Depot 17" in found
    assert "Depot 16" not in found


@pytest.mark.parametrize(("role", "led"), [(Role.LEAD, True), (Role.OPERATOR, False)])
def test_the_fleet_leads_to_it_whoever_may_add_chargers(db, role, led):
    organisation = tenant()
    charger(site(organisation), "CP-1", since=None)
    user = signed_in(person("somebody", role, organisation))
    assert ('href="/connect/"' in text(user.get("/"))) == led
    assert 'href="/connect/charger/CP-1/"' in text(user.get("/chargers/CP-1/"))


# What is refused


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"new_organisation": ""}, "Name the organisation"),
        ({"name": ""}, "required"),
        ({"name": "x" * 300}, "at most 120"),
        ({"timezone": "Mars/Base"}, "Select a valid choice"),
        ({"country": "Germany"}, "at most 2"),
        ({"country": "1"}, "two capitals"),
        ({"name": "a\0b"}, "Null characters"),
    ],
)
def test_a_site_that_makes_no_sense_is_refused_in_words(admin, given, said):
    answer = admin.post("/connect/", {**SITE, "new_organisation": "Works", **given})
    assert answer.status_code == 200
    assert said in text(answer)
    assert not Organisation.objects.exists()
    assert not Site.objects.exists()


def test_a_name_that_is_taken_is_refused(admin, lead):
    assert "of this name already" in text(
        admin.post("/connect/", {**SITE, "new_organisation": "NORDSTROM"})
    )
    theirs = {**SITE, "organisation": Organisation.objects.get().pk}
    assert lead.post("/connect/", theirs).status_code == 302
    assert "already exists" in text(lead.post("/connect/", theirs))


@pytest.mark.parametrize(
    "identity", ["", "a b", "ü", "x" * 49, "CP/1", "<script>", "\u202eCP", "a\0b", "cp-TAKEN"]
)
def test_an_identity_that_cannot_be_used_is_refused(admin, identity):
    place = site(tenant())
    charger(place, "CP-Taken", since=None)
    answer = admin.post(f"/connect/{place.pk}/", {**WHO, "identity": identity})
    assert answer.status_code == 200
    assert "kw-form-error" in text(answer)
    assert key_of(answer) is None
    assert Charger.objects.count() == 1


UGLY = ['"><script>alert(1)</script>', "\u202egnp.exe", "W" * 120, "{{ 7|add:7 }}"]


@pytest.mark.parametrize("name", UGLY)
def test_ugly_names_are_shown_escaped(admin, name):
    place = site(tenant(), name)
    charger(place, "CP-1", since=None)
    knocked("<b>CP-1</b>", said={"identity": "<b>CP-1</b>", "path": name, "user": name})
    for page in ("/connect/", f"/connect/{place.pk}/", "/connect/charger/CP-1/"):
        answer = admin.get(page)
        assert answer.status_code == 200
        assert "<script>alert" not in text(answer)
        assert "<b>CP-1" not in text(answer)


# Live words about an identity


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("CP-9", "Free"),
        ("a b", "no blank"),
        ("ü/", "no “/”, “ü”"),
        ("x" * 60, "60 characters"),
        ("cp-0001", "taken"),
        ("CP-00O1", "It looks like"),
        ("a\0b", "An identity has letters"),
    ],
)
def test_an_identity_is_judged_while_it_is_typed(admin, typed, said):
    charger(site(tenant()), "CP-0001", since=None)
    assert said in text(admin.get("/connect/identity/", {"identity": typed}))


def test_nothing_is_said_of_nothing(admin):
    assert text(admin.get("/connect/identity/?identity=+")).strip() == ""


def test_who_knocks_under_an_identity_already_is_told(admin):
    knocked("CP-7")
    assert "192.0.2.7 knocks under it already" in text(
        admin.get("/connect/identity/?identity=cp-7")
    )


def test_another_tenant_s_charger_is_only_taken_and_its_knocks_are_its_own(admin, lead):
    charger(site(tenant("Theirs")), "CP-1", since=None)
    knocked("CP-7")
    said = text(lead.get("/connect/identity/?identity=CP-1"))
    assert "taken" in said
    assert "/connect/charger/" not in said
    assert "192.0.2.7" not in text(lead.get("/connect/identity/?identity=CP-7"))


# Who may


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.CONTRACTOR, Role.MANAGER])
def test_who_may_not_manage_chargers_sees_why_one_does_not_connect_and_changes_nothing(db, role):
    organisation = tenant()
    place = site(organisation)
    kept = charger(place, "CP-1", since=None, lifecycle="pending")
    user = signed_in(person("somebody", role, organisation))
    for page in ("/connect/", f"/connect/{place.pk}/", "/connect/identity/"):
        assert user.get(page).status_code == 403
    page = text(user.get("/connect/charger/CP-1/"))
    assert "Waiting for its first knock" in page
    assert "Make a new key" not in page
    assert "Activate it" not in page
    for action in ("key", "activate"):
        path = f"/connect/charger/CP-1/{action}/"
        assert user.post(path).status_code == 403
        assert LogEntry.objects.filter(additional_data__refused=f"POST {path}").exists()
    kept.refresh_from_db()
    assert (kept.lifecycle, kept.password_digest) == ("pending", None)


def test_who_is_limited_to_some_sites_adds_chargers_there_and_no_sites(db):
    organisation = tenant()
    mine, other = site(organisation, "Mine"), site(organisation, "Other")
    user = signed_in(person("lead", Role.LEAD, organisation, sites=(mine,)))
    page = text(user.get("/connect/"))
    assert "Mine" in page
    assert "Other" not in page
    assert "A new site" not in page
    assert user.post("/connect/", {**SITE, "organisation": organisation.pk}).status_code == 200
    assert user.get(f"/connect/{other.pk}/").status_code == 404
    assert Site.objects.count() == 2


def test_a_lead_makes_no_organisations_and_no_sites_of_others(lead):
    theirs = tenant("Theirs")
    lead.post("/connect/", {**SITE, "new_organisation": "Another"})
    lead.post("/connect/", {**SITE, "organisation": theirs.pk})
    assert not Site.objects.exists()
    assert Organisation.objects.count() == 2


def test_pages_ask_little_of_the_database(admin, django_assert_max_num_queries):
    organisation = tenant()
    place = site(organisation)
    for number in range(40):
        charger(place, f"CP-{number:04}", since=None)
        knocked(f"CP_{number:04}")
    for page in (
        "/connect/", f"/connect/{place.pk}/", "/connect/charger/CP-0001/",
        "/connect/charger/CP-0001/steps/", "/connect/identity/?identity=CP-00O1",
    ):  # fmt: skip
        with django_assert_max_num_queries(15):
            assert admin.get(page).status_code == 200


def test_without_a_sign_in_there_is_nothing(db):
    charger(site(tenant()), "CP-1", since=None)
    for page in ("/connect/", "/connect/charger/CP-1/", "/connect/identity/?identity=CP-1"):
        assert Client().get(page).status_code == 302


# Pure parts


@pytest.mark.parametrize(
    ("base", "identity", "whole", "port"),
    [
        ("ws://h:9000/ocpp", "CP-1", "ws://h:9000/ocpp/CP-1", 9000),
        ("wss://h/ocpp", "DE*KW*1", "wss://h/ocpp/DE*KW*1", 443),
        ("ws://[::1]/x", "A|B", "ws://[::1]/x/A|B", 80),
    ],
)
def test_an_address_has_the_identity_at_its_end(base, identity, whole, port):
    address = Address(base, identity)
    assert (address.whole, address.port) == (whole, port)
    assert address.with_slash == f"{base}/"


@pytest.mark.parametrize(
    ("said", "meant", "words"),
    [
        ("CP-0O1", "CP-001", "letter O in place of the digit 0"),
        ("CP-1 ", "CP-1", "a blank is too much"),
        ("abcdefgh", "12345678", "“abcdefgh” in place of “12345678”"),
        ("CP-1", "CP-1", ""),
        ("a1b2c3d4e5", "x1y2z3w4v5", ""),
    ],
)
def test_a_difference_is_told_in_words(said, meant, words):
    assert words in difference(said, meant)
    assert bool(words) == bool(difference(said, meant))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"password": "missing"}, "no password at all"),
        ({"password": "text", "length": 1}, "1 byte."),
        ({"password": "hex", "length": 40}, "right length"),
        ({"password": "hex", "length": 20}, "cut it off"),
        ({"password": "text", "length": 8, "unset": True}, "none is set"),
        ({"password": "text", "length": 8, "resembles": "base64"}, "base64"),
        ({}, "wrong length"),
    ],
)
def test_a_refused_password_is_told_by_its_shape(said, words):
    what, todo = password(said)
    assert words in what
    assert todo
