"""C and M: contract certificates, their standing, and what cars get, from servers of others."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache, partial
from ipaddress import ip_network
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from cryptography.x509 import ocsp
from django.conf import settings

from cpms.control.models import ContractPool, Token
from cpms.control.outside import allowed
from tests.conformance.case import Case, case
from tests.conformance.v201.states import Transaction, arrived, token
from tests.cpms.ocpp.papers import Paper, paper
from tests.cpms.ocpp.responder import (
    REVOKED,
    Elsewhere,
    elsewhere,
    hash_data,
    json_answers,
    ocsp_answers,
)

EMAID = "DE-ABC-C12345678-1"
CONTRACT_TOKEN = token(EMAID, "eMAID")
SCHEMA = "urn:iso:15118:2:2013:MsgDef"


@cache
def papers() -> dict[str, Paper]:
    """Return a mobility operator's authorities."""
    root = paper("MO root", is_ca=True)
    return {"root": root, "sub": paper("MO sub", root, is_ca=True)}


@pytest.fixture(autouse=True)
def _loopback_may_be_asked() -> Iterator[None]:
    before = settings.OUTSIDE_NETWORKS
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]
    yield
    settings.OUTSIDE_NETWORKS = before


@asynccontextmanager
async def responder(case: Case, *how: Any) -> AsyncIterator[Elsewhere]:
    """Run an OCSP responder that may be asked, and take the eMAID and the operator's contracts."""
    organisation = case.stage.world.site.organisation_id
    async with elsewhere() as server:
        server.answers = ocsp_answers(papers()["sub"], *how)
        host = f"127.0.0.1:{server.port}"
        await sync_to_async(allowed.add_responder)(organisation, host, "olga")
        yield server


async def knows_contract(case: Case) -> None:
    """Have the eMAID and the operator's authority known."""
    organisation = case.stage.world.site.organisation_id
    await Token.objects.aget_or_create(
        organisation_id=organisation, id_token=EMAID, defaults={"type": "eMAID"}
    )
    add = partial(allowed.add_authority, now=paper("now").certificate.not_valid_before_utc)
    await sync_to_async(add)(organisation, papers()["root"].pem, "olga")
    case.stage.gateway.hub.directory.nudge()


def hashes_of(leaf: Paper, server: Elsewhere) -> list[dict[str, str]]:
    """Return the hash data of a contract's certificate."""
    return [hash_data(leaf.certificate, papers()["sub"].certificate, server.url)]


async def accepted(case: Case, answer: dict[str, Any], transaction: Transaction) -> None:
    """The answer to Authorize, and the transaction that follows."""
    with case.proves(0):
        assert answer["idTokenInfo"]["status"] == "Accepted"
        assert answer["certificateStatus"] == "Accepted"
    transaction.authorized = True
    with case.proves(1):
        info = await transaction.presents("Authorized", CONTRACT_TOKEN)
        assert info["status"] == "Accepted"
    await transaction.charges()


@case("TC_C_50_CSMS")
async def test_the_hashes_of_a_good_contract(case: Case) -> None:
    await knows_contract(case)
    transaction = Transaction(case, await arrived(case))
    async with responder(case) as server:
        hashes = hashes_of(paper(EMAID, papers()["sub"]), server)
        answer = await transaction.station.call(
            "Authorize", idToken=CONTRACT_TOKEN, iso15118CertificateHashData=hashes
        )
        await accepted(case, answer, transaction)
        with case.proves(2):
            assert len(server.requests) == 1


@case("TC_C_51_CSMS")
async def test_the_hashes_of_a_revoked_contract(case: Case) -> None:
    await knows_contract(case)
    station = await arrived(case)
    async with responder(case, REVOKED) as server:
        hashes = hashes_of(paper(EMAID, papers()["sub"]), server)
        with case.proves(0):
            answer = await station.call(
                "Authorize", idToken=CONTRACT_TOKEN, iso15118CertificateHashData=hashes
            )
            assert answer["idTokenInfo"]["status"] == "Invalid"
            assert answer["certificateStatus"] == "CertificateRevoked"
            assert await case.events("contract_refused") == ["CertificateRevoked"]


@case("TC_C_52_CSMS")
async def test_the_certificate_of_a_good_contract(case: Case) -> None:
    await knows_contract(case)
    transaction = Transaction(case, await arrived(case))
    async with responder(case) as server:
        leaf = paper(EMAID, papers()["sub"], ocsp=server.url)
        answer = await transaction.station.call(
            "Authorize", idToken=CONTRACT_TOKEN, certificate=leaf.pem + papers()["sub"].pem
        )
        await accepted(case, answer, transaction)
        assert len(server.requests) == 1


@case("TC_M_24_CSMS")
async def test_the_standing_of_a_certificate(case: Case) -> None:
    station = await arrived(case)
    async with responder(case) as server:
        for _ in range(2):
            leaf = paper("SECC", papers()["sub"]).certificate
            asked = hash_data(leaf, papers()["sub"].certificate, server.url)
            with case.proves(0):
                answer = await station.call("GetCertificateStatus", ocspRequestData=asked)
                assert answer["status"] == "Accepted"
                said = ocsp.load_der_ocsp_response(base64.b64decode(answer["ocspResult"]))
                assert said.serial_number == leaf.serial_number
                assert said.certificate_status is ocsp.OCSPCertStatus.GOOD


async def gets_contract(case: Case, action: str) -> None:
    """Have a car's request passed on to the provider, and its answer back."""
    station = await arrived(case)
    organisation = case.stage.world.site.organisation_id
    async with elsewhere() as server:
        server.answers = json_answers({"exiResponse": "gJgCEAA="})
        await sync_to_async(allowed.set_pool)(organisation, server.url, None, "olga")
        with case.proves(0):
            asked = {"iso15118SchemaVersion": SCHEMA, "action": action, "exiRequest": "gJgC"}
            answer = await station.call("Get15118EVCertificate", **asked)
            assert answer == {"status": "Accepted", "exiResponse": "gJgCEAA="}
            assert b'"exiRequest": "gJgC"' in server.requests[0][1]
    await ContractPool.objects.all().adelete()


@case("TC_M_26_CSMS")
async def test_a_car_gets_its_first_contract(case: Case) -> None:
    await gets_contract(case, "Install")


@case("TC_M_28_CSMS")
async def test_a_car_gets_a_newer_contract(case: Case) -> None:
    await gets_contract(case, "Update")
