"""The authorities: made once, trusted, replaced; what they issue, and what they say of it."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509 as crypto
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store

from cpms.control.models import Authority, Certificate, CertificateName, SigningRequest
from cpms.control.pki import authorities, registry, revocation, x509
from cpms.control.pki.requests import Use
from cpms.control.pki.x509 import Algorithm, Unreadable
from inventory.models import Charger
from tests import pki

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def issued(charger: Charger, text: str, use: Use = Use.CHARGER, at: datetime = NOW) -> Certificate:
    """Have a request granted."""
    request = registry.receive(charger.pk, text, use, None, at)
    assert request.refusal == "", request.reason
    return registry.issue(request, at)


@pytest.mark.django_db
def test_authorities_are_made_once() -> None:
    authorities.ensure(NOW)
    authorities.ensure(NOW)
    kinds = sorted(Authority.objects.values_list("kind", "algorithm"))
    assert kinds == [
        (kind, algorithm) for kind in ("cross", "issuing", "root") for algorithm in ("ecdsa", "rsa")
    ]


@pytest.mark.django_db
def test_no_key_is_readable_in_the_database() -> None:
    authorities.ensure(NOW)
    authorities.server_identity(Algorithm.ECDSA, ["ocpp.example.org"], NOW)
    keys = [
        *Authority.objects.exclude(key=None).values_list("key", flat=True),
        *Certificate.objects.exclude(key=None).values_list("key", flat=True),
    ]
    assert len(keys) == 4 + 1
    for key in keys:
        with pytest.raises(ValueError, match="deserialize"):
            serialization.load_der_private_key(bytes(key or b""), None)


@pytest.mark.django_db
@pytest.mark.parametrize("shown", list(Algorithm))
@pytest.mark.parametrize("known", list(Algorithm))
def test_who_knows_either_root_trusts_both_certificates_of_the_listener(
    shown: Algorithm, known: Algorithm
) -> None:
    authorities.ensure(NOW)
    ours = authorities.server_identity(shown, ["ocpp.example.org", "192.0.2.7"], NOW)
    root = Authority.objects.get(kind="root", algorithm=known)
    leaf, *others = crypto.load_pem_x509_certificates(ours.chain_pem)
    verifier = (
        PolicyBuilder()
        .store(Store([authorities.certificate_of(root)]))
        .time(NOW)
        .build_server_verifier(crypto.DNSName("ocpp.example.org"))
    )
    verifier.verify(leaf, others)
    assert x509.common_name(leaf.subject) == "ocpp.example.org"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert context.get_ca_certs() == []
    pem = "".join(row.certificate for row in authorities.trusted(NOW))
    context.load_verify_locations(cadata=pem)
    assert len(context.get_ca_certs()) == 4


@pytest.mark.django_db
def test_the_listener_s_certificate_is_shared_and_replaced_before_it_ends() -> None:
    first = authorities.server_identity(Algorithm.ECDSA, ["a.example"], NOW)
    assert authorities.server_identity(Algorithm.ECDSA, ["a.example"], NOW) == first
    later = NOW + authorities.SERVER_LASTS - authorities.SERVER_RENEWED
    second = authorities.server_identity(Algorithm.ECDSA, ["a.example"], later)
    assert second.fingerprint != first.fingerprint
    other = authorities.server_identity(Algorithm.ECDSA, ["b.example"], NOW)
    assert other.fingerprint != first.fingerprint


@pytest.mark.django_db
def test_an_authority_that_would_end_before_what_it_signs_is_replaced() -> None:
    old = authorities.issuing(Algorithm.ECDSA, NOW).row
    late = NOW + authorities.ISSUING_LASTS - authorities.CHARGER_LASTS + timedelta(days=1)
    new = authorities.issuing(Algorithm.ECDSA, late).row
    assert new.pk != old.pk
    assert {old.pk, new.pk} <= {row.pk for row in authorities.trusted(late)}


@pytest.mark.parametrize("key", [pki.ec_key(1), pki.rsa_key(1)])
def test_a_charger_s_certificate_says_who_it_is(charger: Charger, key: object) -> None:
    made = issued(charger, pki.csr("SN-1", key=key))  # type: ignore[arg-type]
    certificate = authorities.certificate_of(made)
    assert x509.common_name(certificate.subject) == "SN-1"
    assert x509.organisation(certificate.subject) == "Northern Charge"
    assert certificate.public_key() == key.public_key()  # type: ignore[attr-defined]
    assert made.authority.algorithm == made.algorithm == x509.algorithm_of(key)
    find = certificate.extensions.get_extension_for_class
    assert list(find(crypto.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert find(crypto.KeyUsage).value.digital_signature
    names = find(crypto.SubjectAlternativeName).value
    assert names.get_values_for_type(crypto.DNSName) == ["CP-1"]
    (point,) = find(crypto.CRLDistributionPoints).value
    assert point.full_name[0].value.endswith(f"/pki/crl/{made.authority_id}.crl")
    certificate.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS)
    verifier = (
        PolicyBuilder()
        .store(Store([authorities.certificate_of(row) for row in authorities.roots(NOW)]))
        .time(NOW)
        .build_client_verifier()
    )
    verifier.verify(certificate, [authorities.certificate_of(made.authority)])


def test_certificates_towards_cars_are_ecdsa_throughout(charger: Charger) -> None:
    made = issued(charger, pki.csr("DE-ABC-S1"), Use.V2G)
    assert made.authority.algorithm == "ecdsa"
    assert "DC=CPO" in made.subject


def test_a_request_is_signed_once(charger: Charger) -> None:
    request = registry.receive(charger.pk, pki.csr("CP-1"), Use.CHARGER, None, NOW)
    assert registry.issue(request, NOW) == registry.issue(request, NOW)


def test_another_charger_s_name_or_key_is_refused(charger: Charger) -> None:
    other = Charger.objects.create(site=charger.site, identity="CP-2", serial_number="SN-1")
    issued(other, pki.csr("CP-2"))
    refusals = [
        registry.receive(charger.pk, pki.csr(name, key=key), Use.CHARGER, None, NOW).refusal
        for name, key in [("CP-2", pki.ec_key(1)), ("SN-1", pki.ec_key(1)), ("CP-1", pki.ec_key())]
    ]
    assert refusals == ["InvalidCN", "InvalidCN", "KeyInUse"]


def test_a_key_that_was_compromised_gets_no_certificate_again(charger: Charger) -> None:
    made = issued(charger, pki.csr("CP-1"))
    assert registry.revoke(made, "keyCompromise", "Olga", NOW)
    again = registry.receive(charger.pk, pki.csr("CP-1"), Use.CHARGER, None, NOW)
    assert again.refusal == "KeyCompromised"


def test_requests_without_end_are_refused_and_forgotten(charger: Charger) -> None:
    codes = [
        registry.receive(charger.pk, "junk", Use.CHARGER, None, NOW).refusal for _n in range(11)
    ]
    assert codes == ["InvalidCSR"] * 11
    good = registry.receive(charger.pk, pki.csr("CP-1"), Use.CHARGER, None, NOW)
    assert good.refusal == "TooManyRequests"
    later = registry.receive(
        charger.pk, pki.csr("CP-1"), Use.CHARGER, None, NOW + timedelta(minutes=61)
    )
    assert later.refusal == ""
    for minute in range(60):
        registry.receive(charger.pk, "junk", Use.CHARGER, None, NOW + timedelta(hours=2 + minute))
    assert SigningRequest.objects.count() == registry.MOST_KEPT


def test_the_name_on_certificates_may_differ_from_the_organisation_s(charger: Charger) -> None:
    organisation = charger.site.organisation
    organisation.certificate_name = CertificateName(organisation=organisation, name="NorthCPO")
    organisation.certificate_name.save()
    made = issued(charger, pki.csr("CP-1", "NorthCPO"))
    assert "O=NorthCPO" in made.subject


def asked(made: Certificate, algorithm: hashes.HashAlgorithm) -> ocsp.OCSPResponse:
    """Ask our responder after a certificate."""
    issuer = authorities.certificate_of(made.authority)
    certificate = authorities.certificate_of(made)
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm)
    request = request.add_extension(crypto.OCSPNonce(b"0123456789abcdef"), critical=False)
    answer = revocation.ocsp(request.build().public_bytes(serialization.Encoding.DER), NOW)
    return ocsp.load_der_ocsp_response(answer)


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
def test_what_is_revoked_is_listed_and_answered(
    charger: Charger, algorithm: hashes.HashAlgorithm
) -> None:
    good, bad = (issued(charger, pki.csr("CP-1", key=pki.ec_key(number))) for number in range(2))
    registry.revoke(bad, "superseded", "Olga", NOW)
    assert not registry.revoke(bad, "superseded", "Olga", NOW)
    assert asked(good, algorithm).certificate_status is ocsp.OCSPCertStatus.GOOD
    answer = asked(bad, algorithm)
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.revocation_reason is crypto.ReasonFlags.superseded
    assert answer.extensions.get_extension_for_class(crypto.OCSPNonce).value.nonce
    listed = crypto.load_der_x509_crl(revocation.crl(bad.authority_id, NOW) or b"")
    assert [f"{one.serial_number:X}" for one in listed] == [bad.serial]
    assert listed.is_signature_valid(authorities.certificate_of(bad.authority).public_key())  # type: ignore[arg-type]


@pytest.mark.django_db
def test_nonsense_asked_of_the_responder_is_answered() -> None:
    for junk in (b"", b"junk", b"0" * 100_000):
        answer = ocsp.load_der_ocsp_response(revocation.ocsp(junk, NOW))
        assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert revocation.crl(12_345, NOW) is None


def external(key: x509.PrivateKey) -> str:
    """Return another's root."""
    made = x509.root("Other root", "Other", key, NOW, NOW + timedelta(days=3650))
    return x509.pem(made)


