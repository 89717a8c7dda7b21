"""A certificate of a station renewed: its request, what it gets, and whether it shows it."""

import itertools

from cryptography import x509 as crypto
from cryptography.hazmat.primitives.asymmetric import ec

from cpms.control.models import Certificate
from cpms.control.pki import authorities, x509
from tests import pki
from tests.conformance.asking import Asking
from tests.conformance.case import Case
from tests.conformance.station import Asked, Station


def key(case: Case) -> ec.EllipticCurvePrivateKey:
    """Return the station's new key: no two stations may have the same."""
    return pki.ec_key(case.identity)


def serial(case: Case) -> str:
    """Return the station's serial number."""
    return f"SN-{case.identity}"


async def requests(
    case: Case, station: Station, name: str, organisation: str = "Conformity", **more: str
) -> Asked:
    """Ask for a certificate; return the CALL that brings it."""
    answer = await station.call(
        "SignCertificate", csr=pki.csr(name, organisation, key(case)), **more
    )
    assert answer == {"status": "Accepted"}
    return await station.asked("CertificateSigned")


def chain(case: Case, asked: Asked) -> list[crypto.Certificate]:
    """Return the certificates that were brought: the first is for our key and well signed."""
    found = x509.read(asked.payload["certificateChain"])
    assert found[0].public_key() == key(case).public_key()
    for lower, upper in itertools.pairwise(found):
        assert x509.is_signed_by(lower, upper)
    assert found[0].serial_number > 0
    return found


async def answered(case: Case, asked: Asked, status: str) -> Certificate:
    """Say whether the certificate is taken; return what is kept of it."""
    await asked.answer(status=status)
    issued = Certificate.objects.select_related("authority__issuer")
    made = await issued.aget(charger__identity=case.identity)
    await Asking(made.delivery_id).ends(status.lower(), status)  # type: ignore[arg-type]
    made = await issued.aget(pk=made.pk)
    assert (made.accepted_at is not None, made.rejected_at is not None) == (
        status == "Accepted",
        status == "Rejected",
    )
    return made


def is_by_a_root_of_ours(made: Certificate) -> bool:
    """Tell whether a certificate was issued under a root of ours."""
    root = made.authority.issuer
    return root is not None and x509.is_signed_by(
        authorities.certificate_of(made.authority), authorities.certificate_of(root)
    )
