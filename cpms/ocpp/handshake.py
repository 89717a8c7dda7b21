"""Who is this, and may it enter: identity, credentials, security profile, subprotocol."""

import base64
import binascii
import ipaddress
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from django.conf import settings

from cpms.ocpp.directory import Directory, DirectoryAway
from cpms.ocpp.station import Station
from cpms.ocpp.throttle import Throttle, neighbourhood
from cpms.ocpp.tls import shown as certificates
from cpms.ocpp.tls.shown import Shown
from cpms.ocpp.tls.trust import Trust
from inventory import credentials

#: Our order of preference.
SUBPROTOCOLS = {"ocpp2.1": "2.1", "ocpp2.0.1": "2.0.1", "ocpp1.6": "1.6"}
#: Longer identities are nobody's (2.0.1: 48).
LONGEST_IDENTITY = 100
#: Compared with where there is no such charger or password, so that it takes as long.
NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Admission:
    """It may enter."""

    station: Station
    #: To be said in the answer; None where the charger named none and its model may.
    subprotocol: str | None
    version: str
    profile: int
    authenticated: bool
    peer: str
    #: Digest of the key that let it in.
    key: bytes | None = field(default=None, repr=False)
    #: The certificate that let it in.
    certificate: Shown | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """It may not: the HTTP status, and the reason for the sighting (not told to the charger)."""

    status: int
    reason: str
    identity: str
    peer: str
    charger_id: int | None = None
    #: Digest of the right password, for who looks for what is wrong with the other one.
    kept: bytes | None = field(default=None, repr=False)
    #: The certificate that it came with, and what is wrong with that, or that there is none.
    certificate: Shown | None = None
    wrong: str = ""


class Peer(NamedTuple):
    """Where a connection comes from, as a trusted proxy or the socket says."""

    address: str
    tls: bool
    #: The proxy's address where one spoke for it, whether or not we believe it.
    proxy: str = ""


def identity_of(path: str) -> str:
    """Return the last non-empty segment of the URL's path, decoded.

    `path` is as sent: percent-encoded, without the query. (steve#689, #1527; openems#1401)
    """
    segments = [segment for segment in path.split("/") if segment]
    return unquote(segments[-1], errors="replace").strip() if segments else ""


def _possible(identity: str) -> bool:
    """Tell whether anybody can be called so; the database can't even be asked about a NUL."""
    return len(identity) <= LONGEST_IDENTITY and "\0" not in identity


def basic_auth(header: bytes | None) -> tuple[str, bytes] | None:
    """Return user name and password bytes of an Authorization header; None where unusable.

    The password may hold colons and any bytes. (RFC 7617; Java-OCA-OCPP#143)
    """
    scheme, _, encoded = (header or b"").partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except binascii.Error:
        return None
    return (user.decode("utf-8", "replace"), password) if colon else None


def peer_of(scope: Any) -> Peer:
    """Return the charger's address, from a proxy that we trust by its address or the socket."""
    host = scope["client"][0] if scope.get("client") else ""
    headers = dict(scope["headers"])
    proxy = host if b"x-forwarded-for" in headers or b"x-forwarded-proto" in headers else ""
    if host and within(host, settings.TRUSTED_PROXIES):
        forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")[-1].strip()
        tls = headers.get(b"x-forwarded-proto", b"") in {b"https", b"wss"}
        return Peer(forwarded[:64] or host, tls, proxy)
    return Peer(host, scope.get("scheme") in {"wss", "https"}, proxy)


def within(address: str, networks: list[Any]) -> bool:
    """Tell whether an address is in one of the networks; text that is none isn't."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def shown_in(scope: Any, peer: Peer, trust: Trust, now: datetime) -> Shown | str | None:
    """Return the certificate that the charger showed, to us or to a proxy that we trust.

    None where it showed none; why it doesn't count where it doesn't.
    """
    own: Shown | None = scope["extensions"].get("kilowatch.certificate")
    if own is not None or not peer.proxy or not peer.tls:
        return own  # Its times were judged before it could say anything.
    try:
        chain = certificates.passed_on(dict(scope["headers"]))
    except certificates.Unreadable:
        return "untrusted"
    if not chain:
        return None
    whole = certificates.verified(chain, trust.trusted, now)
    if whole is None:
        return Shown.of(chain[:1]).untimely(now) or "untrusted"
    found = Shown.of(whole)
    return trust.distrust(found, now) or found


async def admit(
    scope: Any, directory: Directory, guesses: Throttle, trust: Trust
) -> Admission | Refusal:
    """Decide on a WebSocket handshake, given its ASGI scope.

    `guesses` bounds the passwords tried per address and identity: beyond it not even the right
    one is looked at, or the limit would only slow those who guess wrong.
    """
    peer = peer_of(scope)
    identity = identity_of(scope["raw_path"].decode("latin-1"))
    if settings.OCPP_NETWORKS and not within(peer.address, settings.OCPP_NETWORKS):
        return Refusal(403, "network", identity, peer.address)
    offered = basic_auth(dict(scope["headers"]).get(b"authorization"))
    guess = (neighbourhood(peer.address), identity.lower())
    if offered is not None and guesses.refuses(guess):
        return Refusal(429, "throttled", identity, peer.address)
    try:
        station = await directory.find(identity) if _possible(identity) else None
    except DirectoryAway:
        if offered is not None:
            guesses.give_back(guess)
        return Refusal(503, "busy", identity, peer.address)
    key = _key(station, offered[1] if offered else b"")
    found = shown_in(scope, peer, trust, datetime.now(UTC))
    came = found if isinstance(found, Shown) else None
    reason = (
        _distrust_shown(station, found, trust)
        if found is not None
        else _distrust(station, offered, key, peer.tls)
    )
    if reason:
        no_more = offered is None and guesses.refuses((*guess, "without a password"))
        reason, _, wrong = reason.partition(":")
        status = 429 if no_more else _status(reason)
        refusal = _refused(status, reason, identity, peer.address, station)
        return replace(refusal, certificate=came, wrong=wrong)
    assert station is not None
    if offered is not None:
        guesses.give_back(guess)
    return _speak(station, scope, key if offered is not None else None, peer, came)


def _status(reason: str) -> int:
    """Return how who can't be trusted is answered: all alike, unless anybody may come in."""
    return 404 if reason == "unknown" and settings.OCPP_ALLOW_UNAUTHENTICATED else 401


