"""Tokens from CSV: what the file would add and change, line by line, and then all of it or none.

Columns are those of the export; only `id_token` must be there. A token that exists is changed
in the columns that the file has. Lists are written as JSON or with semicolons between.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Upper
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from cpms.control.models import Token
from inventory import access
from inventory.audit import record_deed
from inventory.models import Organisation, Site
from inventory.rest.export import DANGEROUS

MOST_LINES = 20_000
#: Errors that are told; who has more mends those first.
MOST_ERRORS = 200
TEXTS = ("type", "status", "group", "language", "holder", "note")
FLAGS = ("master_pass", "one_at_a_time", "on_local_lists", "limited")
COLUMNS = ("id_token", *TEXTS, *FLAGS, "expires_at", "sites", "chargers")
#: Columns of an export that say nothing here.
IGNORED = ("organisation", "updated_at")
YES, NO = {"true", "yes", "1"}, {"false", "no", "0", ""}


class BadFile(Exception):
    """This can't be read as tokens at all; the message says why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line of the file, counted from 1 with the header."""

    line: int
    message: str


@dataclass(slots=True)
class Reading:
    """What a file says; `places` are the sites and chargers of a token, where it names them."""

    added: list[Token] = field(default_factory=list)
    changed: list[Token] = field(default_factory=list)
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, dict[str, list[int]]] = field(default_factory=dict)


def read(text: str, organisation: Organisation, user: User) -> Reading:
    """Return what `text` would do; raise `BadFile` where it is no table of tokens."""
    if "\0" in text:
        raise BadFile(_("The file isn't UTF-8: save it as “CSV UTF-8”."))
    rows = list(_rows(text))
    known = _known(organisation, [row.get("id_token", "") for _line, row in rows])
    places = _Places.of(organisation, user)
    reading, seen = Reading(), set[str]()
    for line, row in rows:
        try:
            _take(reading, row, organisation, known, seen, places)
        except ValidationError as problem:
            reading.problems.append(Problem(line, " ".join(problem.messages)))
            if len(reading.problems) >= MOST_ERRORS:
                break
    return reading


def carry_out(reading: Reading, organisation: Organisation, user: User) -> None:
    """Store what a file says, all of it; each change of a token is in the audit trail."""
    with transaction.atomic():
        made = Token.objects.bulk_create(reading.added, batch_size=1000)
        for token in reading.changed:
            token.save()
        for token in [*made, *reading.changed]:
            for name, keys in reading.places.get(token.id_token.upper(), {}).items():
                getattr(token, name).set(keys)
        deed = {
            "deed": "tokens imported",
            "added": len(reading.added),
            "changed": len(reading.changed),
        }
        record_deed(user, organisation, deed)


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), dialect=_dialect(text))
    try:
        _check_header(reader.fieldnames or ())
        for count, row in enumerate(reader):
            if count >= MOST_LINES:
                raise BadFile(_("At most %s tokens at once.") % MOST_LINES)
            yield reader.line_num, {k: _cell(v) for k, v in row.items() if k and v is not None}
    except csv.Error as error:
        raise BadFile(_("Line %(line)s can't be read: %(error)s") % {
            "line": reader.line_num, "error": error,
        }) from None  # fmt: skip


def _dialect(text: str) -> type[csv.Dialect]:
    """Have commas, or the semicolons that spreadsheets write in half of Europe."""
    header = text.splitlines()[0] if text.strip() else ""

    class Dialect(csv.excel):
        delimiter = ";" if header.count(";") > header.count(",") else ","
        strict = True

    return Dialect


def _check_header(names: Any) -> None:
    if "id_token" not in names:
        raise BadFile(_("The first line names the columns; “id_token” must be one of them."))
    unknown = [name for name in names if name not in {*COLUMNS, *IGNORED}]
    if unknown:
        raise BadFile(_("There is no column “%(name)s”; known are: %(known)s.") % {
            "name": str(unknown[0])[:60], "known": ", ".join(COLUMNS),
        })  # fmt: skip


def _cell(value: str) -> str:
    """Return a cell without the apostrophe that keeps spreadsheets from running it."""
    text = value.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(DANGEROUS) else text


