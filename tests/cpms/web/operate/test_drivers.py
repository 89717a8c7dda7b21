"""Reservations, displays, customers' data, tariffs and vendors' answers on their pages."""

from datetime import timedelta

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cpms.control import vault
from cpms.control.models import (
    Command,
    CustomerReport,
    DisplayMessage,
    Reservation,
    Tariff,
    VendorRule,
)
from inventory.models import Role
from tests.api import Tenant

UGLY = "<script>alert(1)</script>" + "ש" * 200
TAB = "/chargers/Nord-1/operate/"


@pytest.fixture
def nord(db: None) -> Tenant:
    made = Tenant.make("Nord")
    type(made.charger).objects.filter(pk=made.charger.pk).update(ocpp_version="2.0.1")
    return made


def enter(nord: Tenant, role: Role) -> tuple[Client, User]:
    user = nord.person(role)
    client = Client()
    client.force_login(user)
    return client, user


def reserve(nord: Tenant, **fields: object) -> Reservation:
    now = timezone.now()
    about = {"number": 7, "evse": 1, "id_token": "04A1B2C3D4", "asked_at": now,
             "until": now + timedelta(hours=1), "state": "active"}  # fmt: skip
    return Reservation.objects.create(charger=nord.charger, **(about | fields))


def test_a_reservation_shows_at_its_port_and_can_be_cancelled(nord: Tenant):
    client, _user = enter(nord, Role.OPERATOR)
    reserve(nord)
    page = client.get(f"{TAB}reservations/").content.decode()
    assert "do/cancel_reservation/?number=7" in page
    assert "04A1B2C3D4" not in page
    assert "Reserved for" in client.get("/chargers/Nord-1/").content.decode()
    asked = client.post(f"{TAB}do/cancel_reservation/", {"number": "7", "lasts": "60"})
    assert asked.status_code == 302
    assert Command.objects.get().request == {"number": 7}


def test_a_port_is_reserved_by_its_form_and_not_twice(nord: Tenant):
    client, _user = enter(nord, Role.OPERATOR)
    form = {"id_token": "04A1", "token_type": "ISO14443", "evse": "1", "minutes": "30"}
    assert client.post(f"{TAB}do/reserve/", form).status_code == 302
    request = Command.objects.get().request
    assert (request["evse"], request["id_token"]) == (1, "04A1")
    reserve(nord)
    again = client.post(f"{TAB}do/reserve/", form)
    assert "Port 1 is reserved already" in again.content.decode()
    assert Command.objects.count() == 1


@pytest.mark.parametrize("state", Reservation.State.values)
def test_what_became_of_a_reservation_is_said(nord: Tenant, state: str):
    client, _user = enter(nord, Role.VIEWER)
    reserve(nord, state=state, until=timezone.now() - timedelta(hours=1), word="Occupied")
    page = client.get(f"{TAB}reservations/").content.decode()
    assert "Earlier" in page
    assert "do/reserve/" not in page


def test_messages_on_the_display_show_whatever_they_say(nord: Tenant):
    client, _user = enter(nord, Role.OPERATOR)
    text = [{"format": "UTF8", "language": "", "content": UGLY}]
    now = timezone.now()
    about = {"charger": nord.charger, "contents": text, "changed_at": now}
    DisplayMessage.objects.create(number=5, priority="InFront", state="set", ends_at=now, **about)
    DisplayMessage.objects.create(number=6, priority="x", state="refused", word="Rejected", **about)
    page = client.get(f"{TAB}display/").content.decode()
    assert "<script>alert" not in page
    assert "do/clear_display/?number=5" in page
    assert "Rejected" in page


def test_a_message_s_times_are_by_the_site_s_clock(nord: Tenant):
    client, _user = enter(nord, Role.OPERATOR)
    form = {"content": "Hello", "format": "UTF8", "priority": "NormalCycle",
            "starts_at": "2027-03-02T09:00"}  # fmt: skip
    assert client.post(f"{TAB}do/set_display/", form).status_code == 302
    assert Command.objects.get().request["starts_at"] == "2027-03-02T09:00:00+01:00"


