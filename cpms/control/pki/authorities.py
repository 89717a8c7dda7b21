"""Our authorities: made once under a lock, kept sealed, replaced before they end.

A root and an issuing key for each algorithm. The roots sign each other as well, so that a charger
that knows one of them trusts our listener whichever certificate it shows.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from cpms.control import vault
from cpms.control.models import Authority, Certificate
from cpms.control.pki import x509
from cpms.control.pki.x509 import Algorithm, Unreadable

Kind = Authority.Kind

#: How long they are valid.
ROOT_LASTS = timedelta(days=30 * 365)
ISSUING_LASTS = timedelta(days=12 * 365)
SERVER_LASTS = timedelta(days=397)
CHARGER_LASTS = timedelta(days=2 * 365)
#: So long before its end a listener's certificate is replaced.
SERVER_RENEWED = timedelta(days=30)
#: The organisation of our own authorities.
ORGANISATION = "Kilowatch"
#: External authorities that may be trusted at once.
MOST_EXTERNAL = 50
#: Characters of an authority that signs and those above it, as they go out with each certificate.
#: (CertificateSigned.certificateChain has at most 10,000)
LONGEST_ABOVE = 7_000
LOCK = "SELECT pg_advisory_xact_lock(hashtext('kilowatch certificate authorities'))"


class Unavailable(Exception):
    """Nothing can be signed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority whose key is at hand."""

    row: Authority
    authority: x509.Authority


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What our listener shows: PEM."""

    key_pem: bytes
    chain_pem: bytes
    not_after: datetime
    fingerprint: str


def issuing(algorithm: Algorithm, now: datetime, *, ours: bool = False) -> Signer:
    """Return who signs with keys of this kind, made where there is none; raise `Unavailable`.

    An external authority whose key was imported comes before our own, but not for our listener
    (`ours`): chargers have our roots for that.
    """
    until = now + CHARGER_LASTS
    found = _current(Kind.EXTERNAL, algorithm, until) if not ours else None
    found = found or _current(Kind.ISSUING, algorithm, until) or _make_issuing(algorithm, now)
    return opened(found)


def opened(row: Authority) -> Signer:
    """Return an authority with its key; raise `Unavailable`."""
    try:
        key = x509.read_key(vault.unseal(bytes(row.key or b"")))
    except vault.Lost:
        raise Unavailable(
            _(
                "The key of “%s” was sealed with another SECRET_KEY. Set that one again, or have "
                "the authority replaced."
            )
            % row.name
        ) from None
    return Signer(row, x509.Authority(certificate_of(row), key))


def certificate_of(row: Authority | Certificate) -> x509.Certificate:
    """Return what a row keeps as PEM."""
    return x509.read(row.certificate)[0]


def _current(kind: Authority.Kind, algorithm: Algorithm, until: datetime) -> Authority | None:
    """Return the newest that signs and lasts until then."""
    return Authority.objects.filter(
        kind=kind,
        algorithm=algorithm,
        key__isnull=False,
        retired_at=None,
        not_after__gt=until,
    ).first()


def _make_issuing(algorithm: Algorithm, now: datetime) -> Authority:
    with transaction.atomic():
        _lock()
        found = _current(Kind.ISSUING, algorithm, now + CHARGER_LASTS)
        if found is not None:  # Somebody made it while we waited.
            return found
        root = opened(_root(algorithm, now))
        key = x509.new_key(algorithm)
        made = x509.intermediate(
            f"{ORGANISATION} {algorithm.upper()} issuing {now:%Y-%m-%d}",
            ORGANISATION,
            key.public_key(),
            root.authority,
            now - x509.SLOW_CLOCK,
            min(now + ISSUING_LASTS, root.row.not_after),
        )
        return _keep(Kind.ISSUING, made, key, root.row)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK)


def _root(algorithm: Algorithm, now: datetime) -> Authority:
    """Return our root of this kind; a new one where it ends before what it is to sign."""
    found = _current(Kind.ROOT, algorithm, now + ISSUING_LASTS)
    if found is not None:
        return found
    key = x509.new_key(algorithm)
    # The number keeps the names of two installations, and of two generations, apart.
    name = f"{ORGANISATION} {algorithm.upper()} root {x509.key_hash(key.public_key())[:8]}"
    start, end = now - x509.SLOW_CLOCK, now + ROOT_LASTS
    row = _keep(Kind.ROOT, x509.root(name, ORGANISATION, key, start, end), key, None)
    for other in Authority.objects.filter(
        kind=Kind.ROOT, retired_at=None, not_after__gt=now
    ).exclude(algorithm=algorithm):
        _cross(row, other)
        _cross(other, row)
    return row


