"""What is in the outbox is sent at least once, under one key, whatever happens to who sends it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, connections
from pytest_django import Settings

from alerts import clock, engine, notifications, steps, tasks, transports
from alerts.models import Incident, IncidentEntry, Notification
from alerts.notifications import CLAIM, GIVE_UP_AFTER
from inventory.models import Role
from monitoring.facts import Status
from tests.alerts.mailserver import ACCEPTED, GREETING, MailServer, running
from tests.alerts.world import NOON, World, minutes, seen_at

SECOND = timedelta(seconds=1)
State = Notification.State
Kind = IncidentEntry.Kind


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running() as server:
        yield server


@pytest.fixture
def smtp(server: MailServer, settings: Settings) -> MailServer:
    """Have this process send to the stub."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    return server


def write_one(world: World) -> Notification:
    """Have one operator told of one charger that is offline."""
    world.person("olga", Role.OPERATOR)
    world.lose(world.charger("CP-LOST"), NOON - minutes(5))
    engine.run(seen_at(NOON))
    steps.carry_out(NOON)
    return Notification.objects.get()


@pytest.fixture
def notification(world: World) -> Notification:
    return write_one(world)


def html_of(message: mail.EmailMessage) -> str:
    assert isinstance(message, mail.EmailMultiAlternatives)
    ((content, mimetype),) = message.alternatives
    assert mimetype == "text/html"
    return str(content)


def at(now: datetime) -> Callable[[], datetime]:
    return lambda: now


