"""Messages whose answer others must be asked for: contracts, their standing, and what cars get."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from asgiref.sync import sync_to_async

from cpms.control.models import Token
from cpms.control.outside import allowed
from monitoring.models import Event
from tests.cpms.ocpp.conftest import make_charger
from tests.cpms.ocpp.papers import paper
from tests.cpms.ocpp.responder import elsewhere, hash_data, json_answers, ocsp_answers

ROOT = paper("MO root", is_ca=True)
SUB = paper("MO sub", ROOT, is_ca=True)
EMAID = "DE-ABC-C12345678-1"
EXI = {
    "iso15118SchemaVersion": "urn:iso:std:iso:15118:-20",
    "action": "Install",
    "exiRequest": "gJgC",
}


@pytest.fixture
async def server(charger, settings):
    """A responder and provider of contracts that may be asked."""
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]
    async with elsewhere() as made:
        made.answers = ocsp_answers(SUB)
        await sync_to_async(known)(charger.site.organisation_id, made)
        yield made


def known(organisation, server):
    for name, status in ((EMAID, "accepted"), ("DE-ABC-CBLOCKED1", "blocked")):
        Token.objects.create(
            organisation_id=organisation, id_token=name, status=status, type="eMAID"
        )
    allowed.add_responder(organisation, f"127.0.0.1:{server.port}", "olga")
    allowed.add_authority(organisation, ROOT.pem, "olga", datetime.now(UTC))


def data(server, leaf):
    return hash_data(leaf.certificate, SUB.certificate, server.url)


async def authorize(cp, emaid, **more):
    token = {"idToken": emaid, "type": "eMAID"}
    answer = await cp.call("Authorize", {"idToken": token, **more})
    return answer["idTokenInfo"]["status"], answer["certificateStatus"]


async def test_others_of_a_charger_s_messages_are_handled_while_a_responder_is_asked(
    server, gateway
):
    leaf = paper("SECC", SUB)
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        server.may_answer.clear()
        asked = {"ocspRequestData": data(server, leaf)}
        await cp.socket.send(json.dumps([2, "ocsp", "GetCertificateStatus", asked]))
        while not server.requests:
            await asyncio.sleep(0.01)
        assert "currentTime" in await cp.call("Heartbeat", {})
        server.may_answer.set()
        kind, message, answer = await cp.read()
        assert (kind, message, answer["status"]) == (3, "ocsp", "Accepted")
        assert base64.b64decode(answer["ocspResult"])
        event = await Event.objects.aget(kind="certificate_status_request")
        assert event.code == "good"


async def test_contracts_that_do_not_count_are_refused_each_with_its_word(server, gateway):
    good = paper(EMAID, SUB, ocsp=server.url)
    blocked = paper("DE-ABC-CBLOCKED1", SUB, ocsp=server.url)
    stranger = paper("Stranger", is_ca=True)
    elsewhere_url = "http://127.0.0.1:1/"
    cases = [
        (EMAID, {"certificate": good.pem + SUB.pem}, ("Accepted", "Accepted")),
        ("DEABCC123456781", {"certificate": good.pem + SUB.pem}, ("Accepted", "Accepted")),
        ("DE-ABC-CBLOCKED1", {"certificate": good.pem + SUB.pem}, ("Invalid", "CertChainError")),
        (
            "DE-ABC-CBLOCKED1",
            {"certificate": blocked.pem + SUB.pem},
            ("Blocked", "ContractCancelled"),
        ),
        (
            EMAID,
            {"certificate": paper(EMAID, SUB, days=(-9, -1)).pem + SUB.pem},
            ("Invalid", "CertificateExpired"),
        ),
        (EMAID, {"certificate": paper(EMAID, stranger).pem}, ("Invalid", "CertChainError")),
        (EMAID, {"certificate": good.pem}, ("Invalid", "CertChainError")),
        (
            EMAID,
            {"certificate": paper(EMAID, SUB).pem + SUB.pem},
            ("Invalid", "NoCertificateAvailable"),
        ),
        (
            EMAID,
            {
                "iso15118CertificateHashData": [
                    data(server, good),
                    {**data(server, good), "responderURL": elsewhere_url},
                ]
            },
            ("Invalid", "NoCertificateAvailable"),
        ),
    ]
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        for emaid, more, expected in cases:
            assert await authorize(cp, emaid, **more) == expected, more
        server.answers = ocsp_answers(stranger)
        other = paper(EMAID, SUB, ocsp=server.url)
        status = await authorize(cp, EMAID, certificate=other.pem + SUB.pem)
        assert status == ("Invalid", "NoCertificateAvailable")
    reasons = [event.text async for event in Event.objects.filter(kind="contract_refused")]
    assert "127.0.0.1 is not among the responders that may be asked." in reasons
    assert "The certificate is of another contract." in reasons


async def test_a_car_gets_nothing_where_no_provider_is_connected_and_that_is_said(server, gateway):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        answer = await cp.call("Get15118EVCertificate", EXI)
        assert (answer["status"], answer["exiResponse"]) == ("Failed", "")
        assert answer["statusInfo"]["additionalInfo"] == "No provider of contracts is connected."


async def test_what_2_1_says_more_is_passed_on(server, gateway):
    organisation = (await sync_to_async(make_charger)("CP-21")).site.organisation_id
    server.answers = json_answers({"exiResponse": "gJgC", "remainingContracts": 2})
    await sync_to_async(allowed.set_pool)(organisation, server.url, None, "olga")
    more = {"maximumContractCertificateChains": 3, "prioritizedEMAIDs": [EMAID]}
    async with gateway.charger("CP-21", "2.1") as cp:
        await cp.boot2()
        answer = await cp.call("Get15118EVCertificate", EXI | more)
        assert answer == {"status": "Accepted", "exiResponse": "gJgC", "remainingContracts": 2}
        sent = json.loads(server.requests[0][1])
        assert {name: sent[name] for name in more} == more

        server.answers = ocsp_answers(SUB)
        asked = data(server, paper("SECC", SUB))
        hashes = {name: value for name, value in asked.items() if name != "responderURL"}
        urls = {"OCSP": ["http://127.0.0.1:1/", server.url], "CRL": [server.url]}
        requests = [
            {"source": source, "urls": where, "certificateHashData": hashes}
            for source, where in urls.items()
        ]
        answer = await cp.call("GetCertificateChainStatus", {"certificateStatusRequests": requests})
        assert [one["status"] for one in answer["certificateStatus"]] == ["Good", "Failed"]
