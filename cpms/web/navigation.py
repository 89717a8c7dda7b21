"""The dashboard's pages, in the order of the navigation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alerts import access as alerts_access
from monitoring import sightings
from monitoring.outages import exclusions

Waiting = Callable[[HttpRequest], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation; `waiting` is what waits there for somebody."""

    url_name: str
    label: str | Promise
    icon: str
    prefixes: tuple[str, ...]
    waiting: Waiting | None = None
    tone: str = "calm"
    #: The letter that goes there after "g".
    key: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as one request sees it."""

    name: str
    url: str
    label: str | Promise
    icon: str
    current: bool
    badge: int
    tone: str
    key: str


def _open_incidents(request: HttpRequest) -> QuerySet[Any]:
    return alerts_access.incidents(request.user).filter(resolved_at=None)


def _sightings(request: HttpRequest) -> QuerySet[Any]:
    return sightings.waiting(request.user)


def _exclusions(request: HttpRequest) -> QuerySet[Any]:
    return exclusions.waiting(request.user)


PLACES = (
    Place("fleet", _("Fleet"), "charging-pile", ("/chargers/",), key="f"),
    Place(
        "incidents",
        _("Incidents"),
        "urgent",
        ("/incidents/", "/notifications/", "/alerting/"),
        _open_incidents,
        "bad",
        "i",
    ),
    Place("map", _("Map"), "map", ("/map/",), key="m"),
    Place("sites", _("Sites"), "building", ("/sites/", "/contractors/", "/contracts/"), key="p"),
    Place("kpis", _("KPIs"), "gauge", ("/kpis/", "/meters/"), key="k"),
    Place(
        "outages",
        _("Outages"),
        "plug-connected-x",
        ("/outages/", "/exclusions/", "/maintenance/", "/error-meanings/"),
        _exclusions,
        "notice",
        "o",
    ),
    Place("reports", _("Reports"), "file-text", ("/reports/",), key="r"),
    Place("tokens", _("Tokens"), "credit-card", ("/tokens/",), key="t"),
    Place("firmware", _("Firmware"), "cpu", ("/firmware/",), key="w"),
    Place(
        "certificates", _("Certificates"), "certificate", ("/certificates/", "/plug-and-charge/")
    ),
    Place("commands", _("Commands"), "terminal-2", ("/commands/",), key="c"),
    Place("sightings", _("Sightings"), "radar", ("/sightings/",), _sightings, "notice", "s"),
)


def place_at(path: str) -> str:
    """Return the `url_name` of the place that the page at `path` belongs to, "" for none."""
    here = (p for p in PLACES if path == reverse(p.url_name) or path.startswith(p.prefixes))
    return next((place.url_name for place in here), "")


def entries(request: HttpRequest, at: str) -> list[Entry]:
    """Return the navigation `at` a place, with how much waits behind each."""
    counted = [place for place in PLACES if place.waiting]
    counts = _counts([place.waiting(request) for place in counted if place.waiting])
    badges = dict(zip(counted, counts, strict=True))
    return [_entry(place, at, badges.get(place, 0)) for place in PLACES]


def _counts(waiting: Sequence[QuerySet[Any]]) -> Sequence[int]:
    """Count the rows of each; one query for all, as every page asks."""
    parts = [_counted(rows) for rows in waiting]
    with connection.cursor() as cursor:
        sql = ", ".join(statement for statement, _values in parts)
        cursor.execute(f"SELECT {sql}", [value for _statement, values in parts for value in values])
        counts: Sequence[int] = cursor.fetchall()[0]
    return counts


def _counted(rows: QuerySet[Any]) -> tuple[str, Sequence[Any]]:
    try:
        statement, values = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "0", ()
    return f"(SELECT count(*) FROM ({statement}) rows)", values


def _entry(place: Place, at: str, badge: int) -> Entry:
    return Entry(
        name=place.url_name,
        url=reverse(place.url_name),
        label=place.label,
        icon=place.icon,
        current=place.url_name == at,
        badge=badge,
        tone=place.tone,
        key=place.key,
    )
