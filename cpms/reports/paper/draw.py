"""Draws a document into a PDF file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cpms.reports.paper import charts
from cpms.reports.paper.document import (
    BarChart,
    Block,
    Card,
    Cards,
    Document,
    Heading,
    HeatMap,
    LineChart,
    StackedChart,
    Table,
    Text,
)
from cpms.reports.paper.sheet import BAD, GOOD, INK, MARGIN, PALE, QUIET, WIDTH, Sheet

#: Headline figures in a row.
IN_A_ROW = 4
CARD_HEIGHT = 24.0
#: Between a number at the right of its column and the next column.
GAP = 1.5
ROW = 5.2


def write_pdf(document: Document, path: Path) -> int:
    """Write the document as PDF; return how many pages it has."""
    sheet = Sheet(document)
    if document.facts:
        _facts(sheet, document)
    for place, block in enumerate(document.blocks):
        if isinstance(block, Heading):
            sheet.need(11 + least(document.blocks[place + 1 :]))
        DRAWN[type(block)](sheet, block)
    sheet.output(str(path))
    return sheet.page


def least(blocks: Sequence[Block]) -> float:
    """Return the room that a heading's first blocks need to stand below it."""
    height = 0.0
    for block in blocks[:3]:
        match block:
            case Text():
                height += 8
                continue
            case BarChart():
                height += 12 + 6 * max(len(block.bars), 1)
            case LineChart() | StackedChart():
                height += charts.HEIGHT + 24
            case HeatMap():
                height += 20 + 5 * len(block.rows)
            case Cards():
                height += CARD_HEIGHT
            case Table():
                height += 3 * ROW
        break
    return height


def _facts(sheet: Sheet, document: Document) -> None:
    label = WIDTH * 0.22
    for name, value in document.facts:
        y = sheet.get_y()
        sheet.pen(8, INK)
        lines = sheet.broken(value, WIDTH - label - 2 * sheet.c_margin, 4)
        sheet.need(4.2 * len(lines))
        y = sheet.get_y()
        with sheet.tagged("P"):
            sheet.set_xy(MARGIN, y)
            sheet.write_line(name, 8, QUIET, label)
            for place, line in enumerate(lines):
                sheet.set_xy(MARGIN + label, y + place * 4.2)
                sheet.write_line(line, 8, INK, WIDTH - label)
        sheet.set_xy(MARGIN, y + 4.2 * max(len(lines), 1) + 0.6)
    sheet.set_y(sheet.get_y() + 3)


def _heading(sheet: Sheet, heading: Heading) -> None:
    sheet.set_xy(MARGIN, sheet.get_y() + 3)
    sheet.paragraph(heading.text, 13, INK, role="H2", bold=True, most=2)
    sheet.set_y(sheet.get_y() + 1.5)


def _text(sheet: Sheet, text: Text) -> None:
    sheet.set_x(MARGIN)
    sheet.paragraph(text.text, 7.5 if text.small else 9, QUIET if text.small else INK)
    sheet.set_y(sheet.get_y() + 2)


def _cards(sheet: Sheet, cards: Cards) -> None:
    gap = 3.0
    width = (WIDTH - gap * (IN_A_ROW - 1)) / IN_A_ROW
    for start in range(0, len(cards.cards), IN_A_ROW):
        sheet.need(CARD_HEIGHT + gap)
        top = sheet.get_y()
        for place, card in enumerate(cards.cards[start : start + IN_A_ROW]):
            _card(sheet, card, MARGIN + place * (width + gap), top, width)
        sheet.set_xy(MARGIN, top + CARD_HEIGHT + gap)


def _card(sheet: Sheet, card: Card, x: float, y: float, width: float) -> None:
    edge = {"good": GOOD, "bad": BAD}.get(card.tone, QUIET)
    with sheet.decoration():
        sheet.set_fill_color(*PALE)
        sheet.rect(x, y, width, CARD_HEIGHT, style="F")
        sheet.set_fill_color(*edge)
        sheet.rect(x, y, 0.9, CARD_HEIGHT, style="F")
    with sheet.tagged("P"):
        sheet.set_xy(x + 1.5, y + 1.6)
        sheet.write_line(card.label, 8, QUIET, width - 2)
        sheet.set_xy(x + 1.5, y + 6.2)
        sheet.write_line(card.value, 16, edge if card.tone else INK, width - 2, bold=True)
        for place, note in enumerate(card.notes[:2]):
            sheet.set_xy(x + 1.5, y + 15.2 + place * 4)
            sheet.write_line(note, 7, QUIET, width - 2)


def _table(sheet: Sheet, table: Table) -> None:
    if not table.rows:
        _text(sheet, Text(table.empty))
        return
    whole = sum(column.share for column in table.columns)
    widths = [WIDTH * column.share / whole for column in table.columns]
    sheet.need(3 * ROW)
    _head(sheet, table, widths)
    for row in table.rows:
        if sheet.room < ROW:
            sheet.add_page()
            _head(sheet, table, widths)
        y = sheet.get_y()
        with sheet.tagged("P"):
            _cells(sheet, table, widths, row, y)
        with sheet.decoration():
            sheet.rule(y + ROW)
        sheet.set_xy(MARGIN, y + ROW)
    sheet.set_y(sheet.get_y() + 1.5)
    if table.note:
        _text(sheet, Text(table.note, small=True))
    sheet.set_y(sheet.get_y() + 1.5)


def _head(sheet: Sheet, table: Table, widths: list[float]) -> None:
    y, x = sheet.get_y(), MARGIN
    sheet.pen(7.5, QUIET, bold=True)
    names = [
        sheet.broken(column.label, width - GAP - 2 * sheet.c_margin, 2)
        for column, width in zip(table.columns, widths, strict=True)
    ]
    height = ROW + 3.4 * (max(map(len, names)) - 1)
    with sheet.decoration():
        sheet.set_fill_color(*PALE)
        sheet.rect(MARGIN, y, WIDTH, height, style="F")
    with sheet.tagged("P"):
        for column, width, lines in zip(table.columns, widths, names, strict=True):
            for place, line in enumerate(lines):
                sheet.set_xy(x, y + 0.8 + place * 3.4)
                align = "R" if column.right else "L"
                sheet.write_line(line, 7.5, QUIET, width - GAP, bold=True, align=align)
            x += width
    sheet.set_xy(MARGIN, y + height)


def _cells(sheet: Sheet, table: Table, widths: list[float], row: Any, y: float) -> None:
    x = MARGIN
    for column, width, cell in zip(table.columns, widths, row, strict=True):
        sheet.set_xy(x, y + 0.6)
        sheet.write_line(str(cell), 8, INK, width - GAP, align="R" if column.right else "L")
        x += width


DRAWN: dict[type, Callable[[Sheet, Any], None]] = {
    Heading: _heading,
    Text: _text,
    Cards: _cards,
    Table: _table,
    LineChart: charts.line_chart,
    BarChart: charts.bar_chart,
    StackedChart: charts.stacked_chart,
    HeatMap: charts.heat_map,
}
