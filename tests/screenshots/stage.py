"""The house that is photographed: the demo network with a past, people and things to see."""

import os
import socket
import subprocess
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

SEED = 7
DAYS = timedelta(days=30)
#: Between the made-up past and the fleet's first real connection.
PAUSE = timedelta(seconds=20)


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(chargers: int) -> None:
    """Make the database: tables, the demo network, its past, rules that don't wait long."""
    import django

    from cpms import embedded

    with embedded.start(Path(os.environ["DATA"]), fsync=False) as servers:
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", "--no-input", verbosity=0)
        call_command("demo", "--chargers", str(chargers))
        now = datetime.now(UTC)
        _past(now - PAUSE)
        _rules()
        _lose_keys()
        _knocks(now)
        connections.close_all()
        servers.stop()


def _past(until: datetime) -> None:
    from inventory.models import Charger, Evse
    from monitoring.kpis import rollup
    from monitoring.models import Gateway
    from tests.bench.history import live_through

    start = until - DAYS
    Charger.objects.update(commissioned_at=start)
    evses: dict[int, list[Evse]] = defaultdict(list)
    for evse in Evse.objects.order_by("charger", "number"):
        evses[evse.charger_id].append(evse)
    live_through(list(Charger.objects.order_by("pk")), evses, start, until, SEED)
    Gateway.objects.update(lease_until=until)
    rollup.settle(until)
    rollup.refresh(until)


def _rules() -> None:
    """Let incidents open soon: nobody waits five minutes for a picture."""
    from alerts.models import DetectorName, Rule, Severity

    severities = {DetectorName.OFFLINE: Severity.MAJOR, DetectorName.FAULTED: Severity.CRITICAL}
    for detector, severity in severities.items():
        Rule.objects.create(detector=detector, hold_off=30, clear_delay=600, severity=severity)


def _lose_keys() -> None:
    """Give some chargers keys that their simulated ones don't know: they don't get in."""
    from inventory import credentials
    from inventory.models import Charger

    for charger in Charger.objects.order_by("identity")[::11]:
        charger.set_password(credentials.generate())
        charger.save()


def _knocks(now: datetime) -> None:
    from inventory.models import Charger
    from monitoring.models import Sighting

    known = list(Charger.objects.order_by("identity")[:3])
    rows = [
        ("DE-BER-00O1", Sighting.Reason.UNKNOWN, None, 41),
        ("DE-MUC-0140", Sighting.Reason.UNKNOWN, None, 6),
        (known[1].identity, Sighting.Reason.MISMATCH, known[1], 1),
    ]
    for number, (identity, reason, charger, count) in enumerate(rows):
        Sighting.objects.create(
            identity=identity, reason=reason, charger=charger, count=count,
            peer=f"203.0.113.{20 + number}", first_seen=now - timedelta(hours=3 + number),
            last_seen=now - timedelta(minutes=2 * number + 1),
        )  # fmt: skip


def settled(house: "subprocess.Popen[bytes]", within: float, after: float) -> None:
    """Wait until the house is ready, and then until its fleet has settled."""
    deadline = time.monotonic() + within
    address = f"http://localhost:{os.environ['WEB_PORT']}/readyz"
    while not _answers(address):
        if house.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("The house doesn't start; see its lines above.")
        time.sleep(0.5)
    time.sleep(after)


def _answers(address: str) -> bool:
    try:
        return bool(urlopen(address, timeout=2).status == 200)
    except (URLError, OSError):
        return False
