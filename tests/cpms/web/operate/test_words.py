"""What became of a command, in sentences: for every operation and every way it can end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cpms.control.models import Command
from cpms.web.operate import steps, words
from cpms.web.operate.forms import FORMS

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
State = Command.State
ENDS: list[dict[str, Any]] = [
    {"state": State.ACCEPTED, "result": "Accepted", "response": {"status": "Accepted"}},
    {"state": State.ACCEPTED, "result": "Scheduled", "response": {"status": "Scheduled"}},
    {"state": State.ACCEPTED, "result": "", "response": {}},
    {"state": State.REJECTED, "result": "Rejected", "response": {"status": "Rejected"}},
    {"state": State.REJECTED, "result": "Nonsense", "response": {"status": "Nonsense"}},
    {"state": State.NOT_SUPPORTED, "result": "NotSupported", "response": {}},
    {"state": State.NOT_SUPPORTED, "result": "NotImplemented",
     "error": {"code": "NotImplemented", "description": ""}},
    {"state": State.FAILED, "result": "Failed", "response": {"status": "Failed"}},
    {"state": State.FAILED, "result": "InternalError",
     "error": {"code": "InternalError", "description": "E42"}},
    {"state": State.FAILED, "result": "Odd", "error": {"code": "Odd", "description": ""}},
    {"state": State.FAILED, "error": {"code": "UnreadableAnswer", "description": "status: 7"}},
    {"state": State.FAILED, "error": {"code": "NotSent", "description": "no EVSE 9"}},
    {"state": State.TIMED_OUT, "error": {"code": "NoAnswer", "description": ""}},
    {"state": State.EXPIRED},
    {"state": State.CANCELLED, "error": {"code": "Cancelled", "description": "olga"}},
    {"state": State.UNKNOWN, "error": {"code": "ConnectionLost", "description": ""}},
    {"state": State.UNKNOWN, "error": {"code": "GatewayLost", "description": ""}},
    {"state": State.PENDING},
    {"state": State.PENDING, "attempts": 1, "error": {"code": "GatewayLost", "description": ""}},
    {"state": State.SENT},
]  # fmt: skip


#: A word that the message hasn't, and that says enough.
ODD = {"state": State.NOT_SUPPORTED, "result": "NotSupported", "response": {},
       "error": {"code": "UnreadableAnswer", "description": "status"}}  # fmt: skip


def command(operation: str, **fields: Any) -> Command:
    made = Command(operation=operation, action="" if operation else "GetLog", **fields)
    made.requested_at = made.sent_at = made.answered_at = NOW
    made.expires_at = NOW + timedelta(minutes=5)
    return made


@pytest.mark.parametrize("operation", [*FORMS, ""])
def test_every_end_is_a_sentence(operation: str) -> None:
    for end in ENDS:
        asked = command(operation, **end)
        for online in (True, False, None):
            told = words.said(asked, NOW, online=online)
            assert told.sentence.endswith((".", "?")), (end, told)
            assert "%" not in told.sentence
            assert told.label
        assert steps.steps(asked, NOW, online=False)


@pytest.mark.parametrize(
    ("operation", "end", "said"),
    [
        ("reset", {"state": State.ACCEPTED, "result": "Scheduled"}, "running sessions have ended"),
        ("reset", {"state": State.REJECTED, "result": "Rejected"}, "refuses to restart now"),
        ("unlock", {"state": State.FAILED, "result": "UnlockFailed"}, "on site"),
        ("start", ENDS[15], "look at its sessions before you ask again"),
        ("trigger", ENDS[15], "the connection broke off"),
        ("trigger", ENDS[16], "our own gateway failed"),
        ("trigger", ENDS[12], "no answer came within 30 s"),
        ("trigger", ENDS[8], "it failed inside (InternalError)"),
        ("trigger", ENDS[9], "answered with an error: Odd."),
        ("trigger", ENDS[10], "not as OCPP has it"),
        ("reserve", ODD, "can't do this"),
        ("", ENDS[13], "never sent"),
    ],
)
def test_it_says_what_it_means(operation: str, end: dict[str, Any], said: str) -> None:
    assert said in words.said(command(operation, **end), NOW).sentence


@pytest.mark.parametrize(("answered", "is_noted"), [(2, True), (1, False)])
def test_a_late_answer_is_promised_to_be_noted_where_it_ends_the_command(
    answered: int, is_noted: bool
) -> None:
    error = {"code": "NoAnswer", "description": "", "answered": answered, "of": 3}
    made = command("change_settings", state=State.TIMED_OUT, error=error)
    sentence = words.said(made, NOW).sentence
    assert "no answer came within 30 s" in sentence
    assert ("still noted here" in sentence) is is_noted


@pytest.mark.parametrize(
    ("operation", "answer", "said"),
    [
        ("ask_transaction", {"ongoingIndicator": True, "messagesInQueue": False}, "goes on. No"),
        ("ask_transaction", {"ongoingIndicator": False, "messagesInQueue": True}, "is over. Mess"),
        ("ask_transaction", {"messagesInQueue": True}, "Messages that it couldn't deliver yet"),
        ("send_data", {"status": "Accepted", "data": "42 °C"}, "and answered: “42 °C”."),
        ("send_data", {"status": "Accepted"}, "It took the message."),
    ],
)
def test_what_an_answer_tells_is_said(operation: str, answer: dict[str, Any], said: str) -> None:
    made = command(operation, state=State.ACCEPTED, response=answer)
    assert said in words.said(made, NOW).sentence


def test_what_waits_says_what_for_and_how_long() -> None:
    waits = command("reset", state=State.PENDING)
    away = words.said(waits, NOW, online=False).sentence
    assert "The charger is offline: it is sent as soon as it is back, within 5 min." in away
    assert "It waits for its turn" in words.said(waits, NOW, online=True).sentence
    assert "It isn't sent yet" in words.said(waits, NOW).sentence
    assert "isn't sent any more" in words.said(waits, NOW + timedelta(hours=1)).sentence


@pytest.mark.parametrize(
    ("verified", "evidence", "said"),
    [
        (None, "", ""),
        (True, "boot", "Verified: it booted."),
        (False, "no_restart", "Not done: it didn't restart."),
        (True, "some_word", "Verified: some word."),
    ],
)
def test_it_says_what_showed_that_it_was_done(
    verified: bool | None, evidence: str, said: str
) -> None:
    made = command("reset", **ENDS[0], verified=verified, evidence=evidence)
    assert words.verification(made) == said
    assert words.said(made, NOW).label == {None: "accepted", True: "done"}.get(
        verified, "accepted, not done"
    )


def test_what_the_charger_said_beside_its_status_is_shown() -> None:
    info = {"status": "Rejected", "statusInfo": {"reasonCode": "Busy", "additionalInfo": "EVSE 2"}}
    told = words.said(command("reset", state=State.REJECTED, result="Rejected", response=info), NOW)
    assert told.detail == "Busy · EVSE 2"
