"""The back-office: every list and form opens, and holds to the rules of the house."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inventory import credentials
from inventory.models import Charger, Membership, Role
from monitoring.models import Event
from tests.api import NOON, Tenant

ROOMS = {"inventory", "monitoring", "alerts"}
OURS = [model for model in admin.site._registry if model._meta.app_label in ROOMS]


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


@pytest.fixture
def root(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_list_opens_and_is_searched(root: Client, nord: Tenant, model: type) -> None:
    nord.person(Role.LEAD)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]
    assert root.get(address, {"q": "nord"}).status_code == 200
    row = model._default_manager.first()  # type: ignore[attr-defined]
    if row is not None:
        form = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        assert root.get(form).status_code == 200


def charger_form(charger: Charger, **changes: object) -> dict[str, object]:
    return {
        "site": charger.site_id, "identity": charger.identity, "lifecycle": charger.lifecycle,
        "security_profile": 1, "tags": "[]", "notes": "", "password": "",
        "evses-TOTAL_FORMS": 0, "evses-INITIAL_FORMS": 0, **changes,
    }  # fmt: skip


def change(root: Client, charger: Charger, **changes: object) -> int:
    address = reverse("admin:inventory_charger_change", args=[charger.pk])
    return root.post(address, charger_form(charger, **changes)).status_code


def test_a_password_is_set_and_an_empty_one_changes_nothing(root: Client, nord: Tenant) -> None:
    assert change(root, nord.charger, password="correct horse") == 302
    assert change(root, nord.charger, notes="later") == 302
    nord.charger.refresh_from_db()
    assert nord.charger.notes == "later"
    assert credentials.matches(bytes(nord.charger.password_digest or b""), b"correct horse")


def test_a_charger_stays_in_its_organisation(root: Client, nord: Tenant) -> None:
    sued = Tenant.make("Sued")
    assert change(root, nord.charger, site=sued.site.pk) == 200
    nord.charger.refresh_from_db()
    assert nord.charger.site == nord.site


def test_a_port_stays_on_its_charger(root: Client, nord: Tenant) -> None:
    port = nord.charger.evses.get_or_create(number=1)[0]
    page = root.get(reverse("admin:inventory_evse_change", args=[port.pk])).content.decode()
    assert 'name="number"' in page
    assert 'name="charger"' not in page


def test_a_charger_with_a_history_has_no_delete_button(root: Client, nord: Tenant) -> None:
    address = reverse("admin:inventory_charger_delete", args=[nord.charger.pk])
    assert root.get(address).status_code == 200
    Event.objects.create(charger=nord.charger, kind="boot", at=NOON, received=NOON)
    assert root.get(address).status_code == 403


def test_a_membership_names_sites_of_its_organisation_only(root: Client, nord: Tenant) -> None:
    sued, user = Tenant.make("Sued"), User.objects.create_user("olga")
    body = {"user": user.pk, "organisation": nord.organisation.pk, "role": "viewer"}
    address = reverse("admin:inventory_membership_add")
    assert root.post(address, {**body, "sites": [sued.site.pk]}).status_code == 200
    assert not Membership.objects.filter(user=user).exists()
    assert root.post(address, {**body, "sites": [nord.site.pk]}).status_code == 302
    assert Membership.objects.get(user=user).sites.get() == nord.site


def test_only_staff_come_in(client: Client, nord: Tenant) -> None:
    client.force_login(nord.person(Role.ADMINISTRATOR))
    assert client.get(reverse("admin:inventory_charger_changelist")).status_code == 302
