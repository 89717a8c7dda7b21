"""How a handshake is refused: an HTTP status that tells nothing, and a note of who it was."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from prometheus_client import Counter

from cpms.ocpp import handshake
from cpms.ocpp.shapes import shape, user_name
from cpms.ocpp.sightings import FORGOTTEN
from cpms.ocpp.suspicions import BAD, BAD_CERTIFICATE, DOWNGRADE, LESS
from cpms.ocpp.throttle import neighbourhood
from inventory import credentials

if TYPE_CHECKING:
    from cpms.ocpp.gateway import Gateway

HANDSHAKES = Counter("kilowatch_handshakes_total", "WebSocket handshakes.", ["status"])


class Knock(NamedTuple):
    """What came with a handshake that was refused."""

    #: What it says of itself (`told`).
    said: dict[str, Any]
    #: Its Authorization header, and the user name and password in it.
    header: bytes | None
    offered: tuple[str, bytes] | None


#: Refusals that are no sighting: nothing is odd about who it was.
UNSEEN = frozenset({"busy", "duplicate", "throttled"})
#: HTTP status -> body. 401 says the same to everybody.
BODIES = {
    400: b"Offer one of the subprotocols ocpp2.1, ocpp2.0.1, ocpp1.6.",
    401: b"Unauthorized",
    403: b"Forbidden",
    404: b"Not found",
    429: b"Too many attempts; wait a minute.",
    503: b"Not ready; try again.",
}


async def refuse(hub: "Gateway", refusal: handshake.Refusal, scope: Any, send: Any) -> None:
    """Answer a handshake with an HTTP status, and note who it was once nobody waits for it."""
    status = refusal.status
    HANDSHAKES.labels(str(status)).inc()
    answer = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 401:
        answer.append((b"www-authenticate", b'Basic realm="OCPP"'))
    await send({"type": "websocket.http.response.start", "status": status, "headers": answer})
    await send({"type": "websocket.http.response.body", "body": BODIES[status]})
    if refusal.charger_id is None and hub.unknown.refuses(neighbourhood(refusal.peer)):
        FORGOTTEN.inc()
        return
    if refusal.reason == "unknown":
        refusal = await handshake.look_closer(refusal, scope, hub.directory)
    header = dict(scope["headers"]).get(b"authorization")
    knock = Knock(told(scope), header, handshake.basic_auth(header))
    _note(hub, refusal, knock)
    _suspect(hub, refusal)
    if refusal.reason not in UNSEEN:
        _sight(hub, refusal, knock)


def _suspect(hub: "Gateway", refusal: handshake.Refusal) -> None:
    """Keep what looks like an attack with the charger that it is about."""
    if refusal.charger_id is None or refusal.reason not in {"certificate", "profile"}:
        return
    event = BAD_CERTIFICATE if refusal.wrong in BAD else DOWNGRADE
    text = BAD.get(refusal.wrong) or LESS[refusal.reason]
    hub.suspicions.tell(refusal.charger_id, event, text, refusal.peer, refusal.certificate)


def told(scope: Any) -> dict[str, Any]:
    """Return what a handshake says of itself, without its credentials."""
    peer = handshake.peer_of(scope)
    agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    said = {"path": scope["path"], "user_agent": agent, "tls": peer.tls, "proxy": peer.proxy}
    return {**said, "subprotocols": ", ".join(scope["subprotocols"])}


def _note(hub: "Gateway", refusal: handshake.Refusal, knock: Knock) -> None:
    """Note how far it got, for who watches it come."""
    said = knock.said
    if refusal.reason in {"credentials", "username"}:
        given = knock.header is not None
        said = said | shape(given, knock.offered, refusal.kept, refusal.identity)
    said = said | _certificate(refusal)
    known = refusal.charger_id is not None
    hub.arrivals.note(refusal.reason, refusal.peer, refusal.identity, known, **said)


def _certificate(refusal: handshake.Refusal) -> dict[str, str]:
    shown = refusal.certificate
    return {"certificate": refusal.wrong, "shown": shown.common_name if shown else ""}


def _sight(hub: "Gateway", refusal: handshake.Refusal, knock: Knock) -> None:
    """Note who was refused, and of the key it gave a digest: a person may let it in with that."""
    offered = knock.offered
    said = {name: knock.said[name] for name in ("path", "user_agent", "subprotocols")}
    said["key"] = _key_words(knock)
    said |= _certificate(refusal)
    if offered is not None:
        said["user"] = user_name(offered, refusal.kept, refusal.identity)
    key = credentials.presented(offered[1]) if offered and offered[1] else None
    who = (refusal.identity, refusal.reason, refusal.peer)
    hub.sightings.note(*who, datetime.now(UTC), said, refusal.charger_id, key)


#: Shorter keys can be guessed. (OCPP 2.0.1 part 2, A00.FR.205: at least 16 characters)
SHORT_KEY = 16


def _key_words(knock: Knock) -> str:
    """Return none, unreadable, short or given: how it came with credentials."""
    offered = knock.offered
    if knock.header is None or (offered is not None and not offered[1]):
        return "none"
    if offered is None:
        return "unreadable"
    return "short" if len(offered[1]) < SHORT_KEY else "given"
