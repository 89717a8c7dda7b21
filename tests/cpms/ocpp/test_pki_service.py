"""What the chargers' listener says of our certificates: revocation lists, and OCSP."""

import base64
import urllib.request
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from asgiref.sync import sync_to_async
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ocsp as rfc6960

from cpms.control.models import Certificate
from cpms.control.outside import ocsp
from cpms.control.pki import authorities
from cpms.control.pki.x509 import Algorithm, Leaf, read
from tests.cpms.ocpp.papers import paper


def issued():
    """Return a certificate of ours, its issuer, and its row."""
    now = datetime.now(UTC)
    signer = authorities.issuing(Algorithm.ECDSA, now)
    signed = authorities.signed(
        signer, Leaf("CP-1", "Acme"), paper("x").key.public_key(), now, authorities.CHARGER_LASTS
    )
    row = authorities.register(signer.row, signed, Certificate.Kind.CHARGER, "CP-1")
    return signed, read(signer.row.certificate)[0], row


async def fetch(gateway, path, body=None):
    """Return status and body."""

    def ask():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{gateway.port}{path}", body, 20) as got:
                return got.status, got.read()
        except HTTPError as refusal:
            return refusal.code, refusal.read()

    return await sync_to_async(ask, thread_sensitive=False)()


async def test_a_certificate_of_ours_is_good_until_it_is_revoked(gateway):
    mine, issuer, row = await sync_to_async(issued)()
    question = ocsp.about(mine, issuer, "http://x/")
    asked = question.encoded()
    status, answer = await fetch(gateway, "/pki/ocsp", asked)
    verdict = ocsp.judge(answer, question, datetime.now(UTC), [issuer])
    assert (status, verdict.standing, verdict.verified) == (200, ocsp.Standing.GOOD, True)
    in_path = "/pki/ocsp/" + quote(base64.b64encode(asked).decode(), safe="")
    assert (await fetch(gateway, in_path))[1] == answer  # Kept for a minute.

    await Certificate.objects.aupdate(revoked_at=datetime.now(UTC))
    nonce = rfc6960.OCSPRequestBuilder().add_certificate(
        mine, issuer, rfc6960.load_der_ocsp_request(asked).hash_algorithm
    )
    nonce = nonce.add_extension(x509.OCSPNonce(b"12345678"), critical=False).build()
    encoded = nonce.public_bytes(serialization.Encoding.DER)
    status, answer = await fetch(gateway, "/pki/ocsp", encoded)
    said = rfc6960.load_der_ocsp_response(answer)
    assert (
        ocsp.judge(answer, question, datetime.now(UTC), [issuer]).standing is ocsp.Standing.REVOKED
    )
    assert said.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"12345678"

    status, encoded = await fetch(gateway, f"/pki/crl/{row.authority_id}.crl")
    listed = x509.load_der_x509_crl(encoded)
    assert listed.is_signature_valid(issuer.public_key())
    assert listed.get_revoked_certificate_by_serial_number(mine.serial_number) is not None
    status, encoded = await fetch(gateway, "/pki/crl")
    assert (status, encoded.count(b"BEGIN X509 CRL")) == (200, 1)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/pki/", None, 404),
        ("/pki", None, 404),
        ("/pki/crl/999999999.crl", None, 404),
        ("/pki/crl/../../etc", None, 404),
        ("/pki/crl", b"x", 405),
        ("/pki/ocsp", b"x" * 5_000, 413),
        ("/pki/ocsp", b"nonsense", 200),  # "malformedRequest", in OCSP's own words.
        ("/pki/ocsp/%00%ff", None, 200),
        ("/pki/ocsp", None, 200),
    ],
)
async def test_nonsense_is_answered_all_the_same(gateway, path, body, status):
    got, answer = await fetch(gateway, path, body)
    assert got == status
    if got == 200:
        said = rfc6960.load_der_ocsp_response(answer)
        assert said.response_status is rfc6960.OCSPResponseStatus.MALFORMED_REQUEST
