"""Who may change what over the API, and what it refuses to believe."""

from datetime import UTC, datetime

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User

from inventory import access
from inventory.models import Charger, ChargerModel, Evse, Lifecycle, Role, Sim, Site
from monitoring.models import Event
from tests.api import NOON, Api, Tenant, add_charger

MISSING_SITE = 9_999_999


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


@pytest.fixture
def sued(db: None) -> Tenant:
    return Tenant.make("Sued")


def test_a_lead_adds_a_charger_and_its_password_is_kept_as_a_digest_only(nord: Tenant) -> None:
    body = {
        "identity": "New-1", "site": nord.site.pk, "vendor": "ACME", "model": "Fast 150",
        "password": "correct horse", "tags": ["pilot"], "lifecycle": "planned",
    }  # fmt: skip
    answer = nord.api().post("chargers/", body)
    assert answer.status == 201
    charger = Charger.objects.get(identity="New-1")
    assert charger.model == ChargerModel.objects.get(vendor="ACME", name="Fast 150")
    assert charger.password_digest
    assert charger.password_set_at
    assert charger.commissioned_at is None
    assert b"correct horse" not in answer.raw
    assert "password" not in answer.body
    assert (answer.body["vendor"], answer.body["model"]) == ("ACME", "Fast 150")


def test_a_model_named_in_another_case_is_the_same_model(nord: Tenant) -> None:
    ChargerModel.objects.create(vendor="ACME", name="Fast 150")
    nord.api().patch("chargers/Nord-1/", {"vendor": "acme", "model": "FAST 150"})
    assert ChargerModel.objects.count() == 1


def test_vendor_and_model_go_together(nord: Tenant) -> None:
    answer = nord.api().patch("chargers/Nord-1/", {"vendor": "ACME"})
    assert answer.status == 400
    assert "model" in answer.problem()["errors"]


def test_a_charger_is_found_by_its_identity_in_any_case(nord: Tenant) -> None:
    assert nord.api().get("chargers/NORD-1/").body["identity"] == "Nord-1"


def test_an_identity_is_unique_whatever_the_case(nord: Tenant) -> None:
    answer = nord.api().post("chargers/", {"identity": "nord-1", "site": nord.site.pk})
    assert answer.status == 400
    assert answer.problem()["errors"]["identity"] == ["This identity is taken."]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.MANAGER, Role.CONTRACTOR])
def test_who_may_not_edit_is_refused_and_the_attempt_is_audited(nord: Tenant, role: Role) -> None:
    user = nord.person(role)
    answer = Api.of(user).patch("chargers/Nord-1/", {"notes": "mine now"})
    assert answer.status == 403
    answer.problem()
    entry = LogEntry.objects.get(action=LogEntry.Action.ACCESS)
    assert entry.actor == user
    assert entry.additional_data["refused"] == "PATCH /api/v1/chargers/Nord-1/"
    nord.charger.refresh_from_db()
    assert nord.charger.notes == ""


def test_a_viewer_is_refused_before_the_body_is_looked_at(nord: Tenant) -> None:
    assert nord.api(Role.VIEWER).post("chargers/", {"nonsense": 1}).status == 403


def test_a_lead_here_who_is_a_viewer_there_may_not_write_there(nord: Tenant, sued: Tenant) -> None:
    user = nord.person(Role.LEAD)
    user.memberships.create(organisation=sued.organisation, role=Role.VIEWER)
    api = Api.of(user)
    assert api.patch("chargers/Sued-1/", {"notes": "x"}).status == 403
    assert api.post("chargers/", {"identity": "Z", "site": sued.site.pk}).status == 403
    assert LogEntry.objects.filter(action=LogEntry.Action.ACCESS).count() == 2
    assert not Charger.objects.filter(identity="Z").exists()


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_another_tenants_objects_do_not_exist(nord: Tenant, sued: Tenant, method: str) -> None:
    sim = sued.sim()
    api = nord.api()
    for path in (
        "chargers/Sued-1/", f"sites/{sued.site.pk}/", f"evses/{sued.evses[0].pk}/",
        f"sims/{sim.pk}/", f"connectors/{sued.evses[0].connectors.get().pk}/",
    ):  # fmt: skip
        assert api.send(method, path, {"notes": "x"}).status == 404, path


