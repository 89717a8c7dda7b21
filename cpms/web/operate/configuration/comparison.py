"""How a charger is set compared with another, or with most chargers of its model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count

from cpms.web.operate.configuration import names, rows
from inventory import access
from inventory.models import Charger
from monitoring.masking import is_secret
from monitoring.models import ReportedVariable

#: Chargers of a model that are compared with, those that were heard last.
MOST_CHARGERS = 200
#: Differences shown.
MOST = 500
#: Settings that differ from charger to charger and mean nothing.
OWN = frozenset(
    {"datetime", "serialnumber", "identity", "iccid", "imsi", "availabilitystate", "chargingtime"}
    | {"power", "temperature", "entries", "storage", "active", "organizationname", "seccid"}
)
KEY = ("component", "component_instance", "evse", "connector", "variable", "instance", "attribute")


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is otherwise elsewhere; None: it isn't known there, or here.

    Of a model: so many of so many chargers are set like `there`.
    """

    name: str
    here: str | None
    there: str | None
    #: It can't be set like there: it is fixed, not known, or a secret.
    fixed: bool
    same: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a charger was compared with, and what differs; `cut`: there is more."""

    differences: list[Difference]
    compared: int
    cut: bool


def with_charger(charger: Charger, other: Charger) -> Comparison:
    """Compare two chargers."""
    here, there = _values(charger), _values(other)
    if not there:
        return Comparison([], 0, cut=False)
    found = [
        Difference(_name(key), _value(here, key), _value(there, key), _fixed(here, key))
        for key in sorted(here.keys() | there.keys())
        if _value(here, key) != _value(there, key)
    ]
    return Comparison(found[:MOST], 1, len(found) > MOST)


def with_model(user: User, charger: Charger) -> Comparison:
    """Compare a charger with what most others of its model are set to, of those the user sees."""
    others = list(
        access.chargers(user)
        .filter(model=charger.model_id)
        .exclude(pk=charger.pk)
        .order_by("-state__last_seen")
        .values_list("pk", flat=True)[:MOST_CHARGERS]
    )
    if charger.model_id is None or not others:
        return Comparison([], 0, cut=False)
    here, usual = _values(charger), _usual(others)
    found = [
        Difference(_name(key), _value(here, key), value, _fixed(here, key), count, known)
        for key, (value, count, known) in sorted(usual.items())
        if _value(here, key) != value and count * 2 > known
    ]
    return Comparison(found[:MOST], len(others), len(found) > MOST)


Row = tuple[str, str]


def _values(charger: Charger) -> Mapping[tuple[Any, ...], Row]:
    told = rows.of(charger).filter(unknown=False).values_list(*KEY, "value", "mutability")
    return {row[:7]: (row[7], row[8]) for row in told if row[4].lower() not in OWN}


def _value(values: Mapping[tuple[Any, ...], Row], key: tuple[Any, ...]) -> str | None:
    return values[key][0] if key in values else None


def _fixed(values: Mapping[tuple[Any, ...], Row], key: tuple[Any, ...]) -> bool:
    return key not in values or values[key][1] == "ReadOnly" or is_secret(key[4])


def _usual(chargers: Iterable[int]) -> dict[tuple[Any, ...], tuple[str, int, int]]:
    """Return the most frequent value of each setting, of how many, and how many know it."""
    counted = (
        ReportedVariable.objects.filter(charger__in=list(chargers), unknown=False)
        .values_list(*KEY, "value")
        .annotate(count=Count("pk"))
        .order_by()
    )
    found: dict[tuple[Any, ...], tuple[str, int, int]] = {}
    for *key, value, count in counted.iterator():
        if key[4].lower() in OWN:
            continue
        best, most, known = found.get(tuple(key), ("", 0, 0))
        if count > most:
            best, most = value, count
        found[tuple(key)] = (best, most, known + count)
    return found


def _name(key: tuple[Any, ...]) -> str:
    named = dict(zip(("component", "component_instance", "evse", "connector"), key, strict=False))
    attribute = "" if key[6] == "Actual" else key[6]
    return names.written({**named, "name": key[4], "instance": key[5], "attribute": attribute})
