"""Tokens over REST, and from CSV."""

import pytest
from auditlog.models import LogEntry

from cpms.control.models import Token
from inventory.models import Role
from tests.api import Api, Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return Tenant.make("Ours")


@pytest.fixture
def api(tenant):
    return tenant.api(Role.OPERATOR)


def bring_in(api, tenant, text, **about):
    body = {"organisation": tenant.organisation.pk, "csv": text, **about}
    return api.post("tokens/import/", body)


def test_a_token_is_added_read_changed_and_deleted(api, tenant):
    made = api.post(
        "tokens/",
        {
            "id_token": "04A1b2", "type": "ISO15693", "expires_at": "2027-01-01T00:00:00Z",
            "group": "FLEET", "sites": [tenant.site.pk], "chargers": ["ours-1"],
            "holder": "Erika Mustermann", "language": "de",
        },
    )  # fmt: skip
    assert made.status == 201, made.body
    assert made.body["status"] == "accepted"
    assert made.body["limited"] is True
    assert made.body["organisation"] == tenant.organisation.pk
    read = api.get("tokens/04a1B2/")
    assert {**read.body, "updated_at": ""} == {**made.body, "updated_at": ""}
    changed = api.patch("tokens/04A1B2/", {"status": "blocked", "sites": [], "chargers": []})
    assert (changed.body["status"], changed.body["limited"]) == ("blocked", False)
    kept = Token.objects.get()
    done = LogEntry.objects.get_for_object(kept)
    assert any("status" in entry.changes for entry in done)
    assert any("sites" in entry.changes for entry in done)
    assert api.delete("tokens/04A1B2/").status == 204
    assert api.get("tokens/04A1B2/").status == 404


#: Fields of a token that makes no sense, and the one that is told of.
WRONG = [
    ({"id_token": "04\x07A1"}, "id_token"),
    ({"id_token": "X" * 256}, "id_token"),
    ({"id_token": ""}, "id_token"),
    ({"id_token": "known"}, "non_field_errors"),
    ({"id_token": "A", "type": "RFID"}, "type"),
    ({"id_token": "A", "status": "maybe"}, "status"),
    ({"id_token": "A", "master_pass": True}, "group"),
    ({"id_token": "A", "language": "<b>"}, "language"),
    ({"id_token": "A", "sites": [77777]}, "sites"),
    ({"id_token": "A", "chargers": ["nobody"]}, "chargers"),
    ({"id_token": "A", "colour": "red"}, "colour"),
]


def test_what_makes_no_token_is_refused_in_words(api, tenant):
    Token.objects.create(organisation=tenant.organisation, id_token="KNOWN")
    for fields, field in WRONG:
        answer = api.post("tokens/", fields)
        assert answer.status == 400, fields
        assert field in answer.problem()["errors"], fields
    assert Token.objects.count() == 1


def test_tokens_are_found_by_what_they_are(api, tenant):
    for name, fields in {
        "A": {"group": "FLEET"}, "B": {"status": "blocked"},
        "C": {"master_pass": True, "group": "M"}, "D": {"holder": "Erika"},
    }.items():  # fmt: skip
        Token.objects.create(organisation=tenant.organisation, id_token=name, **fields)

    def found(**query):
        return [row["id_token"] for row in api.get("tokens/", **query).results]

    assert found() == ["A", "B", "C", "D"]
    assert found(group="FLEET") == ["A"]
    assert found(status="blocked") == ["B"]
    assert found(master_pass="true") == ["C"]
    assert found(search="erik") == ["D"]
    assert api.get("tokens/", colour="red").status == 400


def test_tokens_are_personal_data_only_for_who_commands_everywhere(tenant):
    Token.objects.create(organisation=tenant.organisation, id_token="A")
    assert tenant.api(Role.VIEWER).get("tokens/").results == []
    assert tenant.api(Role.VIEWER).post("tokens/", {"id_token": "B"}).status == 403
    assert tenant.api(Role.OPERATOR, tenant.site).get("tokens/A/").status == 404
    assert Tenant.make("Theirs").api(Role.LEAD).get("tokens/A/").status == 404


def test_a_token_of_two_tenants_is_named_with_its_organisation(tenant):
    other = Tenant.make("Other")
    user = tenant.person(Role.LEAD)
    user.memberships.create(organisation=other.organisation, role=Role.LEAD)
    for one in (tenant, other):
        Token.objects.create(organisation=one.organisation, id_token="A", note=str(one))
    api = Api.of(user)
    assert api.get("tokens/A/").status == 409
    theirs = api.get("tokens/a/", organisation=other.organisation.pk)
    assert theirs.body["organisation"] == other.organisation.pk
    assert api.post("tokens/", {"id_token": "B"}).status == 400
    foreign = {"id_token": "B", "organisation": other.organisation.pk, "sites": [tenant.site.pk]}
    assert "sites" in api.post("tokens/", foreign).problem()["errors"]


def test_an_import_says_first_what_it_would_do_then_does_it(api, tenant):
    Token.objects.create(organisation=tenant.organisation, id_token="OLD", group="G")
    Token.objects.create(organisation=tenant.organisation, id_token="SAME")
    text = (
        "id_token;status;group;sites;expires_at\n"
        "old;blocked;G;;\n"
        "NEW;;;Ours Depot;2027-12-31\n"
        "same;accepted;;;\n"
    )
    dry = bring_in(api, tenant, text)
    expected = {"added": 1, "changed": 1, "unchanged": 1, "problems": []}
    assert dry.body == {"dry_run": True, **expected}
    assert Token.objects.count() == 2
    assert bring_in(api, tenant, text, dry_run=False).body == {"dry_run": False, **expected}
    kept = {t.id_token: t for t in Token.objects.prefetch_related("sites")}
    assert kept["OLD"].status == "blocked"
    assert (kept["NEW"].limited, list(kept["NEW"].sites.all())) == (True, [tenant.site])
    assert kept["NEW"].expires_at.isoformat() == "2027-12-31T23:59:59+00:00"
    deeds = [entry.additional_data for entry in LogEntry.objects.exclude(additional_data=None)]
    assert {"deed": "tokens imported", "added": 1, "changed": 1} in deeds


def test_a_file_with_a_line_that_is_wrong_is_not_taken_at_all(api, tenant):
    text = (
        "id_token,status,expires_at,sites\n"
        "GOOD,,,\n"
        "BAD,maybe,,\n"
        "LATE,,soon,\n"
        "GOOD,,,\n"
        "FAR,,,Nowhere\n"
    )
    told = bring_in(api, tenant, text).body
    assert [problem["line"] for problem in told["problems"]] == [3, 4, 5, 6]
    assert "twice" in told["problems"][2]["message"]
    refused = bring_in(api, tenant, text, dry_run=False)
    assert refused.status == 422
    assert len(refused.problem()["errors"]["csv"]) == 4
    assert not Token.objects.exists()


def test_what_is_no_table_of_tokens_is_refused_in_words(api, tenant):
    for text in ("", "\x00", "name\nA\n", "id_token,colour\nA,red\n", '"'):
        assert bring_in(api, tenant, text).status in {400, 422}, text


def test_an_export_can_be_brought_in_again(api, tenant):
    token = Token.objects.create(
        organisation=tenant.organisation, id_token="-DE", limited=True, note="=1+1"
    )
    token.sites.add(tenant.site)
    token.chargers.add(tenant.charger)
    text = api.get("tokens/", format="csv").raw.decode()
    assert bring_in(api, tenant, text).body["unchanged"] == 1
