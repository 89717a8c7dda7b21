"""Codes in an operator's words."""

import pytest

from monitoring import words
from monitoring.decimals import per_cent
from monitoring.templatetags.monitoring import clock_words, masked


@pytest.mark.parametrize(
    ("code", "vendor", "info", "said"),
    [
        ("GroundFailure", "", "", "ground fault"),
        ("GroundFailure", "E42", "RCD tripped", "ground fault · E42 · RCD tripped"),
        ("NoError", "", "", ""),
        ("NoError", "E42", "", "E42"),
        ("OtherError", "OtherError", "", "other error"),
        ("SomethingNew", "0", "", "SomethingNew"),
    ],
)
def test_an_error_is_said_in_words_with_the_charger_s_own_code(
    code: str, vendor: str, info: str, said: str
) -> None:
    assert words.error(code, vendor, info) == said


@pytest.mark.parametrize(
    ("text", "kind", "payload"),
    [
        ('[2,"17","Heartbeat",{}]', "Heartbeat", "{}]"),
        (' [ 2 , "17" , "MeterValues", {"a":1}]', "MeterValues", '{"a":1}]'),
        ('[3,"17",{"currentTime":"x"}]', "answer", '{"currentTime":"x"}]'),
        ('[4,"17","NotSupported","",{}]', "error NotSupported", '"",{}]'),
        ("{broken", "not OCPP", "{broken"),
        ('[2,"17"]', "not OCPP", "]"),
        ("", "not OCPP", ""),
    ],
)
def test_a_frame_says_what_it_is(text: str, kind: str, payload: str) -> None:
    assert words.frame(text) == kind
    assert words.payload(text) == payload


def test_a_driver_s_token_can_be_told_from_others_but_not_copied() -> None:
    assert masked("04A1B2C3D4") == "04…C3D4"


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        (None, "not measured"),
        (120, "right (+120 ms)"),
        (88_000, "88 s fast: times are corrected"),
        (-5_400, "5 s slow: times are corrected"),
    ],
)
def test_a_clock_is_right_or_off_by_so_much(offset: int | None, said: str) -> None:
    assert clock_words(offset) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "100 %"), (0.999999, "99.99 %"), (0.5, "50.00 %"), (0.000001, "0.01 %"), (0.0, "0 %")],
)
def test_only_what_is_whole_is_100_per_cent(value: float, said: str) -> None:
    assert per_cent(value, 2) == said


def test_what_is_odd_about_a_session_is_said_in_words() -> None:
    assert words.flag("seq_gap") == "messages are missing"
    assert words.flag("something_new") == "something_new"
