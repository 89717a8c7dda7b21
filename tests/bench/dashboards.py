"""Open dashboards: from a message on the wire to the screens, and what a live socket costs."""

import asyncio
import base64
import gzip
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.asyncio.client import ClientConnection, connect

from tests.bench import stage
from tests.bench.table import Table

#: What the dashboards show; most the faulted ones, where the measured charger comes and goes.
MEASURED = "/?state=faulted"
VIEWS = [MEASURED] * 8 + ["/", "/?state=charging"]
#: Status changes a second of other chargers meanwhile: 25,000 chargers with five sessions per
#: port and day make about as many.
BACKGROUND, EVERY = 12, 1.0
#: What a page names but only fetches when one asks for more: the map's towns, zoomed in.
LATER = "map-towns.json"
#: How long CPU time is measured.
SECONDS = 10
WEB = ["--ws", "websockets-sansio", "--loop", "uvloop", "--http", "h11", "--no-access-log"]


def run(table: Table, quick: bool) -> None:
    """Seed, open the pages, let chargers change, and see when the screens show it."""
    from tests.bench import crowd

    chargers, pages, changes = (2_500, 50, 6) if quick else (25_000, 200, 20)
    fleet = crowd.seed(chargers, 2, chargers // 8, now=datetime.now(UTC), prefix="DASH")
    keys = _keys(fleet.chargers)
    sessions = _sessions(fleet.organisations, pages)
    _first_loads(table, sessions[0], fleet.chargers[0].identity)
    web, gateway = stage.free_port(), stage.free_port()
    command = ["-m", "uvicorn", "cpms.asgi:web", "--port", str(web), *WEB]
    command += ["--ws-per-message-deflate", "false", "--log-level", "warning"]
    with (
        stage.server(command, web, KILOWATCH_ROLE="web") as server,
        stage.server(
            ["manage.py", "gateway", f"--port={gateway}"], gateway, KILOWATCH_ROLE="gateway"
        ),
    ):
        measured = list(keys)[1]
        with _watchers(web, sessions, measured, VIEWS) as watchers:
            before, began = stage.cpu_seconds(server.pid), time.monotonic()
            toggles = asyncio.run(_drive(gateway, keys, changes))
            spent = (stage.cpu_seconds(server.pid) - before) / (time.monotonic() - began)
            came = watchers.report()["came"]
        _latency(table, _seen(toggles, came, pages), (chargers, pages, changes))
        rendering = _mean(web, "kilowatch_screen_seconds")
        table.add(
            "… one rendering of a shared view, on average; core used by the web process",
            f"{rendering * 1000:.0f} ms; {spent:.0%}",
            "–",
        )
    with stage.server(command, web, KILOWATCH_ROLE="web") as server:
        _costs(table, server.pid, web, sessions)


def _keys(chargers: list[Any]) -> dict[str, str]:
    """Give some chargers keys and free ports; return them by identity."""
    from inventory import credentials
    from monitoring.facts import Status
    from monitoring.models import ChargerState, PortState

    online = {state.charger_id for state in ChargerState.objects.filter(online=True)}
    some = [c for c in chargers if c.pk in online and c.lifecycle == "active"][: BACKGROUND + 1]
    keys = {charger.identity: secrets.token_hex(20) for charger in some}
    for charger in some:
        charger.password_digest = credentials.digest(keys[charger.identity])
        charger.save(update_fields=["password_digest"])
    PortState.objects.filter(evse__charger__in=some).update(status=Status.AVAILABLE)
    return keys


def _sessions(organisations: list[Any], pages: int) -> list[str]:
    """Sign people in who see the whole fleet; return their session keys."""
    from django.contrib.auth.models import User
    from django.test import Client

    from inventory.models import Membership, Role

    sessions = []
    for number in range(pages):
        user = User.objects.create_user(f"dash-{number}")
        Membership.objects.bulk_create(
            Membership(user=user, organisation=o, role=Role.OPERATOR) for o in organisations
        )
        client = Client()
        client.force_login(user)
        sessions.append(client.cookies["sessionid"].value)
    return sessions


async def _drive(port: int, keys: dict[str, str], changes: int) -> list[tuple[float, bool]]:
    """Let the first charger fault and recover; return when it said so, and which."""
    sockets = [await _dial(port, *item) for item in keys.items()]
    listeners = [asyncio.create_task(_ignore(socket)) for socket in sockets]
    other, measured, *others = sockets
    others.append(other)
    noise = asyncio.create_task(_make_noise(others))
    await asyncio.sleep(3)
    toggles = []
    for number in range(changes):
        faulted = number % 2 == 0
        # Between two beats of whatever beats.
        await asyncio.sleep(4 + secrets.randbelow(1000) / 1000)
        toggles.append((time.monotonic(), faulted))
        await _say(measured, "Faulted" if faulted else "Available")
    await asyncio.sleep(4)
    for task in (noise, *listeners):
        task.cancel()
    for socket in sockets:
        await socket.close()
    return toggles


async def _dial(port: int, identity: str, key: str) -> ClientConnection:
    basic = base64.b64encode(f"{identity}:{key}".encode()).decode()
    socket = await connect(
        f"ws://127.0.0.1:{port}/ocpp/{identity}",
        subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        additional_headers={"Authorization": f"Basic {basic}"},
        compression=None,
    )
    boot = {"chargePointVendor": "Bench", "chargePointModel": "Dash"}
    await socket.send(json.dumps([2, secrets.token_hex(8), "BootNotification", boot]))
    return socket


async def _say(socket: ClientConnection, status: str) -> None:
    error = "GroundFailure" if status == "Faulted" else "NoError"
    payload = {"connectorId": 1, "errorCode": error, "status": status}
    await socket.send(json.dumps([2, secrets.token_hex(8), "StatusNotification", payload]))


async def _ignore(socket: ClientConnection) -> None:
    async for _message in socket:
        pass


async def _make_noise(others: list[ClientConnection]) -> None:
    statuses = ("Preparing", "Charging", "Finishing", "Available")
    for step in range(10_000):
        for socket in others:
            await _say(socket, statuses[step % 4])
            await asyncio.sleep(EVERY / len(others))


def _seen(
    toggles: list[tuple[float, bool]], came: list[tuple[int, float, bool]], pages: int
) -> list[float]:
    """Return for each change and page that shows the view after how many seconds it was there."""
    watching = [n for n in range(pages) if VIEWS[n % len(VIEWS)] == MEASURED]
    by_page: dict[int, list[tuple[float, bool]]] = {number: [] for number in watching}
    for number, at, shows in came:
        if number in by_page:
            by_page[number].append((at, shows))
    delays = []
    for (said, faulted), until in zip(toggles, [t[0] for t in toggles[1:]] + [1e12], strict=True):
        for arrivals in by_page.values():
            seen = (at for at, shows in arrivals if said < at < until and shows == faulted)
            delays.append(next(seen, float("inf")) - said)
    return sorted(delays)


def _latency(table: Table, delays: list[float], size: tuple[int, int, int]) -> None:
    chargers, pages, changes = size
    p99 = delays[min(len(delays) - 1, int(len(delays) * 0.99))]
    table.add(
        f"wire to screen, {chargers * 2:,} ports, {pages} dashboards of {len(set(VIEWS))} views, "
        f"{BACKGROUND} other changes/s ({changes} changes), p50 / p99 / worst",
        f"{delays[len(delays) // 2]:.2f} / {p99:.2f} / {delays[-1]:.2f} s",
        "p99 < 1 s",
        p99 < 1,
    )


def _first_loads(table: Table, session: str, identity: str) -> None:
    """Add up what a browser that was never here loads for each page, as it goes over the wire."""
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["*"], False
    client = Client(headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    client.cookies["sessionid"] = session
    paths = ("/", f"/chargers/{identity}/", "/map/", "/sites/", "/kpis/", "/incidents/")
    sizes = {path: _first_load(client, path) for path in paths}
    largest = max(sizes, key=sizes.__getitem__)
    table.add(
        f"first load, largest of {len(paths)} pages ({largest})",
        f"{sizes[largest] / 1000:.0f} KB",
        "< 400 KB",
        sizes[largest] < 400_000,
    )


def _first_load(client: Any, path: str) -> int:
    page = client.get(path)
    if page.status_code != 200:
        raise RuntimeError(f"{path} answered {page.status_code}.")
    named = re.findall(r'"(/static/[^"]+)"', gzip.decompress(page.content).decode())
    files = {file for file in named if not file.endswith(LATER)}
    return len(page.content) + sum(len(client.get(file).getvalue()) for file in files)


def _costs(table: Table, pid: int, port: int, sessions: list[str]) -> None:
    """Measure one socket's memory, and what an update costs it, in a process that is warm."""
    from asgiref.sync import async_to_sync

    many = sessions * 5
    with _watchers(port, sessions[:20], "", []):
        before = stage.memory_bytes(pid)
        with _watchers(port, many, "", []) as watchers:
            time.sleep(2)
            each = (stage.memory_bytes(pid) - before) / len(many) / 1024
            what = f"memory per live socket at {len(many):,}"
            table.add(what, f"{each:.1f} KB", "< 30 KB", each < 30)
            idle = _cpu(pid, SECONDS)
            watchers.report()
            started = stage.cpu_seconds(pid)
            async_to_sync(_publish)(SECONDS)
            spent = stage.cpu_seconds(pid) - started - idle
            updates = watchers.report()["messages"]
    share = spent / updates * 100
    table.add("core per live socket at 100 updates/s", f"{share:.2%}", "< 1 %", share < 0.01)


def _mean(port: int, name: str) -> float:
    """Return the mean of a histogram in the metrics."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = [line.split(" ") for line in answer.read().decode().splitlines()]
    found = {line[0]: float(line[1]) for line in lines if line[0].startswith(name)}
    return found[f"{name}_sum"] / max(1.0, found[f"{name}_count"])


def _cpu(pid: int, seconds: int) -> float:
    started = stage.cpu_seconds(pid)
    time.sleep(seconds)
    return stage.cpu_seconds(pid) - started


async def _publish(seconds: float) -> None:
    """Say four times a second that ten chargers changed."""
    from channels.layers import get_channel_layer

    from monitoring import live

    change: live.Change = {"site": 1, "ports": [1], "kinds": ["status"]}
    for _ in range(int(seconds * 4)):
        news = live.changed({f"DASH-{number:05}": change for number in range(10)})
        await get_channel_layer().group_send(live.EVERYBODY, news)
        await asyncio.sleep(0.25)


class Crowd:
    """The process of the open pages."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.connected = self._line()["connected"]

    def report(self) -> dict[str, Any]:
        """Return what came since the last report."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The pages ended; see {stage.LOG}.")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def _watchers(port: int, sessions: list[str], identity: str, views: list[str]) -> Iterator[Crowd]:
    """Open a page per session, and leave them open while the block runs."""
    path = Path(os.environ["DATA"]) / f"sessions-{secrets.token_hex(4)}.json"
    path.write_text(json.dumps(sessions))
    command = [sys.executable, "-m", "tests.bench.watchers", f"--port={port}"]
    command += [f"--sessions={path}", f"--identity={identity}"]
    process = subprocess.Popen(
        [*command, *(["--views", *views] if views else [])],
        cwd=stage.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Crowd(process)
    finally:
        process.terminate()
        process.wait(10)
