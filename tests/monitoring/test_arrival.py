"""How far a charger has come: which step it stopped at, and by which knock of all."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring import housekeeping
from monitoring.arrival import (
    ENTRANCE,
    STOPS,
    Knock,
    Port,
    Seen,
    Step,
    is_whole,
    progress,
    reason,
)
from monitoring.models import ConnectionAttempt

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def knock(outcome, ago, whose="own", **said):
    """Return a knock so many minutes ago."""
    return Knock(outcome, NOW - ago * MINUTE, 1, "192.0.2.7", "CP-1", whose, said)


def seen(online=False, since=None, booted=None, ports=(), offset=None, lifecycle="active"):
    """Return a charger, online or offline since and booted so many minutes ago."""
    ago = {name: None if m is None else NOW - m * MINUTE for name, m in
           (("since", since), ("booted", booted))}  # fmt: skip
    return Seen(online, ago["since"], lifecycle, ago["booted"], 300, ports, offset)


def states(marks):
    return {mark.step: mark.state for mark in marks}


def failed(marks):
    """Return step and reason of what failed."""
    return [(mark.step, mark.why) for mark in marks if mark.state == "failed"]


GREEN = [Port(1, "Available", NOW - 4 * MINUTE), Port(2, "Charging", NOW - 3 * MINUTE)]


@pytest.mark.parametrize(("outcome", "step"), STOPS.items())
def test_what_comes_before_the_step_that_failed_is_done_and_the_rest_waits(outcome, step):
    marks = progress(seen(), [knock(outcome, 1, tls=True)], NOW)
    at = list(Step).index(step)
    assert [mark.state for mark in marks] == (
        ["done"] * at + ["failed"] + ["waiting"] * (len(Step) - at - 1)
    )
    assert marks[at].at == NOW - MINUTE


def test_every_outcome_that_the_gateway_notes_has_its_step():
    inside = {"entered", "boot", "boot_unreadable", "heartbeat"}
    assert set(ConnectionAttempt.Outcome.values) == set(STOPS) | inside


def test_too_low_a_profile_without_tls_is_missing_tls():
    assert failed(progress(seen(), [knock("profile", 1)], NOW)) == [(Step.TLS, "profile")]


@pytest.mark.parametrize(
    ("knocks", "expected"),
    [
        ([("credentials", 2, "own"), ("subprotocol", 1, "own")], "subprotocol"),
        ([("credentials", 2, "own"), ("unknown", 1, "alike")], "unknown"),
        ([("credentials", 1, "own"), ("unknown", 2, "alike")], "credentials"),
        ([("credentials", 2, "own"), ("tls_on_plain", 1, "nobody")], "credentials"),
        ([("credentials", 300, "own"), ("unknown", 2, "alike")], "unknown"),
        ([("credentials", 300, "own"), ("unknown", 200, "alike")], "credentials"),
        ([("silent", 1, "nobody"), ("tls_on_plain", 2, "nobody")], "tls_on_plain"),
        ([("silent", 1, "nobody")], "silent"),
        ([("tls_on_plain", 20, "nobody")], None),
        ([("heartbeat", 1, "own"), ("boot", 1, "own")], None),
        ([], None),
    ],
)
def test_the_knock_that_says_best_why_it_is_not_here_is_taken(knocks, expected):
    stop = reason(seen(), [knock(*one) for one in knocks], NOW)
    assert (stop.outcome if stop else None) == expected


def test_what_failed_before_it_was_here_is_no_reason_why_it_is_gone():
    gone = seen(since=10)
    assert failed(progress(gone, [knock("credentials", 20)], NOW)) == [(Step.TCP, "gone")]
    assert failed(progress(gone, [knock("tls_on_plain", 1, "nobody")], NOW)) == [(Step.TCP, "gone")]
    assert failed(progress(gone, [knock("unknown", 11, "alike")], NOW)) == [(Step.TCP, "gone")]
    since = progress(gone, [knock("credentials", 5)], NOW)
    assert failed(since) == [(Step.CREDENTIALS, "credentials")]


def test_a_charger_that_is_here_has_passed_the_entrance_whatever_others_do():
    marks = progress(seen(online=True, since=1), [knock("tls_on_plain", 0, "nobody")], NOW)
    assert [states(marks)[step] for step in ENTRANCE] == ["done"] * 5
    assert states(marks)[Step.BOOT] == "current"


def test_all_is_done_but_the_clock_that_was_never_told():
    marks = progress(
        seen(online=True, since=5, booted=5, ports=GREEN), [knock("heartbeat", 1)], NOW
    )
    assert states(marks)[Step.CLOCK] == "waiting"
    assert is_whole(marks)
    status = next(mark for mark in marks if mark.step is Step.STATUS)
    assert status.at == NOW - 3 * MINUTE


def test_a_heartbeat_of_the_connection_before_proves_nothing():
    marks = progress(
        seen(online=True, since=2, booted=2, ports=GREEN), [knock("heartbeat", 3)], NOW
    )
    assert states(marks)[Step.HEARTBEAT] == "current"
    assert not is_whole(marks)


def test_a_heartbeat_that_is_late_has_failed():
    marks = progress(seen(online=True, since=8, booted=8, ports=GREEN), [], NOW)
    assert failed(marks) == [(Step.HEARTBEAT, "no_heartbeat")]


@pytest.mark.parametrize(
    ("charger", "knocks", "why"),
    [
        (seen(online=True, since=0), [], ""),
        (seen(online=True, since=2), [], "no_boot"),
        (seen(online=True, since=2, booted=1, lifecycle="pending"), [], "pending"),
        (seen(online=True, since=2, booted=1, lifecycle="planned"), [], "pending"),
        (seen(online=True, since=2, booted=1, lifecycle="suspended"), [], "rejected"),
        (seen(online=True, since=2), [knock("boot_unreadable", 1)], "boot_unreadable"),
        (seen(online=True, since=2, booted=0), [knock("boot_unreadable", 1)], ""),
        (seen(online=True, since=2, booted=1), [knock("boot", 1, answer="Pending")], "boots_again"),
        (seen(online=True, since=2, booted=1), [knock("boot", 1, answer="Accepted")], ""),
    ],
)
def test_a_boot_stands_as_its_answer_says(charger, knocks, why):
    boot = next(mark for mark in progress(charger, knocks, NOW) if mark.step is Step.BOOT)
    assert boot.why == why


@pytest.mark.parametrize(
    ("ports", "booted", "why", "numbers"),
    [
        ([], 0, "", ()),
        ([], 2, "no_status", ()),
        ([Port(1, None, None), Port(2, None, None)], 2, "no_status", (1, 2)),
        ([*GREEN, Port(3, None, None)], 0, "missing", (3,)),
    ],
)
def test_connectors_that_told_nothing_are_named(ports, booted, why, numbers):
    marks = progress(seen(online=True, since=booted, booted=booted, ports=ports), [], NOW)
    status = next(mark for mark in marks if mark.step is Step.STATUS)
    assert (status.why, status.numbers) == (why, numbers)


@pytest.mark.parametrize(
    ("offset", "state"), [(None, "waiting"), (900, "done"), (-59_000, "done"), (61_000, "failed")]
)
def test_a_clock_is_wrong_beyond_a_minute(offset, state):
    marks = progress(seen(online=True, since=1, offset=offset), [], NOW)
    assert states(marks)[Step.CLOCK] == state


def test_what_nobody_tried_for_long_is_forgotten(db):
    for days in (1, 29, 31):
        at = NOW - timedelta(days=days)
        ConnectionAttempt.objects.create(
            identity=f"cp-{days}", outcome="unknown", peer="192.0.2.7", first_at=at, last_at=at
        )
    assert housekeeping.forget_attempts(NOW, 30) == 1
    assert sorted(ConnectionAttempt.objects.values_list("identity", flat=True)) == ["cp-1", "cp-29"]
