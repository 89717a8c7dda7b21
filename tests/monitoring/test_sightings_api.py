"""What people decide about who knocked, over the API: the page's deeds, by who may, once."""

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User

from inventory import credentials
from inventory.models import Charger, Role
from monitoring import sightings as deeds
from monitoring.models import ChargerState, Sighting
from tests.api import NOON, Api, Tenant

KEY = "00112233445566778899aabbccddeeff00112233"
DIGEST = credentials.presented(bytes.fromhex(KEY))


#: Deed -> what is said with it; who adopts names a site as well.
BODIES: dict[str, dict[str, str]] = {
    "adopt": {},
    "link": {"charger": "Nord-1"},
    "rename": {"charger": "Nord-1"},
    "take-over": {},
    "accept-key": {"fingerprint": DIGEST.hex()[:12]},
    "block": {},
    "reconsider": {},
}


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def sight(identity: str = "CP-9", reason: str = "unknown", **more: Any) -> Sighting:
    given = {"peer": "192.0.2.7", "first_seen": NOON, "last_seen": NOON, "key_digest": DIGEST}
    return Sighting.objects.create(identity=identity, reason=reason, **{**given, **more})


def test_one_is_adopted_with_a_new_key_that_is_shown_once(nord: Tenant) -> None:
    seen, api = sight(), nord.api()
    body = {"site": nord.site.pk, "lifecycle": "active"}
    answer = api.post(f"sightings/{seen.pk}/adopt/", body, key="once")
    assert (answer.status, answer.body["charger"]) == (201, "CP-9")
    assert answer.headers["Cache-Control"] == "no-store"
    made = Charger.objects.get(identity="CP-9")
    assert (made.site, made.lifecycle) == (nord.site, "active")
    assert made.password_digest is not None
    assert credentials.matches(bytes(made.password_digest), bytes.fromhex(answer.body["password"]))
    assert not Sighting.objects.exists()
    # The answer held a secret: who repeats the request is told so, and makes no second charger.
    again = api.post(f"sightings/{seen.pk}/adopt/", body, key="once")
    assert "held a secret" in again.problem()["detail"]
    assert api.post(f"sightings/{seen.pk}/adopt/", body).status == 404
    assert Charger.objects.filter(identity="CP-9").count() == 1


def test_one_is_adopted_with_the_key_it_used_if_that_is_still_the_one_that_was_seen(
    nord: Tenant,
) -> None:
    seen, api = sight(), nord.api()
    shown = api.get(f"sightings/{seen.pk}/").body["fingerprint"]
    body = {"site": nord.site.pk, "key": "its", "fingerprint": shown}
    Sighting.objects.update(key_digest=credentials.presented(b"somebody else"))
    answer = api.post(f"sightings/{seen.pk}/adopt/", body)
    assert (answer.status, "another key" in answer.problem()["detail"]) == (409, True)
    Sighting.objects.update(key_digest=DIGEST)
    answer = api.post(f"sightings/{seen.pk}/adopt/", body)
    assert answer.body == {"charger": "CP-9", "password": ""}
    made = Charger.objects.get(identity="CP-9")
    assert (bytes(made.password_digest or b""), made.lifecycle) == (DIGEST, "commissioning")


def test_one_is_linked_blocked_and_reconsidered(nord: Tenant) -> None:
    seen, api = sight(), nord.api(Role.OPERATOR)
    linked = api.post(f"sightings/{seen.pk}/link/", {"charger": "nord-1"}).body
    assert linked["linked"] == "Nord-1"
    assert [row["id"] for row in api.get("sightings/", state="linked").results] == [seen.pk]
    assert api.post(f"sightings/{seen.pk}/reconsider/").body["linked"] is None
    blocked = api.post(f"sightings/{seen.pk}/block/", {"why": "a scanner"}, key="b").body
    assert (blocked["decision"], blocked["blocked_at"] is not None) == ("a scanner", True)
    assert api.get("sightings/", state="waiting").results == []
    assert api.get("sightings/", state="blocked").results == [blocked]
    decider = User.objects.get(username=blocked["decided_by"])
    assert Sighting.objects.get().decided_by == decider
    again = api.post(f"sightings/{seen.pk}/block/", {"why": "a scanner"}, key="b")
    assert (again.headers["Idempotent-Replayed"], again.body) == ("true", blocked)
    assert api.post(f"sightings/{seen.pk}/reconsider/").body["blocked_at"] is None
    assert len(api.get("sightings/", state="waiting").results) == 1


