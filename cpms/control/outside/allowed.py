"""Whom we may ask for an organisation, and whose contracts count there: kept by staff."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult

from cryptography import x509 as crypto
from django.utils.translation import gettext as _

from cpms.control import vault
from cpms.control.models import ContractAuthority, ContractPool, Responder
from cpms.control.outside import fetch
from cpms.control.pki import x509
from cpms.control.pki.authorities import name_of

#: Of one organisation.
MOST_RESPONDERS = 50
MOST_AUTHORITIES = 50
LONGEST_TOKEN = 4_000
HOST = re.compile(r"(?=.{1,253}(?::|$))[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[1-9]\d{0,4})?", re.ASCII)


class Unacceptable(ValueError):
    """What staff entered can't be used; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A provider of contracts, ready to be asked."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """What counts for one organisation."""

    hosts: frozenset[str] = frozenset()
    authorities: tuple[crypto.Certificate, ...] = ()
    pool: Pool | None = None

    def may_ask(self, parts: SplitResult) -> bool:
        """Tell whether the responder at an address is one of ours; the port counts if named."""
        host = (parts.hostname or "").lower()
        port = fetch.port_of(parts)
        usual = port == (443 if parts.scheme == "https" else 80)
        return f"{host}:{port}" in self.hosts or (usual and host in self.hosts)


def of(organisation_id: int, now: datetime) -> Allowed:
    """Return what counts for an organisation now."""
    hosts = Responder.objects.filter(organisation=organisation_id).values_list("host", flat=True)
    kept = ContractAuthority.objects.filter(organisation=organisation_id, not_after__gt=now)
    return Allowed(
        frozenset(hosts),
        tuple(x509.read(pem)[0] for pem in kept.values_list("certificate", flat=True)),
        _pool(organisation_id),
    )


def _pool(organisation_id: int) -> Pool | None:
    row = ContractPool.objects.filter(organisation=organisation_id).first()
    if row is None:
        return None
    try:
        return Pool(row.url, vault.unseal(bytes(row.token)).decode() if row.token else "")
    except vault.Lost:
        return None


def add_responder(organisation_id: int, text: str, by: str) -> Responder:
    """Let a responder be asked: a host, host:port, or an address of it. Raises `Unacceptable`."""
    host = _host(text)
    rows = Responder.objects.filter(organisation=organisation_id)
    if rows.count() >= MOST_RESPONDERS and not rows.filter(host=host).exists():
        raise Unacceptable(_("There are too many responders already; remove some."))
    made, _new = Responder.objects.get_or_create(
        organisation_id=organisation_id, host=host, defaults={"added_by": by}
    )
    return made


def _host(text: str) -> str:
    host = text.strip().lower()
    if "://" in host:
        try:
            parts = fetch.readable(text.strip())
        except fetch.Unreachable:
            raise Unacceptable(_("This is no http or https address.")) from None
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    if not HOST.fullmatch(host) or int(host.rpartition(":")[2] if ":" in host else 0) > 65_535:
        raise Unacceptable(_("Write a host name, like ocsp.example.com or ocsp.example.com:8080."))
    return host


def set_pool(organisation_id: int, url: str, token: str | None, by: str) -> ContractPool:
    """Have contracts asked for at `url`; `token` None keeps the one there is.

    Raises `Unacceptable`.
    """
    try:
        parts = fetch.readable(url.strip())
    except fetch.Unreachable:
        raise Unacceptable(_("This is no http or https address.")) from None
    if len(url) > 500 or (token and (len(token) > LONGEST_TOKEN or not _is_header(token))):
        raise Unacceptable(_("The address or the token is too long, or holds odd characters."))
    if parts.scheme != "https" and token:
        raise Unacceptable(_("A token would travel in the open: write an https address."))
    kept = ContractPool.objects.filter(organisation=organisation_id).first()
    # Another host doesn't get the token that was meant for this one.
    moved = kept is not None and fetch.readable(kept.url).netloc != parts.netloc
    about: dict[str, object] = {"url": url.strip(), "changed_by": by}
    if token is not None or moved:
        about["token"] = vault.seal(token.encode()) if token else None
    made, _new = ContractPool.objects.update_or_create(
        organisation_id=organisation_id, defaults=about
    )
    return made


def _is_header(token: str) -> bool:
    return token.isascii() and token.isprintable()


def add_authority(organisation_id: int, pem: str, by: str, now: datetime) -> ContractAuthority:
    """Let contract certificates by an authority count. Raises `Unacceptable`."""
    try:
        made, *_more = x509.read(pem)
    except x509.Unreadable as problem:
        raise Unacceptable(str(problem)) from None
    if not x509.is_authority(made):
        raise Unacceptable(_("This certificate may sign no others: it is no authority's."))
    if made.not_valid_after_utc <= now:
        raise Unacceptable(_("This certificate has expired."))
    rows = ContractAuthority.objects.filter(organisation=organisation_id)
    if rows.count() >= MOST_AUTHORITIES:
        raise Unacceptable(_("There are too many authorities already; remove some."))
    row, _new = ContractAuthority.objects.get_or_create(
        organisation_id=organisation_id,
        fingerprint=x509.fingerprint(made),
        defaults={
            "subject": name_of(made)[:300],
            "certificate": x509.pem(made),
            "not_after": made.not_valid_after_utc,
            "added_by": by,
        },
    )
    return row
