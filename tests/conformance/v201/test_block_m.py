"""M: the certificates that a station trusts."""

from typing import Any

from cpms.control.models import InstalledCertificate
from cpms.control.pki import x509
from tests import pki
from tests.conformance.case import Case, case
from tests.conformance.station import Station
from tests.conformance.v201.states import ACCEPTED, arrived

ROOT = x509.pem(pki.root())
CSMS = "CSMSRootCertificate"
#: What an operator calls the kinds.
KINDS = {
    CSMS: "csms_root",
    "ManufacturerRootCertificate": "manufacturer_root",
    "V2GRootCertificate": "v2g_root",
    "MORootCertificate": "mo_root",
    "V2GCertificateChain": "v2g_chain",
}


async def installs(case: Case, station: Station, kind: str, status: str = "Accepted") -> None:
    """Have the root installed; the station answers with `status`."""
    asking = await case.asks("install_certificate", kind=KINDS[kind], certificate=ROOT)
    asked = await station.asked("InstallCertificate")
    assert asked.payload == {"certificateType": kind, "certificate": ROOT}
    await asked.answer(status=status)
    await asking.ends(status.lower(), status)


async def installed(case: Case, station: Station, kind: str) -> None:
    """STATE_CertificateInstalled(kind)."""
    with case.proves(0, of="STATE_CertificateInstalled(t)"):
        await installs(case, station, kind)


def hashes(algorithm: str) -> dict[str, str]:
    """Return what names the root."""
    named = x509.hash_data(pki.root(), pki.root(), algorithm)
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": named.issuer_name,
        "issuerKeyHash": named.issuer_key,
        "serialNumber": named.serial,
    }


async def lists(case: Case, station: Station, *kinds: str, algorithm: str = "SHA256") -> None:
    """STATE_GetInstalledCertificates(kinds)."""
    with case.proves(0, of="STATE_GetInstalledCertificates(t)"):
        await listed(case, station, list(kinds), algorithm)


async def listed(case: Case, station: Station, kinds: list[str], algorithm: str = "SHA256") -> None:
    """Have the certificates of kinds listed, of all where none is named."""
    asking = await case.asks("list_certificates", **wanted(kinds))
    asked = await station.asked("GetInstalledCertificateIds")
    assert asked.payload == ({"certificateType": kinds} if kinds else {})
    chain: list[dict[str, Any]] = [
        {"certificateType": kind, "certificateHashData": hashes(algorithm)}
        for kind in kinds or [CSMS]
    ]
    await asked.answer(**ACCEPTED, certificateHashDataChain=chain)
    await asking.ends("accepted", "Accepted")
    kept = InstalledCertificate.objects.filter(charger__identity=case.identity)
    assert {row.kind async for row in kept} >= {KINDS[kind] for kind in kinds}


def wanted(kinds: list[str]) -> dict[str, Any]:
    """Return the request that asks for kinds."""
    return {"kinds": [KINDS[kind] for kind in kinds]} if kinds else {}


async def deletes(
    case: Case, station: Station, algorithm: str = "SHA256", status: str = "Accepted"
) -> None:
    """Have the root deleted as the station named it; the station answers with `status`."""
    kept = await InstalledCertificate.objects.aget(charger__identity=case.identity)
    asking = await case.asks(
        "delete_certificate",
        hash_algorithm=kept.hash_algorithm,
        issuer_name_hash=kept.issuer_name_hash,
        issuer_key_hash=kept.issuer_key_hash,
        serial=kept.serial,
    )
    asked = await station.asked("DeleteCertificate")
    assert asked.payload == {"certificateHashData": hashes(algorithm)}
    await asked.answer(status=status)
    await asking.ends(status.lower(), status)


async def is_installed(case: Case, kind: str) -> None:
    """Entry 0: the state's."""
    station = await arrived(case)
    with case.proves(0):
        await installed(case, station, kind)


@case("TC_M_01_CSMS")
async def test_a_root_of_ours(case: Case) -> None:
    await is_installed(case, CSMS)


@case("TC_M_02_CSMS")
async def test_a_manufacturer_s_root(case: Case) -> None:
    await is_installed(case, "ManufacturerRootCertificate")


@case("TC_M_03_CSMS")
async def test_a_v2g_root(case: Case) -> None:
    await is_installed(case, "V2GRootCertificate")


@case("TC_M_04_CSMS")
async def test_a_mobility_operator_s_root(case: Case) -> None:
    await is_installed(case, "MORootCertificate")


@case("TC_M_05_CSMS")
async def test_installing_fails(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        await installs(case, station, CSMS, "Failed")


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
        asking = await case.asks("list_certificates", kinds=["manufacturer_root"])
        asked = await station.asked("GetInstalledCertificateIds")
        assert asked.payload == {"certificateType": ["ManufacturerRootCertificate"]}
        await asked.answer(status="NotFound")
        await asking.ends("accepted", "NotFound")


@case("TC_M_20_CSMS")
async def test_a_root_is_deleted(case: Case) -> None:
    station = await arrived(case)
    for algorithm in ("SHA256", "SHA384", "SHA512"):
        await installed(case, station, CSMS)
        with case.proves(0):
            await lists(case, station, CSMS, algorithm=algorithm)
            kept = InstalledCertificate.objects.filter(charger__identity=case.identity)
            assert [row.subject async for row in kept] == ["Test root"]
        with case.proves(1):
            await deletes(case, station, algorithm)
            assert not await kept.all().aexists()


@case("TC_M_21_CSMS")
async def test_deleting_fails(case: Case) -> None:
    station = await arrived(case)
    await installed(case, station, CSMS)
    with case.proves(0):
        await lists(case, station, CSMS)
        await deletes(case, station, status="Failed")