@pytest.mark.django_db
def test_an_external_authority_is_trusted_until_it_is_retired() -> None:
    row = authorities.add_external(external(pki.ec_key(5)), "", NOW)
    assert row in authorities.trusted(NOW)
    authorities.retire(row, NOW)
    assert row not in authorities.trusted(NOW)
    assert authorities.add_external(external(pki.ec_key(6)), "", NOW).pk != row.pk


def test_an_external_authority_with_its_key_signs_instead_of_ours(charger: Charger) -> None:
    key = pki.ec_key(5)
    row = authorities.add_external(external(key), x509.key_pem(key).decode(), NOW)
    assert issued(charger, pki.csr("CP-1")).authority == row
    server = authorities.server_identity(Algorithm.ECDSA, ["a.example"], NOW)
    assert x509.read(server.chain_pem.decode())[0].issuer != authorities.certificate_of(row).subject


@pytest.mark.django_db
def test_an_authority_that_is_to_sign_has_no_longer_chain_than_chargers_take() -> None:
    root, key = pki.ec_key(5), pki.ec_key(6)
    above = x509.Authority(x509.read(external(root))[0], root)
    under = x509.pem(
        x509.intermediate(
            "Other issuing", "O" * 5_200, key.public_key(), above, NOW, NOW + timedelta(days=9)
        )
    )
    with pytest.raises(Unreadable, match="10,000"):
        authorities.add_external(under, x509.key_pem(key).decode(), NOW)
    assert authorities.add_external(under, "", NOW).key is None  # It signs nothing here.


@pytest.mark.django_db
def test_what_is_no_authority_is_refused_in_words() -> None:
    for junk in ("", "junk", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"):
        with pytest.raises(Unreadable):
            authorities.add_external(junk, "", NOW)
    server = authorities.server_identity(Algorithm.ECDSA, ["a.example"], NOW)
    with pytest.raises(Unreadable, match="no authority"):
        authorities.add_external(server.chain_pem.decode(), "", NOW)
    other = x509.key_pem(pki.ec_key(6)).decode()
    with pytest.raises(Unreadable, match="key isn't"):
        authorities.add_external(external(pki.ec_key(5)), other, NOW)
    with pytest.raises(Unreadable, match="expired"):
        authorities.add_external(external(pki.ec_key(5)), "", NOW + timedelta(days=4000))
    both = external(pki.ec_key(5)) + external(pki.ec_key(6))
    with pytest.raises(Unreadable, match="isn't signed by"):
        authorities.add_external(both, "", NOW)
