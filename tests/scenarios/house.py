"""A house of our own: private servers and a real gateway process, to be broken from outside."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
from psycopg.rows import dict_row

from cpms import embedded
from tests.bench.stage import free_port

ROOT = Path(__file__).resolve().parents[2]

FLEET = """
from inventory.models import *
import json, sys
keys = json.load(open(sys.argv[1]))
organisation = Organisation.objects.create(name="Acme", slug="acme", accept_unknown_tokens=True)
site = Site.objects.create(organisation=organisation, name="Depot", timezone="Europe/Berlin")
for identity, key in keys.items():
    charger = Charger(site=site, identity=identity)
    charger.set_password(key)
    charger.save()
    for number in (1, 2):
        Connector.objects.create(evse=Evse.objects.create(charger=charger, number=number))
"""


class House:
    """PostgreSQL, Valkey and a gateway, each of which can be stopped, killed and started."""

    def __init__(self, data: Path, chargers: int) -> None:
        """Start the servers, make the tables and a fleet."""
        self.servers = embedded.start(data, fsync=False)
        self.keys = {f"CP-{n}": secrets.token_hex(20) for n in range(1, chargers + 1)}
        self.port = free_port()
        self.log = data / "gateway.log"
        self.gateway: subprocess.Popen[bytes] | None = None
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "cpms.settings",
            "DATA": str(data),
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "REDIS_PREFIX": "house",
            "DEBUG": "1",
        }
        keys = data / "keys.json"
        keys.write_text(json.dumps(self.keys))
        self.manage("migrate", "--verbosity=0")
        script = "import django; django.setup()\n" + FLEET
        subprocess.run(
            [sys.executable, "-c", script, str(keys)], cwd=ROOT, env=self.environment, check=True
        )

    def manage(self, *arguments: str) -> None:
        """Run a management command."""
        subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, check=True
        )

    def start_gateway(self) -> None:
        """Start the gateway and wait until it listens."""
        self.gateway = subprocess.Popen(
            [sys.executable, "manage.py", "gateway", f"--port={self.port}"],
            cwd=ROOT,
            env={**self.environment, "KILOWATCH_ROLE": "gateway"},
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
        )
        for _try in range(200):
            assert self.gateway.poll() is None, self.log.read_text()[-2000:]
            try:
                urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2).close()
            except (URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("The gateway does not listen.")

    def kill_gateway(self) -> None:
        """End the gateway as a crash would."""
        assert self.gateway is not None
        self.gateway.send_signal(signal.SIGKILL)
        self.gateway.wait(10)

    def rows(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        """Return what the database says."""
        with psycopg.connect(self.servers.database_url, row_factory=dict_row) as connection:
            return connection.execute(statement, arguments).fetchall()

    def execute(self, statement: str, *arguments: Any) -> None:
        """Change something in the database."""
        with psycopg.connect(self.servers.database_url) as connection:
            connection.execute(statement, arguments)

    def stop(self) -> None:
        """End everything."""
        if self.gateway is not None and self.gateway.poll() is None:
            self.gateway.terminate()
            self.gateway.wait(20)
        self.servers.stop()


@contextmanager
def house(data: Path, chargers: int = 20) -> Iterator[House]:
    """Run a house until the block ends."""
    made = House(data, chargers)
    try:
        made.start_gateway()
        yield made
    finally:
        made.stop()
