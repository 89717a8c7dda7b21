"""Charts drawn as vectors: lines, bars, stacked bars, heat maps. Lengths are millimetres.

Colours are apart for the colour-blind, and nothing is said by colour alone: lines are named
and dashed, bars and cells have their numbers or a scale.
"""

from collections.abc import Sequence
from math import ceil, floor, log10

from django.utils.formats import number_format

from cpms.reports.paper.document import BarChart, HeatMap, LineChart, StackedChart
from cpms.reports.paper.sheet import INK, MARGIN, PALE, QUIET, RULE, SERIES, WIDTH, Colour, Sheet

HEIGHT = 40.0
#: Room for the numbers of the scale at the left.
SCALE = 13.0


def steps(low: float, high: float, about: int = 4) -> list[float]:
    """Return round numbers for a scale that holds [low, high]. Pure."""
    spread = max(high - low, 1e-9)
    raw = spread / about
    size = 10 ** floor(log10(raw))
    step = next(size * nice for nice in (1, 2, 2.5, 5, 10) if size * nice >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def written(value: float, scale: Sequence[float], unit: str) -> str:
    """Write a number with as many decimals as the scale's steps need."""
    step = scale[1] - scale[0]
    places = next((n for n in range(3) if abs(round(step, n) - step) < 1e-9), 3)
    text = number_format(value, places, force_grouping=True)
    return f"{text} {unit}".strip()


def line_chart(sheet: Sheet, chart: LineChart) -> None:
    """Draw lines over places, with the target across."""
    known = [v for line in chart.lines for v in line.values if v is not None]
    bounds = [*known, *([chart.target] if chart.target is not None else [])] or [0.0, 1.0]
    scale = steps(min(bounds), max(bounds))
    if chart.highest is not None:
        scale = [step for step in scale if step <= chart.highest + 1e-9] or scale
        scale = scale if len(scale) > 1 else [scale[0] - 1, scale[0]]
    with _framed(sheet, chart.title, chart.alt, 6 + HEIGHT + 10) as head:
        names = [line.name for line in chart.lines]
        if chart.target is not None and chart.target_name:
            names.append(chart.target_name)
        _legend(sheet, names, head)
        top = head + 6
        _grid(sheet, scale, top, chart.unit)
        left, width = MARGIN + SCALE, WIDTH - SCALE - 2
        count = max(len(chart.labels), 2)
        places = [left + width * n / (count - 1) for n in range(count)]
        if chart.target is not None:
            y = _height(chart.target, scale, top)
            sheet.set_draw_color(*INK)
            sheet.set_line_width(0.25)
            sheet.set_dash_pattern(dash=1.2, gap=1.0)
            sheet.line(left, y, left + width, y)
            sheet.set_dash_pattern()
        for number, line in enumerate(chart.lines):
            _line(sheet, number, line.values, places, scale, top, dashed=line.dashed)
        _under(sheet, chart.labels, places, top + HEIGHT + 1)
        sheet.set_y(top + HEIGHT + 8)


def _line(
    sheet: Sheet, number: int, values: Sequence[float | None], places: Sequence[float],
    scale: Sequence[float], top: float, *, dashed: bool,
) -> None:  # fmt: skip
    colour = SERIES[number % len(SERIES)] if not dashed else QUIET
    sheet.set_draw_color(*colour)
    sheet.set_fill_color(*colour)
    sheet.set_line_width(0.6 if not dashed else 0.4)
    if dashed:
        sheet.set_dash_pattern(dash=1.6, gap=1.2)
    for run in _runs(values):
        points = [(places[n], _height(values[n] or 0.0, scale, top)) for n in run]
        if len(points) == 1:
            sheet.ellipse(points[0][0] - 0.6, points[0][1] - 0.6, 1.2, 1.2, style="F")
        else:
            sheet.polyline(points)
    sheet.set_dash_pattern()


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """Return the places of known values, those beside each other together."""
    runs: list[list[int]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def bar_chart(sheet: Sheet, chart: BarChart) -> None:
    """Draw bars one below the other, with label and number."""
    row = 6.0
    with _framed(sheet, chart.title, chart.alt, 4 + row * max(len(chart.bars), 1)) as top:
        if not chart.bars:
            sheet.set_xy(MARGIN, top)
            sheet.write_line(chart.empty, 8.5, QUIET)
        most = max((bar.value for bar in chart.bars), default=0.0) or 1.0
        label, text = WIDTH * 0.34, WIDTH * 0.24
        room = WIDTH - label - text
        for number, bar in enumerate(chart.bars):
            y = top + number * row
            sheet.set_xy(MARGIN, y + 0.4)
            sheet.write_line(bar.label, 8, INK, label)
            sheet.set_fill_color(*PALE)
            sheet.rect(MARGIN + label, y + 0.4, room, 3.8, style="F")
            sheet.set_fill_color(*SERIES[0])
            sheet.rect(MARGIN + label, y + 0.4, max(room * bar.value / most, 0.3), 3.8, style="F")
            sheet.set_xy(MARGIN + label + room, y + 0.4)
            sheet.write_line(bar.text, 8, INK, text, align="R")
        sheet.set_y(top + row * max(len(chart.bars), 1) + 3)


def stacked_chart(sheet: Sheet, chart: StackedChart) -> None:
    """Draw upright bars of layers, with a legend."""
    sums = [sum(layer.values[n] for layer in chart.layers) for n in range(len(chart.labels))]
    scale = steps(0.0, max(sums, default=0.0) or 1.0)
    with _framed(sheet, chart.title, chart.alt, 6 + HEIGHT + 10) as head:
        _legend(sheet, [layer.name for layer in chart.layers], head, square=True)
        top = head + 6
        _grid(sheet, scale, top, chart.unit)
        left, width = MARGIN + SCALE, WIDTH - SCALE - 2
        pitch = width / max(len(chart.labels), 1)
        for place in range(len(chart.labels)):
            base = 0.0
            for number, layer in enumerate(chart.layers):
                value = layer.values[place]
                if value <= 0:
                    continue
                y, foot = _height(base + value, scale, top), _height(base, scale, top)
                sheet.set_fill_color(*SERIES[number % len(SERIES)])
                sheet.rect(left + pitch * (place + 0.12), y, pitch * 0.76, foot - y, style="F")
                base += value
        middles = [left + pitch * (n + 0.5) for n in range(len(chart.labels))]
        _under(sheet, chart.labels, middles, top + HEIGHT + 1)
        sheet.set_y(top + HEIGHT + 8)


def heat_map(sheet: Sheet, chart: HeatMap) -> None:
    """Draw rows of cells, the darker the more."""
    row = 5.0
    most = max((cell for cells in chart.cells for cell in cells), default=0.0)
    with _framed(sheet, chart.title, chart.alt, row * len(chart.rows) + 12) as top:
        label = 22.0
        count = max((len(cells) for cells in chart.cells), default=1)
        pitch = (WIDTH - label) / count
        for place, (name, cells) in enumerate(zip(chart.rows, chart.cells, strict=True)):
            y = top + place * row
            sheet.set_xy(MARGIN, y + 0.6)
            sheet.write_line(name, 7.5, QUIET, label)
            for column, cell in enumerate(cells):
                sheet.set_fill_color(*_shade(cell / most if most else 0.0))
                sheet.rect(MARGIN + label + column * pitch, y, pitch - 0.4, row - 0.4, style="F")
        y = top + row * len(chart.rows)
        for column, name in chart.columns:
            sheet.set_xy(MARGIN + label + column * pitch - 1, y + 0.4)
            sheet.write_line(name, 7, QUIET, pitch * 3)
        _scale_of_shades(sheet, y + 5, chart.most)
        sheet.set_y(y + 10)


def _scale_of_shades(sheet: Sheet, y: float, most: str) -> None:
    left = MARGIN + 22.0
    sheet.set_xy(left - 4, y - 0.6)
    sheet.write_line("0", 7, QUIET, 6)
    for step in range(6):
        sheet.set_fill_color(*_shade(step / 5))
        sheet.rect(left + 2 + step * 5, y, 4.6, 2.6, style="F")
    sheet.set_xy(left + 33, y - 0.6)
    sheet.write_line(most, 7, QUIET, 60)


def _shade(part: float) -> Colour:
    """Return from pale to dark blue; the eye sees the square root."""
    part = max(0.0, min(1.0, part)) ** 0.6
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(PALE, (0, 48, 92), strict=True))
    return red, green, blue


class _framed:  # noqa: N801 reads like the function that it is
    """A chart's title, its room on the page, and its description for who can't see it."""

    def __init__(self, sheet: Sheet, title: str, alt: str, height: float) -> None:
        self.sheet, self.title, self.alt, self.height = sheet, title, alt, height

    def __enter__(self) -> float:
        self.sheet.need(self.height + 8)
        if self.title:
            with self.sheet.tagged("P"):
                self.sheet.set_x(MARGIN)
                self.sheet.write_line(self.title, 9, INK, bold=True)
        self.tag = self.sheet.tagged("Figure", self.alt)
        self.tag.__enter__()
        return self.sheet.get_y() + 1.5

    def __exit__(self, *problem: object) -> None:
        self.tag.__exit__(None, None, None)
        self.sheet.set_x(MARGIN)


def _height(value: float, scale: Sequence[float], top: float) -> float:
    part = (value - scale[0]) / (scale[-1] - scale[0])
    return top + HEIGHT * (1 - max(0.0, min(1.0, part)))


def _grid(sheet: Sheet, scale: Sequence[float], top: float, unit: str) -> None:
    for step in scale:
        y = _height(step, scale, top)
        sheet.set_draw_color(*RULE)
        sheet.set_line_width(0.15)
        sheet.line(MARGIN + SCALE, y, MARGIN + WIDTH - 2, y)
        sheet.set_xy(MARGIN - 2, y - 1.7)
        sheet.write_line(written(step, scale, unit), 7, QUIET, SCALE + 1, align="R")


def _legend(sheet: Sheet, names: Sequence[str], top: float, *, square: bool = False) -> None:
    x = MARGIN + SCALE
    for number, name in enumerate(names):
        sheet.pen(7.5, QUIET)
        width = min(sheet.get_string_width(name) + 8, 60.0)
        if number and x + width > MARGIN + WIDTH:
            break
        colour = SERIES[number % len(SERIES)]
        sheet.set_fill_color(*(colour if square or number == 0 else QUIET if number == 1 else INK))
        if square or number == 0:
            sheet.rect(x, top + (0.6 if square else 1.6), 3.0, 2.4 if square else 0.6, style="F")
        else:
            for dash in range(3):
                sheet.rect(x + dash * 1.15, top + 1.6, 0.7, 0.4, style="F")
        sheet.set_xy(x + 3.4, top)
        sheet.write_line(name, 7.5, QUIET, width)
        x += width + 2


def _under(sheet: Sheet, labels: Sequence[str], places: Sequence[float], y: float) -> None:
    """Write as many of the labels as have room."""
    sheet.pen(7, QUIET)
    widest = max((sheet.get_string_width(label) for label in labels), default=1.0) + 3
    apart = places[1] - places[0] if len(places) > 1 else WIDTH
    every = max(1, ceil(widest / apart))
    for place in range(0, len(labels) - (every if every > 1 else 0) or 1, every):
        x = min(max(places[place] - widest / 2, MARGIN), MARGIN + WIDTH - widest)
        sheet.set_xy(x, y)
        sheet.write_line(labels[place], 7, QUIET, widest, align="C")
