"""A gateway in the test's own event loop, and chargers that speak raw frames to it."""

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
import websockets
from asgiref.sync import sync_to_async
from django.db import connections
from websockets.asyncio.client import ClientConnection

from cpms.ocpp import gateway as gateways
from cpms.ocpp.http import Http
from cpms.ocpp.server import OcppConnection
from cpms.ocpp.tls.server import Listening, Server
from inventory.models import Charger, Connector, Evse, Organisation, Site

KEY = "00112233445566778899aabbccddeeff00112233"


@dataclass
class RunningGateway:
    """A gateway that listens on loopback."""

    port: int
    hub: gateways.Gateway
    #: Of the listener with TLS, 0 where there is none.
    tls_port: int = 0

    def url(self, path: str, *, tls: bool = False) -> str:
        """Return the WebSocket URL of `path` below /ocpp/."""
        if tls:
            return f"wss://localhost:{self.tls_port}/ocpp/{path}"
        return f"ws://127.0.0.1:{self.port}/ocpp/{path}"

    @asynccontextmanager
    async def charger(
        self, identity: str, version: str = "1.6", password: str | None = KEY, **options: Any
    ) -> AsyncIterator["RawCharger"]:
        """Connect as a charger with Basic auth."""
        async with self.connect(identity, version, password, **options) as socket:
            yield RawCharger(socket)

    def connect(
        self,
        path: str,
        version: str = "1.6",
        password: str | bytes | None = KEY,
        user: str | None = None,
        **options: Any,
    ) -> websockets.connect:
        """Return the connection; `password` None sends no credentials; with `ssl` over TLS."""
        headers = {}
        if password is not None:
            secret = password.encode() if isinstance(password, str) else password
            name = (user or path.rsplit("/", 1)[-1]).encode()
            headers["Authorization"] = "Basic " + base64.b64encode(name + b":" + secret).decode()
        options.setdefault("subprotocols", [f"ocpp{version}"])
        address = self.url(path, tls="ssl" in options)
        return websockets.connect(
            address, additional_headers=headers, ping_interval=None, **options
        )


@dataclass
class RawCharger:
    """Sends frames as they are and reads the answers."""

    socket: ClientConnection
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def call(self, action: str, payload: Any, message_id: str | None = None) -> Any:
        """Send a CALL; return the payload of its CALLRESULT, or the whole CALLERROR frame."""
        message_id = message_id or str(next(self.ids))
        return await self.text(json.dumps([2, message_id, action, payload]))

    async def text(self, text: str) -> Any:
        """Send a text; return the payload of a CALLRESULT, or the frame of anything else."""
        await self.socket.send(text)
        frame = await self.read()
        return frame[2] if frame[0] == 3 else frame

    async def read(self) -> Any:
        """Return the next frame."""
        return json.loads(await asyncio.wait_for(self.socket.recv(), 10))

    async def boot(self) -> Any:
        """Boot as a 1.6 charger."""
        return await self.call(
            "BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"}
        )

    async def boot2(self) -> Any:
        """Boot as a 2.x charger."""
        station = {"vendorName": "Acme", "model": "Two"}
        return await self.call(
            "BootNotification", {"reason": "PowerUp", "chargingStation": station}
        )


@pytest.fixture
def charger(transactional_db: None) -> Charger:
    """A charger with two ports, known to the gateway before it starts."""
    return make_charger("CP-1")


def make_charger(identity: str, ports: int = 2, **fields: Any) -> Charger:
    """Store a charger that the password KEY lets in."""
    organisation, _ = Organisation.objects.get_or_create(
        slug="acme", defaults={"name": "Acme", "accept_unknown_tokens": True}
    )
    site, _ = Site.objects.get_or_create(
        organisation=organisation, name="Depot", defaults={"timezone": "Europe/Berlin"}
    )
    made = Charger(site=site, identity=identity, **fields)
    made.set_password(KEY)
    made.save()
    for number in range(1, ports + 1):
        evse = Evse.objects.create(charger=made, number=number)
        Connector.objects.create(evse=evse, number=1)
    return made


@pytest.fixture
async def gateway(transactional_db: None) -> AsyncIterator[RunningGateway]:
    """A running gateway."""
    async with serving() as running:
        yield running
    # The ORM's asynchronous calls keep a connection in their thread.
    await sync_to_async(connections.close_all)()


@asynccontextmanager
async def serving(listening: Listening | None = None) -> AsyncIterator[RunningGateway]:
    """Run a gateway in this loop, with a listener with TLS as well where one is described."""
    config = uvicorn.Config(
        "cpms.asgi:gateway",
        port=0,
        http=Http,
        ws=OcppConnection,
        lifespan="on",
        log_config=None,
        ws_ping_interval=None,
        proxy_headers=False,
    )
    server = Server(config, listening)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.get_running_loop().create_task(server.serve())
    while not server.started or (listening and not server.tls_port):
        assert not task.done(), "The gateway did not start."
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    tls_port = server.tls_port if listening else 0
    yield RunningGateway(port, gateways.current(), tls_port)
    server.should_exit = True
    await task
