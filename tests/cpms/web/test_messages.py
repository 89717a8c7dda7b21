"""Translations: the catalogues are sound, and no text of ours goes round them."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("inventory", "monitoring", "alerts", "cpms")
TEMPLATES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("templates/**/*")
    if path.suffix in {".html", ".txt"}
)
SCRIPTS = sorted((ROOT / "cpms/web/static/kilowatch").glob("*.js"))
#: Names, units and abbreviations that are the same in every language.
SAME_EVERYWHERE = re.compile(
    r"\b(1\.6J|Kilowatch|OCPP|API|UTC|kWh?|Wh?|Hz|ms|min|s|h|d|dBm|A|V|JSON|CSV|XLSX|ChargeX|CX|ICCID|IMSI|APN|IP|SIM|EVSE|TLS|PEM|SHA-256|URL|SoC|x)\b"
)
LETTER = re.compile(r"[^\W\d_]")
READ_BY_PEOPLE = {"title", "aria-label", "placeholder", "alt", "data-confirm", "label"}
#: Elements whose text is for machines, or the same in every language.
NOT_READ = {"script", "style", "code", "kbd", "samp"}
#: Templates that put a tag together from pieces, and attributes in a block of their own.
PIECES = re.compile(r'^[\w-]+="|^a href=""')


def test_each_catalogue_compiles_to_its_mo_file_and_keeps_the_placeholders() -> None:
    checked = subprocess.run(
        [sys.executable, "deploy/messages.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


class Texts(HTMLParser):
    """Collects what a person reads of a template whose tags have been taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unread += tag in NOT_READ
        self.found += [value or "" for name, value in attrs if name in READ_BY_PEOPLE]

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in NOT_READ

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.found.append(data)


def untagged(template: str) -> Iterator[str]:
    """Yield the text of a template outside tags, variables, comments and translations."""
    inside = ""
    for token in Lexer(template).tokenize():
        if token.token_type is TokenType.BLOCK:
            name = token.contents.split()[0]
            if inside:
                inside = "" if name == f"end{inside}" else inside
            elif name in {"blocktrans", "blocktranslate", "comment"}:
                inside = name
            yield " "
        elif token.token_type is TokenType.TEXT and not inside:
            yield token.contents


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_s_text_is_all_translated(path: Path) -> None:
    reader = Texts()
    reader.feed("".join(untagged(path.read_text())))
    reader.close()
    said = [text.strip() for text in reader.found if LETTER.search(SAME_EVERYWHERE.sub("", text))]
    found = [text for text in said if not PIECES.match(text)]
    assert not found, "put these into {% trans %} or {% blocktrans %}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_no_words_of_its_own(path: Path) -> None:
    code = re.sub(r"^\s*//.*$|\s// .*$", "", path.read_text(), flags=re.MULTILINE)
    found = re.findall(r"""["'`]([A-Z][a-z]+ [a-z]+[^"'`]*)["'`]""", code)
    assert not found, "give these to the script in data- attributes of the template"


#: Arguments that end up before people's eyes, whatever is called with them.
SHOWN = {"label", "help_text", "empty_label", "verbose_name", "verbose_name_plural"}
FILES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if path.name in {"forms.py", "preferences.py"}
    or "models" in path.parts
    or "views" in path.parts
)


def plain_texts(code: str) -> Iterator[str]:
    """Yield literal texts that are given to fields, forms and messages without gettext."""
    for call in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)):
        told = isinstance(call.func, ast.Attribute) and ast.unparse(call.func).startswith(
            "messages."
        )
        values = [word.value for word in call.keywords if word.arg in SHOWN]
        for value in [*values, *(call.args[1:2] if told else [])]:
            if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
                continue
            if LETTER.search(SAME_EVERYWHERE.sub("", value.value)):
                yield value.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_fields_and_messages_say_is_translated(path: Path) -> None:
    assert list(plain_texts(path.read_text())) == []


def test_every_message_of_the_source_is_translated_and_nothing_else() -> None:
    checked = subprocess.run(
        [sys.executable, "deploy/messages.py", "--strict"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
