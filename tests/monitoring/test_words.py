"""Codes in an operator's words."""

import pytest

from monitoring import words
from monitoring.decimals import per_cent
from monitoring.kpis.totals import Figure, Metric
from monitoring.templatetags.monitoring import clock_words, kpi_figure, masked


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


@pytest.mark.parametrize(
    ("metric", "before", "now", "days", "way", "tone", "text"),
    [
        (Metric.UPTIME, 97.0, 99.5, 7, "up", "good", "+2.50 points on the 7 days before"),
        (Metric.UPTIME, 99.0, 98.0, 1, "down", "bad", "−1.00 points on the day before"),
        (Metric.UPTIME, 99.0, 99.0, 1, "level", "calm", "as the day before"),
        (Metric.RECONNECTS, 100.0, 300.0, 30, "up", "bad", "+2.00 on the 30 days before"),
        (Metric.RECONNECTS, 300.0, 100.0, 1, "down", "good", "−2.00 on the day before"),
    ],
)
def test_a_trend_says_by_how_much_and_whether_that_is_good(
    metric: Metric, before: float, now: float, days: int, way: str, tone: str, text: str
) -> None:
    drawn = kpi_figure("", figure(metric, now), "", figure(metric, before), days)
    assert drawn["trend"] == {"way": way, "tone": tone, "text": text}


def test_there_is_no_trend_without_data_on_both_sides() -> None:
    known, nothing = figure(Metric.UPTIME, 99.0), Figure(Metric.UPTIME, 0.0, 0.0, None, {})
    assert kpi_figure("", known, "", nothing, 1)["trend"] is None
    assert kpi_figure("", nothing, "", known, 1)["trend"] is None


def figure(metric: Metric, value: float) -> Figure:
    """Return a figure of `value` per cent, or reconnects per 100 days."""
    return Figure(metric, value, 100.0, 0.0, {"outage": 60.0, "own_restarts": 0.0})
