"""What `manage.py check --deploy` says of a production that is set up carelessly."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.core.checks import run_checks

from cpms.checks import is_loopback

CAREFUL = {
    "DEBUG": False,
    "PUBLIC_URL": "https://noc.example",
    "OCPP_PUBLIC_URL": "wss://ocpp.example/ocpp",
    "ALLOWED_HOSTS": ["noc.example"],
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "SECURE_SSL_REDIRECT": True,
    "TRUSTED_PROXIES": [ip_network("10.0.0.0/8")],
}


def found(settings: Any, **changed: object) -> set[str]:
    for name, value in {**CAREFUL, **changed}.items():
        setattr(settings, name, value)
    messages = run_checks(include_deployment_checks=True)
    return {message.id or "" for message in messages if (message.id or "").startswith("kilowatch")}


def test_a_careful_production_has_nothing_to_hear(settings: Any) -> None:
    assert found(settings) == set()


@pytest.mark.parametrize(
    ("setting", "value", "check"),
    [
        ("PUBLIC_URL", "http://noc.example", "kilowatch.W001"),
        ("OCPP_PUBLIC_URL", "ws://ocpp.example/ocpp", "kilowatch.W002"),
        ("ALLOWED_HOSTS", ["*"], "kilowatch.W003"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "kilowatch.W004"),
        ("TRUSTED_PROXIES", [], "kilowatch.W005"),
    ],
)
def test_a_careless_one_hears_of_it(settings: Any, setting: str, value: object, check: str) -> None:
    assert found(settings, **{setting: value}) == {check}


def test_debug_on_a_database_that_others_reach_is_an_error(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "db.example")
    assert "kilowatch.E001" in found(settings, DEBUG=True)


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "::1", "[::1]", "/run/postgresql"])
def test_this_machine_has_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["db.example", "10.0.0.1", "0.0.0.0"])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)


def test_a_folder_for_files_that_can_t_be_written_is_an_error(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert found(settings) == {"kilowatch.E002"}
