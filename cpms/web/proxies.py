"""Who asks, and over which scheme: what a proxy says of it counts only if we trust the proxy."""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

#: What proxies say of the client; the scheme stays for SECURE_PROXY_SSL_HEADER to read.
FORWARDED = (
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
)  # fmt: skip
SCHEME = "HTTP_X_FORWARDED_PROTO"


class TrustedProxies:
    """Middleware that makes REMOTE_ADDR the client's, and drops what anybody could have sent.

    Everything behind it (the audit trail, sign-in limits) then reads one address that is true.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the request's own word about its client replaced by ours."""
        meta = request.META
        said = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if _within(meta.get("REMOTE_ADDR", ""), settings.TRUSTED_PROXIES):
            meta["REMOTE_ADDR"] = client(said, meta["REMOTE_ADDR"], settings.TRUSTED_PROXIES)
        else:
            meta.pop(SCHEME, None)
        for name in FORWARDED:
            meta.pop(name, None)
        return self.get_response(request)


def client(hops: Sequence[str], peer: str, trusted: Sequence[Any]) -> str:
    """Return the last address before the proxies that we trust; `peer` where none is said.

    Each proxy appends whom it was asked by: what stands further left may be made up.
    """
    for hop in reversed(hops):
        if not _is_address(hop):
            return peer
        if not _within(hop, trusted):
            return hop
        peer = hop
    return peer


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _within(address: str, networks: Sequence[Any]) -> bool:
    if not _is_address(address):
        return False
    parsed = ipaddress.ip_address(address)
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in network for network in networks)
