"""Where a charger comes in: Channels hands us its handshake, and who is admitted gets a socket."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from channels.consumer import AsyncConsumer

from cpms.control import passwords, upgrades
from cpms.control.pki import delivery
from cpms.ocpp import gateway, handshake
from cpms.ocpp.charger_socket import ChargerSocket
from cpms.ocpp.duplicates import contest
from cpms.ocpp.refusals import HANDSHAKES, refuse, told
from cpms.ocpp.throttle import neighbourhood


class ChargerConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """Admits a charger and serves its socket."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one connection, from handshake to end."""
        await receive()
        hub = gateway.current()
        peer = handshake.peer_of(scope).address
        verdict: handshake.Admission | handshake.Refusal
        if not hub.writer.full and await hub.turns.take(neighbourhood(peer)):
            verdict = await handshake.admit(scope, hub.directory, hub.guesses, hub.trust)
        else:
            verdict = handshake.busy(scope, peer)
        if isinstance(verdict, handshake.Admission):
            verdict = await contest(hub, verdict)
        if isinstance(verdict, handshake.Refusal):
            await refuse(hub, verdict, scope, send)
            return
        HANDSHAKES.labels("101").inc()
        _note_entry(hub, verdict, scope)
        _note_key(hub, verdict)
        _note_certificate(hub, verdict)
        _note_profile(hub, verdict)
        await send({"type": "websocket.accept", "subprotocol": verdict.subprotocol})
        await ChargerSocket(hub, verdict, scope, receive, send).serve()


def _note_entry(hub: gateway.Gateway, admission: handshake.Admission, scope: Any) -> None:
    said = {**told(scope), "version": admission.version, "profile": admission.profile}
    identity = admission.station.identity
    hub.arrivals.note("entered", admission.peer, identity, known=True, **said)


def _note_key(hub: gateway.Gateway, admission: handshake.Admission) -> None:
    """Learn from the key that a charger comes with which of its two is in force."""
    station = admission.station
    if admission.key is not None and station.next_password_digest is not None:
        now = datetime.now(UTC)
        hub.clerk.soon(partial(passwords.used, station.id, admission.key, now))


def _note_certificate(hub: gateway.Gateway, admission: handshake.Admission) -> None:
    """Note that a charger comes with the certificate that it was given."""
    if admission.certificate is not None:
        now = datetime.now(UTC)
        hub.clerk.soon(partial(delivery.shown, admission.certificate.fingerprint, now))


def _note_profile(hub: gateway.Gateway, admission: handshake.Admission) -> None:
    """Take no less of a charger from now on that comes with the profile that it accepted."""
    station = admission.station
    if station.coming_profile is not None and admission.profile >= station.coming_profile:
        now = datetime.now(UTC)
        hub.clerk.soon(partial(upgrades.came, station.id, admission.profile, now))