def test_a_customer_s_report_is_read_once_by_who_asked(nord: Tenant):
    client, user = enter(nord, Role.OPERATOR)
    report = CustomerReport.objects.create(
        charger=nord.charger, request=1, asked_by=user, asked_at=timezone.now(), parts=1, last=0,
        sealed=vault.seal(orjson.dumps({"0": UGLY})),
    )  # fmt: skip
    address = f"{TAB}customers/"
    assert "Read it, once" in client.get(address).content.decode()
    shown = client.post(f"{address}{report.pk}/")
    assert "&lt;script&gt;alert" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert client.post(f"{address}{report.pk}/").status_code == 302
    stranger, _other = enter(nord, Role.LEAD)
    assert stranger.post(f"{address}{report.pk}/").status_code == 404
    assert "Read it, once" not in stranger.get(address).content.decode()


def test_a_customer_is_asked_after_with_a_form(nord: Tenant):
    client, _user = enter(nord, Role.OPERATOR)
    form = {"what": "both", "id_token": "04A1", "token_type": "ISO14443"}
    assert client.post(f"{TAB}do/customer_information/", form).status_code == 302
    request = Command.objects.get().request
    assert (request["report"], request["clear"], request["id_token"]) == (True, True, "04A1")
    nobody = client.post(f"{TAB}do/customer_information/", {**form, "id_token": ""})
    assert "Give a token or a number" in nobody.content.decode()


def test_a_tariff_is_added_and_one_to_come_taken_back(nord: Tenant):
    client, user = enter(nord, Role.LEAD)
    address = f"/sites/{nord.site.pk}/tariffs/"
    form = {"currency": "EUR", "decimals": "2", "energy": "0.59", "minute": "0", "session": "1",
            "idle_minute": "0.10", "idle_grace": "15", "vat": "19", "text": ""}  # fmt: skip
    assert client.post(address, form).status_code == 302
    page = client.get(address).content.decode()
    # 1.00 + 20 × 0.59 + 25 min beyond the grace × 0.10
    assert "15.30 EUR" in page
    assert "0.59 EUR/kWh + 1.00 EUR per session" in page
    later = client.post(address, {**form, "valid_from": "2035-06-01T00:00"})
    assert later.status_code == 302
    to_come = Tariff.objects.latest("valid_from")
    assert to_come.valid_from.isoformat() == "2035-05-31T22:00:00+00:00"
    assert to_come.created_by_name == user.get_username()
    assert client.post(f"{address}{to_come.pk}/withdraw/").status_code == 302
    holding = Tariff.objects.get()
    client.post(f"{address}{holding.pk}/withdraw/")
    assert Tariff.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"energy": "-1"},
        {"currency": UGLY},
        {"valid_from": "2020-01-01T00:00"},
        {"valid_from": "0001-01-01T00:00"},
        {"vat": "1e400"},
        {"text": "x" * 501},
        {"energy": "0"},
    ],
)
def test_a_bad_tariff_is_refused_in_words(nord: Tenant, wrong: dict[str, str]):
    client, _user = enter(nord, Role.LEAD)
    form = {"currency": "EUR", "decimals": "2", "energy": "0.59", "minute": "0", "session": "0",
            "idle_minute": "0", "idle_grace": "0", "vat": "19", **wrong}  # fmt: skip
    answer = client.post(f"/sites/{nord.site.pk}/tariffs/", form)
    assert answer.status_code == 200
    assert "kw-form-error" in answer.content.decode()
    assert not Tariff.objects.exists()


def test_who_may_not_sees_tariffs_and_answers_and_changes_none(nord: Tenant):
    client, _user = enter(nord, Role.OPERATOR)
    address = f"/sites/{nord.site.pk}/tariffs/"
    assert "A new tariff" not in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 403
    rule = VendorRule.objects.create(organisation=nord.organisation, vendor="org.acme")
    assert "org.acme" in client.get("/vendor-messages/").content.decode()
    assert client.post("/vendor-messages/", {}).status_code == 403
    assert client.post(f"/vendor-messages/{rule.pk}/delete/").status_code == 403


def test_a_vendor_s_answer_is_added_and_deleted(nord: Tenant):
    client, _user = enter(nord, Role.LEAD)
    form = {"organisation": nord.organisation.pk, "vendor": "org.acme", "answer": "Accepted"}
    assert client.post("/vendor-messages/", form).status_code == 302
    assert (
        "an answer to this message already"
        in client.post("/vendor-messages/", {**form, "vendor": "ORG.ACME"}).content.decode()
    )
    rule = VendorRule.objects.get()
    assert client.post(f"/vendor-messages/{rule.pk}/delete/").status_code == 302
    assert not VendorRule.objects.exists()
