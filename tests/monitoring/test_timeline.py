"""The effective timeline of a port has no gap and no overlap, and says what was the case."""

from itertools import pairwise
from math import inf

from hypothesis import given

from monitoring.kpis.history import Connection, Reported
from monitoring.kpis.timeline import Piece, effective
from tests.monitoring.histories import LENGTH, MINUTE, connections, statuses

START, END = 0.0, LENGTH * MINUTE


def timeline(reported: list[Reported], connected: list[Connection]) -> list[Piece]:
    return effective(reported, connected, 0.0, 100.0)


def test_a_port_is_what_it_last_reported_while_its_charger_is_connected() -> None:
    reported = [Reported(-50, 20, "Available"), Reported(20, 60, "Charging")]
    assert timeline([*reported, Reported(60, inf, "Available")], [Connection(-60, inf)]) == [
        (0, 20, "Available"),
        (20, 60, "Charging"),
        (60, 100, "Available"),
    ]


def test_a_port_is_offline_while_its_charger_is_whatever_it_reported_since() -> None:
    reported = [Reported(0, 40, "Available"), Reported(40, inf, "Faulted")]
    connected = [Connection(0, 30), Connection(50, inf)]
    assert timeline(reported, connected) == [
        (0, 30, "Available"),
        (30, 50, "Offline"),
        (50, 100, "Faulted"),
    ]


def test_the_last_status_stands_across_a_reconnect() -> None:
    connected = [Connection(0, 30), Connection(50, inf)]
    assert timeline([Reported(0, inf, "Available")], connected) == [
        (0, 30, "Available"),
        (30, 50, "Offline"),
        (50, 100, "Available"),
    ]


def test_a_port_is_unknown_while_connected_without_a_status() -> None:
    assert timeline([Reported(70, inf, "Available")], [Connection(10, inf)]) == [
        (0, 10, "Unseen"),
        (10, 70, "Unknown"),
        (70, 100, "Available"),
    ]


def test_a_port_of_a_charger_never_seen_is_unseen_and_not_offline() -> None:
    assert timeline([], []) == [(0, 100, "Unseen")]


def test_a_charger_seen_before_the_window_is_offline_in_it() -> None:
    assert timeline([Reported(-9, inf, "Available")], [Connection(-9, -5)]) == [(0, 100, "Offline")]


def test_a_status_reported_again_is_one_piece() -> None:
    reported = [Reported(0, 40, "Available"), Reported(40, inf, "Available")]
    assert timeline(reported, [Connection(0, inf)]) == [(0, 100, "Available")]


def state_at(instant: float, reported: list[Reported], connected: list[Connection]) -> str:
    """Say the same as `effective` of one instant, without its cleverness."""
    if not any(connection.opened <= instant for connection in connected):
        return "Unseen"
    if not any(c.opened <= instant < c.closed for c in connected):
        return "Offline"
    return next((s.state for s in reported if s.start <= instant < s.end), "Unknown")


@given(statuses(), connections())
def test_it_is_gapless_without_overlap_and_right_at_every_minute(
    reported: list[Reported], connected: list[Connection]
) -> None:
    pieces = effective(reported, connected, START, END)
    assert pieces[0].start == START
    assert pieces[-1].end == END
    for piece, following in pairwise(pieces):
        assert piece.end == following.start
        assert piece.state != following.state
    for piece in pieces:
        assert piece.start < piece.end
        instants = {piece.start, (piece.start + piece.end) / 2, piece.end - 1}
        assert {state_at(at, reported, connected) for at in instants} == {piece.state}
