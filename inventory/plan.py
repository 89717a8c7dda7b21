"""Where chargers stand on their site's plan: places written like a spreadsheet's, "B4"."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from inventory.models import Charger, Lifecycle, Site
from inventory.models.charger import PLAN_SIZE

_PLACE = re.compile(r"([A-Za-z]{1,2})\s?([0-9]{1,2})", re.ASCII)
LONGEST_BAY = 20


class BadPlan(ValueError):
    """A plan that can't be kept; `problems` says why, by the charger's key."""

    def __init__(self, problems: Mapping[int, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


class Place(NamedTuple):
    """A column and a row from 1."""

    column: int
    row: int

    def __str__(self) -> str:
        return f"{column_name(self.column)}{self.row}"


class Spot(NamedTuple):
    """What a form says of a charger: what is painted on the ground, and its place as text."""

    bay: str
    place: str


def column_name(column: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    before, last = divmod(column - 1, 26)
    return (chr(64 + before) if before else "") + chr(65 + last)


def read(text: str) -> Place | None:
    """Return the place in a text like "b4"; None where it is empty.

    Raises `ValueError`, with a sentence, for anything else.
    """
    if not text.strip():
        return None
    found = _PLACE.fullmatch(text.strip())
    column = 0
    for letter in found[1].upper() if found else "":
        column = column * 26 + ord(letter) - 64
    place = Place(column, int(found[2]) if found else 0)
    if not (0 < place.column <= PLAN_SIZE and 0 < place.row <= PLAN_SIZE):
        last = Place(PLAN_SIZE, PLAN_SIZE)
        raise ValueError(_("Write a place as A1 to %(last)s.") % {"last": last})
    return place


def place_of(charger: Charger) -> str:
    """Return the charger's place as text, "" without one."""
    if charger.plan_column is None or charger.plan_row is None:
        return ""
    return str(Place(charger.plan_column, charger.plan_row))


@transaction.atomic
def arrange(site: Site, chargers: Iterable[Charger], spots: Mapping[int, Spot]) -> int:
    """Put the chargers of a site where `spots` says; return how many were changed.

    Chargers that aren't in `spots` stay where they are, retired ones give their places up.
    Raises `BadPlan` and changes nothing if a place is none or is taken twice.
    """
    chargers = list(chargers)
    places = _places(chargers, spots)
    site.chargers.filter(lifecycle=Lifecycle.DECOMMISSIONED).update(plan_column=None, plan_row=None)
    return sum(
        _put(charger, spots[charger.pk].bay, places[charger.pk])
        for charger in chargers
        if charger.pk in spots
    )


def _places(chargers: Iterable[Charger], spots: Mapping[int, Spot]) -> dict[int, Place | None]:
    found: dict[int, Place | None] = {}
    problems: dict[int, str] = {}
    taken: dict[Place, str] = {}
    for charger in chargers:
        bay, text = spots.get(charger.pk, Spot("", place_of(charger)))
        try:
            place = found[charger.pk] = read(text)
        except ValueError as problem:
            problems[charger.pk] = str(problem)
            continue
        if len(bay) > LONGEST_BAY:
            problems[charger.pk] = _("A bay's label has at most 20 characters.")
        if place in taken:
            problems[charger.pk] = _("%(identity)s stands there.") % {"identity": taken[place]}
        elif place:
            taken[place] = charger.identity
    if problems:
        raise BadPlan(problems)
    return found


def _put(charger: Charger, bay: str, place: Place | None) -> bool:
    """Save the charger if it moves; the audit trail notes it."""
    spot = (bay, place.column if place else None, place.row if place else None)
    if spot == (charger.bay, charger.plan_column, charger.plan_row):
        return False
    charger.bay, charger.plan_column, charger.plan_row = spot
    charger.save(update_fields=["bay", "plan_column", "plan_row", "updated_at"])
    return True
