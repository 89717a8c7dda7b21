"""A sheet of paper: fonts, colours, tagged text, heads and feet. Lengths are millimetres."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from PIL import Image

from cpms.reports.paper.document import Document
from cpms.reports.paper.writing import visual

FONTS = Path(__file__).resolve().parent.parent / "fonts"
FONT = "DejaVu"
MARGIN, FOOT = 18.0, 16.0
WIDTH = 210.0 - 2 * MARGIN
Colour = tuple[int, int, int]
INK: Colour = (26, 34, 52)
QUIET: Colour = (84, 96, 117)
RULE: Colour = (214, 219, 228)
PALE: Colour = (243, 245, 249)
WHITE: Colour = (255, 255, 255)
GOOD: Colour = (0, 97, 71)
BAD: Colour = (168, 32, 20)
#: Apart for every kind of colour-blindness, and in grey (Okabe and Ito; the darker tones).
SERIES: tuple[Colour, ...] = (
    (0, 92, 153), (213, 94, 0), (0, 135, 100), (150, 82, 140), (140, 110, 0), (90, 160, 205),
    (110, 118, 135),
)  # fmt: skip


class Sheet(FPDF):
    """An A4 sheet after the other, with the document's head and foot on each."""

    def __init__(self, document: Document) -> None:
        """Begin the first page."""
        super().__init__("portrait", "mm", "A4")
        self.document = document
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(False)
        for style, name in (("", "DejaVuSansCondensed"), ("B", "DejaVuSansCondensed-Bold")):
            self.add_font(FONT, style, FONTS / f"{name}.ttf")
        self.set_title(document.title)
        self.set_author(document.organisation)
        self.set_lang(document.language)
        self.set_creator("Kilowatch")
        self.set_font(FONT, size=9)
        self.add_page()

    @contextmanager
    def tagged(self, role: str, alt: str | None = None) -> Iterator[None]:
        """Draw what a reader aloud knows as a `role` (H1, H2, P, Figure …; PDF 1.7, 14.8.4)."""
        mcid = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=f"/{role}", mcid=mcid, alt_text=alt)
        self._out(f"/{role} <</MCID {mcid}>> BDC")
        yield
        self._out("EMC")

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """Draw what a reader aloud leaves out."""
        self._out("/Artifact BMC")
        yield
        self._out("EMC")

    @property
    def room(self) -> float:
        """What is left of the page."""
        return self.h - FOOT - 4 - self.get_y()

    def need(self, height: float) -> None:
        """Go to the next page unless so much is left of this one."""
        if self.room < height:
            self.add_page()

    def header(self) -> None:
        """Write the head: large on the first page, a line on the others."""
        if self.page == 1:
            self._front()
            return
        with self.decoration():
            self.set_xy(MARGIN, 10)
            self.write_line(self.document.title, 7.5, QUIET, width=WIDTH * 0.7)
            self.set_xy(MARGIN + WIDTH * 0.7, 10)
            self.write_line(self.document.organisation, 7.5, QUIET, WIDTH * 0.3, align="R")
            self.rule(15)
        self.set_xy(MARGIN, 20)

    def _front(self) -> None:
        top = MARGIN - 2
        logo = self._logo(top)
        with self.tagged("P"):
            self.set_xy(MARGIN, top)
            self.write_line(self.document.organisation, 10, QUIET, WIDTH - logo, bold=True)
        self.set_xy(MARGIN, top + 6)
        size = 19 if len(self.document.title) < 60 else 14
        self.paragraph(self.document.title, size, INK, WIDTH - logo, role="H1", bold=True, most=3)
        self.paragraph(self.document.subtitle, 10, QUIET, WIDTH - logo, most=2)
        self.set_y(max(self.get_y() + 2, top + 22))
        self.rule(self.get_y())
        self.set_y(self.get_y() + 4)

    def _logo(self, top: float) -> float:
        """Draw the logo at the right; return the width that it takes."""
        if not self.document.logo:
            return 0.0
        with suppress(OSError, ValueError):
            image = Image.open(BytesIO(self.document.logo))
            width, height = image.size
            scale = min(42 / width, 16 / height)
            alt = _("Logo of %s") % self.document.organisation
            with self.tagged("Figure", alt):
                self.image(image, MARGIN + WIDTH - width * scale, top, width * scale)
            return width * scale + 6
        return 0.0

    def footer(self) -> None:
        """Write the foot: where the figures come from, and the page's number."""
        with self.decoration():
            self.rule(self.h - FOOT)
            self.set_xy(MARGIN, self.h - FOOT + 2)
            self.write_line(self.document.foot, 6.5, QUIET, WIDTH - 30)
            self.set_xy(MARGIN + WIDTH - 30, self.h - FOOT + 2)
            self.set_font(FONT, size=7.5)
            number = _("Page %(page)d of %(pages)s") % {"page": self.page, "pages": "{nb}"}
            self.cell(30, 4, number, align="R")

    def rule(self, y: float) -> None:
        """Draw a thin line across the page."""
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(MARGIN, y, MARGIN + WIDTH, y)

    def pen(self, size: float, colour: Colour, *, bold: bool = False) -> None:
        """Take up a pen."""
        self.set_font(FONT, "B" if bold else "", size)
        self.set_text_color(*colour)

    def fitted(self, text: str, width: float) -> str:
        """Return the text as it is drawn, cut with an ellipsis where it is too wide."""
        drawn = visual(text[:500])
        if self.get_string_width(drawn) <= width:
            return drawn
        low, high = 0, min(len(text), 500)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.get_string_width(visual(text[:middle]) + "…") <= width
            low, high = (middle, high) if fits else (low, middle - 1)
        return visual(text[:low].rstrip()) + "…"

    def write_line(
        self,
        text: str,
        size: float,
        colour: Colour = INK,
        width: float = WIDTH,
        *,
        bold: bool = False,
        align: str = "L",
    ) -> None:
        """Write one line at the pen's place, cut to the width; the pen goes below it."""
        self.pen(size, colour, bold=bold)
        height = size * 0.48
        inner = width - 2 * self.c_margin
        self.cell(width, height, self.fitted(text, inner), align=align,
                  new_x=XPos.LEFT, new_y=YPos.NEXT)  # fmt: skip

    def paragraph(
        self,
        text: str,
        size: float,
        colour: Colour = INK,
        width: float = WIDTH,
        *,
        role: str = "P",
        bold: bool = False,
        most: int = 60,
    ) -> None:
        """Write a text in lines, each tagged; what is more than `most` lines is cut."""
        self.pen(size, colour, bold=bold)
        height = size * 0.48
        lines = self.broken(text, width - 2 * self.c_margin, most)
        left = self.get_x()
        for line in lines:
            if self.room < height:
                self.add_page()
                self.pen(size, colour, bold=bold)
            with self.tagged(role):
                self.set_x(left)
                drawn = self.fitted(line, width - 2 * self.c_margin)
                self.cell(width, height, drawn, new_x=XPos.LEFT, new_y=YPos.NEXT)

    def broken(self, text: str, width: float, most: int = 60) -> list[str]:
        """Return the text in lines that fit, broken between words; at most so many."""
        lines, line = [], ""
        for word in text[:8_000].split():
            longer = f"{line} {word}".strip()
            if line and self.get_string_width(visual(longer)) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines = [*lines, line] if line else lines
        if len(lines) > most:
            lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
        return lines
