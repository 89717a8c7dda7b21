"""Every bad value stops the start with a sentence that names it."""

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from cpms import environment

ROOT = Path(__file__).parents[2]
PRODUCTION = {
    "DATABASE_URL": "postgresql://kilowatch:secret@db.example:5432/kilowatch",
    "REDIS_URL": "redis://cache.example:6379/0",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "noc.example",
    "PUBLIC_URL": "https://noc.example",
    "OCPP_PUBLIC_URL": "wss://ocpp.example/ocpp",
    "EMAIL_URL": "smtp+tls://mailer:p%40ss@mail.example:587",
}
NAMES = {*PRODUCTION, "DATA", "DEBUG", "KILOWATCH_ROLE", "WEB_PORT", "OCPP_PORT"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA", str(tmp_path))


def load(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> dict[str, object]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("cpms.logs.configure_logs", lambda *_, **__: None)
    return runpy.run_path(str(ROOT / "cpms" / "settings.py"))


def test_without_any_variable_it_is_the_embedded_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = load(monkeypatch, {})
    assert settings["EMBEDDED"] is True
    assert settings["DEBUG"] is True
    assert settings["PUBLIC_URL"] == "http://localhost:8000"
    assert settings["SECRET_KEY"] == (tmp_path / "secret_key").read_text()


def test_production_has_no_debug_and_makes_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = load(monkeypatch, PRODUCTION)
    assert settings["DEBUG"] is False
    assert settings["SECRET_KEY"] == "k" * 50
    assert not (tmp_path / "secret_key").exists()
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["EMAIL_HOST_PASSWORD"] == "p@ss"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("KILOWATCH_ROLE", "boss", "KILOWATCH_ROLE is 'boss'; it must be one of gateway, web,"),
        ("DEBUG", "perhaps", "DEBUG is 'perhaps'; write 1 or 0."),
        ("WEB_PORT", "http", "WEB_PORT is 'http'; it must be a whole number from 1 to 65535."),
        ("WEB_PORT", "0", "WEB_PORT is '0'; it must be"),
        ("OCPP_PORT", "65536", "OCPP_PORT is '65536'; it must be"),
        ("OCPP_PORT", "-1", "OCPP_PORT is '-1'; it must be"),
        ("OCPP_PORT", "²²²", "OCPP_PORT is '²²²'; it must be"),
        ("PUBLIC_URL", "noc.example", "PUBLIC_URL is 'noc.example'; it must be a full URL"),
        ("PUBLIC_URL", "ftp://noc.example", "PUBLIC_URL is 'ftp://noc.example'; it must"),
        ("PUBLIC_URL", "https://noc.example:x", "PUBLIC_URL is 'https://noc.example:x'; it"),
        ("PUBLIC_URL", "https://[::1", "PUBLIC_URL is 'https://[::1'; it must be"),
        (
            "PUBLIC_URL",
            "https://noc.example/kw",
            "PUBLIC_URL is 'https://noc.example/kw'; it must not have a path.",
        ),
        ("PUBLIC_URL", "", "PUBLIC_URL is ''; it must be a full URL (http or https://host…)"),
        ("OCPP_PUBLIC_URL", "https://ocpp.example", "OCPP_PUBLIC_URL is 'https://ocpp.example'"),
        ("OCPP_PUBLIC_URL", "", "OCPP_PUBLIC_URL is ''; it must be"),
        ("SECRET_KEY", "", "SECRET_KEY is missing or shorter than 32 characters"),
        ("SECRET_KEY", "changeme", "SECRET_KEY is missing or shorter than 32 characters"),
        ("ALLOWED_HOSTS", " , ", "ALLOWED_HOSTS is empty; set it to the host names"),
        ("DATABASE_URL", "mysql://db/kilowatch", "DATABASE_URL must name a PostgreSQL"),
        ("DATABASE_URL", "kilowatch", "DATABASE_URL must name a PostgreSQL"),
        ("DATABASE_URL", "postgresql://u:p@h:port/db", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://u:p@h/db?nonsense=1", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://u:p@h", "DATABASE_URL names no database"),
        ("DATABASE_URL", "", "Only one of DATABASE_URL and REDIS_URL is set"),
        ("REDIS_URL", "", "Only one of DATABASE_URL and REDIS_URL is set"),
        ("REDIS_URL", "http://cache.example", "REDIS_URL can't be read"),
        ("REDIS_URL", "redis://", "REDIS_URL can't be read"),
        ("REDIS_URL", "redis://cache:port/0", "REDIS_URL can't be read"),
        ("EMAIL_URL", "", "EMAIL_URL is missing or can't be read"),
        ("EMAIL_URL", "mail.example", "EMAIL_URL is missing or can't be read"),
        ("EMAIL_URL", "smtp+tls://", "EMAIL_URL is missing or can't be read"),
        ("EMAIL_URL", "smtp://mail.example:x", "EMAIL_URL is missing or can't be read"),
        ("METRICS_NETWORKS", "10.0.0.0/8,prom", "METRICS_NETWORKS holds 'prom', which is not"),
        ("METRICS_NETWORKS", "10.0.0.1/8", "METRICS_NETWORKS holds '10.0.0.1/8', which is not"),
        ("OUTSIDE_NETWORKS", "ocsp.example", "OUTSIDE_NETWORKS holds 'ocsp.example', which is"),
        ("OCPP_TLS_PORT", "99999", "OCPP_TLS_PORT is '99999'; it must be"),
        ("OCPP_TLS_KEYS", "a.key,b.key", "OCPP_TLS_CERTIFICATES names 0 files and OCPP_TLS_KEYS 2"),
        ("METER_RETENTION_DAYS", "0", "METER_RETENTION_DAYS is '0'; it must be"),
        ("MAP_TILES_URL", "tiles.example/{z}/{x}/{y}.png", "MAP_TILES_URL is 'tiles.example"),
        ("MAP_TILES_URL", "https://tiles.example/map.png", "MAP_TILES_URL is 'https://tiles"),
        ("MAP_TILES_URL", "https://{s}.example/{z}/{x}/{y}", "MAP_TILES_URL is 'https://{s}"),
        ("MAP_TILES_URL", "https://a.example; x/{z}/{x}/{y}", "MAP_TILES_URL is 'https://a"),
        ("FRAME_RETENTION_DAYS", "ever", "FRAME_RETENTION_DAYS is 'ever'; it must be"),
    ],
)
def test_a_bad_value_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        load(monkeypatch, {**PRODUCTION, variable: value})
    assert str(refused.value).startswith(sentence)


def test_with_tls_on_chargers_are_told_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"OCPP_TLS_CERTIFICATES": "rsa.pem,ec.pem"}
    settings = load(monkeypatch, {"OCPP_TLS_PORT": "9443", **files})
    assert settings["OCPP_PUBLIC_URL"] == "wss://localhost:9443/ocpp"
    names = [Path("rsa.pem"), Path("ec.pem")]
    assert settings["OCPP_TLS_FILES"] == [(name, name) for name in names]
    assert settings["OCPP_TLS_STATIC_RSA"] is False


