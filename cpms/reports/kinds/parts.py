"""The files that a report is made of, one after the other, and the list of them."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from cpms.reports.models import Format, Report, ReportFile
from cpms.reports.order import Order
from cpms.reports.paper.document import Document
from cpms.reports.paper.draw import write_pdf
from cpms.reports.sheets import Sheet, Tick, write_csv, write_xlsx


@dataclass(frozen=True, slots=True)
class Part:
    """A file to be made: `write` puts it into a path and gives signs of life."""

    name: str
    format: str
    doing: str
    write: Callable[[Path, Tick], None]


Facts = Sequence[tuple[str, str]]


def pdf(stem: str, document: Callable[..., Document], order: Order, facts: Facts) -> Part:
    """Return the part that is the report on paper."""

    def write(path: Path, tick: Tick) -> None:
        made = document(order, facts, tick)
        tick(0.9)
        write_pdf(made, path)

    return Part(f"{stem}.pdf", Format.PDF, _("Drawing the pages"), write)


def xlsx(stem: str, sheets: Sequence[Sheet], facts: Facts) -> Part:
    """Return the part that is the workbook."""

    def write(path: Path, tick: Tick) -> None:
        write_xlsx(facts, sheets, path, tick)

    return Part(f"{stem}.xlsx", Format.XLSX, _("Filling the workbook"), write)


def csvs(stem: str, sheets: Sequence[Sheet]) -> list[Part]:
    """Return the parts that are a CSV file for each table."""
    return [_csv(stem, sheet) for sheet in sheets]


def _csv(stem: str, sheet: Sheet) -> Part:
    def write(path: Path, tick: Tick) -> None:
        write_csv(sheet, path, tick)

    doing = _("Writing “%s”") % sheet.title
    return Part(f"{stem}-{sheet.name}.csv", Format.CSV, doing, write)


def manifest(order: Order, report: Report, facts: Facts, files: Iterable[ReportFile]) -> str:
    """Return what the report is and the hashes of its files, as JSON."""
    previous = report.previous
    return json.dumps(
        {
            "report": report.pk,
            "version": report.version,
            "previous": previous.pk if previous else None,
            "title": report.title,
            "kind": report.kind,
            "organisation": order.organisation.name,
            "from": report.first.isoformat(),
            "to": report.end.isoformat(),
            "lens": report.lens,
            "parameters": report.parameters,
            "sites": report.sites,
            "data_cutoff": order.now.isoformat(timespec="seconds"),
            "settled_day": order.settled_day.isoformat() if order.settled_day else None,
            "requested_by": report.requested_name,
            "about": dict(facts),
            "files": [
                {"name": file.name, "format": file.format, "size": file.size,
                 "sha256": file.sha256}
                for file in files
            ],
        },
        indent=2,
        ensure_ascii=False,
    )  # fmt: skip
