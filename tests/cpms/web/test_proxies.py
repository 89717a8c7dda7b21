"""What a proxy says of the client counts only where the proxy is trusted."""

import ipaddress

import pytest
from auditlog.models import LogEntry
from django.http import HttpResponse
from django.test import Client, RequestFactory

from cpms.web.proxies import TrustedProxies, client
from inventory.models import Role
from tests.network import person, signed_in, tenant

PROXY = "10.0.0.1"
NETWORKS = [ipaddress.ip_network("10.0.0.0/8")]


@pytest.fixture
def trusting(settings):
    settings.TRUSTED_PROXIES = NETWORKS
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def asked(peer, **headers):
    """Return the request as the pages see it."""
    seen = []
    middleware = TrustedProxies(lambda request: seen.append(request) or HttpResponse())
    middleware(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))
    return seen[0]


def test_without_trusted_proxies_nobody_s_word_counts(settings):
    request = asked("192.0.2.7", HTTP_X_FORWARDED_FOR="198.51.100.1", HTTP_X_REAL_IP="198.51.100.1")
    assert request.META["REMOTE_ADDR"] == "192.0.2.7"
    assert "X-Forwarded-For" not in request.headers
    assert "X-Real-Ip" not in request.headers


def test_a_trusted_proxy_s_client_is_the_client(trusting):
    request = asked(PROXY, HTTP_X_FORWARDED_FOR="198.51.100.1", HTTP_X_FORWARDED_PROTO="https")
    assert request.META["REMOTE_ADDR"] == "198.51.100.1"
    assert request.is_secure()


def test_a_scheme_from_anybody_else_is_not_believed(trusting):
    request = asked("192.0.2.7", HTTP_X_FORWARDED_PROTO="https")
    assert not request.is_secure()


@pytest.mark.parametrize(
    ("hops", "true"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        (["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        (["<script>"], PROXY),
        ([""], PROXY),
        (["198.51.100.1", "unknown"], PROXY),
        (["2001:db8::7"], "2001:db8::7"),
    ],
)
def test_what_stands_left_of_the_last_untrusted_address_may_be_made_up(hops, true):
    assert client(hops, PROXY, NETWORKS) == true


def entry(forwarded, peer="192.0.2.7"):
    """Change something over a connection that says it is forwarded; return the audit's entry."""
    organisation = tenant()
    lead = signed_in(person("lead", Role.LEAD, organisation))
    answer = lead.post(
        "/connect/",
        {"organisation": organisation.pk, "name": "Depot", "timezone": "UTC"},
        REMOTE_ADDR=peer,
        HTTP_X_FORWARDED_FOR=forwarded,
    )
    assert answer.status_code == 302
    return LogEntry.objects.filter(object_repr="Depot").latest("timestamp")


def test_the_audit_trail_keeps_the_connection_s_own_address(db):
    assert entry("6.6.6.6").remote_addr == "192.0.2.7"


def test_the_audit_trail_keeps_the_client_of_a_trusted_proxy(db, trusting):
    assert entry("6.6.6.6, 198.51.100.1", PROXY).remote_addr == "198.51.100.1"


def test_a_redirect_to_tls_ends_once_a_trusted_proxy_speaks_of_it(db, trusting, settings):
    settings.SECURE_SSL_REDIRECT = True
    there = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_PROTO": "https"}
    assert Client().get("/accounts/login/", **there).status_code == 200
    elsewhere = {**there, "REMOTE_ADDR": "192.0.2.7"}
    assert Client().get("/accounts/login/", **elsewhere).status_code == 301
