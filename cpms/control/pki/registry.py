"""What was issued: asked for, signed, delivered, used, revoked."""

from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from cpms.control.models import Certificate, CertificateName, SigningRequest
from cpms.control.pki import authorities, requests, x509
from cpms.control.pki.requests import Applicant, Csr, Unacceptable, Use
from inventory.audit import record_deed
from inventory.models import Charger, Organisation

#: Requests of one charger in an hour; more are refused. Each may cost a signature and a CALL.
MOST_AN_HOUR = 10
#: Certificates of one charger in 30 days: they are kept as long as it is.
MOST_A_MONTH = 100
#: Requests kept of each charger.
MOST_KEPT = 50


def used(fingerprint: str, now: datetime) -> Certificate | None:
    """Note that a charger came with its certificate; return it the first time."""
    row = Certificate.objects.select_related("delivery").filter(fingerprint=fingerprint.lower())
    return row.get() if row.filter(used_at=None).update(used_at=now) else None


def cpo_name(organisation_id: int) -> str:
    """Return the organisation's name on its chargers' certificates."""
    found = CertificateName.objects.filter(organisation=organisation_id).first()
    if found is not None:
        return found.name
    name = Organisation.objects.values_list("name", flat=True).get(pk=organisation_id)
    return name[: x509.LONGEST_NAME]


def receive(
    charger_id: int, text: str, use: Use, request_id: int | None, now: datetime
) -> SigningRequest:
    """Keep a charger's request and what we think of it; nothing is signed yet."""
    charger = Charger.objects.select_related("site").get(pk=charger_id)
    made = SigningRequest(
        charger=charger,
        use=use,
        received_at=now,
        csr=text,
        digest=sha256(text.encode()).hexdigest(),
        request_id=request_id,
    )
    try:
        csr = requests.read(text)
        _examine(charger, csr, use, now)
        authorities.issuing(_algorithm(csr, use), now)
    except Unacceptable as refused:
        made.refusal, made.reason = refused.code, str(refused)[:500]
    except authorities.Unavailable as problem:
        made.refusal, made.reason = "NotAvailable", str(problem)[:500]
    made.save(force_insert=True)
    _prune(charger_id)
    return made


def _examine(charger: Charger, csr: Csr, use: Use, now: datetime) -> None:
    """Raise `Unacceptable` where this charger mustn't have this certificate."""
    lately = SigningRequest.objects.filter(
        charger=charger, received_at__gt=now - timedelta(hours=1)
    )
    if lately.count() >= MOST_AN_HOUR:
        raise Unacceptable(
            "TooManyRequests",
            _("The charger asked %s times within an hour; later ones are refused.") % MOST_AN_HOUR,
        )
    since = now - timedelta(days=30)
    if Certificate.objects.filter(charger=charger, issued_at__gt=since).count() >= MOST_A_MONTH:
        raise Unacceptable(
            "TooManyRequests",
            _("The charger was given %s certificates within 30 days; later ones are refused.")
            % MOST_A_MONTH,
        )
    applicant = Applicant(
        charger.identity, charger.serial_number, cpo_name(charger.site.organisation_id)
    )
    requests.judge(csr, use, applicant, others=_others(charger, csr))
    _examine_key(charger, csr)


def _others(charger: Charger, csr: Csr) -> set[str]:
    """Return the name that is asked for where it is another charger's, too."""
    named = csr.common_name.lower()
    others: QuerySet[Charger] = Charger.objects.annotate(
        low_identity=Lower("identity"), low_serial=Lower("serial_number")
    ).exclude(pk=charger.pk)
    if others.filter(Q(low_identity=named) | Q(low_serial=named)).exists():
        return {named}
    return set()


def _examine_key(charger: Charger, csr: Csr) -> None:
    same = Certificate.objects.filter(key_hash=csr.key_hash)
    if same.filter(revocation=Certificate.Revocation.KEY_COMPROMISE).exists():
        raise Unacceptable(
            "KeyCompromised",
            _("A certificate with the same key was revoked: the charger must make a new key."),
        )
    if same.exclude(charger=charger).exists():
        raise Unacceptable("KeyInUse", _("Another charger has a certificate with the same key."))


def _prune(charger_id: int) -> None:
    """Forget the oldest requests beyond the quota; certificates stay."""
    rows = SigningRequest.objects.filter(charger=charger_id)
    kept = rows.values("pk")[:MOST_KEPT]
    rows.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


def issue(request: SigningRequest, now: datetime) -> Certificate:
    """Sign a request that was found good, once: the same certificate if asked again.

    Raises `authorities.Unavailable`.
    """
    found = Certificate.objects.filter(request=request).first()
    if found is not None:
        return found
    csr = requests.read(request.csr)
    use = Use(request.use)
    signer = authorities.issuing(_algorithm(csr, use), now)
    organisation = cpo_name(request.charger.site.organisation_id)
    said = _said(csr, use, request.charger.identity, organisation, signer)
    made = authorities.signed(signer, said, csr.key, now, authorities.CHARGER_LASTS)
    return authorities.register(
        signer.row,
        made,
        use.value,
        made.subject.rfc4514_string(),
        charger=request.charger,
        request=request,
    )


def _algorithm(csr: Csr, use: Use) -> x509.Algorithm:
    """Return the kind of authority: a key's own kind; towards cars it is ECDSA throughout."""
    return x509.Algorithm.ECDSA if not use.is_to_us else x509.algorithm_of(csr.key)


def _said(
    csr: Csr, use: Use, identity: str, organisation: str, signer: authorities.Signer
) -> x509.Leaf:
    """Return what the certificate says: the name that was asked for, in our organisation.

    The identity is its alternative name, where the common name is the serial number.
    """
    return x509.Leaf(
        csr.common_name,
        organisation,
        to_servers=use.is_to_us,
        to_clients=use is not Use.CHARGER,
        names=[identity] if use.is_to_us and _is_host(identity) else [],
        domain="" if use is Use.CHARGER else "CPO",
        **authorities.addresses(signer.row),
    )


def _is_host(name: str) -> bool:
    """Tell whether a name fits into a certificate as a host's name."""
    return all(character.isalnum() or character in "-_." for character in name)


def revoke(row: Certificate, reason: str, by: str, now: datetime) -> bool:
    """Revoke a certificate for good; False where it was before."""
    return bool(
        Certificate.objects.filter(pk=row.pk, revoked_at=None).update(
            revoked_at=now, revocation=reason, revoked_by=by[:150]
        )
    )


def revoke_by(row: Certificate, reason: str, user: User, now: datetime) -> bool:
    """Revoke a certificate in a person's name, and enter it in the audit trail."""
    name = user.get_full_name() or user.get_username()
    with transaction.atomic():
        gone = revoke(row, reason, name, now)
        if gone:
            about = {"deed": "revoked", "certificate": row.serial, "reason": reason}
            record_deed(user, row.charger or row, about)
    return gone


def in_force(charger_id: int, now: datetime) -> Certificate | None:
    """Return the certificate that the charger shows us: the newest that it took and may use."""
    valid = Certificate.objects.filter(
        charger=charger_id,
        kind__in=[Use.CHARGER, Use.COMBINED],
        revoked_at=None,
        not_after__gt=now,
    ).exclude(accepted_at=None, used_at=None)
    return valid.order_by(F("issued_at").desc(), "-pk").first()
