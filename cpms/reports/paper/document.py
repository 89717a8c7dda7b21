"""What is on the pages of a report, whatever draws them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; `small` is for what proves and defines."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A headline figure. `tone`: good, bad, or "" where there is nothing to judge."""

    label: str
    value: str
    notes: Sequence[str] = ()
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """Headline figures, side by side."""

    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `share` of the width, numbers to the right."""

    label: str
    share: float = 1.0
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `empty` is said where it has no rows, `note` below it."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    empty: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; None is a gap."""

    name: str
    values: Sequence[float | None]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over the same places; `target` is drawn across. Values are written with `unit`."""

    title: str
    alt: str
    labels: Sequence[str]
    lines: Sequence[Line]
    unit: str = "%"
    target: float | None = None
    target_name: str = ""
    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with what is written behind it."""

    label: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars one below the other."""

    title: str
    alt: str
    bars: Sequence[Bar]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """One kind of what stacked bars are made of."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class StackedChart:
    """Upright bars, each of several layers."""

    title: str
    alt: str
    labels: Sequence[str]
    layers: Sequence[Layer]
    unit: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Rows of cells, the darker the more; every row has a label, some columns have."""

    title: str
    alt: str
    rows: Sequence[str]
    cells: Sequence[Sequence[float]]
    columns: Sequence[tuple[int, str]]
    most: str


Block = Heading | Text | Cards | Table | LineChart | BarChart | StackedChart | HeatMap


@dataclass(frozen=True, slots=True)
class Document:
    """A report for people: what it is called, whose, and its blocks in order."""

    title: str
    subtitle: str
    organisation: str
    logo: bytes | None
    language: str
    #: What stands at the foot of every page.
    foot: str
    facts: Sequence[tuple[str, str]] = ()
    blocks: Sequence[Block] = field(default_factory=list)
