"""The table of a KPI page: sorted by any column, each row a link deeper, each cell its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from cpms.reports.catalogue import CATALOGUE
from cpms.reports.pages import evidence, writing
from cpms.reports.pages.asked import BY_NAME, BY_NO_DATA, Asked
from cpms.reports.pages.reading import Part
from cpms.reports.pages.scope import NONE
from monitoring.kpis.figures import Better, Definition, Figure
from monitoring.kpis.queries import GroupBy

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure in the table."""

    figure: Figure
    definition: Definition
    text: str
    #: What it is made of, and the share without data where that is worth a word.
    parts: str
    no_data: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One group."""

    label: str
    #: Deeper into it.
    url: str
    cells: list[Cell]
    no_data: str


def page(parts: Sequence[Part], asked: Asked) -> Page[Part]:
    """Return the groups on the page that was asked for."""
    return Paginator(in_order(parts, asked), PAGE_SIZE).get_page(asked.page)


def in_order(parts: Sequence[Part], asked: Asked) -> list[Part]:
    """Return the groups in the order of a column; without one the worst is first.

    Groups without data come last, whichever way.
    """
    named = asked.sort.removeprefix("-")
    backwards = asked.sort.startswith("-")
    if named == BY_NAME:
        return sorted(parts, key=lambda part: part.label, reverse=backwards)
    metric = named or asked.view.metrics[0]
    column = asked.view.metrics[0] if metric == BY_NO_DATA else metric
    if not named:
        backwards = CATALOGUE[metric].better is not Better.HIGHER
    known: list[tuple[float, Part]] = []
    unknown: list[Part] = []
    for part in parts:
        figure = part.figure(column)
        value = figure.no_data_share if metric == BY_NO_DATA else figure.value
        if value is None:
            unknown.append(part)
        else:
            known.append((-value if backwards else value, part))
    known.sort(key=lambda each: (each[0], each[1].label))
    return [*(part for _value, part in known), *unknown]


def rows(parts: Sequence[Part], asked: Asked) -> list[Row]:
    """Return the rows of the groups."""
    return [_row(part, asked) for part in parts]


def _row(part: Part, asked: Asked) -> Row:
    own = parameters(part, asked)
    cells = [_cell(part.figure(name), asked, own) for name in asked.view.table]
    unknown = max((cell.figure.no_data_share or 0.0 for cell in cells), default=0.0)
    return Row(
        label=part.label,
        url=_deeper(part, asked, own),
        cells=cells,
        no_data=writing.number(unknown, CATALOGUE["uptime"].unit) if unknown else "",
    )


def _cell(figure: Figure, asked: Asked, own: dict[str, str]) -> Cell:
    definition = CATALOGUE[str(figure.metric)]
    return Cell(
        figure=figure,
        definition=definition,
        text=writing.value(figure, definition),
        parts=writing.parts(figure, definition),
        no_data=writing.no_data(figure) if writing.worth_a_word(figure) else "",
        url=evidence.url(definition, own, asked) if figure.value is not None else "",
    )


def parameters(part: Part, asked: Asked) -> dict[str, str]:
    """Return the parameters that select a group, and nothing but the group."""
    scope = asked.scope.parameters
    if asked.by is GroupBy.PORT:
        return {"charger": part.label.rpartition("/")[0], "evse": str(part.key)}
    if asked.by is GroupBy.CHARGER:
        return {"charger": part.label}
    if asked.by is GroupBy.SITE:
        return {"site": str(part.key), **{step.name: step.value for step in asked.scope.traits}}
    value = NONE if part.key in (None, "") else str(part.key)
    return {**scope, asked.by.value: value}


def _deeper(part: Part, asked: Asked, own: dict[str, str]) -> str:
    """Return the page of a group; a port's is its outages."""
    if asked.by is GroupBy.PORT:
        return evidence.url(CATALOGUE["uptime"], own, asked)
    dropped = dict.fromkeys(asked.scope.parameters)
    return asked.url(**{**dropped, **own})