def test_a_message_says_what_where_since_when_and_where_to_acknowledge(
    world: World, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://watch.example.org"
    notification = write_one(world)
    assert notifications.deliver(at(NOON + SECOND)) == 1
    (message,) = mail.outbox
    incident = Incident.objects.get()
    assert message.to == ["olga@example.org"]
    assert message.subject == "[Major] CP-LOST is offline – Nordstrom Mitte"
    body, html = str(message.body), html_of(message)
    for text in (body, html):
        assert "CP-LOST is offline" in text
        assert "The charger stopped answering pings." in text
        assert "Nordstrom Mitte" in text
        assert "2 Mar 2026, 12:55:00 (Europe/Berlin)" in text
        assert f"https://watch.example.org/incidents/{incident.pk}/" in text
    assert message.extra_headers["Message-ID"] == f"<{notification.key}@watch.example.org>"
    notification.refresh_from_db()
    assert (notification.state, notification.attempts) == (State.SENT, 1)
    assert notification.sent_at == NOON + SECOND
    assert (notification.text, notification.html) == (body, html)


def test_what_is_sent_is_not_sent_again(notification: Notification) -> None:
    assert notifications.deliver(at(NOON)) == 1
    assert notifications.deliver(at(NOON + minutes(600))) == 0
    assert len(mail.outbox) == 1


def test_what_chargers_and_people_wrote_does_nothing_in_a_message(world: World) -> None:
    world.site.name = "<b>Site</b>\r\nBcc: everybody@example.org"
    world.site.save()
    world.person("olga", Role.OPERATOR)
    port = world.port(world.charger())
    world.report(port, Status.FAULTED, NOON - minutes(9), "\x1b[31m<script>alert(1)</script>\u202e")
    engine.run(seen_at(NOON))
    steps.carry_out(NOON)
    notifications.deliver(at(NOON))
    (message,) = mail.outbox
    wire = message.message()
    assert wire["Bcc"] is None
    assert "\n" not in message.subject
    assert "<b>Site</b> Bcc: everybody@example.org" in message.subject
    html = html_of(message)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<b>Site" not in html
    for text in (str(message.body), html, message.subject):
        assert not {"\x1b", "\u202e", "\r"} & set(text)


def test_an_address_that_no_message_can_have_is_given_up_and_said(world: World) -> None:
    world.person("mallory", Role.OPERATOR, email="a@example.org\nBcc: all@example.org")
    world.lose(world.charger(), NOON - minutes(5))
    engine.run(seen_at(NOON))
    steps.carry_out(NOON)
    assert notifications.deliver(at(NOON)) == 0
    assert Notification.objects.get().state == State.DEAD
    assert Incident.objects.get().entries.filter(kind=Kind.UNDELIVERED).count() == 1


class TestAServerThatFails:
    def test_is_tried_again_later_and_later_until_it_takes_it(
        self, notification: Notification, smtp: MailServer
    ) -> None:
        smtp.recipient_reply = "451 try again later"
        waits, now = [], NOON
        for _ in range(12):
            notifications.deliver(at(now))
            notification.refresh_from_db()
            assert (notification.state, "451" in notification.error) == (State.PENDING, True)
            waits.append(notification.next_try_at - now)
            now = notification.next_try_at
        assert waits[0] <= 5 * SECOND
        assert minutes(2.5) <= waits[-1] <= minutes(5)
        smtp.recipient_reply = "250 ok"
        assert notifications.deliver(at(now)) == 1
        notification.refresh_from_db()
        assert (notification.state, notification.attempts, notification.error) == ("sent", 13, "")
        assert smtp.messages[0]["X-Kilowatch-Try"] == "13"

    def test_is_not_tried_before_its_time(
        self, notification: Notification, smtp: MailServer
    ) -> None:
        smtp.recipient_reply = "451 try again later"
        notifications.deliver(at(NOON))
        smtp.recipient_reply = "250 ok"
        assert notifications.deliver(at(NOON + 2 * SECOND)) == 0
        assert notifications.deliver(at(NOON + 5 * SECOND)) == 1

    def test_may_be_down_for_an_hour_and_nothing_is_lost(
        self, notification: Notification, smtp: MailServer
    ) -> None:
        smtp.server_close()
        for minute in range(60):
            notifications.deliver(at(NOON + minutes(minute)))
        notification.refresh_from_db()
        assert notification.state == State.PENDING
        with running() as restarted:
            backend = mail.get_connection(host="127.0.0.1", port=restarted.port)
            assert notification.next_try_at <= NOON + minutes(65)

            def send(row: Notification) -> None:
                mail.EmailMessage("s", "b", to=[row.address], connection=backend).send()

            assert notifications.deliver(at(NOON + minutes(65)), send) == 1
            assert len(restarted.messages) == 1

    def test_is_given_up_after_a_day_and_the_incident_says_so(
        self, notification: Notification, smtp: MailServer
    ) -> None:
        smtp.recipient_reply = "451 try again later"
        notifications.deliver(at(NOON + GIVE_UP_AFTER))
        notification.refresh_from_db()
        assert notification.state == State.PENDING
        notifications.deliver(at(NOON + GIVE_UP_AFTER + minutes(6)))
        notification.refresh_from_db()
        assert notification.state == State.DEAD
        entry = notification.incident.entries.get(kind=Kind.UNDELIVERED)
        assert entry.data["told"] == ["olga@example.org"]

    def test_that_will_never_take_it_is_believed_at_once(
        self, notification: Notification, smtp: MailServer
    ) -> None:
        smtp.recipient_reply = "550 no such user"
        notifications.deliver(at(NOON))
        notification.refresh_from_db()
        assert notification.state == State.DEAD
        assert "no such user" in notification.error

    def test_and_hangs_holds_one_sender_and_leaves_the_others_free(self, world: World) -> None:
        self.write_four(world)
        assert notifications.claim(NOON) is not None
        assert notifications.claim(NOON + SECOND) is not None, "nobody is stuck yet"
        assert notifications.claim(NOON + 4 * SECOND) is None
        assert notifications.claim(NOON + CLAIM + SECOND) is not None, "the stuck one is dead"

    def test_and_is_down_is_tried_with_one_message_at_a_time(
        self, world: World, smtp: MailServer
    ) -> None:
        self.write_four(world)
        smtp.server_close()
        assert notifications.deliver(at(NOON)) == 0
        assert Notification.objects.filter(attempts=1).count() == 1

    def test_but_refuses_one_message_still_gets_the_others(
        self, world: World, smtp: MailServer
    ) -> None:
        self.write_four(world)
        smtp.recipient_reply = "451 try again later"
        assert notifications.deliver(at(NOON)) == 0
        assert Notification.objects.filter(attempts=1).count() == 4

    def write_four(self, world: World) -> None:
        world.person("olga", Role.OPERATOR)
        for _ in range(4):
            world.lose(world.charger(), NOON - minutes(5))
        engine.run(seen_at(NOON))
        steps.carry_out(NOON)


def test_one_that_breaks_the_sender_does_not_hold_up_the_others(world: World) -> None:
    world.person("olga", Role.OPERATOR)
    for name in ("CP-BAD", "CP-GOOD"):
        world.lose(world.charger(name), NOON - minutes(5))
    engine.run(seen_at(NOON))
    steps.carry_out(NOON)

    def send(row: Notification) -> None:
        if "CP-BAD" in row.subject:
            raise RuntimeError("a bug")
        transports.send(row)

    assert notifications.deliver(at(NOON), send) == 1
    bad = Notification.objects.get(subject__contains="CP-BAD")
    assert (bad.state, bad.error) == (State.PENDING, "RuntimeError: a bug")
    assert bad.next_try_at > NOON
    notifications.deliver(at(NOON + GIVE_UP_AFTER + minutes(6)), send)
    bad.refresh_from_db()
    assert bad.state == State.DEAD
    assert bad.incident.entries.filter(kind=Kind.UNDELIVERED).count() == 1
    assert [message.subject for message in mail.outbox] == [
        "[Major] CP-GOOD is offline – Nordstrom Mitte"
    ]


WORKER = "import django; django.setup(); from alerts import tasks; tasks.{task}()"


class TestAWorkerThatIsKilled:
    """A real process, killed with SIGKILL at each point of a step."""

    @pytest.fixture
    def worker(
        self, server: MailServer, process_env: dict[str, str]
    ) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
        started = []

        def start(task: str) -> "subprocess.Popen[bytes]":
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER.format(task=task)],
                env={**process_env, "EMAIL_URL": server.url, "KILOWATCH_ROLE": "worker"},
            )
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()
            process.wait()

    @pytest.fixture
    def due(self, transactional_db: None) -> Incident:
        """An incident whose first step is due, by the database's clock."""
        world = World.make()
        world.person("olga", Role.OPERATOR)
        now = clock.now()
        world.lose(world.charger(), now - minutes(5))
        world.gateway.lease_until = now + minutes(60)
        world.gateway.save()
        engine.run(seen_at(now))
        return Incident.objects.get()

    def test_while_it_writes_the_outbox(
        self, due: Incident, worker: Callable[[str], "subprocess.Popen[bytes]"]
    ) -> None:
        with hold_table("alerts_notification"):
            process = worker("escalate")
            wait_for(lambda: blocked() == 1)
            kill(process)
        wait_for(lambda: blocked() == 0)
        tasks.escalate()
        assert Notification.objects.count() == 1
        assert due.entries.filter(kind=Kind.ESCALATED).count() == 1

    def test_before_it_has_sent(
        self,
        due: Incident,
        server: MailServer,
        worker: Callable[[str], "subprocess.Popen[bytes]"],
        smtp: MailServer,
    ) -> None:
        tasks.escalate()
        server.stall = GREETING
        process = worker("deliver")
        assert server.stalled.wait(30)
        kill(process)
        assert len(self.taken_over(server)) == 1

    def test_after_it_has_sent_but_before_it_knows(
        self,
        due: Incident,
        server: MailServer,
        worker: Callable[[str], "subprocess.Popen[bytes]"],
        smtp: MailServer,
    ) -> None:
        tasks.escalate()
        server.stall = ACCEPTED
        process = worker("deliver")
        assert server.stalled.wait(30)
        kill(process)
        keys = self.taken_over(server)
        assert len(keys) == 2
        assert len(set(keys)) == 1
        assert [m["X-Kilowatch-Try"] for m in server.messages] == ["1", "2"]

    def test_after_it_has_noted_that_it_was_sent(
        self,
        due: Incident,
        server: MailServer,
        worker: Callable[[str], "subprocess.Popen[bytes]"],
        smtp: MailServer,
    ) -> None:
        tasks.escalate()
        process = worker("deliver")
        wait_for(lambda: Notification.objects.get().state == State.SENT)
        kill(process)
        assert len(self.taken_over(server)) == 1

    def taken_over(self, server: MailServer) -> list[str]:
        """Let the next worker do its turn within a minute of the death; return all keys."""
        server.stall = ""
        assert CLAIM + timedelta(seconds=10) < timedelta(seconds=60)
        tasks.deliver()
        notifications.deliver(lambda: clock.now() + CLAIM)
        notifications.deliver(lambda: clock.now() + minutes(10))
        assert Notification.objects.get().state == State.SENT
        return server.keys()


class hold_table:  # noqa: N801 (reads as a statement)
    """Keep others from writing to a table meanwhile, from another connection."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.other = connections["default"].copy()

    def __enter__(self) -> None:
        self.other.set_autocommit(False)
        with self.other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {self.table} IN EXCLUSIVE MODE")

    def __exit__(self, *_: object) -> None:
        self.other.rollback()
        self.other.close()


def blocked() -> int:
    """Return how many sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
