"""Servers of others: whom we ask, what their answers are worth, and how nobody leads us inside."""

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as rfc6960
from cryptography.x509.oid import ExtendedKeyUsageOID

from cpms.control.outside import fetch, ocsp, pool
from cpms.control.outside.allowed import Allowed, Pool
from cpms.control.outside.fetch import Unreachable
from cpms.control.outside.responders import Responders, Unanswered
from tests.cpms.ocpp.papers import paper
from tests.cpms.ocpp.responder import (
    REVOKED,
    answer,
    elsewhere,
    hash_data,
    json_answers,
    ocsp_answers,
)

ROOT = paper("MO root", is_ca=True)
SUB = paper("MO sub", ROOT, is_ca=True)
CONTRACT = paper("DEABCC123456", SUB)
OTHER = paper("Other CA", is_ca=True)
SIGNS_OCSP = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
DEPUTY = paper("MO OCSP", SUB, extensions=[SIGNS_OCSP])
URL = "http://ocsp.example/"
ASKED = ocsp.about(CONTRACT.certificate, SUB.certificate, URL)


@pytest.fixture
def inside(settings):
    """Loopback may be asked: the server of the tests is there."""
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]


def judged(encoded, known=()):
    return ocsp.judge(encoded, ASKED, datetime.now(UTC), [one.certificate for one in known])


def tampered(encoded):
    signature = rfc6960.load_der_ocsp_response(encoded).signature
    return encoded.replace(signature[-4:], b"abcd")


# What an answer is worth


def test_the_issuer_s_own_answer_counts_whoever_else_we_know():
    verdict = judged(answer(ASKED.encoded(), SUB))
    assert (verdict.standing, verdict.verified) == (ocsp.Standing.GOOD, True)
    assert judged(answer(ASKED.encoded(), SUB, REVOKED)).standing is ocsp.Standing.REVOKED


def test_a_deputy_s_answer_counts_where_the_issuer_is_known():
    encoded = answer(ASKED.encoded(), SUB, by=DEPUTY)
    assert judged(encoded, [SUB]).verified
    assert not judged(encoded, [OTHER]).verified


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (answer(ASKED.encoded(), OTHER), "isn't signed"),
        (answer(ASKED.encoded(), SUB, by=paper("Liar", SUB)), "isn't signed"),
        (answer(ASKED.encoded(), SUB, by=paper("Liar", OTHER)), "isn't signed"),
        (answer(ASKED.encoded(), SUB, age=timedelta(hours=2)), "out of date"),
        (answer(ASKED.encoded(), SUB, age=-timedelta(hours=1)), "future"),
        (answer(ASKED.encoded(), SUB, serial=7), "another certificate"),
        (tampered(answer(ASKED.encoded(), SUB)), "isn't signed"),
        (b"", "can't be read"),
        (b"<html>", "can't be read"),
        (b"\x30\x03\x0a\x01\x06", "unauthorized"),
    ],
)
def test_an_answer_that_is_worth_nothing_is_refused_and_says_why(encoded, why):
    with pytest.raises(ocsp.BadAnswer, match=why):
        judged(encoded, [SUB])


def test_a_deputy_whom_another_appointed_is_nobody_s():
    false = paper("MO OCSP", OTHER, extensions=[SIGNS_OCSP])
    with pytest.raises(ocsp.BadAnswer, match="isn't signed"):
        judged(answer(ASKED.encoded(), SUB, by=false), [SUB])


@pytest.mark.parametrize(
    "change", [{"issuerNameHash": "zz"}, {"serialNumber": "-1"}, {"issuerKeyHash": "ab"}]
)
def test_hashes_that_are_none_are_not_asked(change):
    data = hash_data(CONTRACT.certificate, SUB.certificate, URL) | change
    with pytest.raises(ocsp.BadQuestion):
        ocsp.Question(*data.values()).encoded()


# Whom we ask


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
     "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
     "224.0.0.1", "240.0.0.1", "nonsense"],
)  # fmt: skip
def test_an_address_inside_may_not_be_asked(address):
    assert not fetch.may_be_asked(address)


def test_one_outside_may_and_one_inside_where_it_is_said(inside):
    assert fetch.may_be_asked("93.184.216.34")
    assert fetch.may_be_asked("2606:2800:220:1:248:1893:25c8:1946")
    assert fetch.may_be_asked("127.0.0.1")
    assert not fetch.may_be_asked("10.0.0.1")