def _refused(
    status: int, reason: str, identity: str, peer: str, station: Station | None
) -> Refusal:
    """Return the refusal of a charger on file by its own name, however its letters were sent."""
    if station is None:
        return Refusal(status, reason, identity, peer)
    return Refusal(status, reason, station.identity, peer, station.id, station.password_digest)


def busy(scope: Any, peer: str) -> Refusal:
    """Return the refusal of somebody whom there is no time for."""
    return Refusal(503, "busy", identity_of(scope["raw_path"].decode("latin-1")), peer)


#: Segments of a path that are no identity: the listener's own.
NOT_NAMES = frozenset({"", "ocpp"})


async def look_closer(refusal: Refusal, scope: Any, directory: Directory) -> Refusal:
    """Return the refusal of an unknown identity, as "path" where the path is to blame.

    It may hold no identity at all, or more behind it; the user name or the segment before then
    tells which charger it is.
    """
    offered = basic_auth(dict(scope["headers"]).get(b"authorization"))
    user = offered[0] if offered else ""
    segments = scope["raw_path"].decode("latin-1").split("/")
    before = [unquote(part, errors="replace") for part in segments[:-1]]
    candidates = [user, *reversed(before)]
    named = [name for name in candidates if name not in NOT_NAMES and name != refusal.identity]
    with suppress(DirectoryAway):
        station = await directory.find(named[0]) if named and _possible(named[0]) else None
        if station is not None:
            return replace(refusal, reason="path", identity=station.identity, charger_id=station.id)
    if refusal.identity.lower() in NOT_NAMES:
        return replace(refusal, reason="path", identity=scope["path"])
    return refusal


def _key(station: Station | None, password: bytes) -> bytes | None:
    """Return the digest of the charger's key, old or new, that `password` is.

    Every way takes the same comparisons.
    """
    kept = station.password_digest if station is not None else None
    coming = station.next_password_digest if station is not None else None
    is_kept = credentials.matches(bytes(kept or NOBODY), password) and kept is not None
    is_coming = credentials.matches(bytes(coming or NOBODY), password) and coming is not None
    return bytes((coming if is_coming else kept) or b"") if is_coming or is_kept else None


def _distrust(
    station: Station | None, offered: tuple[str, bytes] | None, key: bytes | None, tls: bool
) -> str:
    """Return why this can't be trusted, or ""; `key` is of the right password."""
    if station is None:
        return "unknown"
    if key is None and station.password_digest is None and station.security_profile == 0:
        return ""
    if station.security_profile == 3 and tls:
        return "certificate:missing"
    return _distrust_key(station, offered, key) or (
        "profile" if station.security_profile > (2 if tls else 1) else ""
    )


def _distrust_key(station: Station, offered: tuple[str, bytes] | None, key: bytes | None) -> str:
    if offered is None or (station.password_digest is None and key is None):
        return "credentials"
    if offered[0].lower() != station.identity.lower():
        return "username"
    return "credentials" if key is None else ""


def _distrust_shown(station: Station | None, shown: Shown | str, trust: Trust) -> str:
    """Return why this can't be trusted, or "", where a certificate came: nothing else counts."""
    if isinstance(shown, str):
        return f"certificate:{shown}"
    if station is None:
        return "unknown"
    why = trust.mismatch(shown, station)
    return f"certificate:{why}" if why else ""


def _speak(
    station: Station, scope: Any, key: bytes | None, peer: Peer, certificate: Shown | None
) -> Admission | Refusal:
    offered = [name for name in scope["subprotocols"] if name]
    chosen = next((name for name in SUBPROTOCOLS if name in offered), None)
    assumed = "" if offered else station.quirks.missing_subprotocol
    if chosen is None and not assumed:
        return Refusal(400, "subprotocol", station.identity, peer.address, station.id)
    version = SUBPROTOCOLS[chosen or assumed]
    authenticated = key is not None or certificate is not None
    profile = (2 if peer.tls else 1) if authenticated else 0
    if certificate is not None:
        profile = 3
    return Admission(
        station, chosen, version, profile, authenticated, peer.address, key, certificate
    )
