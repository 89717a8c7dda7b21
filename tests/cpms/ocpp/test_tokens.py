"""Where and how often at once a token may charge, as chargers are answered."""

import asyncio
from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async

from cpms.control.models import Token
from inventory.models import Organisation, Site
from monitoring.models import Event, Session
from tests.cpms.ocpp.conftest import make_charger


@pytest.fixture
def tokens(charger):
    """One token for elsewhere, one for here, one for one session at a time."""
    Organisation.objects.update(accept_unknown_tokens=False)
    organisation = Organisation.objects.get()
    elsewhere = Site.objects.create(organisation=organisation, name="Elsewhere", timezone="UTC")
    there = Token.objects.create(organisation=organisation, id_token="THERE", limited=True)
    there.sites.add(elsewhere)
    here = Token.objects.create(
        organisation=organisation, id_token="HERE", limited=True, language="de"
    )
    here.chargers.add(charger)
    Token.objects.create(organisation=organisation, id_token="ONCE", one_at_a_time=True)
    make_charger("CP-2")


def begun(token, evse=1):
    """Return a StartTransaction."""
    return {
        "connectorId": evse,
        "idTag": token,
        "meterStart": 100,
        "timestamp": datetime.now(UTC).isoformat(),
    }


async def test_a_token_charges_only_where_it_may(tokens, gateway):
    async with gateway.charger("CP-1") as old, gateway.charger("CP-2", "2.0.1") as new:
        await old.boot()
        await new.boot2()
        assert (await old.call("Authorize", {"idTag": "here"}))["idTagInfo"]["status"] == "Accepted"
        assert (await old.call("Authorize", {"idTag": "THERE"}))["idTagInfo"]["status"] == "Invalid"
        answer = await new.call("Authorize", {"idToken": {"idToken": "HERE", "type": "ISO14443"}})
        assert answer["idTokenInfo"] == {"status": "NotAtThisLocation", "language1": "de"}
    kept = [(e.text, e.code) async for e in Event.objects.filter(kind="authorization")]
    assert ("THERE", "NotAtThisLocation") in kept


async def test_a_token_for_one_session_at_a_time_is_refused_at_a_second_port(tokens, gateway):
    async with gateway.charger("CP-1") as first, gateway.charger("CP-2") as second:
        await first.boot()
        await second.boot()
        start = begun("ONCE")
        answer = await first.call("StartTransaction", start)
        assert answer["idTagInfo"]["status"] == "Accepted"
        again = await first.call("StartTransaction", start)
        assert again == answer
        other = await second.call("StartTransaction", begun("once"))
        assert other["idTagInfo"]["status"] == "ConcurrentTx"
        # A card is held up to stop, too: only a start is refused.
        held = await second.call("Authorize", {"idTag": "ONCE"})
        assert held["idTagInfo"]["status"] == "Accepted"
        for cp, transaction in ((first, answer), (second, other)):
            stop = {"transactionId": transaction["transactionId"], "meterStop": 200}
            await cp.call("StopTransaction", {**stop, "timestamp": start["timestamp"]})
        after = await second.call("StartTransaction", begun("ONCE", evse=2))
        assert after["idTagInfo"]["status"] == "Accepted"
    said = [s.authorization async for s in Session.objects.order_by("pk")]
    assert said == ["Accepted", "ConcurrentTx", "Accepted"]


async def test_another_gateway_s_sessions_keep_a_token_busy_too(tokens, gateway, charger):
    now = datetime.now(UTC)
    await Session.objects.acreate(
        pk=77, charger=charger, transaction_id="77", id_token="once", started=now,
        received=now, updated=now,
    )  # fmt: skip
    async with gateway.charger("CP-2", "2.0.1") as cp:
        await cp.boot2()
        async with asyncio.timeout(30):
            while not gateway.hub.directory.tokens._running:
                await asyncio.sleep(0.02)
        event = {
            "eventType": "Started", "timestamp": now.isoformat(), "triggerReason": "Authorized",
            "seqNo": 0, "transactionInfo": {"transactionId": "tx-1"}, "evse": {"id": 1},
            "idToken": {"idToken": "ONCE", "type": "ISO14443"},
        }  # fmt: skip
        answer = await cp.call("TransactionEvent", event)
        assert answer["idTokenInfo"]["status"] == "ConcurrentTx"
        await sync_to_async(Session.objects.filter(pk=77).update)(ended=now)
