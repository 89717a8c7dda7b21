"""What was put right or refused in a message is said in words, worked out from the frame."""

from datetime import UTC, datetime, timedelta

import pytest

from cpms.ocpp.inspection import REFUSALS, REPAIRS, Finding, inspect, inspect_text, troubled
from monitoring.exchanges import Exchange, Frame, exchanges

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def spoken(*lines: tuple[str, str]) -> Exchange:
    frames = [Frame(NOON + timedelta(seconds=n), *line) for n, line in enumerate(lines)]
    (made,) = exchanges(frames)
    return made


def status(payload: str) -> str:
    return f'[2,"1","StatusNotification",{payload}]'


GOOD = '{"connectorId":1,"errorCode":"NoError","status":"Available"}'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (status('{"connectorId":"1","errorCode":"NoError","status":"Available"}'),
         "connectorId was text: taken as the number"),
        (status('{"connectorId":1,"errorCode":"NoError","status":"Available","info":null}'),
         "info was null: taken as left out"),
        (status('{"connectorId":1,"errorCode":"NoError","status":"Available","mood":"x"}'),
         "the message has a property that OCPP doesn't know"),
        ('[2,"1","Heartbeat",null]', "the message was null: taken as left out"),
        ('[2,"1","Heartbeat",{"a":NaN}]', "it isn't strict JSON"),
        (f'[2,"{"x" * 40}","Heartbeat",{{}}]', "longer than 36 characters"),
        (status('{"connectorId":1,"errorCode":"NoError","status":"Asleep"}'),
         "it could not be understood: PropertyConstraintViolation, status"),
        ("[2", "it could not be read: Not JSON"),
        ("********", "looked like a secret"),
        ('[2,"1","DataTransfer",{"vendorId":"… (70000 characters)', "too long for the flight"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    found = inspect(spoken(("in", text)), "1.6")
    assert sentence in "; ".join(finding.words for finding in found)


@pytest.mark.parametrize(
    ("lines", "version"),
    [
        ([("in", status(GOOD)), ("out", '[3,"1",{}]')], "1.6"),
        ([("in", status(GOOD).replace(",", ",\N{SYMBOL FOR LINE FEED} "))], "1.6"),
        ([("out", '[2,"1","Reset",{"type":"Wrong"}]'), ("in", '[3,"1",{"status":"Accepted"}]')],
         "1.6"),
        ([("in", '[2,"1","Heartbeat",null]')], ""),
        ([("in", '[2,"1","MakeCoffee",{}]'), ("out", '[4,"1","NotImplemented","",{}]')], "1.6"),
    ],
)  # fmt: skip
def test_nothing_is_found_where_nothing_is_wrong_or_nothing_is_known(
    lines: list[tuple[str, str]], version: str
) -> None:
    assert inspect(spoken(*lines), version) == []


def test_an_answer_of_the_charger_s_is_held_against_its_schema() -> None:
    asked = ("out", '[2,"1","Reset",{"type":"Soft"}]')
    (found,) = inspect(spoken(asked, ("in", '[3,"1",{"status":"Maybe"}]')), "1.6")
    assert found.is_refusal
    assert "the answer breaks the schema: status" in found.words


def test_markup_stays_text() -> None:
    (found,) = inspect_text(status('{"connectorId":1,"<b>":1,"status":"<img>"}'), "1.6")[:1]
    assert isinstance(found.words, str)


@pytest.mark.parametrize(
    ("lines", "trouble"),
    [
        ([("in", '[2,"1","Heartbeat",{}]'), ("out", '[3,"1",{}]')], False),
        ([("in", '[6,"1","NotifyPeriodicEventStream",{}]')], False),
        ([("in", '[2,"1","Heartbeat",{}]'), ("out", '[4,"1","InternalError","",{}]')], True),
        ([("in", '[2,"1","Heartbeat",{}]')], True),
        ([("in", "x")], True),
        ([("in", '[3,"1",{}]')], True),
    ],
)
def test_trouble_is_what_was_refused_unanswered_or_out_of_place(
    lines: list[tuple[str, str]], trouble: bool
) -> None:
    assert troubled(spoken(*lines), []) is trouble


def test_every_kind_has_words() -> None:
    for kind in {*REPAIRS, *REFUSALS}:
        assert Finding(kind, "a/*/b", "why").words
