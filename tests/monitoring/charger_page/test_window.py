"""The window of a history: what its address may say, and what becomes of nonsense."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.charger_page.window import LONGEST, SHORTEST, Window, asked

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_last_day_is_shown_unasked() -> None:
    assert asked({}, "Europe/Berlin", NOW) == Window(NOW - DAY, NOW, "24h")


@pytest.mark.parametrize(("name", "days"), [("24h", 1), ("7d", 7), ("30d", 30), ("1y", 365)])
def test_a_named_window_ends_now(name: str, days: int) -> None:
    assert asked({"window": name}, "UTC", NOW) == Window(NOW - days * DAY, NOW, name)


def test_local_times_are_those_of_the_site() -> None:
    window = asked({"from": "2026-03-01T10:00", "to": "2026-03-01T12:30"}, "Europe/Berlin", NOW)
    assert window.start == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    assert window.end == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    assert not window.amended


def test_or_of_the_zone_that_the_form_was_shown_in() -> None:
    said = {"from": "2026-03-01T10:00", "to": "2026-03-01T12:30", "zone": "Asia/Tokyo"}
    assert asked(said, "Europe/Berlin", NOW).start == datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


def test_two_browsers_in_different_zones_read_the_same_from_a_link() -> None:
    window = asked({"from": "2026-03-01T09:00:00Z", "to": "2026-03-01T11:00:00Z"}, "UTC", NOW)
    again = dict(window.parameters)
    assert asked(again, "Asia/Tokyo", NOW) == asked(again, "America/New_York", NOW) == window


@pytest.mark.parametrize(
    "said",
    [
        {"from": "x", "to": "y"},
        {"from": "2026-03-05T00:00Z", "to": "2026-03-09T00:00Z"},
        {"from": "2026-03-01T12:00Z", "to": "2026-03-01T11:00Z"},
        {"from": "0001-01-01T00:00", "to": "0001-01-02T00:00"},
        {"from": "9999-12-31T23:59:59-23:59"},
        {"from": "1990-01-01T00:00Z"},
        {"from": "\0" * 500, "to": "2026-03-01T11:00Z", "zone": "../../etc/passwd"},
        {"window": "\0"},
        {"window": "century"},
    ],
)
def test_nonsense_is_the_nearest_window_there_is_and_says_so(said: dict[str, str]) -> None:
    window = asked(said, "Europe/Berlin", NOW)
    assert window.amended
    assert window.end <= NOW
    assert SHORTEST <= window.length <= LONGEST


def test_moving_and_zooming_out_end_at_the_present() -> None:
    window = Window(NOW - 2 * DAY, NOW - DAY)
    assert window.moved(-0.5, NOW) == Window(NOW - 2.5 * DAY, NOW - 1.5 * DAY)
    assert window.moved(5, NOW) == Window(NOW - DAY, NOW)
    assert window.widened(NOW) == Window(NOW - 3 * DAY, NOW)
