"""Bars in buckets: nothing is lost in the sums, and what is drawn is bounded."""

from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.charger_page.shares import Cell, Grid, connection, drawn, port, totals

GRID = Grid(start=0.0, width=60.0, count=4, seen=0.0)


def test_a_charger_that_was_away_for_a_quarter_of_a_bucket_is_offline_for_that_share() -> None:
    link = connection(GRID, [Cell(0, "online", 60), Cell(1, "online", 45)], "online")
    assert link == [{"online": 60}, {"online": 45, "Offline": 15}, {"Offline": 60}, {"Offline": 60}]


def test_nothing_is_known_before_the_charger_was_first_seen() -> None:
    link = connection(Grid(0.0, 60.0, 3, seen=90.0), [Cell(1, "online", 30)], "online")
    assert link == [{}, {"online": 30}, {"Offline": 60}]


def test_what_a_port_reported_counts_for_the_time_it_was_online() -> None:
    link = [{"online": 30.0, "Offline": 30.0}, {"online": 60.0}, {"Offline": 60.0}, {}]
    cells = [Cell(0, "Available", 60), Cell(1, "Charging", 20), Cell(2, "Faulted", 60)]
    assert port(GRID, cells, link)[:3] == [
        {"Available": 30, "Offline": 30},
        {"Charging": 20, "Unknown": 40},
        {"Offline": 60},
    ]


def test_trouble_is_drawn_over_the_rest_as_high_as_its_share() -> None:
    buckets = [{"Available": 45.0, "Faulted": 15.0}, {"Available": 60.0}, {"Faulted": 60.0}, {}]
    assert drawn(GRID, buckets) == [
        (0, 120, "Available", 1.0),
        (120, 180, "Faulted", 1.0),
        (0, 60, "Faulted", 0.25),
    ]


def test_of_two_troubles_the_worse_is_on_top() -> None:
    assert drawn(Grid(0, 60, 1, 0), [{"Faulted": 45.0, "Offline": 15.0}]) == [
        (0, 60, "Faulted", 1.0),
        (0, 60, "Offline", 0.25),
    ]


STATES = st.sampled_from(["Available", "Charging", "Faulted", "Unavailable"])
CELLS = st.lists(st.tuples(st.integers(0, 19), STATES, st.floats(0, 60)), max_size=60)


@settings(deadline=None)
@given(cells=CELLS, up=st.lists(st.floats(0, 60), min_size=20, max_size=20))
def test_the_seconds_of_every_bucket_add_up_to_it(
    cells: list[tuple[int, str, float]], up: list[float]
) -> None:
    grid = Grid(0.0, 60.0, 20, 0.0)
    link = connection(grid, [Cell(bucket, "online", on) for bucket, on in enumerate(up)], "online")
    buckets = port(grid, [Cell(*cell) for cell in cells], link)
    assert all(abs(sum(bucket.values()) - 60) < 0.01 for bucket in buckets)
    assert abs(sum(totals(buckets).values()) - 1200) < 0.1
    pieces = drawn(grid, buckets)
    assert len(pieces) <= 2 * grid.count
    assert all(piece.start < piece.end and 0 < piece.share <= 1 for piece in pieces)
