"""The operator of the cases: asks over the REST API, and sees in the database what came of it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections

from cpms.control.models import Command
from tests.api import Answer, Api
from tests.conformance.station import PATIENCE

#: Seconds between looks at a command that is on its way.
LOOK_EVERY = 0.005


class Asking:
    """A command that was asked for."""

    def __init__(self, command_id: UUID) -> None:
        self.id = command_id

    async def ends(self, state: str, result: str = "") -> Command:
        """Wait until it is over; it must have ended so, with this word of the station's."""
        command = await self.over()
        assert (command.state, command.result) == (state, result), command.error
        return command

    async def over(self) -> Command:
        """Wait until it is over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                command = await Command.objects.aget(pk=self.id)
                if command.is_over:
                    return command
                await asyncio.sleep(LOOK_EVERY)


class Operator:
    """Somebody with an API token, in a thread of their own."""

    def __init__(self, user: User) -> None:
        self._api = Api.of(user)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="operator")

    async def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request to the API."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._api.send, method, path, body)

    async def asks(self, identity: str, operation: str, request: dict[str, Any]) -> Asking:
        """Ask a charger for an operation."""
        body = {"operation": operation, "request": request}
        answer = await self.send("POST", f"chargers/{identity}/commands/", body)
        assert answer.status == HTTPStatus.CREATED, answer.body
        return Asking(UUID(answer.body["id"]))

    async def leave(self) -> None:
        """Hang up."""
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        await sync_to_async(self._thread.shutdown)()
