"""Whatever outsiders put into a value, a log line stays one line, and ours."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from cpms.logs import configure_logs, escaped


@pytest.fixture(params=[True, False], ids=["readable", "json"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Logging as in a process of ours, into a buffer; the tests' own is put back."""
    out = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", out)
    configure_logs("web", debug=request.param)
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    "evil",
    [
        "a\n2026-03-02 forged",
        "a\rforged",
        "\x1b[2Jforged",
        "\x9b2Jforged",
        "a\u2028forged",
        "\u202eforged",
        "\x00forged",
        "\ud800forged",
    ],
)
def test_control_characters_in_a_value_are_shown_as_escapes(log: io.StringIO, evil: str) -> None:
    structlog.get_logger("test").warning("charger_booted", vendor=evil, nested={evil: [evil]})
    logging.getLogger("library").warning("It said %s", evil)
    lines = log.getvalue().split("\n")
    assert len(lines) == 3
    assert "forged" in lines[0]
    assert "forged" in lines[1]
    assert not any(character in log.getvalue() for character in "\r\x1b\x9b\u2028\u202e\x00\ud800")


def test_an_exceptions_message_cannot_start_a_line(log: io.StringIO) -> None:
    try:
        int("first\n2026-03-02T08:00:00Z [info] forged\x1b[2J")
    except ValueError as problem:
        problem.add_note("second\nforged\x1b[2J")
        structlog.get_logger("test").exception("frame_refused")
    assert "frame_refused" in log.getvalue()
    assert "\x1b" not in log.getvalue()
    assert all(
        "forged" not in line or line.startswith(("    ", "{"))
        for line in log.getvalue().split("\n")
    )


def test_a_huge_value_is_cut(log: io.StringIO) -> None:
    structlog.get_logger("test").warning("frame_refused", frame="x" * 1_000_000)
    assert len(log.getvalue()) < 5_000
    assert "(+998000)" in log.getvalue()


def test_values_that_json_cannot_hold_are_shown_all_the_same(log: io.StringIO) -> None:
    structlog.get_logger("test").warning(
        "odd", number=10**30, rest=float("nan"), kind=object, deep=[[[[[["x"]]]]]]
    )
    assert str(10**30) in log.getvalue()
    assert "nan" in log.getvalue()


@pytest.mark.parametrize("log", [False], indirect=True)
def test_production_writes_one_json_object_per_line(log: io.StringIO) -> None:
    structlog.get_logger("cpms.ocpp").info("charger_connected", identity="CP-1", port=3)
    entry = json.loads(log.getvalue())
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "process": "web",
        "logger": "cpms.ocpp",
        "level": "info",
        "event": "charger_connected",
        "identity": "CP-1",
        "port": 3,
    }


def test_ordinary_letters_stay_as_they_are() -> None:
    assert escaped("Ladesäule Zürich – 充电 😀") == "Ladesäule Zürich – 充电 😀"