def test_foreign_sites_chargers_ports_and_sims_can_not_be_pointed_at(
    nord: Tenant, sued: Tenant
) -> None:
    api, sim = nord.api(), sued.sim()
    attempts = [
        ("POST", "chargers/", {"identity": "X", "site": sued.site.pk}, "site"),
        ("PATCH", "chargers/Nord-1/", {"site": sued.site.pk}, "site"),
        ("PATCH", "chargers/Nord-1/", {"sim": sim.pk}, "sim"),
        ("POST", "evses/", {"charger": "Sued-1", "number": 9}, "charger"),
        ("POST", "connectors/", {"evse": sued.evses[0].pk, "number": 2}, "evse"),
        ("POST", "sites/", {"organisation": sued.organisation.pk, "name": "X"}, "organisation"),
    ]
    for method, path, body, field in attempts:
        answer = api.send(method, path, body)
        assert answer.status == 400, (path, answer.body)
        assert list(answer.problem()["errors"]) == [field]


def test_a_charger_never_moves_to_another_organisation_even_of_ones_own(
    nord: Tenant, sued: Tenant
) -> None:
    user = nord.person(Role.LEAD)
    user.memberships.create(organisation=sued.organisation, role=Role.LEAD)
    answer = Api.of(user).patch("chargers/Nord-1/", {"site": sued.site.pk})
    assert answer.status == 400
    assert "stays in its organisation" in answer.problem()["errors"]["site"][0]


def test_a_charger_moves_to_another_site_of_its_organisation(nord: Tenant) -> None:
    other = Site.objects.create(organisation=nord.organisation, name="Other")
    assert nord.api().patch("chargers/Nord-1/", {"site": other.pk}).status == 200
    nord.charger.refresh_from_db()
    assert nord.charger.site == other


def test_a_lead_of_some_sites_adds_no_site_and_no_charger_elsewhere(nord: Tenant) -> None:
    other = Site.objects.create(organisation=nord.organisation, name="Other")
    api = nord.api(Role.LEAD, nord.site)
    body = {"organisation": nord.organisation.pk, "name": "Third"}
    assert api.post("sites/", body).status == 403
    assert api.post("chargers/", {"identity": "X", "site": other.pk}).status == 400
    assert api.post("chargers/", {"identity": "X", "site": nord.site.pk}).status == 201


def test_sites_and_sims_stay_in_their_organisation(nord: Tenant, sued: Tenant) -> None:
    user, sim = nord.person(Role.LEAD), nord.sim()
    user.memberships.create(organisation=sued.organisation, role=Role.LEAD)
    api = Api.of(user)
    for path in (f"sites/{nord.site.pk}/", f"sims/{sim.pk}/"):
        answer = api.patch(path, {"organisation": sued.organisation.pk})
        assert answer.status == 400
        assert "organisation" in answer.problem()["errors"]


def test_a_charger_with_a_history_is_not_deleted_and_the_answer_says_what_to_do(
    nord: Tenant,
) -> None:
    Event.objects.create(charger=nord.charger, kind="boot", at=NOON, received=NOON)
    answer = nord.api().delete("chargers/Nord-1/")
    assert answer.status == 409
    assert "events" in answer.problem()["detail"]
    assert "decommissioned instead" in answer.problem()["detail"]
    assert Charger.objects.filter(pk=nord.charger.pk).exists()


def test_a_charger_without_a_history_is_deleted_with_its_ports(nord: Tenant) -> None:
    assert nord.api().delete("chargers/Nord-1/").status == 204
    assert not Evse.objects.filter(pk=nord.evses[0].pk).exists()


def test_a_site_with_chargers_is_not_deleted(nord: Tenant) -> None:
    assert nord.api().delete(f"sites/{nord.site.pk}/").status == 409


def test_who_was_limited_to_a_site_that_is_deleted_sees_no_other_for_it(nord: Tenant) -> None:
    empty = Site.objects.create(organisation=nord.organisation, name="Empty")
    only, both = nord.person(Role.VIEWER, empty), nord.person(Role.VIEWER, empty, nord.site)
    assert nord.api().delete(f"sites/{empty.pk}/").status == 204
    assert not access.sites(only).exists()
    assert list(access.sites(both)) == [nord.site]


