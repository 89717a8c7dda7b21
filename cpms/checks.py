"""What is allowed, yet a mistake in production: said by `manage.py check --deploy`."""

import ipaddress
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Mistake

LOCAL_NAMES = {"", "localhost"}


def is_loopback(host: str) -> bool:
    """Whether `host` (a name, an address, a socket's folder) is this machine."""
    if host in LOCAL_NAMES or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@register(Tags.security)
def debug_on_a_shared_database(**_: Any) -> list[CheckMessage]:
    """DEBUG makes demo users with known passwords: never on a database that others reach."""
    host = settings.DATABASES["default"]["HOST"]
    if not settings.DEBUG or is_loopback(host):
        return []
    return [
        Error(
            f"DEBUG is on with the database on {host}.",
            hint="Unset DEBUG: it shows errors to visitors and makes users with known passwords.",
            id="kilowatch.E001",
        )
    ]


@register(Tags.files)
def files_can_be_kept(**_: Any) -> list[CheckMessage]:
    """Logs and firmware need a folder that can be written."""
    folder = settings.FILES
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if os.access(existing, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"FILES is {folder}, which this user can't write.",
            hint="Make the folder, or set FILES to one that all gateways and web nodes share.",
            id="kilowatch.E002",
        )
    ]


@register(Tags.security, deploy=True)
def open_to_the_network(**_: Any) -> list[CheckMessage]:
    """Addresses that people and chargers use in production should be encrypted ones."""
    return [*_plain_addresses(), *_any_host(), *_mail_to_nobody(), *_nobody_ends_tls()]


def _plain_addresses() -> Iterator[CheckMessage]:
    addresses = {
        "PUBLIC_URL": ("https", settings.PUBLIC_URL, "Passwords and sessions"),
        "OCPP_PUBLIC_URL": ("wss", settings.OCPP_PUBLIC_URL, "Chargers' keys"),
    }
    for number, (name, (scheme, url, what)) in enumerate(addresses.items(), 1):
        parts = urlsplit(url)
        if parts.scheme != scheme and not is_loopback(parts.hostname or ""):
            yield Mistake(
                f"{name} is not {scheme}://.",
                hint=f"{what} cross the network in the clear.",
                id=f"kilowatch.W00{number}",
            )


def _any_host() -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Name the hosts: links in e-mails are safe only with names that are ours."
    return [Mistake("ALLOWED_HOSTS admits every name.", hint=hint, id="kilowatch.W003")]


def _mail_to_nobody() -> list[CheckMessage]:
    if settings.DEBUG or "console" not in settings.EMAIL_BACKEND:
        return []
    hint = "Alerts are printed and reach nobody: set EMAIL_URL to an SMTP server."
    return [Mistake("E-mail goes to the console.", hint=hint, id="kilowatch.W004")]


def _nobody_ends_tls() -> list[CheckMessage]:
    if not settings.SECURE_SSL_REDIRECT or settings.TRUSTED_PROXIES:
        return []
    hint = (
        "Name the proxy that ends TLS, as a network: its X-Forwarded-Proto isn't believed before,"
        " and staff are redirected to https:// for ever."
    )
    return [Mistake("TRUSTED_PROXIES names nobody.", hint=hint, id="kilowatch.W005")]
