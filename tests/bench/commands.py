"""Commands: from the click to the CALL on a charger's socket, and one asked of a whole fleet."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from tests.bench import stage
from tests.bench.dashboards import WEB
from tests.bench.table import Table

CHARGERS = 2_000
#: Seconds between clicks: people's, of a busy NOC.
EVERY = 0.05
#: Clicks before it is measured: a process loads its code with the first.
WARM_UP = 20


def run(table: Table, quick: bool) -> None:
    """2,000 chargers on a gateway; the clicks come over HTTP to a web process of its own."""
    keys = stage.make_fleet(CHARGERS, prefix="CMD")
    identities = sorted(json.loads(keys.read_text()))
    organisation, token = _operator()
    web, gateway = stage.free_port(), stage.free_port()
    command = ["-m", "uvicorn", "cpms.asgi:web", "--port", str(web), *WEB]
    with (
        stage.server(command, web, KILOWATCH_ROLE="web"),
        stage.server(
            ["manage.py", "gateway", f"--port={gateway}"], gateway, KILOWATCH_ROLE="gateway"
        ),
        _listeners(gateway, str(keys)) as listeners,
    ):
        time.sleep(2)
        api = Api(web, token)
        _clicks(table, api, listeners, identities, 100 if quick else 1_000)
        _bulk(table, api, organisation, identities)


def _operator() -> tuple[int, str]:
    """Make somebody who may ask; return the organisation and an API token."""
    from django.contrib.auth.models import User

    from inventory import tokens
    from inventory.models import Membership, Organisation, Role

    organisation = Organisation.objects.get(slug="bench")
    user = User.objects.create_user("commander")
    Membership.objects.create(user=user, organisation=organisation, role=Role.LEAD)
    return organisation.pk, tokens.issue(user, "bench")[1]


class Api:
    """Our REST API over one connection that stays open, as a browser's does."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's JSON; raise where it is no success."""
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1/{path}", text, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return json.loads(said)


class Listeners:
    """The chargers' process: it answers every CALL, and tells when each came."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.line()

    def line(self) -> Any:
        """Return the next thing it says."""
        assert self._process.stdout
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError("The chargers' process ended.")
        return json.loads(said)


@contextmanager
def _listeners(port: int, keys: str) -> Iterator[Listeners]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.called", str(port), keys],
        cwd=stage.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Listeners(process)
    finally:
        process.terminate()
        process.wait(10)


def _clicks(
    table: Table, api: Api, listeners: Listeners, identities: list[str], clicks: int
) -> None:
    dice = random.Random(5)
    for _first in range(WARM_UP):
        _click(api, listeners, dice.choice(identities))
    delays = sorted(_click(api, listeners, dice.choice(identities)) for _n in range(clicks))
    p99 = delays[int(len(delays) * 0.99)]
    table.add(
        f"click to CALL, {CHARGERS:,} chargers, {clicks:,} clicks, p50 / p99 / worst",
        f"{delays[len(delays) // 2] * 1000:.0f} / {p99 * 1000:.0f} / {delays[-1] * 1000:.0f} ms",
        "p99 < 50 ms",
        p99 < 0.05,
    )


def _click(api: Api, listeners: Listeners, identity: str) -> float:
    """Return after how many seconds the CALL was there."""
    time.sleep(EVERY)
    clicked = time.monotonic()
    asked = {"operation": "send_data", "request": {"vendor": "bench", "data": f"{clicked}"}}
    api.ask("POST", f"chargers/{identity}/commands/", asked)
    came = listeners.line()
    if came["data"] != f"{clicked}":
        raise RuntimeError(f"Another CALL came: {came}")
    return float(came["at"] - clicked)


def _bulk(table: Table, api: Api, organisation: int, identities: list[str]) -> None:
    asked = {
        "organisation": organisation,
        "operation": "trigger",
        "request": {"message": "heartbeat"},
        "chargers": identities,
        "reason": "bench",
    }
    clicked = time.monotonic()
    bulk = api.ask("POST", "bulks/", asked)
    answered = time.monotonic() - clicked
    while (states := bulk["states"]).get("pending", 0) + states.get("sent", 0):
        time.sleep(0.25)
        bulk = api.ask("GET", f"bulks/{bulk['id']}/")
    took = time.monotonic() - clicked
    table.add(
        f"bulk trigger of {len(identities):,} chargers, all answered ({states.get('accepted', 0):,}"
        " accepted); the click itself",
        f"{took:.1f} s; {answered:.1f} s",
        "< 30 s",
        took < 30 and states.get("accepted") == len(identities),
    )
