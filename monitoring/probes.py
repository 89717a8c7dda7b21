"""What machines ask of a listener: is it alive, is it ready, how is it."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST

from inventory import tokens
from inventory.rest.authentication import bearer
from monitoring import health, metrics

#: Set by proxies: the peer that we see is theirs then, and says nothing of who asks.
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
NO_STORE = {"Cache-Control": "no-store"}


class Probes:
    """Middleware that answers the probes before anything looks at the Host header.

    Kubernetes and Prometheus ask by address, which is never among ALLOWED_HOSTS.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        probe = PROBES.get(request.path_info, self.get_response)
        return probe(request)


def alive(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; it asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain", headers=NO_STORE)


def ready(request: HttpRequest) -> HttpResponse:
    """Say whether database, migrations and, for people, Redis are as they must be: 200 or 503."""
    found = health.readiness()
    # Redis may be lost at any moment; a gateway takes facts without it.
    needed = found.keys() - ({"redis"} if settings.ROLE == "gateway" else set())
    status = 200 if all(found[name] == health.OK for name in needed) else 503
    return JsonResponse(found, status=status, headers=NO_STORE)


def measured(request: HttpRequest) -> HttpResponse:
    """Return the metrics to loopback, METRICS_NETWORKS, and tokens with the scope `metrics`."""
    if not (comes_from_friends(request) or has_token(request)):
        challenge = {"WWW-Authenticate": 'Bearer realm="Kilowatch"', **NO_STORE}
        text = "Metrics are for loopback, METRICS_NETWORKS, or a token with the scope metrics.\n"
        return HttpResponse(text, "text/plain", 401, headers=challenge)
    text_of_all = metrics.text(installation=settings.ROLE != "gateway")
    return HttpResponse(text_of_all, CONTENT_TYPE_LATEST, headers=NO_STORE)


def comes_from_friends(request: HttpRequest) -> bool:
    """Tell whether the peer may read metrics. Never believes a header about its address."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    networks = map(ipaddress.ip_network, settings.METRICS_NETWORKS)
    return peer.is_loopback or any(peer in network for network in networks)


def has_token(request: HttpRequest) -> bool:
    """Tell whether the request has a valid token with the scope `metrics`."""
    text = bearer(request.headers.get("Authorization", ""))
    token = tokens.find(text, timezone.now()) if text else None
    return token is not None and "metrics" in token.scopes


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": alive,
    "/readyz": ready,
    "/metrics": measured,
}
