"""Security: the certificates that a charger trusts."""

from cpms.control.models import InstalledCertificate
from cpms.control.pki import x509
from tests import pki
from tests.conformance.case import Case, case
from tests.conformance.renewal import answered, chain, requests, serial
from tests.conformance.station import Station, now
from tests.conformance.v16.states import arrived
from tests.conformance.v201.test_block_m import ROOT, hashes

#: What an operator calls the kinds.
KINDS = {
    "CentralSystemRootCertificate": "csms_root",
    "ManufacturerRootCertificate": "manufacturer_root",
}


async def installs(case: Case, station: Station, kind: str, status: str = "Accepted") -> None:
    """Have the root installed; the station answers with `status`."""
    asking = await case.asks("install_certificate", kind=KINDS[kind], certificate=ROOT)
    asked = await station.asked("InstallCertificate")
    assert asked.payload == {"certificateType": kind, "certificate": ROOT}
    await asked.answer(status=status)
    await asking.ends(status.lower(), status)


async def lists(case: Case, station: Station, kind: str, algorithm: str) -> InstalledCertificate:
    """Have the installed roots listed; return what is kept of it."""
    asking = await case.asks("list_certificates", kinds=[KINDS[kind]])
    asked = await station.asked("GetInstalledCertificateIds")
    assert asked.payload == {"certificateType": kind}
    await asked.answer(status="Accepted", certificateHashData=[hashes(algorithm)])
    await asking.ends("accepted", "Accepted")
    kept = await InstalledCertificate.objects.aget(charger__identity=case.identity)
    assert kept.subject == x509.common_name(pki.root().subject)
    return kept


async def installs_and_lists(case: Case, kind: str) -> None:
    """Entries 0 and 1."""
    station = await arrived(case)
    with case.proves(0):
        await installs(case, station, kind)
    with case.proves(1):
        await lists(case, station, kind, "SHA256")


@case("TC_075_1_CSMS")
async def test_a_manufacturer_s_root(case: Case) -> None:
    await installs_and_lists(case, "ManufacturerRootCertificate")


@case("TC_075_2_CSMS")
async def test_a_root_of_ours(case: Case) -> None:
    await installs_and_lists(case, "CentralSystemRootCertificate")


@case("TC_076_CSMS")
async def test_a_root_is_deleted(case: Case) -> None:
    station = await arrived(case)
    kind = "CentralSystemRootCertificate"
    with case.proves(0):
        for algorithm in ("SHA256", "SHA384", "SHA512"):
            await installs(case, station, kind)
            kept = await lists(case, station, kind, algorithm)
            asking = await case.asks(
                "delete_certificate",
                hash_algorithm=kept.hash_algorithm,
                issuer_name_hash=kept.issuer_name_hash,
                issuer_key_hash=kept.issuer_key_hash,
                serial=kept.serial,
            )
            asked = await station.asked("DeleteCertificate")
            assert asked.payload == {"certificateHashData": hashes(algorithm)}
            await asked.answer(status="Accepted")
            await asking.ends("accepted", "Accepted")


@case("TC_078_CSMS")
async def test_a_root_is_refused(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await installs(case, station, "CentralSystemRootCertificate", "Rejected")
    with case.proves(1):
        told = {"type": "InvalidCentralSystemCertificate", "timestamp": now()}
        assert await station.call("SecurityEventNotification", **told) == {}
        assert await case.events("security_event") == ["InvalidCentralSystemCertificate"]


async def asked_to_renew(case: Case, station: Station) -> None:
    """Have the operator renew the certificate; the charger says it will."""
    asking = await case.asks("trigger", message="sign_charger_certificate")
    asked = await station.asked("ExtendedTriggerMessage")
    assert asked.payload == {"requestedMessage": "SignChargePointCertificate"}
    await asked.answer(status="Accepted")
    await asking.ends("accepted", "Accepted")


@case("TC_077_CSMS")
async def test_a_certificate_that_the_charger_refuses(case: Case) -> None:
    await case.charger(serial_number=serial(case))
    station = await arrived(case)
    with case.proves(0):
        await asked_to_renew(case, station)
    with case.proves(1):
        brought = await requests(case, station, serial(case))
    with case.proves(2):
        assert x509.common_name(chain(case, brought)[0].subject) == serial(case)
        await answered(case, brought, "Rejected")
    with case.proves(3):
        told = {"type": "InvalidChargePointCertificate", "timestamp": now()}
        assert await station.call("SecurityEventNotification", **told) == {}
        assert await case.events("security_event") == ["InvalidChargePointCertificate"]