def test_a_generated_key_is_shown_once_and_opens_the_door(nord: Tenant) -> None:
    from inventory import credentials

    answer = nord.api().post("chargers/nord-1/password/")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    key = answer.body["password"]
    assert len(bytes.fromhex(key)) == 20
    nord.charger.refresh_from_db()
    assert credentials.matches(bytes(nord.charger.password_digest or b""), key.encode())
    assert key not in nord.api().get("chargers/Nord-1/").raw.decode()


def test_a_new_password_is_in_the_audit_trail_and_neither_key_nor_digest_is(nord: Tenant) -> None:
    user = nord.person(Role.LEAD)
    key = Api.of(user).post("chargers/Nord-1/password/").body["password"]
    entry = LogEntry.objects.get_for_object(nord.charger).filter(actor=user).get()
    assert "password_set_at" in entry.changes
    assert "password_digest" not in entry.changes
    assert key not in str(entry.changes)


def test_changes_by_token_name_the_tokens_user_in_the_audit_trail(nord: Tenant) -> None:
    user = nord.person(Role.LEAD)
    Api.of(user).patch("chargers/Nord-1/", {"notes": "seen"})
    entry = LogEntry.objects.get_for_object(nord.charger).filter(actor=user).get()
    assert entry.changes["notes"] == ["", "seen"]


def test_read_only_fields_may_be_sent_back_and_change_nothing(nord: Tenant) -> None:
    api = nord.api()
    whole = api.get("chargers/Nord-1/").body
    whole["online"] = False
    whole["notes"] = "changed"
    answer = api.send("PUT", "chargers/Nord-1/", whole)
    assert answer.status == 200
    assert (answer.body["online"], answer.body["notes"]) == (True, "changed")


def test_shared_models_are_edited_only_where_one_may_edit_them_everywhere(
    nord: Tenant, sued: Tenant
) -> None:
    model = ChargerModel.objects.create(vendor="ACME", name="One")
    Charger.objects.filter(pk=nord.charger.pk).update(model=model)
    api = nord.api()
    assert api.patch(f"models/{model.pk}/", {"quirks": {"ping_interval": 60}}).status == 200
    Charger.objects.filter(pk=sued.charger.pk).update(model=model)
    assert api.patch(f"models/{model.pk}/", {"quirks": {}}).status == 403


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("chargers/", {"identity": "a b"}, "identity"),
        ("chargers/", {"identity": "x" * 49}, "identity"),
        ("chargers/", {"identity": ["x"]}, "identity"),
        ("chargers/", {"identity": "ok", "site": MISSING_SITE}, "site"),
        ("chargers/", {"identity": "ok", "site": True}, "site"),
        ("chargers/", {"identity": "ok", "site": 10**30}, "site"),
        ("chargers/", {"identity": "ok", "site": 1.5}, "site"),
        ("chargers/", {"identity": "ok", "security_profile": 4}, "security_profile"),
        ("chargers/", {"identity": "ok", "security_profile": -1}, "security_profile"),
        ("chargers/", {"identity": "ok", "lifecycle": "gone"}, "lifecycle"),
        ("chargers/", {"identity": "ok", "password": "short"}, "password"),
        ("chargers/", {"identity": "ok", "password": "näher dran!"}, "password"),
        ("chargers/", {"identity": "ok", "tags": "x"}, "tags"),
        ("chargers/", {"identity": "ok", "tags": [["x"]]}, "tags"),
        ("chargers/", {"identity": "ok", "tags": ["x"] * 21}, "tags"),
        ("chargers/", {"identity": "ok", "owner": "me"}, "owner"),
        ("chargers/", {"identity": "ok", "commissioned_at": "yesterday"}, "commissioned_at"),
        ("sites/", {"name": "A", "timezone": "Mars/Olympus"}, "timezone"),
        ("sites/", {"name": "A", "timezone": "localtime"}, "timezone"),
        ("sites/", {"name": "A", "latitude": 91, "longitude": 0}, "latitude"),
        ("sites/", {"name": "A", "latitude": 9}, "non_field_errors"),
        ("sites/", {"name": "A", "country": "Germany"}, "country"),
        ("sites/", {"name": "A", "opening_hours": {"mon": [["20:00", "08:00"]]}}, "opening_hours"),
        ("sites/", {"name": "Nord Depot"}, "non_field_errors"),
        ("sims/", {"iccid": "12"}, "iccid"),
        ("sims/", {"iccid": "8" * 19, "ip_address": "10.0.0.256"}, "ip_address"),
        ("evses/", {"charger": "Nord-1", "number": 0}, "number"),
        ("evses/", {"charger": "Nord-1", "number": 40_000}, "number"),
        ("evses/", {"charger": "Nord-1", "number": 1}, "non_field_errors"),
        ("evses/", {"charger": {"a": 1}, "number": 1}, "charger"),
        ("connectors/", {"number": 2, "max_power": 10**12}, "max_power"),
        ("connectors/", {"number": 2, "type": "SOCKET"}, "type"),
        ("models/", {"vendor": "A", "name": "B", "quirks": {"telepathy": True}}, "quirks"),
        ("models/", {"vendor": "A", "name": "B", "quirks": {"ping_interval": "x"}}, "quirks"),
    ],
)
def test_a_bad_value_is_named_by_its_field(
    nord: Tenant, path: str, body: dict[str, object], field: str
) -> None:
    filled = {
        "chargers/": {"site": nord.site.pk},
        "sites/": {"organisation": nord.organisation.pk},
        "sims/": {"organisation": nord.organisation.pk},
        "connectors/": {"evse": nord.evses[0].pk},
    }.get(path, {})
    answer = nord.api().post(path, {**filled, **body})
    assert answer.status == 400, answer.body
    assert field in answer.problem()["errors"]


