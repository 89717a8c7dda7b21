"""A port breaks, a charger falls silent: who is told, in which order, and who is left asleep.

Real chargers on real sockets, a gateway, a worker and beat as they run in production, and a
mail server that keeps what it accepted.
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts.mailserver import MailServer, running
from tests.scenarios.house import ROOT, House, house
from tests.scenarios.ledger import BookkeepingCharger, Ledger
from tests.scenarios.test_faults import until

pytestmark = pytest.mark.timeout(300)

STAFF = """
import django; django.setup()
from datetime import timedelta
from django.contrib.auth.models import User
from alerts import clock, policies
from alerts.escalation import Step
from alerts.models import Rule
from inventory.models import Membership, Organisation
acme = Organisation.objects.get()
for name, role in (("olga", "noc_operator"), ("lea", "noc_lead")):
    user = User.objects.create_user(name, name + "@example.org")
    Membership.objects.create(user=user, organisation=acme, role=role)
for detector in ("offline", "faulted"):
    Rule.objects.create(organisation=acme, detector=detector, hold_off=3, clear_delay=3, severity=1)
steps = [Step(timedelta(0), ("noc_operator",)), Step(timedelta(seconds=12), ("noc_lead",))]
policies.publish(policies.policy_of(acme.pk), steps, by=None, now=clock.now())
"""
ACKNOWLEDGE = """
import django; django.setup()
from django.contrib.auth.models import User
from alerts import clock, incidents
from alerts.models import Incident
row = Incident.objects.get(subject="{subject}", state="open")
incidents.acknowledge(row.pk, by=User.objects.get(username="olga"), now=clock.now())
"""
SETTLED = """
UPDATE monitoring_gateway SET started_at = started_at - interval '1 hour';
UPDATE alerts_watch SET watching_since = watching_since - interval '1 hour';
UPDATE monitoring_chargerstate SET since = since - interval '1 hour';
"""


@pytest.fixture(scope="module")
def mailbox() -> Iterator[MailServer]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, mailbox: MailServer) -> Iterator[House]:
    with house(Path(tmp_path_factory.mktemp("house")), chargers=2) as made:
        made.environment["EMAIL_URL"] = mailbox.url
        python(made, STAFF)
        with worker(made):
            yield made


def python(home: House, script: str) -> None:
    """Run a script in the house."""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=home.environment, check=True)


@contextmanager
def worker(home: House) -> Iterator[None]:
    """Run a worker with beat meanwhile."""
    command = "celery --quiet --app cpms.celery worker --beat --concurrency 2 --loglevel WARNING"
    process = subprocess.Popen(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        env={**home.environment, "KILOWATCH_ROLE": "worker"},
        stdout=home.log.with_name("worker.log").open("ab"),
        stderr=subprocess.STDOUT,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


class Quiet(BookkeepingCharger):
    """A charger that says how its first port is when told to, and nothing else."""

    status, error = "Available", "NoError"

    async def _charge(self) -> None:
        await self.call("BootNotification", {"chargePointVendor": "A", "chargePointModel": "B"})
        said = ""
        while not self.stopping:
            if said != self.status:
                said = self.status
                await self._report()
            await self.call("Heartbeat", {})
            await asyncio.sleep(0.5)

    async def _report(self) -> None:
        now = datetime.now(UTC).isoformat()
        status = {"status": self.status, "errorCode": self.error, "timestamp": now}
        await self.call("StatusNotification", {"connectorId": 1, **status})


@asynccontextmanager
async def connected(home: House) -> AsyncIterator[dict[str, Quiet]]:
    """Have both chargers connected while the block runs."""
    ledger = Ledger()
    chargers = {name: Quiet(name, key, home.port, ledger) for name, key in home.keys.items()}
    lives = [asyncio.create_task(charger.live()) for charger in chargers.values()]
    try:
        await until(lambda: len(ledger.connects) == 2, 20)
        yield chargers
    finally:
        for charger in chargers.values():
            charger.stopping = True
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)


def mails(mailbox: MailServer, text: str) -> list[str]:
    """Return who got a mail about `text`, in order."""
    return [str(mail["To"]) for mail in mailbox.messages if text in str(mail["Subject"])]


def resolved(home: House) -> Callable[[], bool]:
    """Return a test whether every incident is resolved."""
    return lambda: not home.rows("SELECT 1 FROM alerts_incident WHERE state <> 'resolved'")


def online(home: House) -> int:
    """Return how many chargers are online."""
    return len(home.rows("SELECT 1 FROM monitoring_chargerstate WHERE online"))


async def test_a_fault_and_a_silence_reach_people_and_end_by_themselves(
    home: House, mailbox: MailServer
) -> None:
    await until(lambda: bool(home.rows("SELECT 1 FROM alerts_watch")), 30)
    async with connected(home) as chargers:
        home.execute(SETTLED)
        chargers["CP-1"].status, chargers["CP-1"].error = "Faulted", "GroundFailure"
        await until(lambda: mails(mailbox, "CP-1/1 is faulted") == ["olga@example.org"], 30)
        body = mailbox.messages[0].get_body(("plain",))
        assert body is not None
        assert "It reports: ground fault (GroundFailure)." in body.get_content()

        silent = chargers["CP-2"]
        assert silent.socket is not None
        silent.key = "00" * 20  # It is refused from now on, as if it were gone.
        await silent.socket.close()
        await until(lambda: mails(mailbox, "CP-2 is offline") == ["olga@example.org"], 40)
        await asyncio.to_thread(python, home, ACKNOWLEDGE.format(subject="CP-2"))

        told = ["olga@example.org", "lea@example.org"]
        await until(lambda: mails(mailbox, "CP-1/1 is faulted") == told, 30)
        chargers["CP-1"].status, chargers["CP-1"].error = "Available", "NoError"
        silent.key = home.keys["CP-2"]
        await until(resolved(home), 60)
    assert mails(mailbox, "CP-2 is offline") == ["olga@example.org"]
    assert len(mailbox.keys()) == len(set(mailbox.keys())) == 3


async def test_a_restart_of_the_gateway_wakes_nobody(home: House, mailbox: MailServer) -> None:
    before = len(mailbox.messages)
    async with connected(home):
        home.execute(SETTLED)
        await asyncio.to_thread(home.kill_gateway)
        await until(lambda: online(home) == 0, 60)
        await asyncio.sleep(11)  # Longer than the hold-off and from one look to the next.
        await asyncio.to_thread(home.start_gateway)
        await until(lambda: online(home) == 2, 30)
        await asyncio.sleep(11)
    assert len(mailbox.messages) == before
