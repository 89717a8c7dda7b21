"""A, and 1.6's whitepaper: certificates that are renewed and then used, and higher profiles.

Played over TLS, with the certificates that our own authority issues.
"""

import asyncio
import ssl

import pytest
from cryptography import x509 as crypto
from websockets.exceptions import InvalidStatus

from cpms.control.models import Command, InstalledCertificate
from cpms.control.pki import x509
from inventory.models import Charger
from tests.conformance.asking import Asking
from tests.conformance.case import Case, case
from tests.conformance.renewal import answered, chain, key, requests, serial
from tests.conformance.stage import PASSWORD
from tests.conformance.station import PATIENCE, Asked, Station
from tests.conformance.test_tls import FOLDER, ORGANISATION, booted, issued, root, stage
from tests.cpms.ocpp.papers import Paper, client

__all__ = ["stage"]

STRONG = {crypto.oid.SignatureAlgorithmOID.ECDSA_WITH_SHA256}
OLD_STATE, STATE = "STATE_RenewChargePointCertificate", "STATE_RenewChargingStationCertificate"


def context(case: Case, trusted: str, made: crypto.Certificate) -> ssl.SSLContext:
    """Return what a station connects with that got this certificate for its key."""
    return client(trusted, Paper(made, key(case)).file(FOLDER))


async def triggered(case: Case, station: Station) -> None:
    """Have the operator renew the station's certificate."""
    asking = await case.asks("trigger", message="sign_charger_certificate")
    is_old = case.version == "1.6"
    asked = await station.asked("ExtendedTriggerMessage" if is_old else "TriggerMessage")
    which = "SignChargePointCertificate" if is_old else "SignChargingStationCertificate"
    assert asked.payload == {"requestedMessage": which}
    await asked.answer(status="Accepted")
    await asking.ends("accepted", "Accepted")


async def renewed(case: Case, station: Station) -> Asked:
    """Renew, up to the certificate that is brought."""
    if case.version == "1.6":
        with case.proves(0, of=OLD_STATE):
            await triggered(case, station)
            brought = await requests(case, station, serial(case))
        with case.proves(1, of=OLD_STATE):
            chain(case, brought)
        return brought
    kind = "ChargingStationCertificate"
    with case.proves(0, of=STATE):
        await triggered(case, station)
    with case.proves(1, of=STATE):
        brought = await requests(case, station, serial(case), certificateType=kind)
    with case.proves(2, of=STATE):
        chain(case, brought)
        assert brought.payload["certificateType"] == kind
    return brought


async def shows(case: Case, made: crypto.Certificate) -> Station:
    """Connect with a new certificate; the command that brought it is verified by that."""
    station = await case.connect(password=None, tls=context(case, await root(), made))
    await booted(case, station)
    sent = Command.objects.filter(charger__identity=case.identity, operation="send_certificate")
    async with asyncio.timeout(PATIENCE):
        while (await sent.afirst()).verified is not True:  # type: ignore[union-attr]
            await asyncio.sleep(0.02)
    return station


async def with_certificate(case: Case) -> Station:
    """Connect with an older certificate, and boot."""
    await case.charger(security_profile=3, serial_number=serial(case))
    shown = (await issued(serial(case), ORGANISATION)).file(FOLDER)
    station = await case.connect(password=None, tls=client(await root(), shown))
    await booted(case, station)
    return station


@case("TC_074_CSMS")
async def test_a_renewed_certificate_is_used(case: Case) -> None:
    station = await with_certificate(case)
    with case.proves(0, 1):
        await triggered(case, station)
        brought = await requests(case, station, serial(case))
    with case.proves(2):
        leaf = chain(case, brought)[0]
        assert leaf.signature_algorithm_oid in STRONG
        assert x509.common_name(leaf.subject) == serial(case)
    await answered(case, brought, "Accepted")
    await station.close()
    with case.proves(3):
        await shows(case, leaf)


@case("TC_A_11_CSMS")
async def test_a_renewed_certificate_is_used_in_2_0_1(case: Case) -> None:
    station = await with_certificate(case)
    with case.proves(0):
        brought = await renewed(case, station)
        await answered(case, brought, "Accepted")
    await station.close()
    with case.proves(1):
        await shows(case, chain(case, brought)[0])


async def installed(case: Case, station: Station) -> None:
    """STATE_CertificateInstalled: our root, unless the station has it."""
    with case.proves(0, of="STATE_CertificateInstalled"):
        asking = await case.asks("list_certificates", kinds=["csms_root"])
        await (await station.asked("GetInstalledCertificateIds")).answer(status="NotFound")
        await asking.ends("accepted", "NotFound")
        mine = InstalledCertificate.objects.filter(charger__identity=case.identity)
        assert not await mine.aexists()
        ours = await root()
        asking = await case.asks("install_certificate", kind="csms_root", certificate=ours)
        asked = await station.asked("InstallCertificate")
        assert asked.payload["certificate"] == ours
        await asked.answer(status="Accepted")
        await asking.ends("accepted", "Accepted")


