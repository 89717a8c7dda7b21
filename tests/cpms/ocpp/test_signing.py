"""A charger asks for a certificate: what it is answered, and what goes on meanwhile."""

import threading
from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async

from cpms.control.models import Certificate, Command, SigningRequest
from cpms.control.pki import registry
from cpms.control.pki.requests import Use
from cpms.ocpp import signing
from cpms.ocpp.conversation import MOST_ASKING
from inventory.models import Charger
from monitoring.models import Event
from tests import pki
from tests.cpms.ocpp.conftest import RunningGateway, make_charger


@pytest.fixture
def newer(transactional_db: None) -> Charger:
    """A charger of 2.0.1."""
    return make_charger("CP-1", serial_number="SN-1", ocpp_version="2.0.1")


async def test_another_charger_s_name_is_refused_in_words(
    newer: Charger, gateway: RunningGateway
) -> None:
    await sync_to_async(make_charger)("CP-2")
    async with gateway.charger("CP-1", version="2.0.1") as charger:
        await charger.boot2()
        answer = await charger.call("SignCertificate", {"csr": pki.csr("CP-2")})
        assert answer["status"] == "Rejected"
        assert answer["statusInfo"]["reasonCode"] == "InvalidCN"
        event = await Event.objects.aget(kind="certificate_request")
        assert (event.code, event.severity) == ("InvalidCN", 4)
        assert "neither this charger's identity" in event.text
        junk = await charger.call("SignCertificate", {"csr": "\0" + "A" * 5000})
        assert junk["statusInfo"]["reasonCode"] == "InvalidCSR"
        assert "currentTime" in await charger.call("Heartbeat", {})
    assert not await Certificate.objects.aexists()
    assert await SigningRequest.objects.acount() == 2


async def test_other_messages_are_answered_while_a_request_is_judged(
    newer: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, receive = threading.Event(), registry.receive

    def slow(key: int, text: str, use: Use, number: int | None, now: datetime) -> SigningRequest:
        go_on.wait(20)
        return receive(key, text, use, number, now)

    monkeypatch.setattr(registry, "receive", slow)
    async with gateway.charger("CP-1", version="2.0.1") as charger:
        await charger.boot2()
        for number in range(MOST_ASKING):
            text = f'[2, "sign-{number}", "SignCertificate", {{"csr": "junk"}}]'
            await charger.socket.send(text)
        refused = await charger.call("SignCertificate", {"csr": "junk"}, "one-more")
        assert refused[:3] == [4, "one-more", "InternalError"]
        assert "currentTime" in await charger.call("Heartbeat", {}, "beat")
        go_on.set()
        answers = [await charger.read() for _number in range(MOST_ASKING)]
        assert {answer[1] for answer in answers} == {f"sign-{n}" for n in range(MOST_ASKING)}


async def test_a_fault_of_ours_is_said_and_the_socket_stays(
    newer: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_asked: object) -> SigningRequest:
        raise RuntimeError

    monkeypatch.setattr(registry, "receive", broken)
    async with gateway.charger("CP-1", version="2.0.1") as charger:
        await charger.boot2()
        answer = await charger.call("SignCertificate", {"csr": pki.csr("CP-1")})
        assert answer[2] == "InternalError"
        assert "currentTime" in await charger.call("Heartbeat", {})
    assert not await Command.objects.aexists()


async def test_a_charger_that_asks_without_end_costs_the_database_nothing(
    newer: Charger, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "MOST_LOOKED_AT", 3)
    async with gateway.charger("CP-1", version="2.0.1") as charger:
        await charger.boot2()
        codes = [
            (await charger.call("SignCertificate", {"csr": "junk"}))["statusInfo"]["reasonCode"]
            for _number in range(5)
        ]
    assert codes == ["InvalidCSR"] * 3 + ["TooManyRequests"] * 2
    assert await SigningRequest.objects.filter(received_at__lt=datetime.now(UTC)).acount() == 3
