"""Whatever goes wrong is a problem document, and never a 500 for something the caller did."""

from itertools import product

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from inventory.models import Charger
from tests.api import Api, Tenant


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "NaN": b'{"notes": NaN}',
    "no UTF-8": b'{"notes": "\xff"}',
    "a lone surrogate": b'{"notes": "\\ud800"}',
    "a NUL": b'{"notes": "a\\u0000b"}',
    "a NUL in a name": b'{"no\\u0000tes": "x"}',
    "a NUL in a list": b'{"tags": ["a\\u0000b"]}',
    "deep lists": b'{"notes": ' + b"[" * 500 + b"]" * 500 + b"}",
    "deeper than any stack": b"[" * 100_000,
    "deep objects": b'{"a":' * 100 + b"1" + b"}" * 100,
    "a number out of all range": b'{"security_profile": ' + b"9" * 5000 + b"}",
    "infinity": b'{"security_profile": 1e999}',
    "a list": b"[]",
    "a text": b'"notes"',
    "a number": b"3",
    "null": b"null",
    "an unknown field": b'{"colour": "red"}',
    "a name of a wrong kind": b'{"": 1}',
    "a wrong type": b'{"notes": {"a": 1}}',
    "a bool for a text": b'{"identity": true}',
    "a text for a number": b'{"security_profile": "high"}',
    "an emoji identity": '{"identity": "\U0001f50c"}'.encode(),
    "an array of tags too long": b'{"tags": [' + b'"x",' * 50 + b'"x"]}',
}


#: To change nothing is no mistake.
HARMLESS = {("PATCH", "nothing")}


@pytest.mark.parametrize(
    ("method", "name"),
    [pair for pair in product(["POST", "PATCH"], BODIES) if pair not in HARMLESS],
)
def test_a_bad_body_is_a_400(nord: Tenant, method: str, name: str) -> None:
    path = "chargers/" if method == "POST" else "chargers/Nord-1/"
    answer = nord.api().send(method, path, raw=BODIES[name])
    assert answer.status == 400, answer.body
    answer.problem()


def test_a_body_of_another_kind_is_a_415(nord: Tenant) -> None:
    answer = nord.api().post("chargers/", raw=b"identity=x", content_type="text/plain")
    assert answer.status == 415
    answer.problem()


def test_a_body_too_large_is_a_413_and_not_read_whole(nord: Tenant) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        for key in ("", "k"):
            answer = nord.api().post("chargers/", raw=b'"' + b"x" * 2000 + b'"', key=key)
            assert answer.status == 413
            answer.problem()


@pytest.mark.parametrize(
    "path",
    [
        "chargers/nobody/", "chargers/%00/", "chargers/a%2Fb/", "chargers/%ED%A0%80/", "nothing/",
        "sites/0/", f"sites/{'9' * 18}/", f"sites/{'9' * 40}/", "sites/-1/", "sites/x/",
        "/api/", "/api/v2/", "/api/v1/chargers/Nord-1/nothing/", f"chargers/{'x' * 5000}/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404(nord: Tenant, path: str) -> None:
    answer = nord.api().get(path)
    assert answer.status == 404, answer.raw[:200]
    answer.problem()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "chargers/"), ("PUT", "chargers/"), ("POST", "sessions/"), ("PATCH", "events/"),
        ("POST", "organisations/"), ("GET", "chargers/Nord-1/password/"), ("OPTIONS", "chargers/"),
        ("TRACE", "chargers/"), ("BREW", "chargers/"),
    ],
)  # fmt: skip
def test_a_method_that_is_not_offered_is_a_405(nord: Tenant, method: str, path: str) -> None:
    answer = nord.api().send(method, path, raw=b"")
    assert answer.status == 405
    answer.problem()
    assert "GET" in answer.headers["Allow"] or "POST" in answer.headers["Allow"]


def test_a_format_that_is_not_offered_is_a_problem(nord: Tenant) -> None:
    assert nord.api().get("chargers/", format="pdf").problem()["status"] == 404
    assert nord.api().get("chargers/", accept="image/png").problem()["status"] == 406


def test_nobody_is_a_401_with_a_challenge(db: None) -> None:
    for path in ("chargers/", "kpis/", "quarantine/", "incidents/", ""):
        answer = Api().get(path)
        assert answer.status == 401, path
        answer.problem()
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_nobody_writing_is_a_401_and_not_a_403(db: None) -> None:
    assert Api().post("chargers/", {}).status == 401


def test_a_session_needs_a_csrf_token_to_write(nord: Tenant) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(nord.person("noc_lead"))  # type: ignore[arg-type]
    assert client.get("/api/v1/chargers/").status_code == 200
    response = client.patch("/api/v1/chargers/Nord-1/", {}, "application/json")
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_clash_in_the_database_is_a_409(nord: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests may add one identity at once: both find it free, one comes second."""
    monkeypatch.setattr("inventory.serializers.ChargerSerializer.validate_identity", _believe)
    monkeypatch.setattr("inventory.rest.serializers.hold_to_rules", lambda *a, **k: None)
    answer = nord.api().post("chargers/", {"identity": "NORD-1", "site": nord.site.pk})
    assert answer.status == 409
    answer.problem()


def _believe(serializer: object, identity: str) -> str:
    return identity


def test_a_database_that_is_away_is_a_503_to_try_again(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = nord.api()
    monkeypatch.setattr("inventory.api.Chargers.get_queryset", _raise(OperationalError("gone")))
    answer = api.get("chargers/")
    assert answer.status == 503
    assert "gone" not in str(answer.problem())
    assert int(answer.headers["Retry-After"]) > 0


def test_our_own_mistake_is_a_500_that_tells_nothing(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = nord.api()
    monkeypatch.setattr("inventory.api.Sites.get_queryset", _raise(RuntimeError("our secret")))
    answer = api.get("sites/")
    assert answer.status == 500
    assert "secret" not in str(answer.problem())


def _raise(error: Exception):
    def raising(view: object) -> None:
        raise error

    return raising


def test_a_write_that_fails_leaves_nothing_behind(
    nord: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = nord.api()
    monkeypatch.setattr("rest_framework.mixins.Response", _explode)
    answer = api.post("chargers/", {"identity": "Half", "site": nord.site.pk})
    assert answer.status == 500
    assert not Charger.objects.filter(identity="Half").exists()


def _explode(*args: object, **kwargs: object) -> None:
    raise RuntimeError("after the row was written")
