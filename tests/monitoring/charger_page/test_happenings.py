"""The list of what happened: everything once, newest first, page after page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from inventory.models import Charger, Evse
from monitoring.charger_page import subject
from monitoring.charger_page.happenings import PAGE_SIZE, Happening, Place, Wanted, listing
from monitoring.charger_page.window import Window
from monitoring.facts import CloseReason, Status
from tests.monitoring.charger_page.past import HOUR, MINUTE, boot, flapped, reported, session
from tests.network import NOON, connection

WINDOW = Window(NOON - timedelta(days=1), NOON)


def told(station: Charger, narrowed: Wanted = Wanted()) -> list[Happening]:  # noqa: B008 frozen
    """Return all pages of the list, one after the other."""
    found = subject.find(User(is_superuser=True, is_active=True), station.identity)
    assert found
    shown: list[Happening] = []
    after: Place | None = None
    while True:
        page = listing(found, WINDOW, narrowed, after)
        shown += page.shown
        if page.following is None:
            return shown
        after = Place.decode(page.following.encode())


@pytest.fixture
def past(station: Charger, evse: Evse) -> Charger:
    connection(station, NOON - 12 * HOUR, NOON - 6 * HOUR, CloseReason.LOST)
    connection(station, NOON - 5 * HOUR)
    boot(station, NOON - 5 * HOUR, firmware_version="1.1")
    session(station, NOON - 4 * HOUR, NOON - 3 * HOUR, evse, stop_reason="Local")
    reported(evse, Status.CHARGING, NOON - 4 * HOUR, NOON - 3 * HOUR)
    reported(evse, Status.FAULTED, NOON - 3 * HOUR, None, "GroundFailure")
    return station


def test_everything_is_in_it_newest_first(past: Charger) -> None:
    assert [(h.kind, (NOON - h.at) / HOUR, h.port) for h in told(past)] == [
        ("status", 3, 1),
        ("session_ended", 3, 1),
        ("status", 4, 1),
        ("session_started", 4, 1),
        ("connected", 5, None),
        ("event", 5, None),
        ("lost", 6, None),
        ("connected", 12, None),
    ]


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        (Wanted("faults"), ["status"]),
        (Wanted("connection"), ["connected", "lost", "connected"]),
        (Wanted("sessions"), ["session_ended", "session_started"]),
        (Wanted("boots"), ["event"]),
        (Wanted(port=2), []),
        (Wanted("connection", port=1), []),
    ],
)
def test_it_can_be_narrowed(past: Charger, wanted: Wanted, kinds: list[str]) -> None:
    assert [happening.kind for happening in told(past, wanted)] == kinds


def test_page_after_page_shows_everything_once_even_at_the_same_instant(
    station: Charger, evse: Evse
) -> None:
    at = NOON - HOUR
    for _ in range(70):
        session(station, at, at, evse)
    flapped(evse, NOON - 20 * HOUR, 5 * MINUTE, 130)
    shown = told(station)
    assert len(shown) == 70 * 2 + 130
    assert len({(happening.kind, happening.key) for happening in shown}) == len(shown)
    assert [h.at for h in shown] == sorted((h.at for h in shown), reverse=True)
    assert len(shown) > 5 * PAGE_SIZE


def test_what_a_port_says_again_is_told_once(station: Charger, evse: Evse) -> None:
    for hour in range(5, 1, -1):
        reported(evse, Status.AVAILABLE, NOON - hour * HOUR, NOON - (hour - 1) * HOUR)
    assert [(NOON - h.at) / HOUR for h in told(station)] == [5]


def test_a_fault_that_comes_again_is_told_again(station: Charger, evse: Evse) -> None:
    flapped(evse, NOON - 10 * HOUR, 30 * MINUTE, 20)
    assert len(told(station, Wanted("faults"))) == 10


@pytest.mark.parametrize(
    "text", ["", "x", "2026-03-02T12:00:00Z", "2026-03-02T12:00:00,1,2", "x,1,2", ",,", "²,²,²",
             "2026-03-02T12:00:00Z,1,99999999999999999999", "2026-03-02T12:00:00Z,-1,2"],
)  # fmt: skip
def test_a_place_that_is_none_is_the_beginning(text: str) -> None:
    assert Place.decode(text) is None


def test_a_place_survives_its_address() -> None:
    place = Place(datetime(2026, 3, 2, 11, 59, 59, 123456, tzinfo=UTC), 2, 77)
    assert Place.decode(place.encode()) == place
