"""Environment variables, read and checked: a bad value is one sentence that says which and why."""

import ipaddress
import os
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off"}
EMPTY = urlsplit("")
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


def text(name: str, default: str = "") -> str:
    """Return the variable `name` without surrounding blanks; empty counts as missing."""
    return os.environ.get(name, "").strip() or default


def words(name: str) -> list[str]:
    """Return the variable `name` split at commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def switch(name: str, *, default: bool) -> bool:
    """Return the variable `name` as yes or no."""
    value = text(name, "yes" if default else "no").lower()
    if value not in YES | NO:
        raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")
    return value in YES


def integer(name: str, default: int, low: int, high: int) -> int:
    """Return the variable `name` as a whole number from `low` to `high`."""
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must be a whole number from {low} to {high}."
        )
    return int(value)


def choice(name: str, default: str, allowed: Collection[str]) -> str:
    """Return the variable `name`, one of `allowed`."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def public_url(name: str, default: str, schemes: Collection[str]) -> str:
    """Return the URL in the variable `name`, without a trailing slash."""
    value = text(name, default)
    if not _is_public_url(value, schemes):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must be a full URL ({' or '.join(schemes)}://host…) "
            "by which this installation is reached from outside."
        )
    return value.rstrip("/")


def files_url(ocpp_url: str) -> str:
    """Return the address of /files beside chargers' WebSockets: the same host and port."""
    parts = split(ocpp_url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, "")
    return f"{scheme}://{parts.netloc}/files" if scheme else ""


def _is_public_url(value: str, schemes: Collection[str]) -> bool:
    parts = split(value)
    extra = parts.query or parts.fragment or parts.username
    return parts.scheme in schemes and bool(parts.hostname) and not extra


def split(url: str) -> SplitResult:
    """Return the parts of `url`; all empty for a port that isn't one or a bracket left open."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else EMPTY
    except ValueError:
        return EMPTY


#: A host by its name, so that the content policy can name it too, and an address below it.
TILES = re.compile(r"(https?://[A-Za-z0-9.-]+(?::\d{1,5})?)/[^\s\"'<>;,]*", re.ASCII)


def tiles(name: str) -> str:
    """Return the address of a server's map tiles in the variable `name`, or "" without one."""
    value = text(name)
    wanted = all(part in value for part in ("{z}", "{x}", "{y}"))
    if value and not (wanted and TILES.fullmatch(value) and split(value).hostname):
        raise ImproperlyConfigured(
            f"{name} is {value!r}; write the address of one server's tiles, like "
            "https://tiles.example/{z}/{x}/{y}.png."
        )
    return value


def networks(name: str) -> list[str]:
    """Return the variable `name` as IP networks, separated by commas."""
    found = words(name)
    for network in found:
        try:
            ipaddress.ip_network(network)
        except ValueError as problem:
            raise ImproperlyConfigured(
                f"{name} holds {network!r}, which is not a network; write 10.0.0.0/8,fd00::/8."
            ) from problem
    return found


def pairs_of_files(certificates: str, keys: str) -> list[tuple[Path, Path]]:
    """Return the files in two variables, pair by pair; without keys each certificate has its own.

    Files are separated by commas.
    """
    first, second = words(certificates), words(keys)
    if second and len(first) != len(second):
        raise ImproperlyConfigured(
            f"{certificates} names {len(first)} files and {keys} {len(second)}; name a key for "
            f"each certificate in the same order, or leave {keys} out where they are in one file."
        )
    return [(Path(one), Path(two)) for one, two in zip(first, second or first, strict=True)]


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for the PostgreSQL at `url`; its parameters may be any of libpq's.

    The messages don't repeat the URL: it holds a password.
    """
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database, postgresql://user:password@host/name: "
            "Kilowatch needs its exclusion constraints and partitions."
        )
    parts = _connection(url)
    known = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    found = {ours: parts.pop(theirs, "") for ours, theirs in (known | {"PORT": "port"}).items()}
    return {"ENGINE": "django.db.backends.postgresql", **found, "OPTIONS": parts}


def _connection(url: str) -> dict[str, str]:
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.Error:
        parts = {"port": "unreadable"}
    if not re.fullmatch(r"[\d,]*", parts.get("port", ""), re.ASCII):
        raise ImproperlyConfigured(
            "DATABASE_URL can't be read; write postgresql://user:password@host:5432/name, with "
            "special characters of the password as %XX."
        )
    if not parts.get("dbname"):
        raise ImproperlyConfigured("DATABASE_URL names no database; end it with /name.")
    return parts


def redis_url(url: str) -> str:
    """Return `url` if it names a Redis or Valkey server."""
    parts = split(url)
    place = parts.path if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in {"redis", "rediss", "unix"} or not place:
        raise ImproperlyConfigured(
            "REDIS_URL can't be read; write redis://host:6379/0 or unix:///path/to.sock?db=0."
        )
    return url


def email(url: str) -> dict[str, Any]:
    """Return Django's mail settings for `url`: SMTP plain, with STARTTLS or TLS, or the console."""
    if url == "consolemail://":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = split(url)
    if parts.scheme not in MAIL_PORTS or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL is missing or can't be read; write smtp+tls://user:password@host:587, "
            "smtp+ssl://…, smtp://… or consolemail://."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtp+ssl",
        "EMAIL_TIMEOUT": 20,
    }


def settle() -> None:
    """Load the settings, or end the process with the sentence that says what is wrong."""
    try:
        _ = settings.DEBUG
    except ImproperlyConfigured as problem:
        sys.exit(f"Kilowatch can't start: {problem}")
