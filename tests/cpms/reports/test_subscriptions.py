"""Subscribed reports: made once per due moment, however late, and mailed to who may have them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from cpms.reports import deliveries, mail, making, subscriptions
from cpms.reports.models import Delivery, Report, Subscription
from inventory.models import Membership, Role
from tests.alerts import mailserver
from tests.alerts.mailserver import MailServer
from tests.cpms.reports.filled import NOW, network, port
from tests.network import person

State = Delivery.State


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A mail server that Django sends to."""
    with mailserver.running() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def room(db: None) -> Any:
    owner, place, manager = network()
    port(place)
    return owner, place, manager


def subscribed(owner: Any, manager: Any, **more: Any) -> Subscription:
    values = {"kind": "monthly", "lens": "raw", "formats": ["csv"], "every": "month",
              "timezone": "Europe/Berlin", "addresses": ["board@example.org"],
              "next_due": datetime(2026, 11, 3, 5, tzinfo=UTC)}  # fmt: skip
    return Subscription.objects.create(organisation=owner, owner=manager, **values | more)


def made(now: datetime = NOW) -> Report:
    """Sweep and make what was asked for."""
    for report in subscriptions.sweep(now):
        assert making.make(report.pk, lambda: now)
    return Report.objects.order_by("-pk")[0]


def test_a_report_is_made_when_it_is_due_once(room: Any) -> None:
    owner, _place, manager = room
    subscription = subscribed(owner, manager)
    assert subscriptions.sweep(NOW - timedelta(hours=2)) == []
    report = made()
    assert (f"{report.first}", f"{report.end}") == ("2026-10-01", "2026-11-01")
    assert subscriptions.sweep(NOW) == []
    subscription.refresh_from_db()
    assert subscription.next_due == datetime(2026, 12, 3, 5, tzinfo=UTC)


def test_missed_months_are_made_late_each_once(room: Any) -> None:
    owner, _place, manager = room
    subscribed(owner, manager, next_due=datetime(2026, 9, 3, 4, tzinfo=UTC))
    for _ in range(5):
        made()
    windows = Report.objects.order_by("first").values_list("first", flat=True)
    assert [f"{first:%Y-%m}" for first in windows] == ["2026-08", "2026-09", "2026-10"]


def test_the_database_keeps_a_due_moment_from_being_made_twice(room: Any) -> None:
    owner, _place, manager = room
    subscription = subscribed(owner, manager)
    due = subscription.next_due
    made()
    Subscription.objects.update(next_due=due)
    with pytest.raises(Exception, match="one_report_per_due_moment"):
        subscriptions.sweep(NOW)


def test_a_paused_subscription_makes_nothing_and_goes_on_from_now(room: Any) -> None:
    owner, _place, manager = room
    subscription = subscribed(owner, manager, enabled=False)
    assert subscriptions.sweep(NOW) == []
    subscriptions.resumed(subscription, NOW)
    subscription.save()
    assert subscription.next_due == datetime(2026, 12, 3, 5, tzinfo=UTC)


def test_a_subscription_nobody_answers_for_pauses_and_says_why(room: Any) -> None:
    owner, _place, manager = room
    subscription = subscribed(owner, manager)
    Membership.objects.filter(user=manager).update(role=Role.VIEWER)
    assert subscriptions.sweep(NOW) == []
    subscription.refresh_from_db()
    assert not subscription.enabled
    assert subscription.problem.startswith("manager-nordstrom answers for this subscription")


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_the_mail_has_the_files_their_hashes_and_the_cut_off(room: Any, server: MailServer) -> None:
    owner, _place, manager = room
    colleague = person("cleo", Role.VIEWER, owner)
    subscription = subscribed(owner, manager, addresses=["board@example.org", "CLEO@example.org"])
    subscription.recipients.set([colleague])
    report = made()
    assert deliveries.deliver(lambda: NOW) == 2
    assert sorted(m["To"] for m in server.messages) == ["board@example.org", "cleo@example.org"]
    message = server.messages[0]
    assert message["Subject"] == f"{report.title} – {owner.name}"
    body = text_of(message).replace("\r\n", "\n")
    attached = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    for file in report.files.all():
        assert f"{file.name}\n  {file.sha256}" in body
        assert len(attached[file.name]) == file.size
    assert "as known on 3 Nov 2026, 06:00 UTC; all days of the window were settled" in body
    assert f"/reports/{report.pk}/" in body
    assert deliveries.deliver(lambda: NOW) == 0
    assert set(Delivery.objects.values_list("state", "tries")) == {(State.SENT, 1)}


def test_large_files_are_linked_to_instead_of_attached(
    room: Any, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "MOST_ATTACHED", 100)
    subscribed(room[0], room[2])
    report = made()
    assert deliveries.deliver(lambda: NOW) == 1
    message = server.messages[0]
    assert list(message.iter_attachments()) == []
    body = text_of(message)
    assert "too large for a message" in body
    assert f"/reports/{report.pk}/" in body


def test_who_may_no_longer_read_it_does_not_get_it(room: Any, server: MailServer) -> None:
    owner, place, manager = room
    leaver, limited, closed = (person(name, Role.VIEWER, owner) for name in ("al", "bo", "cy"))
    subscription = subscribed(owner, manager)
    subscription.recipients.set([leaver, limited, closed])
    made()
    leaver.memberships.all().delete()
    limited.memberships.get().sites.set([place])
    closed.is_active = False
    closed.save()
    Subscription.objects.update(addresses=[])
    assert deliveries.deliver(lambda: NOW) == 0
    assert server.messages == []
    told = dict(Delivery.objects.values_list("address", "problem"))
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.STOPPED}
    assert told["al@example.org"] == told["bo@example.org"]
    assert told["al@example.org"] == "They may not read this report any more."
    assert told["cy@example.org"] == "Their account is closed."
    assert told["board@example.org"] == "The address was taken off the subscription."


def test_a_server_that_is_away_is_tried_again_later_and_given_up_after_a_day(
    room: Any, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    subscribed(room[0], room[2])
    made()
    assert deliveries.deliver(lambda: NOW) == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries) == (State.PENDING, 1)
    assert delivery.next_try_at > NOW
    assert "refused" in delivery.problem
    assert deliveries.deliver(lambda: NOW) == 0
    assert deliveries.deliver(lambda: NOW + timedelta(hours=25)) == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (State.DEAD, 2)


def test_an_address_that_the_server_refuses_is_given_up_at_once(
    room: Any, server: MailServer
) -> None:
    server.recipient_reply = "550 no such user"
    subscribed(room[0], room[2])
    made()
    deliveries.deliver(lambda: NOW)
    delivery = Delivery.objects.get()
    assert delivery.state == State.DEAD
    assert "no such user" in delivery.problem


def test_a_sender_that_died_leaves_the_message_to_the_next(room: Any, server: MailServer) -> None:
    subscribed(room[0], room[2])
    made()
    assert deliveries.claim(NOW) is not None
    assert deliveries.deliver(lambda: NOW) == 0
    assert deliveries.deliver(lambda: NOW + deliveries.CLAIM) == 1
    assert len(server.keys()) == 1
