"""The stage: our own servers, a fleet in the database, a gateway to measure, a load."""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
#: What the measured servers say.
LOG = Path(tempfile.gettempdir()) / "kilowatch-bench.log"
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, from the operating system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def make_fleet(chargers: int, prefix: str = "BENCH") -> Path:
    """Store that many chargers with a port each; return the file of their keys."""
    from inventory import credentials
    from inventory.models import Charger, Connector, Evse, Organisation, Site

    organisation, _ = Organisation.objects.get_or_create(
        slug="bench", defaults={"name": "Bench", "accept_unknown_tokens": True}
    )
    site, _ = Site.objects.get_or_create(organisation=organisation, name="Bench")
    keys = {f"{prefix}-{n:05}": secrets.token_hex(20) for n in range(chargers)}
    made = Charger.objects.bulk_create(
        [
            Charger(site=site, identity=i, password_digest=credentials.digest(k))
            for i, k in keys.items()
        ],
        batch_size=2000,
    )
    evses = Evse.objects.bulk_create([Evse(charger=c, number=1) for c in made], batch_size=2000)
    Connector.objects.bulk_create([Connector(evse=e, number=1) for e in evses], batch_size=2000)
    path = Path(os.environ["DATA"]) / f"keys-{prefix}.json"
    path.write_text(json.dumps(keys))
    return path


@contextmanager
def server(arguments: list[str], port: int, **environment: str) -> Iterator[subprocess.Popen[Any]]:
    """Run a server process of ours until the block ends; wait until it answers."""
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "cpms.settings", **environment},
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int, process: subprocess.Popen[Any]) -> None:
    """Wait until the server listens; raise if it ended."""
    for _try in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"The server ended; see {LOG}.")
        try:
            urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
        except OSError as error:
            if "HTTP Error" in str(error):
                return
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not begin to listen within 30 s.")


@contextmanager
def load(port: int, keys: Path, **options: Any) -> Iterator["Load"]:
    """Run the load generator; it has connected when the block begins."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load", f"--port={port}", f"--keys={keys}", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Load(process)
    finally:
        process.terminate()
        process.wait(10)


class Load:
    """A load generator that has connected."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.connected = self._line()

    def run(self) -> dict[str, Any]:
        """Let it send; return what it measured."""
        self._say()
        return self._line()

    def _say(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("The load generator ended.")
        result: dict[str, Any] = json.loads(line)
        return result