def test_lifecycle_dates_follow_the_first_activation_and_the_end(nord: Tenant) -> None:
    api = nord.api()
    api.post("chargers/", {"identity": "Late", "site": nord.site.pk, "lifecycle": "planned"})
    first = api.patch("chargers/Late/", {"lifecycle": "active"}).body["commissioned_at"]
    assert first is not None
    api.patch("chargers/Late/", {"lifecycle": "suspended"})
    again = api.patch("chargers/Late/", {"lifecycle": "active"}).body
    assert again["commissioned_at"] == first
    assert api.patch("chargers/Late/", {"lifecycle": "decommissioned"}).body["decommissioned_at"]
    assert api.patch("chargers/Late/", {"lifecycle": "active"}).body["decommissioned_at"] is None


def test_saving_only_the_lifecycle_dates_it_too(nord: Tenant) -> None:
    charger = Charger.objects.create(
        site=nord.site, identity="Part", lifecycle=Lifecycle.COMMISSIONING
    )
    charger.lifecycle = Lifecycle.ACTIVE
    charger.save(update_fields=["lifecycle"])
    charger.refresh_from_db()
    assert charger.commissioned_at is not None


def test_a_commissioning_date_can_be_given(nord: Tenant) -> None:
    answer = nord.api().patch("chargers/Nord-1/", {"commissioned_at": "2025-01-01T00:00:00+01:00"})
    assert answer.body["commissioned_at"] == "2024-12-31T23:00:00Z"
    nord.charger.refresh_from_db()
    assert nord.charger.commissioned_at == datetime(2024, 12, 31, 23, 0, tzinfo=UTC)


def test_a_sim_of_the_organisation_is_put_into_a_charger(nord: Tenant) -> None:
    sim = nord.sim()
    assert nord.api().patch("chargers/Nord-1/", {"sim": sim.pk}).body["sim"] == sim.pk


def test_a_superuser_sees_and_edits_everything(nord: Tenant, sued: Tenant) -> None:
    root = User.objects.create_superuser("root")
    api = Api.of(root)
    assert {row["identity"] for row in api.get("chargers/").results} == {"Nord-1", "Sued-1"}
    assert api.patch("chargers/Sued-1/", {"notes": "x"}).status == 200
    assert Api.of(root, role=Role.VIEWER).patch("chargers/Sued-1/", {"notes": "y"}).status == 403


def test_a_member_of_some_sites_sees_only_the_sims_in_use_there(nord: Tenant) -> None:
    used, spare = nord.sim("8949000000000000001"), nord.sim("8949000000000000002")
    Charger.objects.filter(pk=nord.charger.pk).update(sim=used)
    other = Site.objects.create(organisation=nord.organisation, name="Other")
    add_charger(other, "Other-1")
    limited = nord.api(Role.VIEWER, nord.site)
    assert [row["id"] for row in limited.get("sims/").results] == [used.pk]
    assert [row["identity"] for row in limited.get("chargers/").results] == ["Nord-1"]
    assert Sim.objects.filter(pk=spare.pk).exists()
