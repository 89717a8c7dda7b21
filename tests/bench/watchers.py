"""Open dashboards, in a process of their own: real sockets that ask for what live.js asks for.

Reads lines: each asks for a report. Says when all are connected; a report has every fragment
that came since the last one: which page, when (system-wide monotonic clock), and whether it
shows the charger.
"""

import argparse
import asyncio
import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

AT_ONCE = 20


class Watchers:
    """All the pages."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.pages: list[ClientConnection] = []
        self.came: list[tuple[int, float, bool]] = []
        self.messages = 0
        self._shows: dict[bytes, bool] = {}
        self._listening: list[asyncio.Task[None]] = []

    async def open(self, sessions: list[str]) -> None:
        """Open a page for each session."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, session: str) -> None:
            async with turns:
                headers = {"Cookie": f"sessionid={session}"}
                base = f"127.0.0.1:{self.args.port}"
                page = await connect(
                    f"ws://{base}/ws/live/",
                    origin=f"http://{base}",  # type: ignore[arg-type]
                    additional_headers=headers,
                    compression=None,
                    open_timeout=60,
                )
                self.pages.append(page)
                self._listening.append(asyncio.create_task(self._listen(number, page)))
                if self.args.views:
                    view = self.args.views[number % len(self.args.views)]
                    await page.send(_showing(view))

        await asyncio.gather(*(one(n, session) for n, session in enumerate(sessions)))

    async def _listen(self, number: int, page: ClientConnection) -> None:
        async for message in page:
            self.messages += 1
            if isinstance(message, bytes):
                self._note(number, message)

    def _note(self, number: int, packed: bytes) -> None:
        now = time.monotonic()
        shows = self._shows.get(packed)
        if shows is None:
            fragment = json.loads(gzip.decompress(packed))
            shows = fragment["id"] == "fleet" and self.args.identity in fragment["html"]
            self._shows = {**dict(list(self._shows.items())[-20:]), packed: shows}
        self.came.append((number, now, shows))

    def report(self) -> dict[str, Any]:
        """Return what came since the last report."""
        came, self.came = self.came, []
        messages, self.messages = self.messages, 0
        return {"came": came, "messages": messages}


def _showing(view: str) -> str:
    fleet = ["fleet", view, "fleet incidents", ""]
    places = ["places", "/places/?at=fleet", "incidents", ""]
    return json.dumps({"watch": None, "show": [fleet, places]})


async def main() -> None:
    """Open the pages, and report when asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sessions", type=Path, required=True)
    parser.add_argument("--views", nargs="*", default=[])
    parser.add_argument("--identity", default="")
    args = parser.parse_args()
    watchers = Watchers(args)
    await watchers.open(json.loads(args.sessions.read_text()))
    print(json.dumps({"connected": len(watchers.pages)}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(watchers.report()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
