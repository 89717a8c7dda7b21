"""Bring the catalogues of translations up to date with the source, and compile them.

    python deploy/messages.py            extract what is to be translated (needs GNU gettext's
                                         xgettext), keep what is translated, compile
    python deploy/messages.py --check    change nothing; say what is broken in them, status 1
    python deploy/messages.py --strict   and what is untranslated, missing or not used any more

Then translate cpms/web/locale/<language>/LC_MESSAGES/django.po, run it again, commit both files.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import makemessages

ROOT = Path(__file__).resolve().parent.parent
LOCALE = Path("cpms/web/locale")
ROOMS = ("inventory", "monitoring", "alerts", "cpms")
#: %(name)s and {name}: what a translation must keep as it is. %% and %s as well.
PLACEHOLDER = re.compile(r"%\(\w+\)[+\-.\d]*[a-z]|%[sd]|\{\w*\}|%%")
CREATED = re.compile(rb'^"POT-Creation-Date:.*\n', re.MULTILINE)
LEFT_OUT = shutil.ignore_patterns("static", "migrations", "__pycache__", "*.pyc", "*.html.py")


def main() -> None:
    """Update the catalogues, or say what is wrong with them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="change nothing, report")
    parser.add_argument("--strict", action="store_true", help="report untranslated ones as well")
    options = parser.parse_args()
    if options.check or options.strict:
        found = [line for po in catalogues() for line in complaints(po, strict=options.strict)]
        sys.exit("\n".join(found) or 0)
    for po in catalogues():
        po.write_bytes(extracted(po))
        po.with_suffix(".mo").write_bytes(compiled(po))
        left = len(list(untranslated(load(po))))
        sys.stdout.write(f"{po.relative_to(ROOT)}: {left} to be translated\n")


def catalogues() -> list[Path]:
    """Return the paths of all .po files."""
    return sorted((ROOT / LOCALE).glob("*/LC_MESSAGES/django.po"))


def complaints(po: Path, *, strict: bool) -> Iterator[str]:
    """Say what is wrong with a catalogue, a line for each thing."""
    catalogue = load(po)
    name = po.relative_to(ROOT)
    if spoken(po.with_suffix(".mo").read_bytes()) != spoken(compiled(po)):
        yield f"{name}: the .mo file is not what the .po file compiles to"
    for message in misplaced(catalogue):
        yield f"{name}: {message.id!r} lacks or adds a placeholder"
    if strict:
        for message in untranslated(catalogue):
            yield f"{name}: {message.id!r} is not translated"
        yield from (f"{name}: {difference}" for difference in outdated(po))


def outdated(po: Path) -> Iterator[str]:
    """Say what source and catalogue don't have in common; nothing where there is no xgettext."""
    if shutil.which("xgettext"):
        source, catalogue = keys(read_po(BytesIO(extracted(po)))), keys(load(po))
        yield from (f"{key!r} is not in the catalogue" for key in sorted(source - catalogue))
        yield from (f"{key!r} is not in the source" for key in sorted(catalogue - source))


def load(po: Path) -> Catalog:
    """Return a catalogue as it is stored."""
    return read_po(BytesIO(po.read_bytes()), locale=po.parent.parent.name)


def keys(catalogue: Catalog) -> set[str]:
    """Return what tells messages apart: their context and English text."""
    return {f"{message.context or ''}|{message.id}" for message in catalogue if message.id}


def compiled(po: Path) -> bytes:
    """Return the .mo file of a .po file."""
    out = BytesIO()
    write_mo(out, load(po))
    return out.getvalue()


def spoken(compiled_file: bytes) -> dict[object, object]:
    """Return what a .mo file says; its header has dates and versions that are of no account."""
    said = read_mo(BytesIO(compiled_file))
    return {(texts(m.id), m.context): m.string for m in said if m.id}


def untranslated(catalogue: Catalog) -> Iterator[Message]:
    """Yield messages with a text missing, or that a person has not looked at (fuzzy)."""
    for message in catalogue:
        if message.id and (message.fuzzy or not all(texts(message.string))):
            yield message


def misplaced(catalogue: Catalog) -> Iterator[Message]:
    """Yield translated messages whose placeholders are not those of the English text.

    A plural's "one" may leave the number out: "once", "one port".
    """
    for message in catalogue:
        wanted = [set(PLACEHOLDER.findall(text)) for text in texts(message.id)]
        for number, text in enumerate(texts(message.string)):
            found = set(PLACEHOLDER.findall(text))
            least = set.intersection(*wanted) if number == 0 else wanted[-1]
            if text and message.id and not least <= found <= set.union(*wanted):
                yield message
                break


def texts(text: object) -> tuple[str, ...]:
    """Return the forms of a message: one, or one per plural."""
    return tuple(map(str, text)) if isinstance(text, list | tuple) else (str(text or ""),)


def extracted(po: Path) -> bytes:
    """Return the catalogue with the messages of the source as it is now.

    It works on a copy: xgettext's forms of the templates lie beside them meanwhile.
    """
    language = po.parent.parent.name
    with tempfile.TemporaryDirectory() as folder:
        for room in ROOMS:
            shutil.copytree(ROOT / room, Path(folder) / room, ignore=LEFT_OUT)
        here = Path.cwd()
        os.chdir(folder)
        try:
            extract(language, Path(folder) / LOCALE)
        finally:
            os.chdir(here)
        made = Path(folder) / LOCALE / language / "LC_MESSAGES" / "django.po"
        return CREATED.sub(b"", made.read_bytes())


def extract(language: str, locale: Path) -> None:
    """Run Django's makemessages in the working directory."""
    if not settings.configured:
        settings.configure(LOCALE_PATHS=[str(locale)], USE_I18N=True)
        django.setup()
    settings.LOCALE_PATHS = [str(locale)]
    # A guess from a text like it would have to be found and mended by somebody.
    options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]
    makemessages.Command.msgmerge_options = options
    call_command(
        makemessages.Command(),
        locale=[language], add_location="file", no_obsolete=True, no_wrap=True, verbosity=0,
    )  # fmt: skip


if __name__ == "__main__":
    main()