def _known(organisation: Organisation, names: list[str]) -> dict[str, Token]:
    keyed = Token.objects.filter(organisation=organisation).alias(key=Upper("id_token"))
    found: dict[str, Token] = {}
    for start in range(0, len(names), 1000):
        keys = {name.upper() for name in names[start : start + 1000]}
        tokens = keyed.filter(key__in=keys).prefetch_related("sites", "chargers")
        found |= {token.id_token.upper(): token for token in tokens}
    return found


@dataclass(frozen=True, slots=True)
class _Places:
    """Sites by key and name, chargers by identity, that the user may name."""

    sites: Mapping[str, int]
    chargers: Mapping[str, int]

    @classmethod
    def of(cls, organisation: Organisation, user: User) -> "_Places":
        sites: dict[str, int] = {}
        seen = Site.objects.filter(organisation=organisation) & access.sites(user)
        for key, name in seen.values_list("pk", "name"):
            sites |= {name.lower(): key, str(key): key}
        chargers = access.chargers(user).filter(site__organisation=organisation)
        return cls(sites, {i.lower(): k for k, i in chargers.values_list("pk", "identity")})


def _take(
    reading: Reading,
    row: dict[str, str],
    organisation: Organisation,
    known: dict[str, Token],
    seen: set[str],
    places: _Places,
) -> None:
    key = row.get("id_token", "").upper()
    if not key:
        raise ValidationError(_("It has no id_token."))
    if key in seen:
        raise ValidationError(_("“%s” is in the file twice.") % key[:60])
    seen.add(key)
    before = known.get(key)
    token = copy(before) if before else Token(organisation=organisation, id_token=row["id_token"])
    _fill(token, row)
    named = _named(row, places)
    if named and "limited" not in row:
        token.limited = any(named.values())
    token.clean_fields()
    token.clean()
    if named:
        reading.places[key] = named
    if before is None:
        reading.added.append(token)
    elif _differs(before, token, named):
        reading.changed.append(token)
    else:
        reading.unchanged += 1


def _fill(token: Token, row: dict[str, str]) -> None:
    for name in TEXTS:
        if name in row and (row[name] or name not in {"type", "status"}):
            setattr(token, name, row[name])
    for name in FLAGS:
        if name in row:
            setattr(token, name, _flag(name, row[name]))
    if "expires_at" in row:
        token.expires_at = _moment(row["expires_at"])


def _flag(name: str, text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValidationError(_("“%s” is true or false.") % name)
    return text.lower() in YES


def _moment(text: str) -> datetime | None:
    """Return a time; without a zone it is UTC, a day ends with it."""
    if not text:
        return None
    try:
        day = parse_date(text)
        at = parse_datetime(text) if day is None else None
    except ValueError:
        at = day = None
    if day is not None:
        at = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    if at is None:
        raise ValidationError(_("“%s” is no time; write 2027-12-31T23:59:59Z.") % text[:40])
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _named(row: dict[str, str], places: _Places) -> dict[str, list[int]]:
    known = {"sites": places.sites, "chargers": places.chargers}
    return {
        name: [_place(name, one, known[name]) for one in _list(row[name])]
        for name in known
        if name in row
    }


def _list(text: str) -> list[str]:
    if text.startswith("["):
        try:
            return [str(one) for one in json.loads(text)]
        except (ValueError, TypeError, RecursionError):
            raise ValidationError(_("“%s” is no list.") % text[:40]) from None
    return [one.strip() for one in text.split(";") if one.strip()]


def _place(kind: str, name: str, known: Mapping[str, int]) -> int:
    if name.lower() not in known:
        sentence = (
            _("There is no site “%s”.") if kind == "sites" else _("There is no charger “%s”.")
        )
        raise ValidationError(sentence % name[:60])
    return known[name.lower()]


def _differs(before: Token, after: Token, named: dict[str, list[int]]) -> bool:
    columns = (*TEXTS, *FLAGS, "expires_at")
    if any(getattr(before, name) != getattr(after, name) for name in columns):
        return True
    return any(
        {place.pk for place in getattr(before, name).all()} != set(keys)
        for name, keys in named.items()
    )
