"""API tokens: shown once, kept as a digest, never more than their user may do."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from inventory import tokens
from inventory.models import ApiToken, Role
from tests.api import NOON, Api, Tenant


@pytest.fixture
def nord(db: None) -> Tenant:
    return Tenant.make("Nord")


def printed(*args: object) -> str:
    out = StringIO()
    call_command("api_token", *map(str, args), stdout=out)
    return out.getvalue().strip()


def test_the_command_prints_a_token_that_works(nord: Tenant) -> None:
    user = nord.person(Role.LEAD)
    text = printed(user.username)
    assert text.startswith("kw_")
    assert Api(text).get("chargers/").status == 200
    assert Api(text).patch("chargers/Nord-1/", {"notes": "x"}).status == 200


def test_only_a_digest_is_kept(nord: Tenant) -> None:
    text = printed(nord.person(Role.LEAD).username)
    token = ApiToken.objects.get()
    assert text.encode() not in bytes(token.digest)
    assert len(bytes(token.digest)) == 32


def test_the_command_limits_role_scopes_and_days(nord: Tenant) -> None:
    user = nord.person(Role.LEAD)
    printed(
        user.username, "--name", "grafana", "--role", "viewer", "--scope", "metrics",
        "--scope", "read", "--expires-days", 30,
    )  # fmt: skip
    token = ApiToken.objects.get()
    assert (token.name, token.role, token.scopes) == ("grafana", "viewer", ["metrics", "read"])
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize(
    "args",
    [["nobody"], ["{user}", "--expires-days", "0"], ["{user}", "--role", "king"],
     ["{user}", "--scope", "all"], ["{user}", "--name", "x" * 81]],
)  # fmt: skip
def test_the_command_says_what_is_wrong(nord: Tenant, args: list[str]) -> None:
    user = nord.person(Role.LEAD)
    with pytest.raises(CommandError):
        printed(*(arg.replace("{user}", user.username) for arg in args))
    assert not ApiToken.objects.exists()


def test_a_token_of_a_lesser_role_caps_its_user(nord: Tenant) -> None:
    user = nord.person(Role.LEAD)
    capped = Api.of(user, role=Role.OPERATOR)
    assert capped.patch("chargers/Nord-1/", {"notes": "x"}).status == 403
    assert capped.get("chargers/Nord-1/").status == 200


def test_a_token_of_a_greater_role_gives_no_more_than_the_user_has(nord: Tenant) -> None:
    lifted = Api.of(nord.person(Role.VIEWER), role=Role.ADMINISTRATOR)
    assert lifted.patch("chargers/Nord-1/", {"notes": "x"}).status == 403


@pytest.mark.parametrize(
    ("scopes", "reading", "writing"),
    [(["read"], 200, 403), (["write"], 403, 200), (["metrics"], 403, 403)],
)
def test_scopes_limit_what_a_token_is_for(
    nord: Tenant, scopes: list[str], reading: int, writing: int
) -> None:
    api = Api.of(nord.person(Role.LEAD), scopes=scopes)
    assert api.get("chargers/").status == reading
    assert api.patch("chargers/Nord-1/", {"notes": "x"}).status == writing


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", 3]])
def test_a_token_has_a_known_scope(nord: Tenant, scopes: list[str]) -> None:
    with pytest.raises(ValidationError):
        tokens.issue(nord.person(Role.LEAD), "x", scopes=scopes)


def test_a_token_ends_at_its_expiry(nord: Tenant) -> None:
    api = Api.of(nord.person(Role.LEAD), expires_at=NOON)
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False):
        assert api.get("chargers/").status == 200
    with time_machine.travel(NOON, tick=False):
        assert api.get("chargers/").status == 401


def test_a_token_ends_with_its_user(nord: Tenant) -> None:
    user = nord.person(Role.LEAD)
    api = Api.of(user)
    user.is_active = False
    user.save()
    assert api.get("chargers/").status == 401


@pytest.mark.parametrize("text", ["", "kw_", "kw_wrong", "kw_\x00", "ü", "a b"])
def test_a_wrong_token_is_refused(nord: Tenant, text: str) -> None:
    api = Api()
    api.headers = {"authorization": f"Bearer {text}"}
    assert api.get("chargers/").status == 401


def test_a_wrong_token_is_no_excuse_for_a_session(nord: Tenant) -> None:
    api = Api("kw_wrong")
    api.client.force_login(nord.person(Role.LEAD))
    assert api.get("chargers/").status == 401


def test_the_last_use_is_kept_to_the_minute(nord: Tenant) -> None:
    api = Api.of(nord.person(Role.LEAD))
    for second, kept in ((0, 0), (30, 0), (61, 61)):
        with time_machine.travel(NOON + timedelta(seconds=second), tick=False):
            api.get("chargers/")
        assert ApiToken.objects.get().last_used_at == NOON + timedelta(seconds=kept)


def test_the_text_is_long_enough_never_to_be_guessed(nord: Tenant) -> None:
    _token, text = tokens.issue(nord.person(Role.LEAD), "x")
    assert len(text.removeprefix("kw_")) == 43
