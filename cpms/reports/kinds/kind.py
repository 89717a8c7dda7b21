"""What a kind of report is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.text import slugify

from cpms.reports.kinds import words
from cpms.reports.kinds.parts import Facts, Part, csvs, pdf, xlsx
from cpms.reports.models import Format
from cpms.reports.order import Order
from cpms.reports.paper.document import Document
from cpms.reports.schedule import Every
from cpms.reports.sheets import Sheet, once
from inventory.models import Organisation

Check = Callable[[Organisation, Mapping[str, Any], Sequence[int] | None], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report: what it is called, what is in it, and what makes it."""

    name: str
    label: Promise
    #: What it contains, for whoever chooses.
    contents: Promise
    #: The period that it is for.
    every: Every
    #: The first is the usual one.
    lenses: tuple[str, ...]
    formats: tuple[str, ...]
    sheets: Callable[[Order], list[Sheet]]
    #: None: there is no PDF of it.
    document: Callable[..., Document] | None
    #: Raises ValueError, with a sentence, for parameters that don't fit.
    check: Check = lambda _organisation, _parameters, _sites: None
    #: What stands in the title beside kind and window: the contractor, the site.
    subject: Callable[[Mapping[str, Any]], str] = lambda _parameters: ""
    #: Whether it is of one site, or wants a contractor.
    one_site: bool = False
    of_contractor: bool = False
    #: Leaves out of an order what the report isn't about.
    narrowed: Callable[[Order], Order] = lambda order: order

    @property
    def lens(self) -> str:
        """The usual lens."""
        return self.lenses[0]

    def title(
        self, organisation: Organisation, first: date, end: date, parameters: Mapping[str, Any]
    ) -> str:
        """Return what a report of it is called, in the language in force."""
        subject = self.subject(parameters)
        what = f"{self.label}: {subject}" if subject else str(self.label)
        return f"{what}, {words.window(first, end)}"

    def parts(self, order: Order, formats: Sequence[str], facts: Facts) -> list[Part]:
        """Return the files to be made, in order."""
        stem = f"{self.name}-{slugify(order.organisation.slug)}-{order.first}-{order.last}"
        parts: list[Part] = []
        tables = [once(sheet) for sheet in self.sheets(order)]
        if Format.PDF in formats and self.document:
            parts.append(pdf(stem, self.document, order, facts))
        if Format.XLSX in formats:
            parts.append(xlsx(stem, tables, facts))
        if Format.CSV in formats:
            parts.extend(csvs(stem, tables))
        return parts