async def test_a_name_of_which_one_address_is_inside_is_not_asked(monkeypatch):
    async def answers(host, port, **_how):
        return [(0, 0, 0, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answers)
    with pytest.raises(Unreachable, match="inside"):
        await fetch.post("http://rebinding.example/", b"", {})


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "http://", "http://u:p@a.example/", "http://a.example:0/", "http:// a/",
     "http://a.example/\r\nX: y", "file:///etc/passwd", "http://[::1", "http://ä.example/"],
)  # fmt: skip
async def test_what_is_no_address_is_not_asked(url, inside):
    with pytest.raises(Unreachable, match="no http or https"):
        await fetch.post(url, b"", {})


async def test_redirects_are_not_followed_and_answers_bounded(inside):
    async with elsewhere() as server, elsewhere() as secret:
        server.answers = lambda body: (302, "text/plain", b"")
        server.headers = [("Location", secret.url)]
        assert (await fetch.post(server.url, b"x", {})).status == 302
        server.answers = lambda body: (200, "text/plain", b"x" * 5_000)
        with pytest.raises(Unreachable, match="longer than 1000"):
            await fetch.post(server.url, b"x", {}, largest=1_000)
        assert secret.requests == []


async def test_who_says_nothing_or_nonsense_is_given_up(inside):
    async with elsewhere() as server:
        server.may_answer.clear()
        with pytest.raises(Unreachable, match="No answer within"):
            await fetch.post(server.url, b"x", {}, patience=0.1)
        server.may_answer.set()
    junk = await asyncio.start_server(
        lambda reader, writer: writer.write(b"SSH-2.0\r\n\r\n"), "127.0.0.1", 0
    )
    port = junk.sockets[0].getsockname()[1]
    with pytest.raises(Unreachable):
        await fetch.post(f"http://127.0.0.1:{port}/", b"x", {}, patience=5)
    junk.close()
    with pytest.raises(Unreachable):
        await fetch.post(f"http://127.0.0.1:{port}/", b"x", {}, patience=5)


async def test_a_responder_is_asked_once_for_as_long_as_its_answer_holds(inside):
    async with elsewhere() as server:
        server.answers = ocsp_answers(SUB)
        allowed = Allowed(frozenset({f"127.0.0.1:{server.port}"}))
        question = ocsp.about(CONTRACT.certificate, SUB.certificate, server.url)
        responders = Responders()
        server.may_answer.clear()
        both = [asyncio.create_task(responders.ask(question, allowed)) for _ in range(2)]
        while not server.requests:
            await asyncio.sleep(0.01)
        server.may_answer.set()
        assert {(await one).standing for one in both} == {ocsp.Standing.GOOD}
        await responders.ask(question, allowed)
        assert len(server.requests) == 1


async def test_a_responder_that_nobody_allowed_is_not_asked(inside):
    async with elsewhere() as server:
        question = ocsp.about(CONTRACT.certificate, SUB.certificate, server.url)
        with pytest.raises(Unanswered, match="not among"):
            await Responders().ask(question, Allowed(frozenset({"127.0.0.1", "ocsp.example"})))
        assert server.requests == []


async def test_a_bad_answer_is_not_kept(inside):
    async with elsewhere() as server:
        allowed = Allowed(frozenset({f"127.0.0.1:{server.port}"}))
        question = ocsp.about(CONTRACT.certificate, SUB.certificate, server.url)
        responders = Responders()
        server.answers = ocsp_answers(OTHER)
        with pytest.raises(Unanswered, match="isn't signed"):
            await responders.ask(question, allowed, [SUB.certificate])
        server.answers = lambda body: (500, "text/html", b"")
        with pytest.raises(Unanswered, match="500"):
            await responders.ask(question, allowed)
        server.answers = ocsp_answers(SUB)
        assert (await responders.ask(question, allowed)).verified


# The provider of contracts

WANTED = pool.Wanted("Install", "urn:iso:15118:2:2013:MsgDef", "gJgC")


@pytest.mark.parametrize(
    "said",
    [
        {"exiResponse": "gJgC"},
        {"CCPResponse": {"emaidContent": [{"messageDef": {"certificateInstallationRes": "gJgC"}}]}},
    ],
)
async def test_a_provider_s_answer_is_read_in_both_forms(said, inside):
    async with elsewhere() as server:
        server.answers = json_answers(said)
        given = await pool.ask(Pool(server.url, "secret"), WANTED, 100)
        assert given == pool.Given("gJgC")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"exiResponse": "A" * 104}, "longer"),
        ({"exiResponse": ""}, "empty"),
        ({"exiResponse": "not base64!"}, "can't be read"),
        ({"CCPResponse": {"emaidContent": []}}, "can't be read"),
        ([], "can't be read"),
        (None, "can't be read"),
    ],
)
async def test_a_provider_s_nonsense_is_refused(said, why, inside):
    async with elsewhere() as server:
        server.answers = json_answers(said)
        with pytest.raises(pool.Refused, match=why):
            await pool.ask(Pool(server.url, ""), WANTED, 100)
