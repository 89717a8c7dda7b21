"""A: the certificates of a station, renewed by our authority."""

from cpms.control.pki import x509
from tests.conformance.case import Case, case
from tests.conformance.renewal import answered, chain, is_by_a_root_of_ours, requests, serial
from tests.conformance.station import Asked, Station, now
from tests.conformance.v201.states import arrived

STATE = "STATE_RenewChargingStationCertificate"


async def asked_to_renew(case: Case, station: Station, which: str, wanted: str) -> None:
    """Have the operator renew a certificate; the station says it will."""
    asking = await case.asks("trigger", message=which)
    asked = await station.asked("TriggerMessage")
    assert asked.payload == {"requestedMessage": wanted}
    await asked.answer(status="Accepted")
    await asking.ends("accepted", "Accepted")


async def renewed(case: Case, station: Station) -> Asked:
    """STATE_RenewChargingStationCertificate, up to the station's last answer."""
    with case.proves(0, of=STATE):
        wanted = "SignChargingStationCertificate"
        await asked_to_renew(case, station, "sign_charger_certificate", wanted)
    kind = "ChargingStationCertificate"
    with case.proves(1, of=STATE):
        brought = await requests(case, station, serial(case), certificateType=kind)
    with case.proves(2, of=STATE):
        assert x509.common_name(chain(case, brought)[0].subject) == serial(case)
        assert brought.payload["certificateType"] == kind
    return brought


async def with_serial(case: Case) -> Station:
    """Connect a station that has a serial number, and boot."""
    await case.charger(serial_number=serial(case))
    return await arrived(case)


@case("TC_A_12_CSMS")
async def test_the_certificate_towards_cars_is_renewed(case: Case) -> None:
    station = await with_serial(case)
    with case.proves(0):
        await asked_to_renew(case, station, "sign_v2g_certificate", "SignV2GCertificate")
    with case.proves(1):
        brought = await requests(case, station, "DE-ABC-S1", certificateType="V2GCertificate")
    with case.proves(2):
        assert brought.payload["certificateType"] == "V2GCertificate"
        chain(case, brought)
        made = await answered(case, brought, "Accepted")
        assert is_by_a_root_of_ours(made)
    with case.proves(3):
        assert made.algorithm == "ecdsa"


@case("TC_A_13_CSMS")
async def test_a_certificate_for_both_is_renewed(case: Case) -> None:
    station = await with_serial(case)
    with case.proves(0):
        await asked_to_renew(case, station, "sign_combined_certificate", "SignCombinedCertificate")
    with case.proves(1):
        brought = await requests(case, station, serial(case))
    with case.proves(2):
        leaf = chain(case, brought)[0]
        made = await answered(case, brought, "Accepted")
        assert is_by_a_root_of_ours(made)
    with case.proves(3):
        assert x509.common_name(leaf.subject) == serial(case)
        assert made.kind == "combined"


@case("TC_A_14_CSMS")
async def test_a_certificate_that_the_station_refuses(case: Case) -> None:
    station = await with_serial(case)
    with case.proves(0, 1):
        brought = await renewed(case, station)
        await answered(case, brought, "Rejected")
    with case.proves(2):
        told = {"type": "InvalidChargingStationCertificate", "timestamp": now()}
        assert await station.call("SecurityEventNotification", **told) == {}
        assert await case.events("security_event") == ["InvalidChargingStationCertificate"]
