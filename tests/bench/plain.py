"""The yardstick: a plain Channels server on the `ocpp` library, one ORM write per message.

What one gets by following both libraries' documentation: the generic consumer, ChargePoint's
routing and validation, and `Model.objects.acreate` in each handler.
"""

import asyncio
import itertools
import time
from datetime import UTC, datetime
from typing import Any

import uvicorn
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application
from django.core.management.base import CommandParser

http = get_asgi_application()

from ocpp.routing import on  # noqa: E402
from ocpp.v16 import ChargePoint, call_result  # noqa: E402

from inventory.models import Charger  # noqa: E402
from monitoring.models import ChargerState, Event, Session  # noqa: E402


class Line:
    """The socket as ChargePoint wants it."""

    def __init__(self, consumer: "PlainConsumer") -> None:
        self.consumer = consumer
        self.inbox: asyncio.Queue[str] = asyncio.Queue()

    async def recv(self) -> str:
        return await self.inbox.get()

    async def send(self, text: str) -> None:
        await self.consumer.send(text_data=text)


class PlainChargePoint(ChargePoint):
    """Handlers that write one row each."""

    charger_id = 0
    sessions = itertools.count(time.time_ns())  # past those of an earlier run

    async def keep(self, kind: str, data: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        await Event.objects.acreate(
            charger_id=self.charger_id, kind=kind, at=now, received=now, data=data
        )

    @on("Heartbeat")
    async def heartbeat(self) -> Any:
        now = datetime.now(UTC)
        await ChargerState.objects.aupdate_or_create(
            charger_id=self.charger_id, defaults={"last_seen": now}
        )
        return call_result.Heartbeat(current_time=datetime.now(UTC).isoformat())

    @on("StatusNotification")
    async def status(self, **data: Any) -> Any:
        await self.keep("status", data)
        return call_result.StatusNotification()

    @on("MeterValues")
    async def meters(self, **data: Any) -> Any:
        await self.keep("meter", data)
        return call_result.MeterValues()

    @on("StartTransaction")
    async def start_transaction(self, **data: Any) -> Any:
        now = datetime.now(UTC)
        number = next(self.sessions)
        await Session.objects.acreate(
            id=number, charger_id=self.charger_id, transaction_id=str(number % 2**31), started=now,
            received=now, updated=now, meter_start=data["meter_start"],
        )  # fmt: skip
        return call_result.StartTransaction(
            transaction_id=number % 2**31, id_tag_info={"status": "Accepted"}
        )

    @on("StopTransaction")
    async def stop_transaction(self, **data: Any) -> Any:
        mine = Session.objects.filter(transaction_id=str(data["transaction_id"]))
        await mine.filter(charger_id=self.charger_id).aupdate(
            ended=datetime.now(UTC), meter_stop=data["meter_stop"]
        )
        return call_result.StopTransaction()


class PlainConsumer(AsyncWebsocketConsumer):
    """Channels' generic consumer around it."""

    async def connect(self) -> None:
        identity = self.scope["path"].rsplit("/", 1)[-1]
        charger = await Charger.objects.aget(identity=identity)
        self.line = Line(self)
        point = PlainChargePoint(identity, self.line)
        point.charger_id = charger.pk
        await self.accept(subprotocol="ocpp1.6")
        self.task = asyncio.get_running_loop().create_task(point.start())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.line.inbox.put_nowait(text_data or "")

    async def disconnect(self, code: int) -> None:
        self.task.cancel()


application = ProtocolTypeRouter({"http": http, "websocket": PlainConsumer.as_asgi()})

if __name__ == "__main__":
    parser = CommandParser()
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(
        application, port=parser.parse_args().port, log_config=None, access_log=False, loop="uvloop"
    )
