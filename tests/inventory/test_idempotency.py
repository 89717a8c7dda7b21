"""A write repeated with its Idempotency-Key is answered again and not carried out again."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from inventory.models import Charger, IdempotencyKey, Role, Site
from inventory.tasks import forget_idempotency_keys
from tests.api import NOON, Api, Tenant


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def body(tenant: Tenant, identity: str = "New") -> dict[str, object]:
    return {"identity": identity, "site": tenant.site.pk}


def test_a_repeated_write_gets_the_first_answer(nord: Tenant) -> None:
    api = nord.api()
    first = api.post("chargers/", body(nord), key="abc")
    again = api.post("chargers/", body(nord), key="abc")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Charger.objects.filter(identity="New").count() == 1


def test_without_a_key_a_repeated_write_is_a_second_write(nord: Tenant) -> None:
    api = nord.api()
    assert api.post("chargers/", body(nord)).status == 201
    assert api.post("chargers/", body(nord)).status == 400


def test_a_key_used_for_something_else_is_refused(nord: Tenant) -> None:
    api = nord.api()
    api.post("chargers/", body(nord), key="abc")
    assert api.post("chargers/", body(nord, "Other"), key="abc").status == 422
    assert api.patch("chargers/New/", body(nord), key="abc").status == 422
    assert not Charger.objects.filter(identity="Other").exists()


def test_keys_of_two_people_do_not_meet(nord: Tenant) -> None:
    assert nord.api().post("chargers/", body(nord, "A"), key="abc").status == 201
    assert nord.api().post("chargers/", body(nord, "B"), key="abc").status == 201


def test_a_write_that_was_refused_keeps_no_key(nord: Tenant) -> None:
    api = nord.api()
    assert api.post("chargers/", body(nord, "no way"), key="abc").status == 400
    assert api.post("chargers/", body(nord), key="abc").status == 201


def test_deleting_twice_with_a_key_is_gone_both_times(nord: Tenant) -> None:
    api = nord.api()
    assert api.delete("chargers/Nord-1/", key="abc").status == 204
    assert api.delete("chargers/Nord-1/", key="abc").status == 204
    assert api.delete("chargers/Nord-1/").status == 404


def test_a_generated_key_is_neither_kept_nor_made_twice(nord: Tenant) -> None:
    api = nord.api()
    shown = api.post("chargers/Nord-1/password/", key="abc").body["password"]
    nord.charger.refresh_from_db()
    digest = nord.charger.password_digest
    again = api.post("chargers/Nord-1/password/", key="abc")
    assert again.status == 409
    assert shown not in str(IdempotencyKey.objects.values())
    nord.charger.refresh_from_db()
    assert nord.charger.password_digest == digest


def test_a_password_in_the_body_is_not_kept(nord: Tenant) -> None:
    nord.api().patch("chargers/Nord-1/", {"password": "a plain secret"}, key="abc")
    assert "a plain secret" not in str(IdempotencyKey.objects.values())


@pytest.mark.parametrize("key", ["x" * 256, "a\tb", "schlüssel"])
def test_a_bad_key_is_refused(nord: Tenant, key: str) -> None:
    answer = nord.api().post("chargers/", body(nord), key=key)
    assert answer.status == 400
    answer.problem()


def test_a_viewers_key_is_not_looked_at(nord: Tenant) -> None:
    assert nord.api(Role.VIEWER).post("chargers/", body(nord), key="abc").status == 403
    assert not IdempotencyKey.objects.exists()


def test_keys_end_after_a_day(nord: Tenant) -> None:
    api = nord.api()
    with time_machine.travel(NOON, tick=False):
        api.post("chargers/", body(nord), key="abc")
    with time_machine.travel(NOON + timedelta(hours=23), tick=False):
        forget_idempotency_keys()
        assert api.post("chargers/", body(nord), key="abc").status == 201
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        assert api.post("chargers/", body(nord), key="abc").status == 400
        forget_idempotency_keys()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_twins_at_once_are_one_write() -> None:
    tenant = Tenant.make("Nord")
    user = tenant.person(Role.LEAD)
    asked = {"organisation": tenant.organisation.pk, "name": "Twin"}
    ready, statuses = threading.Barrier(4), []

    def ask(api: Api) -> None:
        ready.wait(timeout=10)
        statuses.append(api.post("sites/", asked, key="twin").status)
        connection.close()

    threads = [threading.Thread(target=ask, args=(Api.of(user),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert statuses == [201] * 4
    assert Site.objects.filter(name="Twin").count() == 1