@pytest.mark.parametrize("url", ["postgresql://u:s3cr3t@h:port/db", "mysql://u:s3cr3t@h/db"])
def test_a_refused_database_url_keeps_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        load(monkeypatch, {**PRODUCTION, "DATABASE_URL": url})
    assert "s3cr3t" not in str(refused.value)


def test_a_folder_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match=r"file.*set DATA to a folder of your own"):
        load(monkeypatch, {"DATA": str(tmp_path / "file")})


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "migrate"],
        ["manage.py", "gateway"],
        ["-m", "uvicorn", "cpms.asgi:web"],
        ["-m", "celery", "--app", "cpms.celery", "worker"],
        ["-m", "celery", "--app", "cpms.celery", "beat"],
    ],
)
def test_every_process_says_it_in_one_sentence(command: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "WEB_PORT": "eighty"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    sentence = "WEB_PORT is 'eighty'; it must be a whole number from 1 to 65535."
    assert result.stdout + result.stderr == f"Kilowatch can't start: {sentence}\n"
    assert result.returncode == 1


def test_a_database_url_may_hold_what_libpq_knows() -> None:
    found = environment.database("postgresql://u%40:p%2F@h:6432/db?sslmode=verify-full")
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "db",
        "USER": "u@",
        "PASSWORD": "p/",
        "HOST": "h",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "verify-full"},
    }


def test_a_folder_of_sockets_keeps_its_capitals() -> None:
    found = environment.database("postgresql://kilowatch@/kilowatch?host=/tmp/Data/run")
    assert found["HOST"] == "/tmp/Data/run"


def test_chargers_may_use_any_host_name_and_get_no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, {**PRODUCTION, "KILOWATCH_ROLE": "gateway"})
    assert settings["ALLOWED_HOSTS"] == ["*"]
    assert settings["ROOT_URLCONF"] == "cpms.ocpp.urls"
    assert not any("session" in name for name in settings["MIDDLEWARE"])  # type: ignore[attr-defined]
    assert settings["SECURE_SSL_REDIRECT"] is False


def test_no_module_of_cpms_escapes_the_contracts() -> None:
    """An unlisted module may import anything: every one is named in all three."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        rooms, house, wire = tomllib.load(file)["tool"]["importlinter"]["contracts"][:3]
    paths = (ROOT / "cpms").iterdir()
    found = {path.stem for path in paths if path.suffix == ".py" or (path / "__init__.py").exists()}
    found -= {"__init__"}
    assert found - names(house["layers"]) == set()
    assert {f"cpms.{name}" for name in found} - names(rooms["layers"]) == set()
    assert {f"cpms.{name}" for name in found - {"ocpp"}} - set(wire["source_modules"]) == set()


def names(layers: list[str]) -> set[str]:
    return {name for layer in layers for name in re.split(r"\W*[:|]\W*", layer)}
