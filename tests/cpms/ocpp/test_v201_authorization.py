"""Authorize in 2.x: what is said of a token."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from cpms.control.models import Token
from inventory.models import Organisation
from monitoring.models import Event
from tests.cpms.ocpp.cases2 import HASH

TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


@pytest.fixture
def tokens(charger):
    """Tokens of every kind; unknown ones are not accepted."""
    Organisation.objects.update(accept_unknown_tokens=False)
    organisation = Organisation.objects.get()
    for name, fields in {
        "GOOD": {"status": "accepted", "expires_at": TOMORROW, "group": "FLEET"},
        "OLD": {"status": "accepted", "expires_at": TOMORROW - timedelta(days=2)},
        "BAD": {"status": "blocked"},
    }.items():
        Token.objects.create(organisation=organisation, id_token=name, **fields)


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_token_is_answered_by_what_is_known_of_it(tokens, gateway, version):
    async with gateway.charger("CP-1", version) as cp:
        await cp.boot2()
        answers = {
            name: (await cp.call("Authorize", token(name)))["idTokenInfo"]
            for name in ("good", "OLD", "BAD", "NOBODY")
        }
    assert answers["good"] == {
        "status": "Accepted",
        "cacheExpiryDateTime": TOMORROW.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "groupIdToken": {"idToken": "FLEET", "type": "Central"},
    }
    assert answers["OLD"]["status"] == "Expired"
    assert answers["BAD"]["status"] == "Blocked"
    assert answers["NOBODY"]["status"] == "Unknown"
    asked = [(e.text, e.code) async for e in Event.objects.filter(kind="authorization")]
    assert ("NOBODY", "Unknown") in asked


async def test_a_contract_that_we_cannot_verify_is_refused(tokens, gateway):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        with_certificate = {**token("GOOD"), "certificate": "-----BEGIN CERTIFICATE-----"}
        with_hashes = {
            **token("GOOD"),
            "iso15118CertificateHashData": [{**HASH, "responderURL": "http://ocsp.example"}],
        }
        refusals = {"CertChainError": with_certificate, "NoCertificateAvailable": with_hashes}
        for word, payload in refusals.items():
            answer = await cp.call("Authorize", payload)
            assert answer == {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": word}


async def test_a_token_blocked_meanwhile_is_refused_within_seconds(tokens, gateway):
    async with gateway.charger("CP-1", "2.0.1") as cp:
        await cp.boot2()
        before = await cp.call("Authorize", token("GOOD"))
        await sync_to_async(block)("GOOD")
        async with asyncio.timeout(8):
            while (await cp.call("Authorize", token("GOOD")))["idTokenInfo"]["status"] != "Blocked":
                await asyncio.sleep(0.2)
    assert before["idTokenInfo"]["status"] == "Accepted"


def block(name):
    kept = Token.objects.get(id_token=name)
    kept.status = "blocked"
    kept.save()


def token(name):
    return {"idToken": {"idToken": name, "type": "ISO14443"}}