def _cross(row: Authority, signer: Authority) -> None:
    """Have a root signed by another."""
    above = opened(signer)
    made = x509.cross(certificate_of(row), above.authority)
    _keep(Kind.CROSS, made, None, signer)


def _keep(
    kind: Authority.Kind,
    made: x509.Certificate,
    key: x509.PrivateKey | None,
    issuer: Authority | None,
    chain: str = "",
) -> Authority:
    return Authority.objects.create(
        kind=kind,
        algorithm=x509.algorithm_of(made.public_key()),
        name=name_of(made),
        certificate=x509.pem(made),
        chain=chain,
        fingerprint=x509.fingerprint(made),
        serial=x509.serial(made),
        not_before=made.not_valid_before_utc,
        not_after=made.not_valid_after_utc,
        key=vault.seal(x509.key_der(key)) if key is not None else None,
        issuer=issuer,
    )


def name_of(certificate: x509.Certificate) -> str:
    """Return what people know a certificate by."""
    subject = certificate.subject
    named = x509.common_name(subject) or x509.organisation(subject)
    return (named or subject.rfc4514_string() or x509.fingerprint(certificate)[:16])[:200]


def signed(
    signer: Signer, said: x509.Leaf, key: x509.PublicKey, now: datetime, lasts: timedelta
) -> x509.Certificate:
    """Return a new certificate, with the addresses at which its revocation can be learnt."""
    return x509.leaf(said, key, signer.authority, now - x509.SLOW_CLOCK, now + lasts)


def addresses(row: Authority) -> dict[str, str]:
    """Return the URLs on chargers' listener that a certificate by `row` names."""
    parts = urlsplit(settings.OCPP_PUBLIC_URL)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    base = f"{scheme}://{parts.netloc}/pki"
    return {
        "crl_url": f"{base}/crl/{row.pk}.crl",
        "ocsp_url": f"{base}/ocsp",
    }


def chain_of(row: Authority) -> str:
    """Return the PEM of an authority and those above it, but no root: who verifies has that."""
    return row.certificate + row.chain if row.kind == Kind.EXTERNAL else row.certificate


# --- Our listener's own certificates ---


def public_names() -> list[str]:
    """Return the host that chargers connect to."""
    host = urlsplit(settings.OCPP_PUBLIC_URL).hostname
    return [host] if host else ["localhost"]


def server_identity(algorithm: Algorithm, names: Sequence[str], now: datetime) -> ServerIdentity:
    """Return our listener's key and certificate for these names, the first its common name.

    Made once for all gateways; replaced 30 days before it ends. Raises `Unavailable`.
    """
    wanted = ",".join(names)[:300]
    found = _server(algorithm, wanted, now) or _make_server(algorithm, names, wanted, now)
    try:
        key = x509.read_key(vault.unseal(bytes(found.key or b"")))
    except vault.Lost:
        found = _make_server(algorithm, names, wanted, now, anew=True)
        key = x509.read_key(vault.unseal(bytes(found.key or b"")))
    return ServerIdentity(
        x509.key_pem(key),
        (found.certificate + found.authority.certificate + _crosses(found.authority)).encode(),
        found.not_after,
        found.fingerprint,
    )


def _server(algorithm: Algorithm, wanted: str, now: datetime) -> Certificate | None:
    return (
        Certificate.objects.filter(
            kind=Certificate.Kind.SERVER,
            algorithm=algorithm,
            subject=wanted,
            revoked_at=None,
            not_after__gt=now + SERVER_RENEWED,
            authority__retired_at=None,
        )
        .select_related("authority")
        .first()
    )


def _make_server(
    algorithm: Algorithm, names: Sequence[str], wanted: str, now: datetime, *, anew: bool = False
) -> Certificate:
    with transaction.atomic():
        _lock()
        found = None if anew else _server(algorithm, wanted, now)
        if found is not None:
            return found
        signer = issuing(algorithm, now, ours=True)
        key = x509.new_key(algorithm)
        said = x509.Leaf(
            names[0][: x509.LONGEST_NAME],
            ORGANISATION,
            to_servers=False,
            to_clients=True,
            names=names,
            **addresses(signer.row),
        )
        made = signed(signer, said, key.public_key(), now, SERVER_LASTS)
        return register(signer.row, made, Certificate.Kind.SERVER, wanted, key=key)


