"""The table of a KPI page as CSV or XLSX: what the address shows, every row of it.

Numbers are numbers; a name that a spreadsheet would run is inert; the workbook's first sheet
says how the figures were made.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cpms.reports import sheets
from cpms.reports.catalogue import CATALOGUE
from cpms.reports.pages import asked as asking
from cpms.reports.pages import table
from cpms.reports.pages.asked import Asked
from cpms.reports.pages.lenses import LENSES, targets
from cpms.reports.pages.reading import Part, Reader
from cpms.reports.pages.scope import LABELS
from cpms.reports.sheets import Cell, Sheet
from inventory.rest import export
from monitoring.kpis.figures import Unit
from monitoring.views.asked import person

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Behind a metric's name: what the column is.
COLUMNS = ("", "_numerator", "_denominator", "_no_data_share")


@login_required
@require_GET
def download(request: HttpRequest) -> HttpResponseBase:
    """Send every row of the table, in its order, with what each figure is made of."""
    now = timezone.now()
    asked = asking.read(person(request), request.GET, now)
    reader = Reader(asked.scope.chargers, asked.view.table, asked.lens, now)
    parts = table.in_order(reader.parts(asked.days, asked.by), asked)
    name = f"kpis_{asked.by.value}_{asked.days.first}_{asked.days.last}_{asked.lens}"
    if request.GET.get("format") == "xlsx":
        return _workbook(asked, parts, f"{name}.xlsx")
    columns = list(_columns(asked))
    records = (dict(zip(columns, row, strict=True)) for row in _rows(asked, parts))
    return export.attachment(request, records, columns, name)


def _workbook(asked: Asked, parts: list[Part], name: str) -> HttpResponse:
    sheet = Sheet("kpis", _("KPIs"), list(_columns(asked)), lambda: _rows(asked, parts))
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        sheets.write_xlsx(list(_facts(asked)), [sheet], Path(file.name), lambda _share: None)
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(Path(file.name).read_bytes(), content_type=XLSX, headers=disposition)


def _columns(asked: Asked) -> Iterator[str]:
    yield from (asked.by.value, "name")
    for metric in asked.view.table:
        unit = _suffix(metric)
        yield from (f"{metric}{unit}", *(f"{metric}{column}" for column in COLUMNS[1:]))


def _suffix(metric: str) -> str:
    """Return the unit behind a column's name; shares are 0 to 1."""
    unit = CATALOGUE[metric].unit
    return "" if unit in {Unit.SHARE, Unit.COUNT} else f"_{unit.value}"


def _rows(asked: Asked, parts: list[Part]) -> Iterator[list[Cell]]:
    for part in parts:
        row: list[Cell] = [part.key if isinstance(part.key, int | str) else "", part.label]
        for metric in asked.view.table:
            figure = part.figure(metric)
            row += [figure.value, figure.numerator, figure.denominator, figure.no_data_share]
        yield row


def _facts(asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield how the figures were made: scope, window, lens, and each definition."""
    lens = LENSES[asked.lens]
    yield _("Of"), " / ".join([step.label for step in asked.scope.path] or [asked.scope.label])
    for step in asked.scope.traits:
        yield str(LABELS[step.name]), step.label
    yield _("Window"), f"{asked.days.first} – {asked.days.last}, {_('each site’s own days')}"
    target = targets(asked.scope.chargers, asked.days.last)[lens.name]
    yield _("Lens"), f"{lens.label} {target.text}".strip()
    yield _("What the lens leaves out"), str(lens.rule)
    yield (
        _("Exclusions"),
        _(
            "Only exclusions that a second person approved count; the outage ledger lists each "
            "with its reason, note and approver."
        ),
    )
    yield _("Empty cells"), _("No data: never 0 % or 100 %.")
    for metric in asked.view.table:
        definition = CATALOGUE[metric]
        yield f"{definition.label} ({metric})", str(definition.formula)