async def changed(station: Station, asking: Asking) -> Asked:
    """Wait for the change of a setting."""
    asked = await station.asked("ChangeConfiguration")
    await asked.answer(status="Accepted")
    await asking.ends("accepted", "Accepted")
    return asked


async def is_least(case: Case, profile: int) -> None:
    """Wait until less than a profile isn't taken any more."""
    mine = Charger.objects.filter(identity=case.identity, security_profile=profile)
    async with asyncio.timeout(PATIENCE):
        while not await mine.aexists():
            await asyncio.sleep(0.02)


async def comes_back(case: Case, profile: int, made: crypto.Certificate | None) -> Station:
    """Reconnect with the new profile, then the old, which is refused, then the new again."""
    trusted = await root()
    tls = client(trusted) if made is None else context(case, trusted, made)
    password = PASSWORD if made is None else None
    await (await case.connect(password=password, tls=tls)).close()
    await is_least(case, profile)
    older = None if profile == 2 else client(trusted)
    with pytest.raises(InvalidStatus) as refusal:
        await case.connect(tls=older)
    assert refusal.value.response.status_code == 401
    return await case.connect(password=password, tls=tls)


async def boots(case: Case, station: Station, profile: int) -> None:
    """STATE_Booted, with the new profile."""
    (await case.charger()).security_profile = profile
    await booted(case, station)


async def raised_by_key(case: Case, station: Station, profile: int) -> None:
    """Have the security profile of 1.6 raised, and the charger restarted."""
    with case.proves(0):
        change = {"name": "SecurityProfile", "value": str(profile)}
        asked = await changed(station, await case.asks("change_settings", settings=[change]))
        assert asked.payload == {"key": "SecurityProfile", "value": str(profile)}
    with case.proves(1):
        asking = await case.asks("reset", at_once=True)
        asked = await station.asked("Reset")
        assert asked.payload == {"type": "Hard"}
        await asked.answer(status="Accepted")
        await asking.ends("accepted", "Accepted")
    await station.close()


@case("TC_083_CSMS")
async def test_the_security_profile_is_raised_to_the_highest(case: Case) -> None:
    await case.charger(serial_number=serial(case))
    station = await case.connect()
    await booted(case, station)
    await installed(case, station)
    await raised_by_key(case, station, 2)
    with case.proves(3):
        station = await comes_back(case, 2, None)
    with case.proves(2):
        await boots(case, station, 2)
    brought = await renewed(case, station)
    await answered(case, brought, "Accepted")
    await raised_by_key(case, station, 3)
    with case.proves(3):
        station = await comes_back(case, 3, chain(case, brought)[0])
    with case.proves(2):
        await boots(case, station, 3)


async def raised_by_slot(case: Case, station: Station, profile: int) -> None:
    """Set a network profile, put it first, and have the station restarted."""
    url = case.stage.gateway.url("", tls=True)
    with case.proves(0, 1):
        about = {"slot": profile, "url": url, "interface": "Wired1", "message_timeout": 45}
        asking = await case.asks("set_network_profile", security_profile=profile, **about)
        asked = await station.asked("SetNetworkProfile")
        assert asked.payload == {
            "configurationSlot": profile,
            "connectionData": {
                "messageTimeout": 45,
                "ocppCsmsUrl": url,
                "ocppInterface": "Wired1",
                "ocppTransport": "JSON",
                "ocppVersion": "OCPP20",
                "securityProfile": profile,
            },
        }
        await asked.answer(status="Accepted")
        await asking.ends("accepted", "Accepted")
    with case.proves(2):
        await put_first(case, station, profile)
    asking = await case.asks("reset", at_once=True)
    await (await station.asked("Reset")).answer(status="Accepted")
    await asking.ends("accepted", "Accepted")
    await station.close()


async def put_first(case: Case, station: Station, slot: int) -> None:
    """Have a slot come first."""
    named = {"component": "OCPPCommCtrlr", "name": "NetworkConfigurationPriority"}
    change = {**named, "value": f"{slot},0"}
    asking = await case.asks("change_settings", settings=[change])
    asked = await station.asked("SetVariables")
    (setting,) = asked.payload["setVariableData"]
    assert setting["component"]["name"] == "OCPPCommCtrlr"
    assert setting["variable"]["name"] == "NetworkConfigurationPriority"
    assert str(slot) in setting["attributeValue"].split(",")
    told = {name: setting[name] for name in ("component", "variable")}
    await asked.answer(setVariableResult=[{**told, "attributeStatus": "Accepted"}])
    await asking.ends("accepted", "Accepted")


@case("TC_A_19_CSMS")
async def test_the_security_profile_is_raised_by_a_network_profile(case: Case) -> None:
    await case.charger(serial_number=serial(case))
    station = await case.connect()
    await booted(case, station)
    await raised_by_slot(case, station, 2)
    with case.proves(3):
        station = await comes_back(case, 2, None)
        await boots(case, station, 2)
    brought = await renewed(case, station)
    await answered(case, brought, "Accepted")
    await raised_by_slot(case, station, 3)
    with case.proves(3):
        station = await comes_back(case, 3, chain(case, brought)[0])
        await boots(case, station, 3)
