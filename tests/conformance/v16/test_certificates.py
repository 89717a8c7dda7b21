"""Security: the certificates that a charger trusts."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station, now
from tests.conformance.v16.states import arrived, sent

ROOT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
ACCEPTED = {"status": "Accepted"}


async def installs(case: Case, station: Station, kind: str, status: str = "Accepted") -> None:
    """Have the root installed; the station answers with `status`."""
    asked = {"certificateType": kind, "certificate": ROOT}
    await sent(case, station, "InstallCertificate", asked, {"status": status}, status.lower())


def hashes(algorithm: str) -> dict[str, Any]:
    """Return what names the root."""
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": "aa" * 20,
        "issuerKeyHash": "bb" * 20,
        "serialNumber": "01",
    }


async def lists(case: Case, station: Station, kind: str, algorithm: str) -> None:
    """Have the installed roots listed."""
    answer = {**ACCEPTED, "certificateHashData": [hashes(algorithm)]}
    asked = {"certificateType": kind}
    await sent(case, station, "GetInstalledCertificateIds", asked, answer)


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
            await lists(case, station, kind, algorithm)
            asked = {"certificateHashData": hashes(algorithm)}
            await sent(case, station, "DeleteCertificate", asked, ACCEPTED)


@case("TC_078_CSMS")
async def test_a_root_is_refused(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await installs(case, station, "CentralSystemRootCertificate", "Rejected")
    with case.proves(1):
        told = {"type": "InvalidCentralSystemCertificate", "timestamp": now()}
        assert await station.call("SecurityEventNotification", **told) == {}
        assert await case.events("security_event") == ["InvalidCentralSystemCertificate"]
