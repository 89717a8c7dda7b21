"""A, and 1.6's whitepaper: the listener with TLS, and the certificates that chargers show.

Certificates are issued as an operator has them issued: by the authority of the installation.
"""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.db import connections
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from cpms.control.models import Certificate
from cpms.control.pki import authorities
from cpms.control.pki.x509 import Algorithm, Leaf
from cpms.ocpp.tls import trust
from cpms.ocpp.tls.server import HANDSHAKES, Listening
from monitoring.models import ConnectionSpan
from tests.conformance.asking import Operator
from tests.conformance.case import Case, case
from tests.conformance.stage import Stage, World
from tests.conformance.station import PATIENCE, Station
from tests.conformance.v16 import states as v16
from tests.conformance.v201 import states as v201
from tests.cpms.ocpp.conftest import serving
from tests.cpms.ocpp.papers import Paper, client, paper

SUITES = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",  # TLS_RSA_WITH_AES_128_GCM_SHA256
    "AES256-GCM-SHA384",
}
ORGANISATION = "Conformity"
#: Where keys are for a test.
_FOLDER = tempfile.TemporaryDirectory()
FOLDER = Path(_FOLDER.name)
OLD = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(world: World) -> AsyncIterator[Stage]:
    """A gateway that listens with TLS as well, with certificates of our own authority."""
    trust.LOOK_EVERY, before = 0.5, trust.LOOK_EVERY
    await sync_to_async(authorities.ensure)(datetime.now(UTC))
    async with serving(Listening("127.0.0.1", 0, static_rsa=True)) as gateway:
        operator = await sync_to_async(Operator)(world.operator)
        yield Stage(world, gateway, operator)
        await operator.leave()
    trust.LOOK_EVERY = before
    await sync_to_async(connections.close_all)()


@sync_to_async
def root() -> str:
    """Return the ECDSA root alone, as a station may know no other."""
    found = [row for row in authorities.roots(datetime.now(UTC)) if row.algorithm == "ecdsa"]
    return found[0].certificate


@sync_to_async
def issued(common: str, organisation: str, lasts: timedelta = timedelta(days=9)) -> Paper:
    """Return a charger's certificate by our own authority."""
    now = datetime.now(UTC)
    made = paper(common)
    signer = authorities.issuing(Algorithm.ECDSA, now)
    said = Leaf(common, organisation)
    signed = authorities.signed(signer, said, made.key.public_key(), now, lasts)
    authorities.register(signer.row, signed, Certificate.Kind.CHARGER, common)
    return Paper(signed, made.key)


async def booted(case: Case, station: Station) -> None:
    """STATE_Booted of the case's version."""
    await (v16 if case.version == "1.6" else v201).booted(case, station)
    span = await ConnectionSpan.objects.filter(charger__identity=case.identity).alatest("opened")
    charger = await case.charger()
    assert span.security_profile == charger.security_profile


async def offers(case: Case, **how: Any) -> list[x509.Certificate]:
    """Connect with each suite; return the certificates that were shown."""
    trusted, shown = await root(), how.pop("shown", None)
    found = []
    for suite in sorted(SUITES):
        station = await case.connect(tls=client(trusted, shown, suite=suite), **how)
        line = station.socket.transport.get_extra_info("ssl_object")
        assert (line.version(), line.cipher()[0]) == ("TLSv1.2", suite)
        found.append(x509.load_der_x509_certificate(line.getpeercert(binary_form=True)))
        await station.close()
    return found


async def is_refused(case: Case, **how: Any) -> None:
    """Try to connect; the line must be ended before a socket is open."""
    with pytest.raises((OSError, InvalidHandshake, ConnectionClosed, EOFError)) as refusal:
        await case.connect(**how)
    if isinstance(refusal.value, InvalidStatus):
        assert refusal.value.response.status_code == 401


def is_strong(certificate: x509.Certificate) -> bool:
    """Tell whether a key is of the size that is asked for."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= 2048
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 224


def is_of_host(certificate: x509.Certificate) -> bool:
    """Tell whether it has a serial number, and the endpoint's name as its common name."""
    (named,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return certificate.serial_number > 0 and named.value == "localhost"


async def shows_a_certificate(case: Case) -> None:
    """Entries 0 to 3."""
    await case.charger(security_profile=2)
    with case.proves(0):
        for old in OLD:
            await is_refused(case, tls=client(await root(), newest=old))
    with case.proves(1):
        shown = await offers(case)
    with case.proves(2):
        assert {type(one.public_key()) is type(shown[0].public_key()) for one in shown} == {
            True,
            False,
        }
        assert all(is_strong(one) for one in shown)
    with case.proves(3):
        assert all(is_of_host(one) for one in shown)
    await booted(case, await case.connect(tls=client(await root())))


@case("TC_086_CSMS")
async def test_the_listener_s_certificates(case: Case) -> None:
    await shows_a_certificate(case)


@case("TC_A_04_CSMS")
async def test_the_listener_s_certificates_in_2_0_1(case: Case) -> None:
    await shows_a_certificate(case)
    with case.proves(4):
        await booted(case, await case.connect(tls=client(await root())))


@case("TC_A_06_CSMS")
async def test_older_tls_is_refused(case: Case) -> None:
    await case.charger(security_profile=2)
    refused = HANDSHAKES.labels("unsupported_protocol")
    before = refused._value.get()
    with case.proves(0):
        for old in OLD:
            await is_refused(case, tls=client(await root(), newest=old))
        assert refused._value.get() == before + len(OLD)  # It was us who refused.
    with case.proves(1):
        await booted(case, await case.connect(tls=client(await root())))


async def takes_a_certificate(case: Case) -> None:
    """Entries 0 and 1: all suites, and the certificate instead of a password."""
    await case.charger(security_profile=3)
    shown = (await issued(case.identity, ORGANISATION)).file(FOLDER)
    with case.proves(0):
        for old in OLD:
            await is_refused(case, password=None, tls=client(await root(), shown, newest=old))
        await offers(case, shown=shown, password=None)
    with case.proves(1):
        station = await case.connect(password=None, tls=client(await root(), shown))
        await booted(case, station)


@case("TC_087_CSMS")
async def test_a_charger_s_certificate(case: Case) -> None:
    await takes_a_certificate(case)


@case("TC_A_07_CSMS")
async def test_a_station_s_certificate(case: Case) -> None:
    await takes_a_certificate(case)


@case("TC_A_08_CSMS")
async def test_certificates_that_do_not_count(case: Case) -> None:
    await case.charger(security_profile=3, serial_number="SN-A08")
    bad = {
        "unknown issuer": paper(case.identity, paper("Somebody", is_ca=True)),
        "expired": await issued(case.identity, ORGANISATION, timedelta(minutes=-1)),
        "another station's": await issued("SN-A07", ORGANISATION),
        "another organisation's": await issued(case.identity, "Somebody Else"),
    }
    with case.proves(0):
        for paper_ in bad.values():
            context = client(await root(), paper_.file(FOLDER))
            await is_refused(case, password=None, tls=context)
        codes = ["InvalidChargingStationCertificate"] * 3
        async with asyncio.timeout(PATIENCE):
            while await case.events("security_event") != codes:
                await asyncio.sleep(0.02)
    with case.proves(1):
        shown = (await issued("SN-A08", ORGANISATION)).file(FOLDER)
        station = await case.connect(password=None, tls=client(await root(), shown))
        await booted(case, station)
