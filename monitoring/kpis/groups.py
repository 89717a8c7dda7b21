"""What the KPIs of many ports are grouped by: keys in the database, and what people read.

A charger counts for what it is now: for its present site, model, firmware and SIM, also where
it was another when the day was. Its contractor is who has a contract for the site on the
window's last day.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import (
    BigIntegerField,
    DateField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from inventory.models import Charger, ChargerModel, Contract, Contractor, Evse


class GroupBy(StrEnum):
    """What a row of the result stands for; the name in the API."""

    FLEET = "fleet"
    ORGANISATION = "organisation"
    REGION = "region"
    SITE = "site"
    CHARGER = "charger"
    PORT = "port"
    MODEL = "model"
    FIRMWARE = "firmware"
    SIM_OPERATOR = "sim_operator"
    CONTRACTOR = "contractor"
    DAY = "day"
    MONTH = "month"


#: The id of what a group stands for, its text where it is one ("" for none), its (first) day;
#: None for the fleet, and for chargers without a model or a contractor.
Key = int | str | date | None

#: What a charger says of itself: groups of which no table is a list.
OF_CHARGERS = frozenset(
    {
        GroupBy.REGION,
        GroupBy.MODEL,
        GroupBy.FIRMWARE,
        GroupBy.SIM_OPERATOR,
        GroupBy.CONTRACTOR,
    }
)
_FIELDS = {
    GroupBy.ORGANISATION: "site__organisation",
    GroupBy.REGION: "site__region",
    GroupBy.SITE: "site",
    GroupBy.CHARGER: "pk",
    GroupBy.PORT: "pk",
    GroupBy.MODEL: "model",
    GroupBy.FIRMWARE: "firmware_version",
}
_NAMES = {
    GroupBy.ORGANISATION: ("site__organisation", "site__organisation__name"),
    GroupBy.SITE: ("site", "site__name"),
    GroupBy.CHARGER: ("pk", "identity"),
}


def key_of(by: GroupBy, last: date) -> Any:
    """Return the key of a charger's group as an expression on `Charger`.

    A port's is its charger's; by day and month, and for the fleet, it is None.
    """
    match by:
        case GroupBy.FLEET:
            return Value(None, BigIntegerField())
        case GroupBy.DAY | GroupBy.MONTH:
            return Value(None, DateField())
        case GroupBy.SIM_OPERATOR:
            return Coalesce("sim__operator", Value(""))
        case GroupBy.CONTRACTOR:
            return Subquery(_in_force(last).values("contractor")[:1])
    return F(_FIELDS[by])


def _in_force(last: date) -> QuerySet[Contract]:
    """Return the contract of a charger's site on that day."""
    contracts = Contract.objects.filter(sites=OuterRef("site"), starts__lte=last)
    return contracts.filter(Q(ends=None) | Q(ends__gte=last)).order_by("pk")


def labelled(
    chargers: QuerySet[Charger], by: GroupBy, found: Iterable[Key]
) -> Iterator[tuple[Key, str, Key]]:
    """Yield key and label of each group in order of the label, and the key of its connectivity.

    Groups of chargers are there whether anything was found of them or not; days and months
    only if it was.
    """
    if by is GroupBy.FLEET:
        yield None, _("Fleet"), None
    elif by is GroupBy.PORT:
        yield from _ports(chargers)
    elif by in _NAMES:
        path, name = _NAMES[by]
        names = chargers.order_by(name, path).values_list(path, name).distinct()
        yield from ((key, label, key) for key, label in names)
    else:
        yield from ((key, label, key) for key, label in _named(by, found))


def _ports(chargers: QuerySet[Charger]) -> Iterator[tuple[Key, str, Key]]:
    ports = Evse.objects.filter(charger__in=chargers.order_by())
    for key, charger, identity, number in ports.order_by("charger__identity", "number").values_list(
        "pk", "charger", "charger__identity", "number"
    ):
        yield key, f"{identity}/{number}", charger


def _named(by: GroupBy, found: Iterable[Key]) -> list[tuple[Key, str]]:
    """Return each key found and its label, in order of the label; nothing is named "none"."""
    keys = set(found)
    ids = [key for key in keys if isinstance(key, int)]
    names: dict[Key, str] = {key: str(key) for key in keys}
    match by:
        case GroupBy.MODEL:
            names |= {model.pk: str(model) for model in ChargerModel.objects.filter(pk__in=ids)}
        case GroupBy.CONTRACTOR:
            names |= {firm.pk: firm.name for firm in Contractor.objects.filter(pk__in=ids)}
        case GroupBy.MONTH:
            names = {key: f"{key:%Y-%m}" for key in keys if isinstance(key, date)}
    names |= {key: _("none") for key in keys if key in (None, "")}
    last = {None, ""}
    return sorted(names.items(), key=lambda item: (item[0] in last, item[1], str(item[0])))
