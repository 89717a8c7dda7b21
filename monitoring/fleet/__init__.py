"""The fleet as an operator asks for it: filtered, counted by state, worst first, in pages.

`narrowing` reads what the address asks for, `listing` counts and pages, `rows` says what a list
shows of a charger, `columns` which of it, `choices` what a filter offers, `sheet` the same as
CSV.
"""

from monitoring.fleet.columns import Layout
from monitoring.fleet.listing import Tile, page, tiles
from monitoring.fleet.narrowing import ALL, Filters, filters, narrowed
from monitoring.fleet.rows import (
    Port,
    Row,
    live_state,
    port_row,
    ports_of,
    rows,
    state_of,
    with_state,
)

__all__ = [
    "ALL",
    "Filters",
    "Layout",
    "Port",
    "Row",
    "Tile",
    "filters",
    "live_state",
    "narrowed",
    "page",
    "port_row",
    "ports_of",
    "rows",
    "state_of",
    "tiles",
    "with_state",
]
