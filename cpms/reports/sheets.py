"""Tables of a report, streamed into CSV and XLSX files; memory is bounded whatever their length."""

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from msgspec import msgpack

from inventory.rest.export import DANGEROUS

Cell = str | float | int | date | datetime | None
Tick = Callable[[float], None]
#: Rows of a sheet of a workbook; what is more is in the CSV files, which have no end.
MOST_ROWS = 100_000
#: Rows between two signs of life.
ROWS_PER_TICK = 2_000
#: Bytes of a table that are kept in memory; what is more lies on the disk.
IN_MEMORY = 4 << 20
#: Excel's own bound for a name of a sheet.
LONGEST_NAME = 31
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "-"))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: what it is called in a file's name and to people, its columns, its rows.

    `columns` are machine names with the unit in them, e.g. `outage_minutes`. `rows` makes the
    rows anew with each call; `about` is roughly how many there are, for the progress.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Callable[[], Iterable[Sequence[Cell]]]
    about: int = 0


def once(sheet: Sheet) -> Sheet:
    """Return the same table, whose rows are read once and then kept on the disk.

    So a workbook doesn't ask the database anew for what a CSV file has just been made of.
    """
    kept = Kept(sheet.rows)
    return replace(sheet, rows=kept.rows)


class Kept:
    """Rows that were read once, in a temporary file that goes with this object."""

    def __init__(self, source: Callable[[], Iterable[Sequence[Cell]]]) -> None:
        """Read nothing yet."""
        self.source, self.whole = source, False
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115

    def rows(self) -> Iterator[Sequence[Cell]]:
        """Yield the rows, from the file if they are all in it."""
        self.file.seek(0)
        if self.whole:
            yield from self._again()
            return
        self.file.truncate()
        for row in self.source():
            packed = msgpack.encode(row)
            self.file.write(len(packed).to_bytes(4, "big") + packed)
            yield row
        self.whole = True

    def _again(self) -> Iterator[Sequence[Cell]]:
        while length := self.file.read(4):
            yield msgpack.decode(self.file.read(int.from_bytes(length, "big")))


def inert(value: str) -> str:
    """Return a text that no spreadsheet runs (OWASP, CSV injection), without NULs."""
    text = value.replace("\x00", "")
    return f"'{text}" if text.startswith(DANGEROUS) else text


def plain(value: Cell) -> str | float | int:
    """Write a cell as CSV has it: RFC 3339 times, points in numbers, empty where nothing is."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 6)
    return inert(value) if isinstance(value, str) else value


def write_csv(sheet: Sheet, path: Path, tick: Tick) -> None:
    """Write the table as CSV in UTF-8 (RFC 4180)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(sheet.columns)
        for row in counted(sheet, tick):
            writer.writerow([plain(cell) for cell in row])


def counted(sheet: Sheet, tick: Tick) -> Iterator[Sequence[Cell]]:
    """Yield the rows, with a sign of life now and then."""
    for number, row in enumerate(sheet.rows(), 1):
        if number % ROWS_PER_TICK == 0:
            tick(min(number / max(sheet.about, number + ROWS_PER_TICK), 0.99))
        yield row


def write_xlsx(
    facts: Sequence[tuple[str, str]], sheets: Sequence[Sheet], path: Path, tick: Tick
) -> None:
    """Write a workbook: what it is about, then a sheet per table."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "nan_inf_to_errors": True, "default_date_format": "yyyy-mm-dd",
               "tmpdir": str(path.parent), "remove_timezone": True}  # fmt: skip
    with xlsxwriter.Workbook(str(path), options) as book:
        _about(book, facts)
        for place, sheet in enumerate(sheets):
            _fill(book, sheet, _part_of(tick, place, len(sheets)))


def _part_of(tick: Tick, place: int, count: int) -> Tick:
    """Return a tick for the one at `place` of so many."""
    return lambda part: tick((place + part) / count)


def _about(book: Any, facts: Sequence[tuple[str, str]]) -> None:
    page = book.add_worksheet(_("About")[:LONGEST_NAME])
    bold, wrap = (
        book.add_format({"bold": True, "valign": "top"}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 110)
    for row, (label, value) in enumerate(facts):
        page.write_string(row, 0, label, bold)
        page.write_string(row, 1, value[:32_000], wrap)


def _fill(book: Any, sheet: Sheet, tick: Tick) -> None:
    title = sheet.title.translate(_FORBIDDEN)[:LONGEST_NAME]
    page = book.add_worksheet(title)
    head = book.add_format({"bold": True, "bottom": 1})
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    page.freeze_panes(1, 0)
    page.set_column(0, len(sheet.columns) - 1, 18)
    page.write_row(0, 0, sheet.columns, head)
    for number, row in enumerate(counted(sheet, tick), 1):
        if number > MOST_ROWS:
            page.write_string(number, 0, _("There are more rows: the CSV file has all of them."))
            break
        for column, value in enumerate(row):
            _put(page, number, column, value, when)


def _put(page: Any, row: int, column: int, value: Cell, when: Any) -> None:
    if isinstance(value, str):
        page.write_string(row, column, value.replace("\x00", "")[:32_000])
    elif isinstance(value, datetime):
        page.write_datetime(row, column, value, when)
    elif isinstance(value, date):
        page.write_datetime(row, column, value)
    elif value is not None:
        page.write_number(row, column, value)
