"""Tariffs, vendors' rules, reservations, displays and customers' data over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cpms.control import customers, vault
from cpms.control.models import CustomerReport, DisplayMessage, Reservation, Tariff
from inventory.models import ChargerModel, Role
from tests.api import NOON, Tenant


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def euros(nord: Tenant, **fields: Any) -> dict[str, Any]:
    return {"site": nord.site.pk, "currency": "EUR", "energy": "0.59", "vat": "19", **fields}


def test_a_tariff_holds_from_now_on_and_can_t_be_changed(nord: Tenant):
    api = nord.api()
    made = api.post("tariffs/", euros(nord))
    assert made.status == 201, made.body
    assert abs(datetime.fromisoformat(made.body["valid_from"]) - timezone.now()) < timedelta(
        minutes=1
    )
    assert api.patch(f"tariffs/{made.body['id']}/", {"energy": "9"}).status == 405
    assert api.delete(f"tariffs/{made.body['id']}/").status == 409


def test_a_tariff_to_come_can_be_taken_back(nord: Tenant):
    api = nord.api()
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    made = api.post("tariffs/", euros(nord, valid_from=tomorrow))
    assert api.delete(f"tariffs/{made.body['id']}/").status == 204
    assert not Tariff.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"valid_from": "2020-01-01T00:00:00Z"}, "valid_from"),
        ({"currency": "euro"}, "currency"),
        ({"energy": "-1"}, "energy"),
        ({"energy": "1e400"}, "energy"),
        ({"energy": "0"}, "non_field_errors"),
        ({"vat": "101"}, "vat"),
        ({"decimals": 9}, "decimals"),
        ({"colour": "green"}, "colour"),
        ({"text": "x" * 501}, "text"),
    ],
)
def test_a_bad_tariff_is_refused_with_the_field(nord: Tenant, wrong: dict[str, Any], field: str):
    answer = nord.api().post("tariffs/", euros(nord, **wrong))
    assert answer.status == 400, answer.body
    assert field in str(answer.problem())
    assert not Tariff.objects.exists()


def test_two_tariffs_can_t_begin_at_once(nord: Tenant):
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    api = nord.api()
    assert api.post("tariffs/", euros(nord, valid_from=tomorrow)).status == 201
    assert api.post("tariffs/", euros(nord, valid_from=tomorrow)).status == 400


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_may_not_edit_the_inventory_adds_no_tariff_and_no_rule(nord: Tenant, role: Role):
    api = nord.api(role)
    assert api.post("tariffs/", euros(nord)).status == 403
    rule = {"organisation": nord.organisation.pk, "vendor": "org.acme"}
    assert api.post("vendor-rules/", rule).status == 403


def test_a_vendor_s_message_has_one_answer(nord: Tenant):
    api = nord.api()
    model = ChargerModel.objects.create(vendor="Acme", name="One")
    rule = {"organisation": nord.organisation.pk, "vendor": "org.acme", "message": "hello"}
    made = api.post("vendor-rules/", {**rule, "data": "ok"})
    assert (made.status, made.body["answer"]) == (201, "Accepted")
    assert api.post("vendor-rules/", {**rule, "vendor": "ORG.ACME"}).status == 400
    assert api.post("vendor-rules/", {**rule, "model": model.pk}).status == 201
    changed = api.patch(f"vendor-rules/{made.body['id']}/", {"answer": "Rejected"})
    assert changed.body["answer"] == "Rejected"
    assert api.delete(f"vendor-rules/{made.body['id']}/").status == 204
    assert api.post("vendor-rules/", {**rule, "answer": "Perhaps"}).status == 400


def test_reservations_and_messages_are_listed(nord: Tenant):
    until = NOON + timedelta(hours=1)
    Reservation.objects.create(
        charger=nord.charger, number=7, evse=1, id_token="04A1", until=until, asked_at=NOON
    )
    text = {"format": "UTF8", "language": "", "content": "<b>Hello</b>"}
    DisplayMessage.objects.create(
        charger=nord.charger, number=5, priority="InFront", contents=[text], changed_at=NOON
    )
    api = nord.api(Role.VIEWER)
    (kept,) = api.get("reservations/", charger="nord-1", state="asked").results
    assert (kept["charger"], kept["number"], kept["evse"]) == ("Nord-1", 7, 1)
    (message,) = api.get("display-messages/").results
    assert message["contents"] == [text]
    assert api.get("reservations/", colour="green").status == 400


def report(nord: Tenant, user: Any, *parts: str) -> CustomerReport:
    sealed = vault.seal(orjson.dumps({str(number): text for number, text in enumerate(parts)}))
    return CustomerReport.objects.create(
        charger=nord.charger, request=1, asked_by=user, asked_at=NOON, sealed=sealed,
        parts=len(parts), last=1,
    )  # fmt: skip


def test_a_customer_s_data_are_shown_once_to_who_asked(nord: Tenant):
    api = nord.api(Role.OPERATOR)
    kept = report(nord, User.objects.get(), "Olga's ", "data")
    stranger = nord.api(Role.LEAD)
    assert stranger.post(f"customer-reports/{kept.pk}/reveal/").status == 404
    assert "Olga" not in api.get(f"customer-reports/{kept.pk}/").raw.decode()
    assert api.post(f"customer-reports/{kept.pk}/reveal/").body == {"text": "Olga's data"}
    assert api.post(f"customer-reports/{kept.pk}/reveal/").status == 409
    kept.refresh_from_db()
    assert kept.sealed is None


def test_a_report_that_isn_t_whole_isn_t_shown(nord: Tenant):
    api = nord.api(Role.OPERATOR)
    kept = report(nord, User.objects.get(), "Olga's ")
    assert api.post(f"customer-reports/{kept.pk}/reveal/").status == 409
    kept.refresh_from_db()
    assert kept.sealed is not None


def test_a_report_is_forgotten_after_a_day(nord: Tenant):
    report(nord, None, "x")
    assert customers.forget(NOON + timedelta(hours=23)) == 0
    assert customers.forget(NOON + timedelta(hours=25)) == 1


def test_parts_of_a_report_come_in_any_order_and_nobody_s_are_dropped(nord: Tenant):
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    customers.received(nord.charger.pk, 9, 0, "spam", now, last=True)
    assert not CustomerReport.objects.exists()
    customers.begin(nord.charger.pk, 9, now)
    for number, text, last in ((2, "c", True), (0, "a", False), (0, "a", False), (1, "b", False)):
        kept = CustomerReport.objects.get()
        assert not kept.complete
        customers.received(nord.charger.pk, 9, number, text, now, last=last)
    assert CustomerReport.objects.get().complete
    customers.received(nord.charger.pk, 9, customers.MOST_PARTS, "x", now, last=False)
    assert CustomerReport.objects.get().parts == 3
