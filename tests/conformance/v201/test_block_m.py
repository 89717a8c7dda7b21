"""M: the certificates that a station trusts."""

from typing import Any

from tests.conformance.case import Case, case
from tests.conformance.station import Station
from tests.conformance.v201.states import ACCEPTED, arrived, sent

ROOT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
CSMS = "CSMSRootCertificate"


async def installs(case: Case, station: Station, kind: str) -> None:
    """STATE_CertificateInstalled(kind)."""
    with case.proves(0, of="STATE_CertificateInstalled(t)"):
        asked = {"certificateType": kind, "certificate": ROOT}
        await sent(case, station, "InstallCertificate", asked, ACCEPTED)


def hashes(algorithm: str) -> dict[str, str]:
    """Return what names the root."""
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": "aa" * 20,
        "issuerKeyHash": "bb" * 20,
        "serialNumber": "01",
    }


async def lists(case: Case, station: Station, *kinds: str, algorithm: str = "SHA256") -> None:
    """STATE_GetInstalledCertificates(kinds)."""
    with case.proves(0, of="STATE_GetInstalledCertificates(t)"):
        await listed(case, station, list(kinds), algorithm)


async def listed(case: Case, station: Station, kinds: list[str], algorithm: str = "SHA256") -> None:
    """Have the certificates of kinds listed, of all where none is named."""
    chain = [
        {"certificateType": kind, "certificateHashData": hashes(algorithm)}
        for kind in kinds or [CSMS]
    ]
    asked = {"certificateType": kinds} if kinds else {}
    answer: dict[str, Any] = {**ACCEPTED, "certificateHashDataChain": chain}
    await sent(case, station, "GetInstalledCertificateIds", asked, answer)


async def installed(case: Case, kind: str) -> None:
    """Entry 0: the state's."""
    station = await arrived(case)
    with case.proves(0):
        await installs(case, station, kind)


@case("TC_M_01_CSMS")
async def test_a_root_of_ours(case: Case) -> None:
    await installed(case, CSMS)


@case("TC_M_02_CSMS")
async def test_a_manufacturer_s_root(case: Case) -> None:
    await installed(case, "ManufacturerRootCertificate")


@case("TC_M_03_CSMS")
async def test_a_v2g_root(case: Case) -> None:
    await installed(case, "V2GRootCertificate")


@case("TC_M_04_CSMS")
async def test_a_mobility_operator_s_root(case: Case) -> None:
    await installed(case, "MORootCertificate")


@case("TC_M_05_CSMS")
async def test_installing_fails(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        asked = {"certificateType": CSMS, "certificate": ROOT}
        await sent(case, station, "InstallCertificate", asked, {"status": "Failed"}, "failed")


@case("TC_M_12_CSMS")
async def test_roots_of_ours_are_listed(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        for algorithm in ("SHA256", "SHA384", "SHA512"):
            await lists(case, station, CSMS, algorithm=algorithm)


async def some_listed(case: Case, *kinds: str) -> None:
    """Entry 0: the state's."""
    station = await arrived(case)
    with case.proves(0):
        await lists(case, station, *kinds)


@case("TC_M_13_CSMS")
async def test_manufacturers_roots_are_listed(case: Case) -> None:
    await some_listed(case, "ManufacturerRootCertificate")


@case("TC_M_14_CSMS")
async def test_v2g_roots_are_listed(case: Case) -> None:
    await some_listed(case, "V2GRootCertificate")


@case("TC_M_15_CSMS")
async def test_v2g_chains_are_listed(case: Case) -> None:
    await some_listed(case, "V2GCertificateChain")


@case("TC_M_16_CSMS")
async def test_mobility_operators_roots_are_listed(case: Case) -> None:
    await some_listed(case, "MORootCertificate")


@case("TC_M_17_CSMS")
async def test_two_kinds_are_listed(case: Case) -> None:
    await some_listed(case, CSMS, "ManufacturerRootCertificate")


@case("TC_M_18_CSMS")
async def test_all_kinds_are_listed(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await listed(case, station, [])


@case("TC_M_19_CSMS")
async def test_there_is_none_to_list(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        asked = {"certificateType": ["ManufacturerRootCertificate"]}
        answer = {"status": "NotFound"}
        await sent(case, station, "GetInstalledCertificateIds", asked, answer, "rejected")


@case("TC_M_20_CSMS")
async def test_a_root_is_deleted(case: Case) -> None:
    station = await arrived(case)
    for algorithm in ("SHA256", "SHA384", "SHA512"):
        await installs(case, station, CSMS)
        with case.proves(0):
            await lists(case, station, CSMS, algorithm=algorithm)
        with case.proves(1):
            asked = {"certificateHashData": hashes(algorithm)}
            await sent(case, station, "DeleteCertificate", asked, ACCEPTED)


@case("TC_M_21_CSMS")
async def test_deleting_fails(case: Case) -> None:
    station = await arrived(case)
    await installs(case, station, CSMS)
    with case.proves(0):
        await lists(case, station, CSMS)
        asked = {"certificateHashData": hashes("SHA256")}
        await sent(case, station, "DeleteCertificate", asked, {"status": "Failed"}, "failed")
