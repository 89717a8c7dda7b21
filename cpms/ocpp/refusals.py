"""How a handshake is refused: an HTTP status that tells nothing, and a note of who it was."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter

from cpms.ocpp import handshake
from cpms.ocpp.sightings import FORGOTTEN

if TYPE_CHECKING:
    from cpms.ocpp.gateway import Gateway

HANDSHAKES = Counter("kilowatch_handshakes_total", "WebSocket handshakes.", ["status"])

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
    if status in {401, 404} and hub.failures.refuses((refusal.peer, refusal.identity.lower())):
        status = 429
    HANDSHAKES.labels(str(status)).inc()
    answer = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 401:
        answer.append((b"www-authenticate", b'Basic realm="OCPP"'))
    await send({"type": "websocket.http.response.start", "status": status, "headers": answer})
    await send({"type": "websocket.http.response.body", "body": BODIES[status]})
    if refusal.reason:
        await _sight(hub, refusal, scope)


async def _sight(hub: "Gateway", refusal: handshake.Refusal, scope: Any) -> None:
    """Note who was refused; of those nobody knows, only so many."""
    if refusal.charger_id is None and hub.unknown.refuses(refusal.peer):
        FORGOTTEN.inc()
        return
    if refusal.reason == "unknown":
        refusal = await handshake.look_closer(refusal, scope, hub.directory)
    agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    said = {"path": scope["path"], "user_agent": agent}
    said["subprotocols"] = ", ".join(scope["subprotocols"])
    who = (refusal.identity, refusal.reason, refusal.peer)
    hub.sightings.note(*who, datetime.now(UTC), said, refusal.charger_id)
