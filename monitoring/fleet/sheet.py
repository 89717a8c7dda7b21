"""The list as CSV: every row that passes the filters, in the same order and columns."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from inventory.models import Charger
from monitoring.fleet.listing import in_order, keys
from monitoring.fleet.narrowing import Filters
from monitoring.fleet.rows import Row

ROWS_AT_A_TIME = 500


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _ports(row: Row) -> str:
    return " ".join(f"{port.number}:{port.state}" for port in row.ports)


#: Column -> the names and values of its cells. Power in W.
CELLS: dict[str, dict[str, Callable[[Row], Any]]] = {
    "state": {"state": lambda row: str(row.state)},
    "charger": {"identity": lambda row: row.charger.identity},
    "organisation": {"organisation": lambda row: row.charger.site.organisation.name},
    "site": {"site": lambda row: row.charger.site.name, "city": lambda row: row.charger.site.city},
    "region": {"region": lambda row: row.charger.site.region},
    "model": {"model": lambda row: str(row.charger.model or "")},
    "firmware": {"firmware_version": lambda row: row.charger.firmware_version},
    "version": {"ocpp_version": lambda row: row.charger.ocpp_version},
    "serial": {"serial_number": lambda row: row.charger.serial_number},
    "operator": {"sim_operator": lambda row: row.charger.sim and row.charger.sim.operator},
    "iccid": {"iccid": lambda row: row.charger.sim and row.charger.sim.iccid},
    "tags": {"tags": lambda row: " ".join(map(str, row.charger.tags))},
    "lifecycle": {"lifecycle": lambda row: row.charger.lifecycle},
    "ports": {"ports": _ports},
    "what": {"what": lambda row: row.what},
    "since": {"since": lambda row: _time(row.since)},
    "power": {"power": lambda row: row.power},
    "seen": {"last_seen": lambda row: _time(row.last_seen)},
}


def header(columns: tuple[str, ...]) -> list[str]:
    """Return the names of the cells of these columns."""
    return [name for column in columns for name in CELLS.get(column, ())]


def records(
    chargers: QuerySet[Charger], wanted: Filters, columns: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """Yield a record per charger; the keys are read at once, the rows some at a time."""
    cells = {name: cell for column in columns for name, cell in CELLS.get(column, {}).items()}
    whole = list(keys(chargers, wanted))
    for start in range(0, len(whole), ROWS_AT_A_TIME):
        for row in in_order(whole[start : start + ROWS_AT_A_TIME]):
            yield {name: cell(row) for name, cell in cells.items()}
