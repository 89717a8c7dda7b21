"""A door before the test's database that can be shut, cut and held: what networks do."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from django.db import connection

SOCKET = ".s.PGSQL.5432"


class Door:
    """Passes bytes between clients and the database, unless told otherwise."""

    def __init__(self, folder: Path, server: Path) -> None:
        """Listen in `folder`, pass on to the socket `server`."""
        self._folder, self._server = folder, server
        self._listener: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        #: Bytes of a request whose answer never arrives: the connection breaks first.
        self.swallow_answer_to: bytes | None = None
        #: How many requests with these bytes came through.
        self.counted: dict[bytes, int] = {}

    @property
    def dsn(self) -> str:
        """How to reach the test's database through this door."""
        name = connection.settings_dict["NAME"]
        return f"host={self._folder} user=kilowatch dbname={name}"

    async def start(self) -> None:
        """Let clients in."""
        self._listener = await asyncio.start_unix_server(self._serve, self._folder / SOCKET)

    async def shut(self) -> None:
        """Refuse connections, and cut those there are: the server was stopped."""
        if self._listener is not None:
            self._listener.close()
            (self._folder / SOCKET).unlink(missing_ok=True)
        self.cut()

    def cut(self) -> None:
        """Cut the connections there are."""
        for stream in self._streams:
            stream.transport.abort()
        self._streams.clear()

    def hold(self) -> None:
        """Pass nothing on, and close nothing: the server hangs."""
        self._open.clear()

    def release(self) -> None:
        """Pass bytes again."""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, outside = await asyncio.open_unix_connection(str(self._server))
        self._streams |= {writer, outside}
        lost = asyncio.Event()
        pipes = [
            asyncio.create_task(self._requests(reader, outside, lost)),
            asyncio.create_task(self._answers(inside, writer, lost)),
        ]
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        for stream in (writer, outside):
            with contextlib.suppress(OSError):
                stream.close()
        await asyncio.wait(pipes)

    async def _requests(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                await self._open.wait()
                for wanted in self.counted:
                    self.counted[wanted] += wanted in data
                if self.swallow_answer_to is not None and self.swallow_answer_to in data:
                    self.swallow_answer_to = None
                    lost.set()
                sink.write(data)
                await sink.drain()
                if lost.is_set():
                    await asyncio.sleep(0.1)  # the server does as it was told
                    return

    async def _answers(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                await self._open.wait()
                if not lost.is_set():
                    sink.write(data)
                    await sink.drain()


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    """Give a door to the test's database."""
    folder = Path(tempfile.mkdtemp(prefix="door-"))
    server = Path(connection.settings_dict["HOST"]) / SOCKET
    made = Door(folder, server)
    await made.start()
    try:
        yield made
    finally:
        made.release()
        await made.shut()
        shutil.rmtree(folder)
