"""News from this gateway to the live pages, and nudges to it, over the channel layer.

Coalesced to a few messages a second. The channel layer may be away at any time: facts go on,
the news is dropped, and pages that come back read the database.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from prometheus_client import Counter

from cpms.ocpp.arrivals import Told
from cpms.ocpp.duplicates import displaced
from cpms.ocpp.inspection import inspect_text
from cpms.ocpp.station import Station
from monitoring import facts as f
from monitoring import live
from monitoring.live import GATEWAYS, frames_group, org_group, site_group
from monitoring.masking import mask

if TYPE_CHECKING:
    from cpms.ocpp.gateway import Gateway

log = structlog.get_logger(__name__)

#: Seconds between messages to the live pages.
EVERY = 0.25
#: Seconds that one of our sockets has to show life when another gateway asks.
PROBE_PATIENCE = 3.0
#: Frames of one charger sent to watchers at once; older ones are left out.
MOST_FRAMES = 200

LOST = Counter("kilowatch_live_messages_lost_total", "Live messages the channel layer refused.")

KINDS: dict[type, str] = {
    f.Connected: "connection",
    f.Disconnected: "connection",
    f.Booted: "boot",
    f.StatusReported: "status",
    f.SessionChanged: "session",
    f.MetersSampled: "meter",
    f.EventReported: "event",
    f.VariablesReported: "event",
    f.AuthorizationAsked: "event",
}


class Broadcast:
    """Collects what changed, and says it to whom it concerns."""

    def __init__(self, gateway: "Gateway") -> None:
        """Speak for this gateway."""
        self._gateway = gateway
        #: charger id -> (site, organisation, identity, ports, kinds)
        self._changed: dict[int, tuple[int, int, str, set[int], set[str]]] = {}
        #: Somebody knocked whom nobody knows.
        self._strangers = False
        #: charger id -> until when somebody watches its frames.
        self._watched: dict[int, datetime] = {}
        self._frames: dict[int, tuple[str, list[live.LiveFrame]]] = {}
        #: charger id -> the socket that is its owner since a moment ago; kept until it is said.
        self._taken: dict[int, tuple[str, str]] = {}
        #: Where the other gateways' answers come; None: the layer is away.
        self._channel: str | None = None
        #: charger id -> what another gateway says of its life.
        self._asked: dict[int, asyncio.Future[bool]] = {}
        self._probes: set[asyncio.Task[None]] = set()

    def committed(self, facts: list[f.Fact]) -> None:
        """Note what a commit changed."""
        connected = self._gateway.directory.connected
        for fact in facts:
            if isinstance(fact, f.Pinged):
                continue  # No page shows it live.
            change = self._changed.get(fact.charger_id)
            if change is None:
                station = connected.get(fact.charger_id)
                if station is None:
                    continue
                change = (station.site_id, station.organisation_id, station.identity, set(), set())
                self._changed[fact.charger_id] = change
            change[4].add(KINDS[type(fact)])
            port = getattr(fact, "evse", None)
            if port:
                change[3].add(port)

    def taken(self, charger_id: int, token: UUID, opened: datetime) -> None:
        """Have the other gateways told that this charger is ours now."""
        self._taken[charger_id] = (str(token), opened.isoformat())

    def gone(self, charger_id: int, site_id: int, organisation_id: int, identity: str) -> None:
        """Note that a charger that is not connected any more has changed."""
        self._changed[charger_id] = (site_id, organisation_id, identity, set(), {"connection"})

    def commanded(self, station: Station) -> None:
        """Note that something became of a command to this charger."""
        change = (
            station.site_id,
            station.organisation_id,
            station.identity,
            set[int](),
            set[str](),
        )
        self._changed.setdefault(station.id, change)[4].add("command")

    def arrived(self, whom: Iterable[Told]) -> None:
        """Note for whom there is news of the way in."""
        for charger_id, site, organisation, identity in whom:
            if charger_id is None:
                self._strangers = True
                continue
            change = (site, organisation, identity, set[int](), set[str]())
            self._changed.setdefault(charger_id, change)[4].add("arrival")

    def frame(
        self, charger_id: int, identity: str, at: datetime, way: Literal["in", "out"], text: str
    ) -> None:
        """Pass a frame on to those who watch the charger's frames, if anybody does."""
        if charger_id not in self._watched:
            return
        _identity, waiting = self._frames.setdefault(charger_id, (identity, []))
        if len(waiting) < MOST_FRAMES:
            waiting.append(self._live(charger_id, at, way, text))

    def _live(
        self, charger_id: int, at: datetime, way: Literal["in", "out"], text: str
    ) -> live.LiveFrame:
        """Return a frame as pages are told of it, with what is wrong with it."""
        told: live.LiveFrame = {"at": at.isoformat(), "direction": way, "text": mask(text[:8192])}
        station = self._gateway.directory.connected.get(charger_id)
        if way == "in" and station is not None:
            found = inspect_text(text, station.version)
            told["findings"] = [(one.kind, one.path, one.detail) for one in found]
        return told

    async def run(self) -> None:
        """Send what was noted, four times a second."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._send_taken()
                await self._send_changes()
                await self._send_frames()
            except Exception as error:  # noqa: BLE001 - redis's, the OS's, its own
                LOST.inc()
                log.warning("live_layer_away", error=str(error))

    async def _send_taken(self) -> None:
        said = dict(self._taken)
        if said:
            sockets = [(charger_id, *owner) for charger_id, owner in said.items()]
            news = {"type": "sockets.taken", "sockets": sockets}
            await get_channel_layer().group_send(GATEWAYS, news)
        self._taken = {i: owner for i, owner in self._taken.items() if said.get(i) != owner}

    async def _send_changes(self) -> None:
        changed, self._changed = self._changed, {}
        groups: dict[str, dict[str, Any]] = {}
        for site, organisation, identity, ports, kinds in changed.values():
            news = {"site": site, "ports": sorted(ports), "kinds": sorted(kinds)}
            groups.setdefault(site_group(site), {})[identity] = news
            groups.setdefault(org_group(organisation), {})[identity] = news
        layer = get_channel_layer()
        for group, chargers in groups.items():
            await layer.group_send(group, live.changed(chargers))
        if self._strangers:
            self._strangers = False
            await layer.group_send(live.EVERYBODY, live.strangers())

    async def _send_frames(self) -> None:
        now = datetime.now(UTC)
        self._watched = {c: until for c, until in self._watched.items() if until > now}
        frames, self._frames = self._frames, {}
        layer = get_channel_layer()
        for charger_id, (identity, waiting) in frames.items():
            await layer.group_send(frames_group(charger_id), live.frames(identity, waiting))

    async def listen(self) -> None:
        """Hear the nudges; listen anew when the layer was away."""
        while True:
            try:
                layer = get_channel_layer()
                channel = await layer.new_channel()
                await layer.group_add(GATEWAYS, channel)
                self._channel = channel
                while True:
                    self._heard(await layer.receive(channel))
            except Exception as error:  # noqa: BLE001 - see run()
                self._channel = None
                log.warning("nudges_away", error=str(error))
                await asyncio.sleep(1.0)

    def _heard(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "watch.frames" and message["charger_id"] in self._gateway.sockets:
            self._watched[message["charger_id"]] = datetime.fromisoformat(message["until"])
        elif kind == "inventory.changed":
            self._gateway.directory.nudge()
            self._gateway.sightings.nudge()
        elif kind == "sockets.taken":
            self._taken_elsewhere(message["sockets"])
        elif kind == "socket.asked" and message["gateway"] == str(self._gateway.id):
            probe = asyncio.get_running_loop().create_task(self._probe(message))
            self._probes.add(probe)
            probe.add_done_callback(self._probes.discard)
        elif kind == "socket.told":
            asked = self._asked.get(message["charger_id"])
            if asked is not None and not asked.done():
                asked.set_result(message["alive"])

    async def lives_elsewhere(self, charger_id: int, gateway: UUID | None, patience: float) -> bool:
        """Ask the gateway that holds a charger whether it shows life.

        True where no answer comes within `patience` seconds: who can't be asked is not
        displaced. Its lease runs out if it is dead.
        """
        if self._channel is None:
            return True
        asked = self._asked.setdefault(charger_id, asyncio.get_running_loop().create_future())
        question = {"type": "socket.asked", "charger_id": charger_id, "gateway": str(gateway)}
        try:
            await get_channel_layer().group_send(GATEWAYS, {**question, "channel": self._channel})
            return await asyncio.wait_for(asyncio.shield(asked), patience)
        except Exception as error:  # noqa: BLE001 - see run(); or nobody answers in time
            log.warning("other_gateway_silent", charger_id=charger_id, error=repr(error))
            return True
        finally:
            self._asked.pop(charger_id, None)

    async def _probe(self, question: dict[str, Any]) -> None:
        held = self._gateway.sockets.get(question["charger_id"])
        alive = held is not None and await held.alive(PROBE_PATIENCE)
        told = {"type": "socket.told", "charger_id": question["charger_id"], "alive": alive}
        try:
            await get_channel_layer().send(question["channel"], told)
        except Exception as error:  # noqa: BLE001 - see run()
            log.warning("live_layer_away", error=str(error))

    def _taken_elsewhere(self, sockets: list[tuple[int, str, str]]) -> None:
        """Close our sockets of chargers that have opened a newer one to another gateway."""
        for charger_id, token, opened in sockets:
            held = self._gateway.sockets.get(charger_id)
            if held is None or str(held.token) == token:
                continue
            if held.opened < datetime.fromisoformat(opened):
                displaced(self._gateway, charger_id, "")
                held.end("replaced")