def register(
    row: Authority,
    made: x509.Certificate,
    kind: str,
    subject: str,
    *,
    key: x509.PrivateKey | None = None,
    **about: object,
) -> Certificate:
    """Keep a certificate that `row` issued."""
    public = x509.key_of(made)
    return Certificate.objects.create(
        authority=row,
        kind=kind,
        subject=subject[:300],
        serial=x509.serial(made),
        fingerprint=x509.fingerprint(made),
        key_hash=x509.key_hash(public),
        certificate=x509.pem(made),
        key=vault.seal(x509.key_der(key)) if key is not None else None,
        algorithm=x509.algorithm_of(public),
        not_before=made.not_valid_before_utc,
        not_after=made.not_valid_after_utc,
        **about,
    )


def _crosses(row: Authority) -> str:
    """Return the PEM of its root as the other roots sign it."""
    root = row.issuer
    if root is None:
        return ""
    name, key = certificate_of(root).subject, certificate_of(root).public_key()
    crosses = Authority.objects.filter(kind=Kind.CROSS, retired_at=None)
    found = [one for one in crosses if certificate_of(one).subject == name]
    return "".join(one.certificate for one in found if certificate_of(one).public_key() == key)


# --- Whose certificates are taken ---


def trusted(now: datetime) -> list[Authority]:
    """Return the authorities whose chargers' certificates are taken: ours, and external ones."""
    standing = Authority.objects.filter(retired_at=None, not_after__gt=now)
    return list(standing.exclude(kind=Kind.CROSS).order_by("id"))


def roots(now: datetime) -> list[Authority]:
    """Return our roots, for chargers to trust: ours only, the newest of each kind first."""
    return list(Authority.objects.filter(kind=Kind.ROOT, retired_at=None, not_after__gt=now))


def ensure(now: datetime) -> None:
    """Make what is missing of our authorities, of both kinds; raise `Unavailable`."""
    for algorithm in Algorithm:
        issuing(algorithm, now, ours=True)


def add_external(pem: str, key_pem: str, now: datetime) -> Authority:
    """Trust another's authority; with its key, chargers' requests are signed by it from now on.

    `pem` is its certificate, those above it after it. Raises `Unreadable` in words.
    """
    first, *above = x509.read(pem)
    if not x509.is_authority(first):
        raise Unreadable(_("This certificate may sign no others: it is no authority's."))
    if first.not_valid_after_utc <= now:
        raise Unreadable(_("This certificate has expired."))
    _check_chain([first, *above])
    chain = "".join(x509.pem(one) for one in above)
    key = _signing_key(key_pem, first, chain) if key_pem.strip() else None
    if Authority.objects.filter(kind=Kind.EXTERNAL, retired_at=None).count() >= MOST_EXTERNAL:
        raise Unreadable(_("Too many external authorities are trusted; retire some."))
    known = Authority.objects.filter(fingerprint=x509.fingerprint(first))
    if known.exclude(kind=Kind.EXTERNAL).exists():
        raise Unreadable(_("This is an authority of ours."))
    if known.exists():
        known.update(retired_at=None, chain=chain, updated_at=now)
        if key is not None:
            known.update(key=vault.seal(x509.key_der(key)))
        return known.get()
    return _keep(Kind.EXTERNAL, first, key, None, chain)


def _check_chain(chain: Sequence[x509.Certificate]) -> None:
    for lower, upper in itertools.pairwise(chain):
        if not x509.is_signed_by(lower, upper):
            raise Unreadable(
                _("“%(lower)s” isn't signed by “%(upper)s”, which follows it.")
                % {"lower": name_of(lower), "upper": name_of(upper)}
            )


def _signing_key(pem: str, first: x509.Certificate, chain: str) -> x509.PrivateKey:
    """Return the key of an authority that is to sign; raise `Unreadable`."""
    key = x509.read_key(pem.encode())
    if not x509.belongs(key, first):
        raise Unreadable(_("The key isn't this certificate's."))
    if len(x509.pem(first) + chain) > LONGEST_ABOVE:
        raise Unreadable(
            _(
                "Chargers take no more than 10,000 characters of certificates with their own: "
                "leave the root out, and what else isn't needed."
            )
        )
    return key


def retire(row: Authority, now: datetime) -> None:
    """Trust an external authority no more: chargers with its certificates are refused."""
    Authority.objects.filter(pk=row.pk, kind=Kind.EXTERNAL).update(retired_at=now, updated_at=now)