def test_a_charger_on_file_is_called_what_it_calls_itself_once_it_is_away(nord: Tenant) -> None:
    seen, api = sight("Nord-l"), nord.api()
    answer = api.post(f"sightings/{seen.pk}/rename/", {"charger": "Nord-1"})
    assert (answer.status, "connected now" in answer.problem()["detail"]) == (409, True)
    ChargerState.objects.update(online=False)
    answer = api.post(f"sightings/{seen.pk}/rename/", {"charger": "Nord-1"})
    assert answer.body == {"charger": "Nord-l"}


def test_a_known_charger_s_new_key_and_facts_are_taken_over(nord: Tenant) -> None:
    api = nord.api()
    wrong_key = sight("Nord-1", "credentials", charger=nord.charger)
    other = sight("Nord-1", "mismatch", charger=nord.charger, said={"serial_number": "B2"})
    answer = api.post(
        f"sightings/{wrong_key.pk}/accept-key/", {"fingerprint": deeds.fingerprint(wrong_key)}
    )
    assert answer.body == {"charger": "Nord-1"}
    assert api.post(f"sightings/{other.pk}/take-over/").body == {"charger": "Nord-1"}
    nord.charger.refresh_from_db()
    assert bytes(nord.charger.password_digest or b"") == DIGEST
    assert nord.charger.serial_number == "B2"


def test_a_decision_of_somebody_else_stands(nord: Tenant) -> None:
    seen = sight()
    deeds.block(seen, by=nord.person(Role.LEAD), now=NOON, why="")
    answer = nord.api().post(f"sightings/{seen.pk}/adopt/", {"site": nord.site.pk})
    assert (answer.status, "Unblock it first" in answer.problem()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("deed", "body", "wrong"),
    [
        ("adopt", {}, "site"),
        ("adopt", {"site": 999_999}, "site"),
        ("adopt", {"site": "x"}, "site"),
        ("adopt", {"site": 1, "lifecycle": "decommissioned"}, "lifecycle"),
        ("adopt", {"site": 1, "key": "mine"}, "key"),
        ("adopt", {"site": 1, "colour": "red"}, "colour"),
        ("link", {}, "charger"),
        ("link", {"charger": "nobody"}, "charger"),
        ("link", {"charger": "Sued-1"}, "charger"),
        ("accept-key", {}, "fingerprint"),
        ("block", {"why": "x" * 201}, "why"),
        ("block", {"why": ["x"]}, "why"),
        ("reconsider", {"why": "it fits"}, "why"),
    ],
)
def test_a_bad_body_is_told_by_field(
    nord: Tenant, deed: str, body: dict[str, Any], wrong: str
) -> None:
    root = Api.of(User.objects.create_superuser("root"))
    Tenant.make("Sued")
    seen = sight()
    api = root if "Sued-1" not in body.values() else nord.api()
    if api is not root:
        Sighting.objects.update(charger=nord.charger)
    answer = api.post(f"sightings/{seen.pk}/{deed}/", body)
    assert answer.status == 400
    assert wrong in answer.problem()["errors"]
    assert not Charger.objects.filter(identity="CP-9").exists()


@pytest.mark.parametrize("deed", BODIES)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRACTOR, Role.OPERATOR, Role.LEAD])
def test_roles_may_do_what_they_may_on_the_page(nord: Tenant, role: Role, deed: str) -> None:
    ChargerState.objects.update(online=False)
    reason = {"take-over": "mismatch", "accept-key": "credentials"}.get(deed, "unknown")
    seen = sight("CP-9", reason, charger=nord.charger if reason != "unknown" else None)
    body = {**BODIES[deed], **({"site": nord.site.pk} if deed == "adopt" else {})}
    answer = nord.api(role).post(f"sightings/{seen.pk}/{deed}/", body)
    allowed = {Role.LEAD: set(BODIES), Role.OPERATOR: {"link", "block", "reconsider"}}
    if deed in allowed.get(role, set()):
        assert answer.status in {200, 201}
        return
    assert (answer.status, answer.problem()["detail"][:27]) == (403, "Your role doesn't allow thi")
    refused = LogEntry.objects.get(additional_data__has_key="refused").additional_data
    assert refused["refused"] == f"POST /api/v1/sightings/{seen.pk}/{deed}/"


def test_no_member_of_one_tenant_decides_about_what_is_nobody_s(nord: Tenant) -> None:
    seen, api = sight(), nord.api()
    Tenant.make("Sued")
    for deed in BODIES:
        assert api.post(f"sightings/{seen.pk}/{deed}/", {}).status == 404, deed
    assert Sighting.objects.get().decided_at is None


def test_a_token_that_may_only_read_decides_nothing(nord: Tenant) -> None:
    api = Api.of(nord.person(Role.LEAD), scopes=["read"])
    assert api.post(f"sightings/{sight().pk}/block/", {}).status == 403
