"""What shows that a charger did what it accepted, and what shows that it didn't."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cpms.control.evidence import Asked, Port, Seen, Session, Verdict, judge

SENT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ANSWERED = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
BEFORE = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
SOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
DAYS_LATER = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def asked(operation: str, result: str = "Accepted", **request: Any) -> Asked:
    """An operation that the charger accepted a second after it was sent."""
    payload = request.pop("payload", {})
    return Asked(operation, request, payload, result, SENT, ANSWERED)


def session(**fields: Any) -> Session:
    """A session that was heard of since."""
    known = {"transaction_id": "7", "id_token": "CAFE", "evse": 1, "heard": SOON, "ended": None}
    return Session(**{**known, **fields})


HARD, SOFT = asked("reset", at_once=True), asked("reset", at_once=False)
OFF, ON = (asked("change_availability", operative=on, evse=1) for on in (False, True))
WHOLE_OFF = asked("change_availability", operative=False)
START = asked("start", id_token="cafe", evse=1)
NAMED = asked("start", id_token="cafe", payload={"remoteStartId": 9})
STOP = asked("stop", transaction_id="7")
TRIGGER = asked("trigger", message="status")


def one(status: str, since: datetime = SOON, **connectors: str) -> Seen:
    """Seen of a charger with one port."""
    return Seen(opened=BEFORE, ports={1: Port(status, since, connectors)})


@pytest.mark.parametrize(
    ("command", "seen", "now", "verdict"),
    [
        (HARD, Seen(booted=SOON, opened=SOON), SOON, Verdict(True, "boot")),
        (HARD, Seen(booted=BEFORE, opened=BEFORE), SOON, None),
        (HARD, Seen(booted=BEFORE, opened=BEFORE), LATER, Verdict(False, "no_restart")),
        (HARD, Seen(booted=BEFORE, opened=SOON), LATER, Verdict(True, "reconnected")),
        (HARD, Seen(booted=BEFORE), SOON, None),
        (HARD, Seen(booted=BEFORE), LATER, Verdict(False, "no_return")),
        (SOFT, Seen(booted=BEFORE, opened=BEFORE), LATER, None),
        (SOFT, Seen(booted=BEFORE, opened=BEFORE), DAYS_LATER, Verdict(False, "no_restart")),
        (asked("reset", evse=1), one("Available"), SOON, Verdict(True, "status")),
        (asked("reset", evse=1), one("Available", BEFORE), DAYS_LATER, None),
        (asked("change_password"), Seen(opened=SOON), SOON, Verdict(True, "connection")),
        (asked("change_password"), Seen(opened=BEFORE), LATER, None),
        (asked("change_password"), Seen(opened=SOON, profile=3), SOON, None),
        (asked("change_password", "RebootRequired"), Seen(opened=SOON), SOON, None),
        (asked("reserve", evse=1), one("Reserved"), SOON, Verdict(True, "status")),
        (asked("reserve"), one("Reserved"), SOON, Verdict(True, "status")),
        (asked("reserve", evse=2), one("Reserved"), SOON, None),
        (asked("reserve", evse=1), one("Reserved", BEFORE), SOON, None),
        (asked("reserve", evse=1), one("Available"), DAYS_LATER, None),
        (OFF, one("Unavailable"), SOON, Verdict(True, "status")),
        (OFF, one("Faulted"), SOON, Verdict(True, "status")),
        (OFF, one("Available"), SOON, None),
        (OFF, one("Available"), LATER, Verdict(False, "status_kept")),
        (OFF, one("Unknown"), LATER, None),
        (OFF, Seen(), LATER, None),
        (ON, one("Available"), SOON, Verdict(True, "status")),
        (ON, one("Faulted"), SOON, Verdict(True, "status")),
        (ON, one("Unavailable"), LATER, Verdict(False, "status_kept")),
        (asked("unlock", evse=1), one("Available"), SOON, Verdict(True, "status")),
        (asked("unlock", evse=1), one("Occupied"), DAYS_LATER, None),
        (asked("unlock", evse=1), one("Available", BEFORE), DAYS_LATER, None),
        (START, Seen(sessions=[session()]), SOON, Verdict(True, "session")),
        (START, Seen(sessions=[session(evse=2)]), SOON, None),
        (START, Seen(sessions=[session(id_token="BEEF")]), LATER, Verdict(False, "no_session")),
        (START, Seen(sessions=[session(heard=BEFORE)]), SOON, None),
        (
            NAMED,
            Seen(sessions=[session(heard=BEFORE, remote_start_id=9, id_token="")]),
            SOON,
            Verdict(True, "session"),
        ),
        (NAMED, Seen(sessions=[session(remote_start_id=8)]), SOON, None),
        (STOP, Seen(sessions=[session(ended=SOON)]), SOON, Verdict(True, "session_ended")),
        (STOP, Seen(sessions=[session(ended=SOON, transaction_id="8")]), SOON, None),
        (STOP, Seen(sessions=[session()]), LATER, Verdict(False, "session_goes_on")),
        (TRIGGER, Seen(opened=BEFORE), SOON, None),
        (TRIGGER, Seen(opened=BEFORE), LATER, Verdict(False, "no_message")),
        (TRIGGER, Seen(opened=SOON), LATER, None),
        (TRIGGER, Seen(), LATER, None),
        (asked("clear_cache"), Seen(opened=BEFORE), DAYS_LATER, None),
    ],
)
def test_what_a_charger_shows_is_judged(
    command: Asked, seen: Seen, now: datetime, verdict: Verdict | None
) -> None:
    assert judge(command, seen, now) == verdict


def test_a_charger_is_out_of_service_when_all_its_ports_are() -> None:
    off, on = Port("Unavailable", SOON), Port("Available", SOON)
    assert judge(WHOLE_OFF, Seen(ports={1: off, 2: on}), SOON) is None
    assert judge(WHOLE_OFF, Seen(ports={1: off, 2: off}), SOON) == Verdict(True, "status")


def test_one_cable_of_a_port_is_judged_by_its_own_status() -> None:
    cable = asked("change_availability", operative=False, evse=1, connector=2)
    seen = Seen(ports={1: Port("Available", SOON, {"1": "Available", "2": "Unavailable"})})
    assert judge(cable, seen, SOON) == Verdict(True, "status")


def test_what_waits_for_a_session_has_a_day() -> None:
    scheduled = asked("change_availability", "Scheduled", operative=False, evse=1)
    assert judge(scheduled, one("Occupied"), LATER) is None
    after = ANSWERED + timedelta(hours=24, seconds=1)
    assert judge(scheduled, one("Occupied"), after) == Verdict(False, "status_kept")
